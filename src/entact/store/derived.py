"""Rows for lists: what follows from one participant's ledger, written in the transaction of each append.

Everything here is a function of the ledger and the releases; nothing depends on an arm, and nothing on a
clock. `CODE` and the stamp of the releases stand in every row, so that what an older version made is told
apart (`stale`) and made anew (`rebuild`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from psycopg import Cursor

from entact import __version__
from entact.course import Course, Entry
from entact.course.instants import Horizon, Standing, Window, outlook
from entact.course.kinds.reporting import reports_due
from entact.course.state.numbers import Number, numbers_of
from entact.course.state.reporting import ReportDue
from entact.store.index import storable

CODE = f"{__version__}/4"  # the second number counts changes of what rows say
PARTICIPANT = "participant:"

Key = tuple[str, datetime]


class Place(NamedTuple):
    """Where a participant stands: the columns of `standing` between stamps and key."""

    site: str
    number: str
    status: str
    screened: bool
    randomised: bool
    last_visit: str
    last_at: datetime | None


class About(NamedTuple):
    """What an entry is: by kind and form it is told who may see it."""

    kind: str
    form: str


_UNKNOWN = About("", "")


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
    about: Mapping[str, About],
    horizon: Horizon | None = None,
    before: Rows | None = None,
) -> Rows:
    """The rows of one participant.

    Args:
        course: folded of all entries of the ledger. about: what each entry is (see `note_entry`).
        horizon, before: kept and returned by the last call for the same course, to save work.
    """
    seen = outlook(course, horizon)
    if before is not None and before.windows is seen.windows:
        due = before.due
    else:
        due = {(storable(one.visit), one.since): _due_row(one) for one in seen.windows}
    findings = {
        (storable(one.finding), one.since): _finding_row(one, about.get(storable(one.entry), _UNKNOWN))
        for one in seen.standing
    }
    clocks = {(storable(one.report), storable(one.event)): _clock_row(one) for one in reports_due(course)}
    numbers = {
        key: {"of": key[0], "number": key[1], "entry": storable(entry)}
        for key, entry in ((stored_number(one), entry) for one, entry in numbers_of(course).items())
    }
    return Rows(_place(course, ledger), due, findings, clocks, numbers, seen.windows)


def stored_number(number: Number) -> Number:
    """A number as its table has it."""
    return number[0], storable(number[1])


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


@lru_cache(maxsize=10_000)  # a finding stands for many entries of its ledger
def _finding_row(one: Standing, about: About) -> dict[str, Any]:
    return {
        "finding": storable(one.finding),
        "since": one.since,
        "until": one.until,
        "rule": storable(one.rule),
        "entry": storable(one.entry),
        "item": storable(one.item),
        "kind": about.kind,
        "form": about.form,
    }


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
    taken = [(number, *row.values()) for number, _, rows in found for row in rows.numbers.values()]
    if taken:
        ledgers, ofs, numbers_, entries = map(list, zip(*taken, strict=True))
        cursor.execute(
            TAKE_NUMBERS.format("SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])"),
            [ledgers, ofs, numbers_, entries],
        )


# Whoever comes first holds a number. In one order, so that two who take several never wait for each other.
TAKE_NUMBERS = """
WITH taking (ledger_id, of, number, entry) AS ({}), taken AS (
    INSERT INTO store_number (ledger_id, of, number, entry, shared)
    SELECT ledger_id, of, number, entry, false FROM taking ORDER BY of, number
    ON CONFLICT DO NOTHING RETURNING ledger_id, of, number
)
INSERT INTO store_number (ledger_id, of, number, entry, shared)
SELECT ledger_id, of, number, entry, true FROM taking
WHERE NOT EXISTS (
    SELECT FROM taken
    WHERE (taken.ledger_id, taken.of, taken.number) = (taking.ledger_id, taking.of, taking.number)
) ORDER BY of, number
ON CONFLICT (ledger_id, of, number) DO UPDATE SET entry = excluded.entry
"""
CHANGING = ("store_due", "store_open_finding", "store_clock", "store_number")  # tables whose rows come and go
STANDING_COLUMNS = f"ledger_id, head, code, releases, {', '.join(Place._fields)}"
DUE_COLUMNS = "visit, since, until, opens, ends, earliest, target, latest"
FINDING_COLUMNS = "finding, since, until, rule, entry, item, kind, form"
CLOCK_COLUMNS = "report, event, aware, due, sent_at"


def _place(course: Course, ledger: str) -> Place:
    screening, enrolment = course.screening, course.enrolment
    number = ledger.removeprefix(PARTICIPANT)
    if enrolment is not None:
        number = enrolment.subject
    elif screening is not None:
        number = screening.number
    begun = [(one.started, one.visit) for one in course.encounters.values() if one.started is not None]
    last_at, last_visit = max(begun) if begun else (None, "")
    return Place(
        storable(course.site or ""),
        storable(number),
        course.status,
        screening is not None,
        course.randomisation is not None,
        storable(last_visit),
        last_at,
    )


def note_entry(about: dict[str, About], entry: Entry) -> None:
    """Notes what an entry is; of two versions that differ in that, nothing is said."""
    form = entry.data.get("form")
    told = About(storable(entry.kind), storable(form) if isinstance(form, str) else "")
    name = storable(entry.id)
    about[name] = told if about.get(name, told) == told else _UNKNOWN
