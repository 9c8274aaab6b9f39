"""What the pages read of the record: study, heads of ledgers, where participants stand, and courses.

A course is folded only for who is on the page; where everybody stands is folded from the few kinds of entry
that decide it. Both are kept in this process by the head of the ledger, so that nothing is read twice.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock

import msgspec
from django.db.models import F
from django.utils import timezone

from entact.conduct.error import ConductError
from entact.conduct.sight import Sight
from entact.course import Course, Kept, findings, fold, read
from entact.course.entry.effective import as_they_stand, hold
from entact.course.kinds.study import ReleaseEntered
from entact.course.setting import with_approvals
from entact.course.state.state import Status
from entact.protocol import Study, StudyError
from entact.store import models

PARTICIPANT = "participant:"
COURSES = 64  # folded courses kept in memory

# What status, site and number follow from; the other kinds of entry cannot change them.
_DECIDING = (
    "screening",
    "consent",
    "eligibility",
    "enrolment",
    "randomisation",
    "encounter",
    "dose",
    "discontinuation",
    "death",
    "void",
)


@dataclass(frozen=True)
class Head:
    """The last line of a ledger, and when it arrived."""

    id: int
    ledger: str
    seq: int
    hash: str
    received_at: datetime


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
    screened: bool
    randomised: bool


@dataclass(frozen=True)
class Folded:
    """A course, and for each of its entries the places (number, hash) of its versions in the ledger."""

    course: Course
    places: Mapping[str, tuple[tuple[int, str], ...]]


@dataclass(frozen=True)
class Register:
    """What the pages show at one moment, to one role.

    Attributes:
        at: the time that "due" and "missed" refer to: now; in a rehearsal, which lives in study time, the
            arrival of the last entry.
    """

    environment: str
    study: Study
    heads: Mapping[str, Head]
    at: datetime
    sight: Sight

    @property
    def entries(self) -> int:
        """How many entries there are in all ledgers."""
        return sum(head.seq for head in self.heads.values())

    def standings(self) -> list[Standing]:
        """Where every participant stands, by site and number."""
        participants = [head for name, head in self.heads.items() if name.startswith(PARTICIPANT)]
        found = _standings.of(self.study, participants)
        return sorted(_with_keys(found), key=lambda one: (one.site, one.number, one.ledger))

    def folded(self, ledgers: Sequence[str]) -> dict[str, Folded]:
        """The courses of some participants: one query for those that are not yet in memory."""
        return _courses.of(self.study, self.at, [self.heads[name] for name in ledgers])


def open_register(role: str) -> Register:
    """The record as it is now, for a role.

    Raises:
        ConductError: when the database holds no study, its release cannot be read, or it has no such role.
    """
    installation = models.Installation.objects.first()
    if installation is None:
        raise ConductError("this database holds no study yet")
    heads = _heads()
    study = _study(installation.study, heads)
    at = timezone.now()
    if installation.environment == "rehearsal":
        at = max(head.received_at for head in heads.values())
    return Register(installation.environment, study, heads, at, _sight(study, role))


def environment_of_database() -> str:
    """Which environment the database in use holds, in a word; empty when it holds nothing yet."""
    installation = models.Installation.objects.first()
    return "" if installation is None else str(installation.environment)


def forget() -> None:
    """Empties what this process keeps in memory."""
    _study_at.cache_clear()
    _approved_at.cache_clear()
    _standings.clear()
    _courses.clear()


@lru_cache(maxsize=16)
def _sight(study: Study, role: str) -> Sight:
    return Sight(study, role)


def _heads() -> dict[str, Head]:
    last = models.Line.objects.filter(seq=F("ledger__seq")).order_by("ledger_id")
    rows = last.values_list("ledger_id", "ledger__name", "seq", "hash", "received_at")
    return {row[1]: Head(*row) for row in rows}


def _study(name: str, heads: Mapping[str, Head]) -> Study:
    """The study with all releases that its ledger has, as they stand there."""
    head = heads.get(f"study:{name}")
    if head is None:
        raise ConductError(f"the ledger of the study {name} is empty: no release of it has been entered")
    study = _study_at(head.id, head.seq, head.hash)
    if len(study.releases) == 1:
        return study
    sites = tuple((one.id, one.seq, one.hash) for one in heads.values() if one.ledger.startswith("site:"))
    return _approved_at(study, sites)


@lru_cache(maxsize=4)
def _approved_at(study: Study, sites: tuple[tuple[int, int, str], ...]) -> Study:
    """The study with what the sites have approved of it, up to the heads of their ledgers."""
    last = {ledger: seq for ledger, seq, _ in sites}
    texts = _texts(last, ("activation", "void"))
    return with_approvals(study, [read_entry(text) for ledger, seq, _, text in texts if seq <= last[ledger]])


@lru_cache(maxsize=4)
def _study_at(ledger: int, seq: int, digest: str) -> Study:
    """The study of a ledger up to its head; the hash makes it the same whichever database is in use."""
    texts = _texts([ledger], ("release", "void"))
    entries = [read_entry(text) for _, number, _, text in texts if number <= seq]
    standing, _, _ = as_they_stand([hold(entry) for entry in entries], {})
    try:
        entered = [
            msgspec.convert(one.data, ReleaseEntered) for one in standing if one.entry.kind == "release"
        ]
        return Study.from_texts(one.text.encode() for one in entered)
    except (msgspec.ValidationError, StudyError, ValueError) as error:
        raise ConductError(f"the releases in the study's ledger cannot be read: {error}") from error


def read_entry(text: str) -> Kept:
    """The entry in a stored text.

    Raises:
        ConductError: when it is none, because somebody changed the text.
    """
    try:
        return read(text)
    except msgspec.MsgspecError as error:
        raise ConductError(
            f"an entry cannot be read ({error}); run `entact verify`, which names the first bad one"
        ) from error


def _texts(ledgers: Iterable[int], kinds: Iterable[str] | None = None) -> list[tuple[int, int, str, str]]:
    lines = models.Line.objects.filter(ledger_id__in=list(ledgers)).order_by("ledger_id", "seq")
    if kinds is not None:
        lines = lines.filter(kind__in=list(kinds))
    return list(lines.values_list("ledger_id", "seq", "hash", "text"))


class _StandingsKept:
    """Where participants stand, by ledger, until the head of the ledger moves."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Study, Standing]] = {}
        self._lock = Lock()

    def of(self, study: Study, heads: list[Head]) -> list[Standing]:
        with self._lock:
            changed = {head.id: head for head in heads if not self._is_current(study, head)}
            entries: dict[int, list[Kept]] = {number: [] for number in changed}
            if changed:
                for number, seq, _, text in _texts(changed, _DECIDING):
                    if seq <= changed[number].seq:
                        entries[number].append(read_entry(text))
            for number, head in changed.items():
                standing = _stand(head.ledger, fold(study, entries[number]))
                self._kept[head.ledger] = head.hash, study, standing
            return [self._kept[head.ledger][2] for head in heads]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def _is_current(self, study: Study, head: Head) -> bool:
        kept = self._kept.get(head.ledger)
        return kept is not None and kept[0] == head.hash and kept[1] == study


class _CoursesKept:
    """The courses looked at last, by the head of their ledger."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[Study, Folded]] = OrderedDict()
        self._lock = Lock()

    def of(self, study: Study, at: datetime, heads: list[Head]) -> dict[str, Folded]:
        with self._lock:
            found: dict[str, Folded] = {}
            absent: dict[int, Head] = {}
            for head in heads:
                kept = self._kept.get((head.ledger, head.hash))
                if kept is not None and kept[0] == study:
                    self._kept.move_to_end((head.ledger, head.hash))
                    found[head.ledger] = kept[1]
                else:
                    absent[head.id] = head
            lines: dict[int, list[tuple[int, str, str]]] = {number: [] for number in absent}
            if absent:
                for number, seq, digest, text in _texts(absent):
                    if seq <= absent[number].seq:
                        lines[number].append((seq, digest, text))
            for number, head in absent.items():
                folded = _folded(study, at, lines[number])
                found[head.ledger] = folded
                self._kept[head.ledger, head.hash] = study, folded
            while len(self._kept) > COURSES:
                self._kept.popitem(last=False)
            return found

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


_standings = _StandingsKept()
_courses = _CoursesKept()


def _folded(study: Study, at: datetime, lines: list[tuple[int, str, str]]) -> Folded:
    entries = [read_entry(text) for _, _, text in lines]
    places: dict[str, tuple[tuple[int, str], ...]] = {}
    for entry, (seq, digest, _) in zip(entries, lines, strict=True):
        places[entry.id] = (*places.get(entry.id, ()), (seq, digest))
    course = fold(study, entries)
    findings(course, at)  # keeps in the course what was found before corrections, before other threads see it
    return Folded(course, places)


def _stand(ledger: str, course: Course) -> Standing:
    screening, enrolment = course.screening, course.enrolment
    opaque = ledger.removeprefix(PARTICIPANT)
    number = (
        enrolment.subject if enrolment is not None else screening.number if screening is not None else opaque
    )
    return Standing(
        ledger,
        number,
        number,
        course.site or "",
        course.status,
        screening is not None,
        course.randomisation is not None,
    )


def _with_keys(found: list[Standing]) -> list[Standing]:
    """Each with a key of its own: two who were given one number go by their opaque ids."""
    count: dict[str, int] = {}
    for one in found:
        count[one.number] = count.get(one.number, 0) + 1
    opaque = [one.ledger.removeprefix(PARTICIPANT) for one in found]
    return [
        Standing(**{**one.__dict__, "key": name})
        if count[one.number] > 1 or not _fits_address(one.number)
        else one
        for one, name in zip(found, opaque, strict=True)
    ]


def _fits_address(number: str) -> bool:
    return bool(number) and number not in (".", "..") and "/" not in number and number.isprintable()
