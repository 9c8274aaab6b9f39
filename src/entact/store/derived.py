"""Rows for lists: what follows from one participant's ledger, written in the transaction of each append.

Everything here is a function of the ledger and the releases; nothing depends on an arm, and nothing on a
clock. `tables` says where they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from entact.course import Course
from entact.course.disclosure import Disclosure
from entact.course.found.unsettled import DATA_KINDS, unended
from entact.course.found.watch import Watch
from entact.course.instants import SCHEDULED, Horizon, OpenFinding, Window, outlook
from entact.course.kinds.booking import BookingState, bookings_of
from entact.course.kinds.query import QueryState, queries_of
from entact.course.kinds.reporting import reports_due
from entact.course.schedule import civil_date
from entact.course.state.numbers import Number, numbers_of, shared_message
from entact.course.state.progress import zone_of
from entact.course.state.reconsent import reconsents_of
from entact.course.state.reporting import ReportDue
from entact.store.index import storable
from entact.store.kit_rows import SessionKey, StepKey, session_rows, step_rows
from entact.store.unsettled import Unsettled, unsettled_of

PARTICIPANT = "participant:"

# Parts of the state of which rows are made.
_CLOCKS = frozenset({"clocks", "sent_reports"})
_QUERIES = frozenset({"noted"})
_BOOKINGS = frozenset({"noted", "encounters"})
_KITS = frozenset({"noted", "kits", "doses"})
_SESSIONS = frozenset({"encounters", "doses"})
_NUMBERS = frozenset({"screenings", "enrolment", "randomisation", "links", "kits", "doses"})

Key = tuple[str, datetime]
LastVisit = tuple[str, datetime | None, date | None]


class StandingRow(NamedTuple):
    """Where a participant stands: the columns of `standing` between stamps and key.

    The visits `told` are those of a track that opens when somebody is told an arm: not everybody may know.
    `unended` are visits; entries that are not signed and events without a term are counted by `groups`,
    which say what these tell of (`entact.store.unsettled`).
    """

    site: str
    number: str
    status: str
    screened: bool
    randomised: bool
    last_visit: str
    last_at: datetime | None
    last_day: date | None
    told_visit: str
    told_at: datetime | None
    told_day: date | None
    locked: bool
    unended: int
    groups: list[str]
    unsigned: list[int]
    uncoded: list[int]


@dataclass(frozen=True)
class Rows:
    """All derived rows of one ledger; those of which there are many by their keys, as they are sent.

    Attributes:
        windows, found: of which `due` and `findings` were made. turns: of what discloses them, at that time.
        unsettled: of which the counts of `standing` were made.
    """

    standing: StandingRow
    due: Mapping[Key, dict[str, Any]]
    findings: Mapping[Key, dict[str, Any]]
    clocks: Mapping[tuple[str, str], dict[str, Any]]
    queries: Mapping[tuple[str], dict[str, Any]]
    bookings: Mapping[tuple[str], dict[str, Any]]
    reconsents: Mapping[datetime, dict[str, Any]]
    steps: Mapping[StepKey, dict[str, Any]]
    sessions: Mapping[SessionKey, dict[str, Any]]
    numbers: Mapping[Number, dict[str, Any]]
    windows: tuple[Window, ...] = field(compare=False)
    found: tuple[OpenFinding, ...] = field(compare=False)
    turns: int = field(compare=False)
    unsettled: Unsettled = field(compare=False)


def rows_of(
    course: Course,
    ledger: str,
    disclosure: Disclosure,
    horizon: Horizon | None = None,
    before: Rows | None = None,
) -> Rows:
    """The rows of one participant.

    Args:
        course: folded of all entries of the ledger. disclosure: of the same entries.
        horizon, before: kept and returned by the last call for the same course, to save work.
    """
    horizon = horizon or Horizon()
    seen, changed = outlook(course, horizon), horizon.watch.may_have_changed
    told = before if before is not None and before.turns == disclosure.turns else None
    open_now = unsettled_of(course, disclosure, horizon.watch, before.unsettled if before else None)
    where = before.standing if before and not changed(SCHEDULED) else _standing_row(course, ledger)
    return Rows(
        where._replace(groups=open_now.groups, unsigned=open_now.unsigned, uncoded=open_now.uncoded),
        before.due if before and before.windows is seen.windows else _due_rows(seen.windows),
        told.findings
        if told and told.found == seen.findings
        else _finding_rows(seen.findings, disclosure, horizon.watch, before, told),
        before.clocks if before and not changed(_CLOCKS) else _clock_rows(course),
        told.queries if told and not changed(_QUERIES) else _query_rows(course, disclosure),
        before.bookings if before and not changed(_BOOKINGS) else _booking_rows(course),
        before.reconsents if before and not changed(SCHEDULED) else _reconsent_rows(course),
        before.steps if before and not changed(_KITS) else step_rows(course),
        before.sessions
        if before and before.windows is seen.windows and not changed(_SESSIONS)
        else session_rows(course, horizon),
        told.numbers if told and not changed(_NUMBERS) else _number_rows(course, disclosure),
        seen.windows,
        seen.findings,
        disclosure.turns,
        open_now,
    )


def stored_number(number: Number) -> Number:
    """A number as its table has it."""
    return number[0], storable(number[1])


def _number_rows(course: Course, disclosure: Disclosure) -> dict[Number, dict[str, Any]]:
    return {
        stored_number(one): _number_row(one, entry, disclosure) for one, entry in numbers_of(course).items()
    }


def _number_row(one: Number, entry: str, disclosure: Disclosure) -> dict[str, Any]:
    """The row of a number, with what would be told by finding that another has it too."""
    of, number = stored_number(one)
    names = disclosure.of_finding(f"{of}:{entry}", "number_shared", entry, of, shared_message(*one))
    return {"of": of, "number": number, "entry": storable(entry), "tells": sorted(map(storable, names))}


def _due_rows(windows: Iterable[Window]) -> dict[Key, dict[str, Any]]:
    return {(storable(one.visit), one.since): _due_row(one) for one in windows}


def _due_row(one: Window) -> dict[str, Any]:
    return {
        "visit": storable(one.visit),
        "since": one.since,
        "until": one.until,
        "opens": one.opens,
        "ends": one.ends,
        "earliest": one.earliest,
        "target": one.target,
        "latest": one.latest,
    }


def _finding_rows(
    found: Iterable[OpenFinding],
    disclosure: Disclosure,
    watch: Watch,
    before: Rows | None,
    told: Rows | None,
) -> dict[Key, dict[str, Any]]:
    """The rows of findings; those before, where they are the same: most stand for many entries.

    Args:
        told: those before, where what discloses them is as it was.
    """
    earlier = {} if before is None else before.findings
    same = set() if told is None else set(map(id, told.found))
    rows = {}
    for one in found:
        key = storable(one.finding), one.since
        rows[key] = (
            earlier[key] if id(one) in same else _finding_row(one, disclosure, watch, earlier.get(key))
        )
    return rows


def _finding_row(
    one: OpenFinding, disclosure: Disclosure, watch: Watch, before: dict[str, Any] | None
) -> dict[str, Any]:
    """The row of a finding; the one before, where it is the same."""
    names = disclosure.of_finding(one.finding, one.rule, one.entry, one.item, one.message)
    kind, form = disclosure.kind_of(one.entry)
    row = {
        "finding": storable(one.finding),
        "since": one.since,
        "until": one.until,
        "rule": storable(one.rule),
        "entry": storable(one.entry),
        "item": storable(one.item),
        "kind": storable(kind),
        "form": storable(form),
        "tells": sorted(map(storable, names)),
        "of_data": _is_of_data(one.entry, watch),
    }
    return row if before is None or before != row else before


def _is_of_data(entry: str, watch: Watch) -> bool:
    """Whether an entry is in force, and is data."""
    number = watch.numbers.get(entry)
    return number is not None and watch.course.effective[number].entry.kind in DATA_KINDS


def _query_rows(course: Course, disclosure: Disclosure) -> dict[tuple[str], dict[str, Any]]:
    return {(storable(one.entry),): _query_row(one, disclosure) for one in queries_of(course)}


def _query_row(one: QueryState, disclosure: Disclosure) -> dict[str, Any]:
    kind, form = disclosure.kind_of(one.about)
    return {
        "query": storable(one.entry),
        "status": one.status,
        "raised_at": one.raised_at.astimezone(UTC),
        "since": one.since.astimezone(UTC),
        "entry": storable(one.about),
        "item": storable(one.item),
        "kind": storable(kind),
        "form": storable(form),
        "tells": sorted(map(storable, disclosure.of_entry(one.entry))),
        "rule": storable(one.rule),
    }


def _booking_rows(course: Course) -> dict[tuple[str], dict[str, Any]]:
    return {(storable(one.encounter),): _booking_row(one) for one in bookings_of(course).values()}


def _booking_row(one: BookingState) -> dict[str, Any]:
    visit = one.encounter.partition("#")[0]
    return {"encounter": storable(one.encounter), "visit": storable(visit), "at": one.at.astimezone(UTC)}


def _reconsent_rows(course: Course) -> dict[datetime, dict[str, Any]]:
    return {
        one.since: {
            "since": one.since.astimezone(UTC),
            "until": None if one.until is None else one.until.astimezone(UTC),
            "release": storable(one.release),
            "due": one.due,
        }
        for one in reconsents_of(course)
    }


def _clock_rows(course: Course) -> dict[tuple[str, str], dict[str, Any]]:
    return {(storable(one.report), storable(one.event)): _clock_row(one) for one in reports_due(course)}


def _clock_row(one: ReportDue) -> dict[str, Any]:
    return {
        "report": storable(one.report),
        "event": storable(one.event),
        "aware": one.aware.astimezone(UTC),
        "due": one.due.astimezone(UTC),
        "sent_at": None if one.sent_at is None else one.sent_at.astimezone(UTC),
    }


def _standing_row(course: Course, ledger: str) -> StandingRow:
    screening, enrolment = course.screening, course.enrolment
    number = ledger.removeprefix(PARTICIPANT)
    if enrolment is not None:
        number = enrolment.subject
    elif screening is not None:
        number = screening.number
    last, told = _last_visits(course)
    return StandingRow(
        storable(course.site or ""),
        storable(number),
        course.status,
        screening is not None,
        course.randomisation is not None,
        *last,
        *told,
        "" in course.frozen,
        len(list(unended(course))),
        [],
        [],
        [],
    )


def _last_visits(course: Course) -> tuple[LastVisit, LastVisit]:
    """The last visit that everybody may know of, and the last one of a track that tells an arm."""
    secret = {name for release in course.study.releases for name in release.telling_visits}
    begun = [(one.started, one.visit) for one in course.encounters.values() if one.started is not None]
    return (
        _last(course, [one for one in begun if one[1] not in secret]),
        _last(course, [one for one in begun if one[1] in secret]),
    )


def _last(course: Course, begun: list[tuple[datetime, str]]) -> LastVisit:
    if not begun:
        return "", None, None
    at, visit = max(begun)
    return storable(visit), at, civil_date(at, zone_of(course, at))
