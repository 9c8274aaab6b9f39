"""Rows for lists: what follows from one participant's ledger, written in the transaction of each append.

Everything here is a function of the ledger and the releases; nothing depends on an arm, and nothing on a
clock. `CODE` and the stamp of the releases stand in every row, so that what an older version made is told
apart (`stale`) and made anew (`rebuild`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from psycopg import Cursor

from entact import __version__
from entact.course import Course
from entact.course.disclosure import Disclosure
from entact.course.instants import Horizon, Standing, Window, outlook
from entact.course.kinds.reporting import reports_due
from entact.course.schedule import civil_date
from entact.course.state.numbers import Number, numbers_of, shared_message
from entact.course.state.progress import zone_of
from entact.course.state.reporting import ReportDue
from entact.store.index import storable

CODE = f"{__version__}/5"  # the second number counts changes of what rows say
PARTICIPANT = "participant:"

Key = tuple[str, datetime]
LastVisit = tuple[str, datetime | None, date | None]


class Place(NamedTuple):
    """Where a participant stands: the columns of `standing` between stamps and key.

    The visits `told` are those of a track that opens when somebody is told an arm: not everybody may know.
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


@dataclass(frozen=True)
class Rows:
    """All derived rows of one ledger; those of which there are many by their keys, as they are sent.

    Attributes:
        windows: of which `due` was made.
    """

    place: Place
    due: Mapping[Key, dict[str, Any]]
    findings: Mapping[Key, dict[str, Any]]
    clocks: Mapping[tuple[str, str], dict[str, Any]]
    numbers: Mapping[Number, dict[str, Any]]
    windows: tuple[Window, ...] = field(compare=False)


@dataclass(frozen=True)
class Changes:
    """What tells the rows after an entry from those before it."""

    due: list[dict[str, Any]]
    due_gone: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    findings_gone: list[dict[str, Any]]
    clocks: list[dict[str, Any]]
    clocks_gone: list[dict[str, Any]]
    numbers: list[dict[str, Any]]
    numbers_gone: list[dict[str, Any]]

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return any(getattr(self, name) for name in self.__dataclass_fields__)

    @property
    def of_numbers(self) -> bool:
        """Whether a number is taken or let go: that is rare."""
        return bool(self.numbers or self.numbers_gone)


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
    seen = outlook(course, horizon)
    if before is not None and before.windows is seen.windows:
        due = before.due
    else:
        due = {(storable(one.visit), one.since): _due_row(one) for one in seen.windows}
    earlier = {} if before is None else before.findings
    findings = {}
    for one in seen.standing:
        key = storable(one.finding), one.since
        findings[key] = _finding_row(one, disclosure, earlier.get(key))
    clocks = {(storable(one.report), storable(one.event)): _clock_row(one) for one in reports_due(course)}
    numbers = {
        stored_number(one): _number_row(one, entry, disclosure) for one, entry in numbers_of(course).items()
    }
    return Rows(_place(course, ledger), due, findings, clocks, numbers, seen.windows)


def stored_number(number: Number) -> Number:
    """A number as its table has it."""
    return number[0], storable(number[1])


def _number_row(one: Number, entry: str, disclosure: Disclosure) -> dict[str, Any]:
    """The row of a number, with what would be told by finding that another has it too."""
    of, number = stored_number(one)
    names = disclosure.of_finding(f"{of}:{entry}", "number_shared", entry, of, shared_message(*one))
    return {"of": of, "number": number, "entry": storable(entry), "tells": sorted(map(storable, names))}


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


def _finding_row(one: Standing, disclosure: Disclosure, before: dict[str, Any] | None) -> dict[str, Any]:
    """The row of a finding; the one before, where it is the same: most stand for many entries."""
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
    }
    return row if before is None or before != row else before


def _clock_row(one: ReportDue) -> dict[str, Any]:
    return {
        "report": storable(one.report),
        "event": storable(one.event),
        "aware": one.aware.astimezone(UTC),
        "due": one.due.astimezone(UTC),
        "sent_at": None if one.sent_at is None else one.sent_at.astimezone(UTC),
    }


def changes(before: Rows | None, after: Rows) -> Changes:
    """What has to be written where `before` stands; all of it where nothing stands."""
    if before is None:
        return Changes(
            [*after.due.values()],
            [],
            [*after.findings.values()],
            [],
            [*after.clocks.values()],
            [],
            [*after.numbers.values()],
            [],
        )
    return Changes(
        *_changed(before.due, after.due),
        *_changed(before.findings, after.findings),
        *_changed(before.clocks, after.clocks),
        *_changed(before.numbers, after.numbers),
    )


def _changed(
    before: Mapping[Any, dict[str, Any]], after: Mapping[Any, dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows that are new or different, and those that are gone."""
    if before is after:
        return [], []
    fresh = [row for key, row in after.items() if (old := before.get(key)) is not row and old != row]
    return fresh, [row for key, row in before.items() if key not in after]


def write_rows(
    cursor: Cursor[Any], releases: str, many: Iterable[tuple[int, int, Rows]], *, afresh: bool = False
) -> None:
    """Puts all rows of some ledgers in the place of those that are there.

    Args:
        many: number of the ledger, its head, and its rows. afresh: none of them has rows yet.
    """
    found = list(many)
    if not afresh:
        numbers = [number for number, _, _ in found]
        for table in ("store_standing", *CHANGING):
            cursor.execute(f"DELETE FROM {table} WHERE ledger_id = ANY(%s)", [numbers])
    with cursor.copy(f"COPY store_standing ({STANDING_COLUMNS}) FROM STDIN") as copy:
        for number, head, rows in found:
            copy.write_row((number, head, CODE, releases, *rows.place))
    with cursor.copy(f"COPY store_due (ledger_id, {DUE_COLUMNS}) FROM STDIN") as copy:
        for number, _, rows in found:
            for row in rows.due.values():
                copy.write_row((number, *row.values()))
    with cursor.copy(f"COPY store_open_finding (ledger_id, {FINDING_COLUMNS}) FROM STDIN") as copy:
        for number, _, rows in found:
            for row in rows.findings.values():
                copy.write_row((number, *row.values()))
    with cursor.copy(f"COPY store_clock (ledger_id, {CLOCK_COLUMNS}) FROM STDIN") as copy:
        for number, _, rows in found:
            for row in rows.clocks.values():
                copy.write_row((number, *row.values()))
    taken = [{"ledger": number, **row} for number, _, rows in found for row in rows.numbers.values()]
    if taken:
        asked = "SELECT * FROM json_to_recordset(%s::json) AS asked (ledger bigint, of text, number text"
        cursor.execute(TAKE_NUMBERS.format(f"{asked}, entry text, tells text[])"), [json.dumps(taken)])


# Whoever comes first holds a number. In one order, so that two who take several never wait for each other.
TAKE_NUMBERS = """
WITH taking (ledger_id, of, number, entry, tells) AS ({}), taken AS (
    INSERT INTO store_number (ledger_id, of, number, entry, tells, shared)
    SELECT ledger_id, of, number, entry, tells, false FROM taking ORDER BY of, number
    ON CONFLICT DO NOTHING RETURNING ledger_id, of, number
)
INSERT INTO store_number (ledger_id, of, number, entry, tells, shared)
SELECT ledger_id, of, number, entry, tells, true FROM taking
WHERE NOT EXISTS (
    SELECT FROM taken
    WHERE (taken.ledger_id, taken.of, taken.number) = (taking.ledger_id, taking.of, taking.number)
) ORDER BY of, number
ON CONFLICT (ledger_id, of, number) DO UPDATE SET entry = excluded.entry, tells = excluded.tells
"""
CHANGING = ("store_due", "store_open_finding", "store_clock", "store_number")  # tables whose rows come and go
STANDING_COLUMNS = f"ledger_id, head, code, releases, {', '.join(Place._fields)}"
DUE_COLUMNS = "visit, since, until, opens, ends, earliest, target, latest"
FINDING_COLUMNS = "finding, since, until, rule, entry, item, kind, form, tells"
CLOCK_COLUMNS = "report, event, aware, due, sent_at"


def _place(course: Course, ledger: str) -> Place:
    screening, enrolment = course.screening, course.enrolment
    number = ledger.removeprefix(PARTICIPANT)
    if enrolment is not None:
        number = enrolment.subject
    elif screening is not None:
        number = screening.number
    last, told = _last_visits(course)
    return Place(
        storable(course.site or ""),
        storable(number),
        course.status,
        screening is not None,
        course.randomisation is not None,
        *last,
        *told,
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
