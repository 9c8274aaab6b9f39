"""Labelled tables of what was entered: one of each form, of each list in a form, and of each other kind.

A table holds what stands now, for one role at its sites; the audit trail has what stood before. A number is
in its column only in the item's own unit; what was entered in another stands in a column beside it. What is
sealed is in no table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext

from entact.conduct.cells import cell
from entact.conduct.forms.place import items_in, release_of
from entact.conduct.reader import Folded, Reader, Standing
from entact.conduct.sight import SeenCourse
from entact.conduct.words import title_of_form, title_of_visit, told, words
from entact.course.disclosure import class_named
from entact.course.entry.effective import Effective
from entact.course.entry.sealing import is_sealed
from entact.course.kinds import KINDS
from entact.course.kinds.kind import BY_ALERT, BY_ENTRY, BY_FORM, BY_GATE, UNSURE, Kind
from entact.course.state.progress import zone_of
from entact.protocol import CompiledForm
from entact.protocol.conversion import in_unit
from entact.protocol.quantity import parse_quantity
from entact.protocol.study import Item

_BY_CONTENT: Final = frozenset({BY_FORM, BY_ALERT, BY_GATE, BY_ENTRY})  # asked of each entry, not of its kind


@dataclass(frozen=True)
class Column:
    """One column: its name, and what the dictionary says of it.

    Attributes:
        label: the item as people read it. type: what its values are. codes: code -> label.
        asked: when it is asked, as the study file's rule.
    """

    name: str
    label: str
    type: str
    unit: str = ""
    range: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    asked: str = ""


@dataclass(frozen=True)
class Table:
    """One table: its file's name, what it is of (as the page says it, and no file), its columns, its rows."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[Subject], Iterator[Sequence[str]]]

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [one.name for one in self.columns]


@dataclass(frozen=True)
class Subject:
    """One participant as the role sees them."""

    standing: Standing
    folded: Folded
    seen: SeenCourse
    zone: tzinfo
    reader: Reader


_WHO: Final = (
    Column("participant", "Subject number, or screening number before enrolment", "text"),
    Column("site", "Site", "text"),
    Column("visit", "Visit", "text"),
    Column("visit.label", "Visit, as people call it", "text"),
    Column("visit.repeat", "Which time this visit took place", "integer"),
    Column("timepoint", "Time within the visit", "text"),
    Column("repeat", "Which repetition at that time", "integer"),
    Column("at", "When it happened, on the site's clock", "datetime"),
    Column("by", "Who entered it", "text"),
    Column("role", "In which role", "text"),
    Column("corrections", "How often it was corrected", "integer"),
    Column("entry", "Id of the entry in the ledger", "text"),
)


def subject_of(reader: Reader, standing: Standing, folded: Folded) -> Subject:
    """A participant as the reader's role sees them."""
    seen = folded.seen_by(reader.sight)
    return Subject(standing, folded, seen, zone_of(folded.course, reader.at), reader)


def tables_of(reader: Reader) -> list[Table]:
    """Every table that the reader's role may have, the participants first."""
    if not reader.sight.sees_schedule:
        return []
    forms = [one for name in _forms(reader) for one in _of_form(reader, name)]
    kinds = [_of_kind(kind) for kind in KINDS.values() if _is_shown(reader, kind)]
    return [_participants(reader), *forms, *sorted(kinds, key=lambda one: one.name)]


def dictionary(tables: Sequence[Table]) -> Iterator[Sequence[str]]:
    """The data dictionary: a line for each column of each table, after a line of headings."""
    yield ("file", "column", "label", "type", "unit", "range", "codes", "asked_when")
    for table in tables:
        for one in table.columns:
            codes = " | ".join(f"{code}={label}" for code, label in one.codes.items())
            yield (f"{table.name}.csv", one.name, one.label, one.type, one.unit, one.range, codes, one.asked)


def _forms(reader: Reader) -> list[str]:
    """The forms that the role sees, the newest release's first."""
    names = [name for release in reversed(reader.study.releases) for name in release.forms]
    return [name for name in dict.fromkeys(names) if reader.sight.sees_form(name)]


def _compiled(reader: Reader, name: str) -> list[CompiledForm]:
    """A form in each release that has it, the newest first."""
    releases = reversed(reader.study.releases)
    return [one.forms[name] for one in releases if name in one.forms]


def _is_shown(reader: Reader, kind: Kind) -> bool:
    """Whether a kind that is no form may be told of at all."""
    if kind.ledger != "participant" or kind.form is not None or kind.about_record or kind.name == "void":
        return False
    told = {UNSURE if name == UNSURE else class_named(name) for name in kind.tells - _BY_CONTENT}
    return reader.sight.sees_names(frozenset(told))


def _participants(reader: Reader) -> Table:
    sees = reader.sight.sees_status
    columns = [*_WHO[:2], Column("id", "Opaque id, which never changes", "text")]
    columns += [Column("status", "Where the participant stands", "text")] if sees else []

    def rows(subject: Subject) -> Iterator[Sequence[str]]:
        one = subject.standing
        yield (
            cell(one.number),
            cell(one.site),
            one.ledger.partition(":")[2],
            *((one.status,) if sees else ()),
        )

    return Table("participants", gettext("Participants"), tuple(columns), rows)


def _of_form(reader: Reader, name: str) -> Iterator[Table]:
    versions = _compiled(reader, name)
    items = {item: said for one in reversed(versions) for item, said in one.items.items()}
    scores = list(dict.fromkeys(score for one in versions for score in one.scores))
    plain = {item: said for item, said in items.items() if said.type != "rows"}
    columns = [column for item, said in plain.items() for column in _columns(item, said)]
    columns += [Column(score, f"Computed: {words(score)}", "score") for score in scores]
    done = Column("status", "Whether it was done", "text")
    calculated = {item for item, said in plain.items() if not said.is_entered}
    told = {item for item in calculated if _may_be_told(reader, versions, item)}

    def rows(subject: Subject) -> Iterator[Sequence[str]]:
        answers = {one.entry: one.values for one in subject.folded.course.answers.get(name, ())}
        for effective in _entries(subject, name):
            held, computed = items_in(effective), answers.get(effective.id, {})
            row = [*_who(subject, effective), str(effective.data.get("status", "done"))]
            made = _made(subject, name, effective, held) if told else {}
            for item, said in plain.items():
                given = _as_answered(said, made.get(item)) if item in told else held.get(item)
                row += _cells(said, given)
            yield [*row, *(_plain(computed.get(score)) for score in scores)]

    title = title_of_form(versions[0])
    yield Table(name, title, (*_WHO, done, *columns), rows)
    for item, said in items.items():
        if said.type == "rows":
            yield _of_rows(name, item, said, title)


def _may_be_told(reader: Reader, versions: Sequence[CompiledForm], item: str) -> bool:
    """Whether the role sees all that a calculated value is made of, in every release."""
    return all(
        reader.sight.sees_rule(one.rules.calculations[item])
        for one in versions
        if item in one.rules.calculations
    )


def _made(subject: Subject, name: str, effective: Effective, held: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the items of an entry are worth, with what other forms say at its visit."""
    course = subject.folded.course
    form = release_of(course, effective).forms.get(name)
    if form is None:
        return {}
    return form.read(held, course.values(effective.entry.encounter, subject.reader.at)).values


def _as_answered(said: Item, value: Any) -> Any:
    """A calculated value as an answer would be written."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{Decimal(repr(value)):f} {said.unit}".strip()
    return value


def _of_rows(form: str, item: str, said: Item, title: str) -> Table:
    """A list within a form: a row of the table for each of its rows."""
    columns = [column for cell, inner in said.items.items() for column in _columns(cell, inner)]
    number = Column("row", "Which row of the list", "integer")

    def rows(subject: Subject) -> Iterator[Sequence[str]]:
        for effective in _entries(subject, form):
            held = items_in(effective).get(item)
            for place, one in enumerate(held if isinstance(held, list) else (), start=1):
                row = [*_who(subject, effective), str(place)]
                for name, inner in said.items.items():
                    row += _cells(inner, one.get(name) if isinstance(one, Mapping) else None)
                yield row

    label = told(said.title) if said.title is not None else words(item)
    return Table(f"{form}.{item}", f"{title}: {label}", (*_WHO, number, *columns), rows)


def _of_kind(kind: Kind) -> Table:
    names = [name for name in kind.payload.__struct_encode_fields__ if name not in kind.sealed]
    columns = tuple(Column(name, words(name), "text") for name in names)

    def rows(subject: Subject) -> Iterator[Sequence[str]]:
        for effective in subject.folded.course.effective:
            if effective.entry.kind == kind.name and effective.id in subject.seen.entries:
                yield [*_who(subject, effective), *(_plain(effective.data.get(name)) for name in names)]

    return Table(f"entries_{kind.name}", gettext(kind.title), (*_WHO, *columns), rows)


def _entries(subject: Subject, form: str) -> Iterator[Effective]:
    """The entries of a form that stand and are seen."""
    for effective in subject.folded.course.effective:
        kind = KINDS.get(effective.entry.kind)
        held = kind.form(effective.data) if kind is not None and kind.form is not None else None
        if held == form and effective.id in subject.seen.entries:
            yield effective


def _who(subject: Subject, effective: Effective) -> list[str]:
    entry = effective.entry
    visit, _, repeat = (entry.encounter or "").partition("#")
    found = [
        subject.standing.number,
        subject.standing.site,
        visit,
        title_of_visit(visit, subject.reader.visits) if visit else "",
        repeat,
        entry.timepoint or "",
        str(entry.repeat),
        effective.at.astimezone(subject.zone).isoformat(timespec="seconds"),
        entry.by,
        entry.role,
        str(len(effective.corrections)),
        effective.id,
    ]
    return [cell(one) for one in found]


def _label(name: str, said: Item) -> str:
    return str(said.title) if said.title is not None else words(name)


def _columns(name: str, said: Item) -> Iterator[Column]:
    """The columns of one item; none of one that is sealed."""
    if said.is_personal:
        return
    label, asked, codes = _label(name, said), said.when or "", _codes(said)
    if said.type == "choices":
        for code, meaning in codes.items():
            yield Column(f"{name}.{code}", f"{label}: {meaning}", "boolean", asked=asked)
    else:
        yield Column(name, label, said.type, said.unit, said.range or "", codes, asked)
        if codes:
            yield Column(f"{name}.label", f"{label}, in words", "text", asked=asked)
        if said.unit:
            yield Column(f"{name}.entered", f"{label}, as entered in another unit", "text", asked=asked)
    yield Column(f"{name}.missing", f"{label}: why there is no answer", "text")


def _codes(said: Item) -> dict[str, str]:
    found = {code: str(said.labels.get(code, words(code))) for code in said.of or ()}
    return found or {code: str(label) for code, label in said.labels.items()}


def _cells(said: Item, answer: Any) -> Iterator[str]:
    """The cells of one answer, in the order of `_columns`."""
    if said.is_personal:
        return
    reason = ""
    if is_sealed(answer):
        answer, reason = None, "sealed"
    elif isinstance(answer, Mapping) and set(answer) == {"missing"}:
        answer, reason = None, str(answer["missing"])
    codes = _codes(said)
    if said.type == "choices":
        chosen = answer if isinstance(answer, list | tuple) else None
        for code in codes:
            yield "" if chosen is None else _plain(code in chosen)
    else:
        own, other = _in_own_unit(said, answer) if said.unit else (_plain(answer), "")
        yield own
        if codes:
            yield codes.get(_plain(answer), "")
        if said.unit:
            yield other
    yield reason


def _in_own_unit(said: Item, answer: Any) -> tuple[str, str]:
    """A number in the item's unit; and what was entered, where that was in another."""
    text = _plain(answer)
    try:
        found = parse_quantity(text)
    except ValueError:
        return "", text
    if found.unit in ("", said.unit):
        return f"{found.value:f}", ""
    own = in_unit(found.value, found.unit, said.unit)
    return ("" if own is None else f"{float(own):.10g}"), text


def _plain(value: Any) -> str:
    """A value as a cell: what a spreadsheet would take for a formula is marked as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_sealed(value):
        return ""
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_unsealed(value), ensure_ascii=False, sort_keys=True) if value else ""
    return cell(value) if isinstance(value, str) else str(value)


def _unsealed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _unsealed(inner) for name, inner in value.items() if not is_sealed(inner)}
    if isinstance(value, list | tuple):
        return [_unsealed(one) for one in value if not is_sealed(one)]
    return value
