"""The file that says where records of another system go: whose they are, at which visit, in which item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from entact.exchange.records.cells import definition_of
from entact.exchange.records.lists import is_list, items_of_list_or_form, listed
from entact.exchange.records.row import RecordsError
from entact.protocol import Release, StudyError
from entact.protocol.explain import faults_of
from entact.protocol.problem import Fault, unknown
from entact.protocol.source import read_source
from entact.protocol.study import Item

Decimal = Literal["point", "comma"]
Dates = Literal["ymd", "dmy", "mdy"]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Goes(_Said):
    """Where one variable goes, and how it is written there.

    Attributes:
        to: `form.item` of the study, or of a list: `adverse_event.onset`; of a list of rows within a form
            `form.item.cell`, where the source repeats a group, or `form.item[2].cell`. values: what the
            source writes -> the item's answer. unit: in UCUM, that of the source where it is not the item's.
            decimal, dates: of this variable alone.
    """

    to: str
    values: dict[str, str | bool] = {}
    unit: str = ""
    decimal: Decimal | None = None
    dates: Dates | None = None


class Filled(_Said):
    """Of one form of the study: when it was filled in, and where.

    Attributes:
        at: the variable that says when: a day, or better a time. visit, timepoint: where every row of it
            belongs, whatever the event.
    """

    at: str = ""
    visit: str = ""
    timepoint: str = ""


def _bare(said: Any) -> Any:
    return {"to": said} if isinstance(said, str) else said


class RecordMapping(_Said):
    """Where records go.

    Attributes:
        source: a name for the system and project: with the record's id it says what is there already.
        record: the variable that names records; without it the first column. records: record -> screening
            or subject number, where the two differ.
        visits: event of the source -> visit of the study, `visit` or `visit#2`; of a project without
            events, that of `""`. forms: of the study. items: variable or OID -> form.item.
        missing: what the source writes for why there is no value -> the reason, as entries have it.
        leave_out: variables that are not taken in. unreadable: what becomes of an answer that is none of its
            item: `refuse` the file, or `keep` it as it was written, where it is found as any other.
    """

    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    record: str = ""
    records: dict[str, str] = {}
    visits: dict[str, str] = {}
    forms: dict[str, Filled] = {}
    items: dict[str, Annotated[Goes, BeforeValidator(_bare)]] = {}
    missing: dict[str, Literal["not_asked", "not_done", "refused", "below_quantification", "unknown"]] = {}
    decimal: Decimal | None = None
    dates: Dates = "ymd"
    encoding: str | None = None
    leave_out: list[str] = []
    unreadable: Literal["refuse", "keep"] = "refuse"

    def place_of(self, item: str) -> tuple[str, str]:
        """Form and item of a variable that goes somewhere."""
        form, _, name = self.items[item].to.partition(".")
        return form, name


def read_mapping(raw: bytes, file: str, release: Release) -> RecordMapping:
    """A mapping, held against the study.

    Args:
        file: its name, for problems. release: whose forms, items and visits it may name.
    Raises:
        RecordsError: with file, line and field of everything that is wrong.
    """
    if not raw.strip():
        raise RecordsError([f"{file}: it is empty; begin it with `source:`, a name for the other system"])
    try:
        source = read_source(raw, file)
    except StudyError as error:
        raise RecordsError(str(error).splitlines()) from None
    data = source.data if isinstance(source.data, dict) else {}
    try:
        mapping = RecordMapping.model_validate(data)
    except ValidationError as error:
        faults = faults_of(error, data, RecordMapping, ())
    else:
        faults = list(_faults(mapping, release))
    if faults:
        raise RecordsError([str(source.locate(one)) for one in faults])
    return mapping


def _faults(mapping: RecordMapping, release: Release) -> Iterator[Fault]:
    for event, said in mapping.visits.items():
        yield from _visit(("visits", event), said, release)
    for form, filled in mapping.forms.items():
        if items_of_list_or_form(release, form) is None:
            named = [*release.forms, *listed(release)]
            yield Fault(("forms", form), unknown("form", form, named), at_key=True)
        if filled.timepoint and is_list(release, form):
            yield Fault(
                ("forms", form, "timepoint"), f"{form} is a list, and belongs to no timepoint of a visit"
            )
        if filled.visit:
            yield from _visit(("forms", form, "visit"), filled.visit, release)
    taken: dict[str, str] = {}
    for name in mapping.items:
        form, item = mapping.place_of(name)
        path = ("items", name)
        known = items_of_list_or_form(release, form)
        if known is None:
            said = unknown("form", form, [*release.forms, *listed(release)])
            yield Fault(
                path, f"{said}; doses, consents and whatever else is no form is entered by people, at a gate"
            )
        elif (definition := definition_of(known, item)) is None:
            yield Fault(path, _no_item(form, item, known))
        elif not definition.is_entered:
            yield Fault(path, f"{form}.{item} is calculated, and entered by nobody")
        elif definition.type == "rows":
            cell = next(iter(definition.items))
            said = f"write `{form}.{item}.{cell}`, or `{form}.{item}[2].{cell}` for that of the second row"
            yield Fault(path, f"{form}.{item} is a list of rows, and a variable holds one cell of it: {said}")
        elif definition.type == "file":
            said = "name it under `leave_out:`; people add the file"
            yield Fault(path, f"{form}.{item} is a file, whose bytes are in no record: {said}")
        elif (first := taken.setdefault(f"{form}.{item}", name)) != name:
            yield Fault(path, f"{form}.{item} is that of {first} already")
        if name in mapping.leave_out:
            yield Fault(path, f"{name} goes somewhere and is left out: take one of the two back")


def _no_item(form: str, item: str, known: Mapping[str, Item]) -> str:
    name, _, cell = item.partition(".")
    rows = known.get(name.partition("[")[0])
    if cell and rows is not None and rows.type == "rows":
        return unknown(f"item in the rows of {form}.{name}", cell, rows.items)
    return unknown(f"item of {form}", item, known)


def _visit(path: tuple[str, ...], said: str, release: Release) -> Iterator[Fault]:
    visit, mark, again = said.partition("#")
    if visit != "unscheduled" and visit not in release.visits:
        yield Fault(path, unknown("visit", visit, release.visits))
    elif mark and (not again.isascii() or not again.isdigit() or not 0 < int(again) < 1000):
        yield Fault(path, f"{said!r} is no visit; write how often it was as in {visit}#2")
