"""What the pages read of the record: the study, where participants stand, and courses.

Where everybody stands the rows for lists say, which every entry brings up to date. A course is folded only
for who has the page for themselves, and kept in this process by the head of its ledger, so that nothing is
read twice.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property, lru_cache
from threading import Lock
from typing import NamedTuple, cast
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from entact.conduct.error import ConductError
from entact.conduct.permissions import Person
from entact.conduct.sight import SeenCourse, Sight
from entact.course import Course, Entry, Finding, Line, findings, fold
from entact.course.disclosure import Disclosure
from entact.course.findings import CourseWatch
from entact.course.fold import Broken, broken, read_lines
from entact.course.found.attested import found_after_lock
from entact.course.found.watch import as_finding
from entact.course.state.state import Status
from entact.protocol import Study
from entact.protocol.study import Visit
from entact.protocol.study.arms import Period
from entact.store import lists
from entact.store.after_lock import lock_in_force, period_in_force
from entact.store.door import SYSTEM_LEDGER
from entact.store.heads import Last, heads_of, lines_up_to
from entact.store.known import ReadUpTo, begin_with, raw_cursor
from entact.store.studies import environment_and_study, record_now, study_ledger

PARTICIPANT = "participant:"
BROKEN = gettext_noop(
    "cannot be shown; run `entact verify`, which names the first bad entry"
)  # and nothing that it says
_log = logging.getLogger(__name__)

COURSES = 64  # folded courses kept in memory


@dataclass(frozen=True)
class Standing:
    """Where one participant stands.

    Attributes:
        key: in the address of the page: the number, or the opaque id where the number is not unique.
        number: subject number, or screening number before enrolment.
    """

    ledger: str
    key: str
    number: str
    site: str
    status: Status

    @classmethod
    def of(cls, row: lists.ParticipantRow) -> Standing:
        """As the row for lists says it."""
        unique = row.alone and _fits_address(row.number)
        key = row.number if unique else row.ledger.removeprefix(PARTICIPANT)
        return cls(row.ledger, key, row.number, row.site, cast(Status, row.status))


@dataclass(frozen=True)
class Folded:
    """A course, and for each of its entries number and hash of its versions in the ledger.

    Attributes:
        disclosure: what its entries tell of.
        beside: what is found in it beside its own ledger: numbers that others have too, a lock of the study.
    """

    course: Course
    versions: Mapping[str, tuple[tuple[int, str], ...]]
    disclosure: Disclosure = field(compare=False)
    beside: tuple[Finding, ...] = ()
    _seen: dict[Sight, SeenCourse] = field(default_factory=dict, compare=False, repr=False)

    def seen_by(self, sight: Sight) -> SeenCourse:
        """What a role sees of the course."""
        seen = self._seen.get(sight)
        if seen is None:
            seen = self._seen[sight] = SeenCourse(sight, self.course, self.disclosure)
        return seen


@dataclass(frozen=True)
class Reader:
    """Who looks at the record, at one moment and with the sight of one role.

    Attributes:
        at: the time that "due" and "missed" refer to: now; in a rehearsal, which lives in study time, the
            arrival of the last entry.
        sites: whose participants are shown; None for all of them.
    """

    environment: str
    study: Study
    at: datetime
    sight: Sight
    sites: frozenset[str] | None = None

    @cached_property
    def visits(self) -> Mapping[str, Visit]:
        """Every visit of any release, as the newest that has it says, in the order of the schedule."""
        known: dict[str, Visit] = {}
        for release in reversed(self.study.releases):
            known = {**known, **{name: one for name, one in release.visits.items() if name not in known}}
        return known

    def zone_of(self, site: str) -> tzinfo:
        """The zone of a site as the study plans it; of one that it does not name, that of `at`."""
        planned = self.study.newest.file.sites.get(site)
        return ZoneInfo(planned.timezone) if planned is not None else self.at.tzinfo or UTC

    def sees_site(self, site: str) -> bool:
        """Whether participants of a site are seen."""
        return self.sites is None or site in self.sites

    def standing(self, key: str) -> Standing | None:
        """The participant whose page has this key, or had it before they were enrolled; None for nobody's."""
        row = lists.participant(key, sites=self.sites)
        if row is None:
            row = lists.participant_screened_as(key, sites=self.sites)
            return None if row is None else Standing.of(row)
        return None if Standing.of(row).key != key else Standing.of(row)

    def standings(self, ledgers: Sequence[str]) -> list[Standing]:
        """Where some participants stand, of those at sites that are seen."""
        return [Standing.of(row) for row in lists.participants_of(ledgers) if self.sees_site(row.site)]

    def folded(self, ledgers: Sequence[str]) -> dict[str, Folded | Broken]:
        """The courses of some participants: one query for those that are not yet in memory."""
        if not ledgers:
            return {}
        heads = heads_of(ledgers)
        found = _courses.of(self.study, self.at, heads.last)
        lost = {
            name: Broken(name, gettext("its last entry is not there"))
            for name in ledgers
            if name not in found
        }
        beside: dict[str, list[Finding]] = {}
        for shared in heads.shared:
            beside.setdefault(shared.ledger, []).append(shared.finding)
        locked = lock_in_force(heads.study)
        whole = {name: one for name, one in found.items() if not isinstance(one, Broken)}
        if locked is not None:
            for name, one in whole.items():
                last = locked.heads[name].seq if name in locked.heads else 0
                late = found_after_lock(one.course, locked.name, last)
                beside.setdefault(name, []).extend(as_finding(*found) for found in late)
        told = {name: replace(one, beside=tuple(beside.get(name, ()))) for name, one in whole.items()}
        return {**lost, **found, **told}


def reader_for(person: Person) -> Reader:
    """Who asks, before the record as they found it."""
    environment = person.environment
    return Reader(environment, person.permissions.study, present(environment), person.sight, person.sites)


def reader_as(role: str, sites: frozenset[str] | None = None) -> Reader:
    """A role before the record as it is now, at some sites or at all.

    Raises:
        ConductError: when the database holds no study, its release cannot be read, or it has no such role.
    """
    record = record_now()
    if not record.environment:
        raise ConductError(gettext("this database holds no study yet"))
    if record.study is None:
        raise ConductError(
            gettext(
                "the ledger of the study {study} is empty: no release of it has been entered, or none that "
                "can be read"
            ).format(study=study_ledger().removeprefix("study:"))
        )
    sight = _sight(record.study, role, period_in_force(record.head))
    return Reader(record.environment, record.study, present(record.environment), sight, sites)


def present(environment: str) -> datetime:
    """The time that "due" and "missed" refer to: now; in a rehearsal the arrival of the last entry."""
    at = timezone.now()
    return (_last_arrival() or at) if environment == "rehearsal" else at


def environment_of_database() -> str:
    """Which environment the database in use holds, in a word; empty when it holds nothing yet."""
    return environment_and_study()[0]


def begin_to_write(ledger: str) -> None:
    """Lets the door for writing begin with the course that this process has read of a participant."""
    begin_with(ledger, _courses.last_read)


def forget() -> None:
    """Empties what this process keeps in memory."""
    _courses.clear()


@lru_cache(maxsize=16)
def _sight(study: Study, role: str, period: Period) -> Sight:
    return Sight(study, role, period)


def _last_arrival() -> datetime | None:
    """When the last entry arrived: the present of a rehearsal, whose people live in study time."""
    # Who looks at it signs in in a time of their own; that their ledger was opened then, the study's says.
    cursor = raw_cursor()
    with connection.wrap_database_errors:
        cursor.execute(
            "SELECT received_at FROM store_line WHERE kind <> 'ledger_opened'"
            " AND ledger_id IS DISTINCT FROM (SELECT id FROM store_ledger WHERE name = %s)"
            " ORDER BY received_at DESC LIMIT 1",
            [SYSTEM_LEDGER],
            prepare=True,
        )
    row = cursor.fetchone()
    return None if row is None else cast(datetime, row[0])


class _Kept(NamedTuple):
    """The course of one participant up to a head, and what keeps what is found in it from head to head."""

    head: Last
    study: Study
    folded: Folded | Broken
    watch: CourseWatch

    def comes_after(self, other: _Kept) -> bool:
        """Whether it is of the same ledger under the same releases, with more in it."""
        same = self.head.number == other.head.number and self.study == other.study
        return same and self.head.seq > other.head.seq


class _CoursesKept:
    """The courses looked at last, by ledger: one that has grown since goes on from what was known of it.

    One thread at a time folds one participant. While it does, others look at others: whoever opens a page
    about hundreds holds up nobody.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()  # never held while something is folded or read
        self._turns: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    def of(self, study: Study, at: datetime, heads: list[Last]) -> dict[str, Folded | Broken]:
        known = {head.ledger: kept for head in heads if (kept := self._known(study, head)) is not None}
        absent = [head for head in heads if head.ledger not in known or known[head.ledger].head != head]
        lines = lines_up_to(absent, {name: one.head.seq for name, one in known.items()})
        for head in absent:
            with self._turn(head.ledger):
                now = self._known(study, head)
                if now is None or now.head != head:  # else another thread has been here meanwhile
                    now = self._fold(study, at, head, now, lines[head.ledger])
                known[head.ledger] = now
        self._keep(known)
        return {head.ledger: known[head.ledger].folded for head in heads}

    def last_read(self, ledger: str) -> ReadUpTo | None:
        with self._lock:
            kept = self._kept.get(ledger)
        if kept is None or isinstance(kept.folded, Broken):
            return None
        head, read = kept.head, kept.folded
        return ReadUpTo(head.number, head.seq, head.hash, read.course, read.disclosure)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def _known(self, study: Study, head: Last) -> _Kept | None:
        with self._lock:
            kept = self._kept.get(head.ledger)
        if kept is None or kept.study != study or kept.head.number != head.number:
            return None
        return kept if kept.head.seq <= head.seq else None

    def _turn(self, ledger: str) -> Lock:
        with self._lock:
            return self._turns.setdefault(ledger, Lock())

    def _fold(self, study: Study, at: datetime, head: Last, before: _Kept | None, lines: list[Line]) -> _Kept:
        kept = _followed(before, head, at, lines)
        if kept is None:
            if not lines or lines[0].seq != 1:  # another history than the one that was known
                lines = lines_up_to([head])[head.ledger]
            kept = _folded(study, at, head, lines)
        self._keep({head.ledger: kept})
        return kept

    def _keep(self, used: Mapping[str, _Kept]) -> None:
        """Remembers what was used last the longest; of two heads of one ledger the later."""
        with self._lock:
            for ledger, kept in used.items():
                there = self._kept.get(ledger)
                if there is None or not there.comes_after(kept):
                    self._kept[ledger] = kept
                self._kept.move_to_end(ledger)
            while len(self._kept) > COURSES:
                self._kept.popitem(last=False)


_courses = _CoursesKept()


def _followed(before: _Kept | None, head: Last, at: datetime, lines: list[Line]) -> _Kept | None:
    """The course with what was appended since; None where the first line is not the last one known."""
    if before is None or isinstance(before.folded, Broken) or not lines:
        return None
    if (lines[0].seq, lines[0].hash) != (before.head.seq, before.head.hash):
        return None
    known = before.folded
    folded = _made(
        head.ledger,
        at,
        lines[1:],
        known.versions,
        known.course.with_more,
        known.disclosure.copied(),
        before.watch,
    )
    return _Kept(head, before.study, folded, before.watch)


def _folded(study: Study, at: datetime, head: Last, lines: list[Line]) -> _Kept:
    def make(entries: Iterable[Entry]) -> Course:
        return fold(study, entries)

    watch = CourseWatch()
    folded = _made(head.ledger, at, lines, {}, make, Disclosure(study.releases), watch)
    return _Kept(head, study, folded, watch)


def _made(
    ledger: str,
    at: datetime,
    lines: list[Line],
    known: Mapping[str, tuple[tuple[int, str], ...]],
    make: Callable[[Iterable[Entry]], Course],
    disclosure: Disclosure,
    watch: CourseWatch,
) -> Folded | Broken:
    """The course of the lines, what they tell of added to `disclosure`, what is found kept by `watch`."""
    entries = read_lines(ledger, lines)
    if isinstance(entries, Broken):
        return entries
    versions = dict(known)
    for entry, line in zip(entries, lines, strict=True):
        versions[entry.id] = (*versions.get(entry.id, ()), (line.seq, line.hash))
        disclosure.add(entry)
    try:
        course = make(entries)
        watch.look(course)  # what was found is in the course before others see it
        findings(course, at)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is of this participant alone
        _log.exception("%s cannot be shown", ledger)
        return broken(ledger, error)
    return Folded(course, versions, disclosure)


def _fits_address(number: str) -> bool:
    return bool(number) and number not in (".", "..") and "/" not in number and number.isprintable()
