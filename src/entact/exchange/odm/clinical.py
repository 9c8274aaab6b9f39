"""What was entered, from the ClinicalData of ODM 1.3.2: rows with all versions that the file has of them.

A snapshot says each form once. A transactional file says what was inserted, updated and removed: each
transaction is a version of its row, with who, when and why as its audit record has it.

Source: CDISC ODM 1.3.2, sections 3.3 (ClinicalData) and on transactional files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from lxml import etree

from entact.exchange.odm.beside import beside, misplaced
from entact.exchange.odm.file import OdmError, odm_root
from entact.exchange.odm.metadata import UNSCHEDULED, event_oid, item_oid
from entact.exchange.odm.redcap_project import as_in_csv, is_of_redcap
from entact.exchange.odm.space import tag
from entact.exchange.records.boxes import TICKED, boxes_of
from entact.exchange.records.cells import in_row, is_cell
from entact.exchange.records.lists import is_list
from entact.exchange.records.mapping import RecordMapping
from entact.exchange.records.row import Cell, Own, RecordsError, Row, Version
from entact.protocol import Release
from entact.protocol.problem import nearest

_KINDS: Final = ("Insert", "Update", "Upsert", "Remove", "Context")
_WHY: Final = re.compile(r"missing: (not_asked|not_done|refused|below_quantification|unknown)")
_WITHHELD: Final = re.compile(r"(personal|sealed): kept at the site")
_OWN_PLACE: Final = re.compile(r"filled in: (\S+?)(?:; timepoint: ([^;]+))?(?:; repetition: (\d{1,3}))?")
_OWN_WORDS: Final = frozenset({"missing", "personal", "sealed", "filled in"})  # of comments that are read
_FEW: Final = 40
_NUMBERED: Final = re.compile(r"[^\[\]]+\[(\d+)\]")  # as Rave counts events: SCREEN[1]
_BROKEN: Final = re.compile(rb"""\sValue=(?:"[^"<]*[\r\n][^"<]*"|'[^'<]*[\r\n][^'<]*')""")
_Key = tuple[str, str, int, str, int]


@dataclass
class _Collected:
    place: str
    versions: list[Version] = field(default_factory=list)
    transaction: tuple[str, ...] = ()
    own: Own | None = None
    there: dict[str, str] = field(default_factory=dict)  # item that was entered -> where


def read_clinical(raw: bytes, mapping: RecordMapping, release: Release) -> tuple[list[Row], list[str]]:
    """The rows of a file, whole or not at all, and what of it is left out.

    Raises:
        RecordsError: with the line of everything that is malformed, twice there, or goes nowhere.
    """
    try:
        root = odm_root(raw)
    except OdmError as error:
        raise RecordsError(error.problems) from None
    rows, left_out = _Reader(root, mapping, release).read()
    broken = len(_BROKEN.findall(raw))
    if broken:
        left_out.append(
            f"line breaks in {broken} answers: where they stand XML has spaces; REDCap's CSV keeps them"
        )
    return rows, left_out


def own_visits(release: Release) -> dict[str, str]:
    """The events that entact writes, with their visits; a mapping need not say them."""
    return {event_oid(visit): visit for visit in release.visits} | {UNSCHEDULED: "unscheduled"}


class _Reader:
    def __init__(self, root: etree._Element, mapping: RecordMapping, release: Release) -> None:
        self.root, self.mapping, self.release = root, mapping, release
        self.group = 1  # which repetition of its group an item is in
        self.own: Own | None = None  # where an item is, as entact says it
        self.within = ("", "")  # the OIDs of its form and its group
        self.said = {*mapping.items, *mapping.leave_out, *(one.at for one in mapping.forms.values())}
        self.withheld: dict[_Key, set[str]] = {}
        self.problems: list[str] = []
        self.left_out: dict[str, int] = {}
        if is_of_redcap(root):
            as_in_csv(root, mapping)
        self.goes = {
            item_oid(name, item): (name, item) for name, form in release.forms.items() for item in form.items
        } | {oid: mapping.place_of(oid) for oid in mapping.items}
        self.boxes = boxes_of(mapping.items, release)
        self.visits = own_visits(release)
        self.units = {
            str(one.get("OID")): (one.findtext(f"{tag('Symbol')}/{tag('TranslatedText')}") or "").strip()
            or str(one.get("Name") or "")
            for one in root.iter(tag("MeasurementUnit"))
        }
        self.audits = {str(one.get("ID")): one for one in root.iter(tag("AuditRecord")) if one.get("ID")}
        self.rows: dict[_Key, _Collected] = {}

    def read(self) -> tuple[list[Row], list[str]]:
        """Every item in order of the file."""
        self.problems += list(misplaced(self.root))[:_FEW]
        for subject in self.root.iter(tag("SubjectData")):
            record = self._said(subject, "SubjectKey")
            for event in subject.iterfind(tag("StudyEventData")):
                for form in event.iterfind(tag("FormData")):
                    self._form(record, event, form)
        if not self.rows and not self.problems:
            self.problems.append("line 1: nothing in it was entered about anybody: there is no ClinicalData")
        if self.problems:
            raise RecordsError(self.problems)
        told = [f"{name}: {count} times" for name, count in self.left_out.items()]
        told += beside(self.root, _OWN_WORDS)
        return [self._row(key, one) for key, one in self.rows.items()], told

    def _row(self, key: _Key, found: _Collected) -> Row:
        versions = tuple(self._timed(key[3], found.versions, found.own.at if found.own is not None else ""))
        return Row(found.place, *key, versions, found.own, frozenset(self.withheld.get(key, ())))

    def _timed(self, form: str, versions: list[Version], own: str) -> Iterator[Version]:
        """The versions, the first with the time that an item of the form says, or that entact wrote."""
        filled = self.mapping.forms.get(form)
        at = next((one.at for one in versions if one.at), "") if filled is not None and filled.at else own
        for number, one in enumerate(versions):
            yield replace(one, at=at if number == 0 else "")

    def _form(self, record: str, event: etree._Element, form: etree._Element) -> None:
        name = self._event_of(event)
        again = self._count(event, "StudyEventRepeatKey")
        repeat = self._count(form, "FormRepeatKey")
        for group in form.iterfind(tag("ItemGroupData")):
            self.group = self._count(group, "ItemGroupRepeatKey")
            self.own = _own_place(group)
            self.within = (str(form.get("FormOID")), str(group.get("ItemGroupOID")))
            items = [one for one in group if etree.QName(one).localname.startswith("ItemData")]
            if not items and self._kind(group) == "Remove":
                self._removed(record, name, again, repeat, group)
            boxes = [one for one in items if one.get("ItemOID") in self.boxes]
            for item in items:
                if item not in boxes:
                    self._item(record, name, again, repeat, item)
            self._ticked(record, name, again, repeat, boxes)

    def _ticked(
        self, record: str, event: str, again: int, repeat: int, boxes: Sequence[etree._Element]
    ) -> None:
        """The boxes of checkboxes, each an item of its own: where none is ticked, nobody may have asked."""
        ticked: dict[str, list[etree._Element]] = {}
        for box in boxes:
            oid, text = str(box.get("ItemOID")), str(box.get("Value") or "").strip()
            variable, _ = self.boxes[oid]
            if {oid, variable} & {*self.mapping.leave_out}:
                self.left_out[oid] = self.left_out.get(oid, 0) + 1
            elif text.casefold() not in TICKED:
                self.problems.append(f"line {box.sourceline}: {oid} is {text!r}; a box is 1 or 0")
            elif TICKED[text.casefold()]:
                ticked.setdefault(variable, []).append(box)
        for variable, theirs in ticked.items():
            form, name = self.goes[variable]
            codes = tuple(self.boxes[str(one.get("ItemOID"))][1] for one in theirs)
            cell = Cell(variable, f"line {theirs[0].sourceline}", ticked=codes)
            self._version(record, event, again, form, repeat, theirs[0], in_row(name, self.group), cell)

    def _item(self, record: str, event: str, again: int, repeat: int, item: etree._Element) -> None:
        oid, place = self._named(self._said(item, "ItemOID")), f"line {item.sourceline}"
        text = item.get("Value") if item.tag == tag("ItemData") else item.text
        if any(one.at == oid for one in self.mapping.forms.values()) and oid not in self.goes:
            form = next(name for name, one in self.mapping.forms.items() if one.at == oid)
            self._version(record, event, again, form, repeat, item, "", Cell(oid, place, text or ""))
            return
        if oid in self.mapping.leave_out:
            self.left_out[oid] = self.left_out.get(oid, 0) + 1
            return
        if oid not in self.goes:
            near = nearest(oid, self.goes)
            told = f"; did you mean {near!r}?" if near else ""
            self.problems.append(
                f"{place}: {oid!r} goes nowhere{told}; say its item under `items:`, or name it under "
                "`leave_out:`"
            )
            return
        form, name = self.goes[oid]
        if is_list(self.release, form) and self.group > 1:
            if repeat > 1:
                self.problems.append(
                    f"{place}: form and group repeat both, so nobody knows which {form} it is; let one repeat"
                )
                return
            repeat = self.group
        name = in_row(name, self.group)
        why = ""
        if item.get("IsNull") == "Yes" or text is None:
            said = " ".join(one.text or "" for one in item.iter(tag("Comment")))
            if _WITHHELD.search(said):
                self.left_out[f"{oid} (not in the file)"] = (
                    self.left_out.get(f"{oid} (not in the file)", 0) + 1
                )
                self.withheld.setdefault((record, event, again, form, repeat), set()).add(name)
                return
            found = _WHY.search(said)
            why = found[1] if found else "unknown"
        unit = item.find(tag("MeasurementUnitRef"))
        symbol = ""
        if unit is not None:
            named = self._said(unit, "MeasurementUnitOID")
            symbol = self.units.get(named, "")
            if not symbol:
                self.problems.append(f"{place}: there is no unit {named!r}")
        cell = Cell(oid, place, text or "", unit=symbol, why=why)
        self._version(record, event, again, form, repeat, item, name, cell)

    def _version(
        self,
        record: str,
        event: str,
        again: int,
        form: str,
        repeat: int,
        item: etree._Element,
        name: str,
        cell: Cell,
    ) -> None:
        """Adds a cell to the version that its transaction is of; `name` is empty of the time of a form."""
        filled = self.mapping.forms.get(form)
        anywhere = (filled is not None and filled.visit) or is_list(self.release, form)
        if not anywhere and event not in self.mapping.visits | self.visits:
            self._unknown_event(cell.place, event)
            return
        collected = _Collected(cell.place, own=self.own)
        row = self.rows.setdefault((record, event, again, form, repeat), collected)
        kind, said = self._kind(item), self._audit(item)
        if kind == "Context":
            self.problems.append(
                f"{cell.place}: a value cannot be the context of others; write Insert or Update"
            )
        last = row.versions[-1] if row.versions else None
        changes = kind in ("Update", "Remove")
        again_said = last is not None and name in last.cells and changes
        unsigned = not any(said) and changes and row.transaction[-1:] != (kind,)
        if last is None or last.removed or row.transaction[:-1] != said or again_said or unsigned:
            last = Version(cell.place, {}, "", *said[:3])
            row.versions.append(last)
            row.transaction = (*said, kind)
        if not name:
            row.versions[-1] = replace(last, at=cell.text)
            return
        if kind == "Insert" and name in row.there and name not in last.cells:
            self.problems.append(
                f"{cell.place}: {form}.{name} was inserted on {row.there[name]} already; where it was "
                "changed say Update, and where another form or group asks it too name both, as in "
                "`FORM/GROUP/ITEM`"
            )
        if kind == "Remove":
            row.there.pop(name, None)
        else:
            row.there[name] = cell.place
        if name in last.cells:
            self.problems.append(
                f"{cell.place}: {form}.{name} stands on {last.cells[name].place} too, in one transaction; "
                "where a group repeats, only a list of rows takes it in"
            )
        # An item whose removal is told has no value from then on, and nobody said why.
        removed = replace(cell, why="unknown") if kind == "Remove" else cell
        row.versions[-1] = replace(last, cells={**last.cells, name: removed})

    def _removed(self, record: str, event: str, again: int, repeat: int, group: etree._Element) -> None:
        """A group that was removed whole: all forms of that place that have something in it."""
        said = self._audit(group)
        place = f"line {group.sourceline}"
        oid = str(group.get("ItemGroupOID"))
        forms = {key[3] for key in self.rows if key[:3] == (record, event, again) and key[4] == repeat}
        named = [form for form in forms if oid == f"IG.{form}"] or sorted(forms)
        if len(named) != 1:
            self.problems.append(
                f"{place}: it is not known which of {', '.join(named) or 'no form'} is removed"
            )
            return
        row = self.rows[record, event, again, named[0], repeat]
        if any(is_cell(name) for version in row.versions for name in version.cells):
            self.problems.append(
                f"{place}: {named[0]} has a list of rows, so it is not known whether a row of it is "
                "removed or the form; remove it item by item"
            )
        row.there.clear()
        row.versions.append(Version(place, {}, "", *said[:3], removed=True))
        row.transaction = (*said, "Remove")

    def _kind(self, element: etree._Element) -> str:
        """The transaction that an element is of: its own, or that of what it lies in."""
        for one in (element, *element.iterancestors()):
            said = one.get("TransactionType")
            if said is not None:
                if said not in _KINDS:
                    self.problems.append(
                        f"line {one.sourceline}: there is no transaction {said!r}, but {', '.join(_KINDS)}"
                    )
                return str(said)
        return "Insert"

    def _audit(self, element: etree._Element) -> tuple[str, str, str, str]:
        """When, by whom, why, and which one: of the nearest audit record."""
        for one in (element, *element.iterancestors()):
            record = one.find(tag("AuditRecord"))
            if record is None and one.get("AuditRecordID"):
                record = self.audits.get(str(one.get("AuditRecordID")))
            if record is not None:
                user = record.find(tag("UserRef"))
                return (
                    (record.findtext(tag("DateTimeStamp")) or "").strip(),
                    str(user.get("UserOID")) if user is not None else "",
                    (record.findtext(tag("ReasonForChange")) or "").strip(),
                    (record.findtext(tag("SourceID")) or "").strip(),
                )
        return "", "", "", ""

    def _named(self, oid: str) -> str:
        """An item as the mapping names it: one that several forms or groups ask has theirs before it."""
        form, group = self.within
        longer = (f"{form}/{group}/{oid}", f"{form}/{oid}", f"{group}/{oid}")
        return next((one for one in longer if one in self.said), oid)

    def _unknown_event(self, place: str, event: str) -> None:
        near = nearest(event, self.mapping.visits | self.visits)
        told = f" ({near!r} is another one)" if near else ""
        self.problems.append(
            f"{place}: no visit is known for the event {event!r}{told}; say it under `visits:`"
        )

    def _event_of(self, event: etree._Element) -> str:
        """Its name; that of a REDCap project without events is empty."""
        if event.get("StudyEventOID") == "" and ("" in self.mapping.visits or is_of_redcap(self.root)):
            return ""
        return self._said(event, "StudyEventOID")

    def _said(self, element: etree._Element, name: str) -> str:
        said = element.get(name)
        if not said:
            kind = etree.QName(element).localname
            self.problems.append(f"line {element.sourceline}: this {kind} has no {name}")
        return str(said or "")

    def _count(self, element: etree._Element, name: str) -> int:
        said = element.get(name) or "1"
        if found := _NUMBERED.fullmatch(said):
            said = found[1]
        if not (said.isascii() and said.isdigit() and 0 < int(said) < 1000):
            self.problems.append(
                f"line {element.sourceline}: {name} is {said!r}, which is no number from 1 to 999"
            )
            return 1
        return int(said)


def _own_place(group: etree._Element) -> Own | None:
    """What entact wrote beside a form; None of a file of another system."""
    for comment in group.iterfind(f"{tag('Annotation')}/{tag('Comment')}"):
        found = _OWN_PLACE.fullmatch((comment.text or "").strip())
        if found is not None:
            return Own(found[1], found[2] or "", int(found[3] or 1))
    return None
