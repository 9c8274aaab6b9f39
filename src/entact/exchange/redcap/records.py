"""Records as REDCap exports them (CSV, raw or with labels), as rows that can be planned.

Source: REDCap's export of records: one line for each record, event and repetition, a column for each field,
one for each box of a checkbox (`name___code`), and those that REDCap adds itself; or one line for each value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from entact.exchange.records.answers import is_comma_number
from entact.exchange.records.boxes import BOX, EVENT, INSTANCE, INSTRUMENT, OWN, TICKED, boxes_of
from entact.exchange.records.cells import in_row, is_cell
from entact.exchange.records.lists import is_list
from entact.exchange.records.mapping import Goes, RecordMapping
from entact.exchange.records.row import LARGEST, Cell, RecordsError, Row, Version
from entact.exchange.redcap.dictionary import RedcapError, decoded, lines_of
from entact.exchange.redcap.export import dictionary_of
from entact.exchange.redcap.one_value import flat_of, is_one_value
from entact.protocol import Release
from entact.protocol.problem import nearest


def read_records(raw: bytes, mapping: RecordMapping, release: Release) -> tuple[list[Row], list[str]]:
    """The rows of a file, whole or not at all, and what of it is left out.

    Args:
        raw: the bytes: UTF-8 with or without a mark of byte order, UTF-16, or what the mapping names.
    Raises:
        RecordsError: with the line of everything that is malformed, twice there, or goes nowhere.
    """
    if len(raw) > LARGEST:
        raise RecordsError([f"it has {len(raw)} bytes; at most {LARGEST} are read: divide it by records"])
    try:
        text = decoded(raw, mapping.encoding)
        lines = list(lines_of(text, _separator))
    except RedcapError as error:
        raise RecordsError(error.problems) from None
    found = _Reader(lines, mapping, release).read()
    if not text.endswith(("\n", "\r", '"')):  # of 12 there may be 1 left; what a quote closes is whole
        raise RecordsError(
            [
                f"line {lines[-1][0]}: it has no line break at its end, so its last answer may be cut off; "
                "add one where it is whole"
            ]
        )
    return found


def _separator(line: str) -> str:
    return max(",;\t", key=line.count)


class _Reader:
    def __init__(self, lines: list[tuple[int, list[str]]], mapping: RecordMapping, release: Release) -> None:
        self.mapping, self.release = mapping, release
        self.problems: list[str] = []
        self.left_out: list[str] = []
        lines = [one for one in lines if any(cell.strip() for cell in one[1])]
        if lines and len(lines[0][1]) <= 2 and lines[0][1][0].startswith("sep="):
            lines = lines[1:]  # what a spreadsheet tells itself
        if len(lines) < 2:
            raise RecordsError(["there is no record in it; below the names of variables stands a line each"])
        (_, header), *self.lines = lines
        self.header = [cell.strip() for cell in header]
        variables = dictionary_of(release).variables
        self.goes = {name: Goes(to=place) for place, name in variables.items()} | dict(mapping.items)
        self.boxes = boxes_of(self.goes, release)
        self.places: dict[tuple[int, int], int] = {}
        if is_one_value(self.header):
            several = {variable for variable, _ in self.boxes.values()}
            flat = flat_of(self.header, self.lines, {*self.goes, *self.boxes}, several)
            self.header, self.lines, self.places = flat.header, flat.lines, flat.places

    def read(self) -> tuple[list[Row], list[str]]:
        """Every line, as a row for each form that has something in it."""
        self._columns()
        if self.problems:
            raise RecordsError(self.problems)
        rows = list(_joined(row for line, cells in self.lines for row in self._rows(line, cells)))
        self._repeated(rows)
        if self.problems:
            raise RecordsError(self.problems)
        return rows, self.left_out

    def _columns(self) -> None:
        """What each column is: its item, the box of one, when a form was filled in, or nothing of ours."""
        header, mapping = self.header, self.mapping
        for name in sorted({one for one in header if one and header.count(one) > 1}):
            self.problems.append(f"line 1: there are {header.count(name)} columns {name!r}; take one out")
        self.record = mapping.record or header[0]
        if not self.record:
            self.problems.append(
                "line 1: the first column has no name; say under `record:` which names records"
            )
            return
        at = {one.at for one in mapping.forms.values() if one.at}
        for name in (self.record, *sorted(at | {*mapping.items, *mapping.leave_out})):
            if name not in header and not any(one.startswith(f"{name}___") for one in header):
                near = nearest(name, header)
                told = f"; did you mean {near!r}?" if near else ""
                self.problems.append(f"line 1: there is no column {name!r}{told}")
        out = {*mapping.leave_out, self.record, *OWN}
        theirs = {form: form.rstrip("_") for form in self.release.forms}  # `medication_` is a word of ours
        states = {f"{name}_complete" for name in (*theirs, *theirs.values())} - self.goes.keys()
        self.stamps = {
            form: f"{name}_timestamp" for form, name in theirs.items() if f"{name}_timestamp" in header
        }
        for place, name in enumerate(header):
            base = BOX.fullmatch(name)
            if name in mapping.leave_out or (base and base[1] in mapping.leave_out):
                self.left_out.append(f"{name}: as the mapping says")
            elif name in out or name in states or name in at or name in self.stamps.values():
                continue
            elif name not in self.goes and name not in self.boxes:
                first = next((line for line, cells in self.lines if _cell(cells, place)), None)
                if first is not None:
                    first = self.places.get((first, place), first)
                    self.problems.append(
                        f"line {first}: {name or f'column {place + 1}'!r} goes nowhere; say its item under "
                        "`items:`, or name it under `leave_out:`"
                    )
        self.columns = {name: place for place, name in enumerate(header) if name}
        self.mixed = {
            name
            for name, place in self.columns.items()
            if name in self.goes and any(is_comma_number(_cell(cells, place)) for _, cells in self.lines)
        }

    def _rows(self, line: int, cells: list[str]) -> Iterator[Row]:
        place = f"line {line}"
        if len(cells) != len(self.header):
            self.problems.append(
                f"{place}: {len(cells)} cells under {len(self.header)} names; the line is cut off, or a text "
                "with the separator in it lacks its quotes"
            )
            return
        said = {name: cells[at].strip() for name, at in self.columns.items()}
        record, event = said[self.record], said.get(EVENT, "")
        if not record:
            self.problems.append(f"{place}: {self.record!r} is blank, so nobody knows whose it is")
            return
        instance = said.get(INSTANCE, "") or "1"
        if not (instance.isascii() and instance.isdigit() and 0 < int(instance) < 1000):
            self.problems.append(f"{place}: {INSTANCE} is {instance!r}, which is no number from 1 to 999")
            return
        of_event = not said.get(INSTRUMENT, "")
        forms: dict[str, dict[str, Cell]] = {}
        for name, cell in self._answers(line, cells):
            form, _, item = self.goes[name].to.partition(".")
            forms.setdefault(form, {})[item] = cell
        for form, found in forms.items():
            filled = self.mapping.forms.get(form)
            always = bool(filled is not None and filled.visit) or is_list(self.release, form)
            if not always and event not in self.mapping.visits:
                self._unknown_event(place, event)
                return
            at = said.get(filled.at, "") if filled is not None and filled.at else ""
            at = at or said.get(self.stamps.get(form, ""), "")
            repeat, again = (1, int(instance)) if of_event else (int(instance), 1)
            listed = {in_row(item, repeat): cell for item, cell in found.items() if is_cell(item)}
            plain = {item: cell for item, cell in found.items() if not is_cell(item)}
            if listed:  # each repetition is a row of the list: that of the form is the first
                yield Row(place, record, event, again, form, 1, (Version(place, listed, at),))
            if plain:
                yield Row(place, record, event, again, form, repeat, (Version(place, plain, at),))

    def _answers(self, line: int, cells: list[str]) -> Iterator[tuple[str, Cell]]:
        """Each variable with something in it; where no box is ticked, nobody may have asked."""
        ticked: dict[str, tuple[str, list[str]]] = {}
        for name, column in self.columns.items():
            text = _cell(cells, column)
            place = f"line {self.places.get((line, column), line)}"
            variable, code = self.boxes.get(name, ("", ""))
            if variable and not {name, variable} & {*self.mapping.leave_out}:
                if text.casefold() not in TICKED:
                    self.problems.append(f"{place}: {name} is {text!r}; a box is 1 or 0")
                elif TICKED[text.casefold()]:
                    ticked.setdefault(variable, (place, []))[1].append(code)
            elif text and name in self.goes and name not in (*self.mapping.leave_out, self.record):
                yield name, Cell(name, place, cells[column], mixed=name in self.mixed)
        for variable, (place, codes) in ticked.items():
            yield variable, Cell(variable, place, ticked=tuple(codes))

    def _unknown_event(self, place: str, event: str) -> None:
        near = nearest(event, self.mapping.visits)
        told = f" ({near!r} is another one)" if near else ""
        self.problems.append(
            f"{place}: no visit is known for the event {event!r}{told}; say it under `visits:`"
        )

    def _repeated(self, rows: list[Row]) -> None:
        seen: dict[tuple[str, str, int, str, int], str] = {}
        told: set[tuple[str, str]] = set()
        for row in rows:
            key = (row.record, row.event, row.event_repeat, row.form, row.repeat)
            first = seen.setdefault(key, row.place)
            if first != row.place and (first, row.place) not in told:
                told.add((first, row.place))
                self.problems.append(
                    f"{row.place}: the same record, event and repetition as on {first}; take one out"
                )


def _joined(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows; lines that tell of the rows of one list are one, with whatever else is told of its form."""
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = (row.record, row.event, row.event_repeat, row.form, row.repeat)
        kept = found.setdefault(key, [])
        place = next((n for n, one in enumerate(kept) if _adds(one, row)), None)
        if place is None:
            kept.append(row)
        else:
            (old,), (new,) = kept[place].versions, row.versions
            both = Version(old.place, {**old.cells, **new.cells}, old.at or new.at)
            kept[place] = replace(kept[place], versions=(both,))
    for several in found.values():
        yield from several


def _adds(one: Row, other: Row) -> bool:
    """Whether the second adds to the first: it has cells of a list, and says nothing twice."""
    (old,), (new,) = one.versions, other.versions
    lists = any(map(is_cell, (*old.cells, *new.cells)))
    return lists and not old.cells.keys() & new.cells.keys() and not _both_plain(old, new)


def _both_plain(one: Version, other: Version) -> bool:
    return all(any(not is_cell(name) for name in said.cells) for said in (one, other))


def _cell(cells: list[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
