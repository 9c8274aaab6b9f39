"""The course of one participant: everything that follows from the study and the set of entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from entact.course.entry import Entry, Kept
from entact.course.entry.arrival import FIRST, LAST, Arrival, arrival
from entact.course.entry.correction import as_they_stand
from entact.course.entry.effective import TIME_UNREADABLE, VOID, Effective, Held, Key, Problem, hold
from entact.course.entry.history import as_they_stood
from entact.course.entry.proof import doubt
from entact.course.entry.versions import DECIDED, in_order_of_arrival, sent, version_digest
from entact.course.kinds import KINDS, NESTED, UNPARSED
from entact.course.kinds.checks import check_entry
from entact.course.state.progress import due_visits
from entact.course.state.state import STATE, State

if TYPE_CHECKING:
    from entact.course.schedule import Due
    from entact.protocol.release import Study

_START: Key = (float("-inf"), "")
_ASKED = ("effective", "former", "lasting")  # follow from the rest


class Course(State):
    """The course of one participant, as the set of entries added so far makes it.

    An entry that is last in time is folded at once; a late one, a correction or a withdrawal makes the state
    stale, and the next reading folds anew, so that many of them cost one fold.

    Args:
        study: all releases of the study, and which site has approved which of them.
    Attributes:
        doubts: what is wrong with whose entries are (see `proof`), by rule and whom or which it is about.
        continues: what was in force in the course that this one goes on from, as long as all that was added
            since came after it (see `with_more`).
    """

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        self.size = 0  # entries added, every version of an id counted: what a gate knew
        self.known_until: Arrival = LAST  # the last correction that this course may follow
        self.doubts: dict[tuple[str, str], tuple[Key, str, str]] = {}
        self.continues: list[Effective] | None = None
        self._held: dict[str, Held] = {}
        self._targets: set[str] = set()
        self._last = _START
        self._superseded: set[str] = set()

    def add(self, entry: Entry) -> None:
        """Adds one entry; the course is then what refolding all of them would make it.

        Adding the same entry again changes nothing. The same id with other content is kept, and a finding:
        the first to arrive stands, by its number where a server has kept it, else by the order of adding.
        """
        known = self._held.get(entry.id)
        if known is not None:
            self._add_version(known, entry)
            return
        held = hold(entry)
        self._held[entry.id] = held
        self.size += 1
        if isinstance(entry, Kept):
            self._doubt(entry, held.key)
        if entry.replaces is not None:
            self._targets.add(entry.replaces)
        elif (
            held.readable
            and held.key > self._last
            and entry.id not in self._targets
            and entry.kind not in (VOID, DECIDED)
        ):
            self._last = held.key
            if "effective" in self.__dict__:
                self.former = self.lasting = None
                self._apply(Effective(entry, held.at, held.key, entry.data))
            return
        self._make_stale()

    def with_more(self, entries: Iterable[Entry]) -> Course:
        """Another course, of these entries too, and this one stays as it is.

        What both hold is folded once, where this one has been folded and the entries come after all in it.
        """
        more = Course(self.study)
        more.size, more.doubts = self.size, dict(self.doubts)
        more._held, more._targets, more.readings = dict(self._held), set(self._targets), dict(self.readings)
        if "effective" in self.__dict__:
            more.take_state(self)
            more.continues = self.effective
            more._last, more._superseded = self._last, self._superseded
        else:
            more._make_stale()
        for entry in entries:
            more.add(entry)
        return more

    def due(self, at: datetime) -> list[Due]:
        """Every visit with its window and what has become of it."""
        return due_visits(self, at)

    @property
    def entries(self) -> list[Entry]:
        """Every entry added in order of (`occurred_at`, id) as sent; versions of one id as they arrived."""
        ordered = sorted(self._held.values(), key=lambda held: held.key)
        return [entry for held in ordered for entry in (held.entry, *held.rivals)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Course):
            return NotImplemented
        return self._compared() == other._compared()

    __hash__ = None  # type: ignore[assignment]  # it changes with every entry

    def has(self, entry: str) -> bool:
        """Whether an entry with this id was added, in force or not."""
        return entry in self._held

    def arrival_of(self, entry: str) -> Arrival:
        """The place of an entry in the order of arrival, which no claimed time moves."""
        return arrival(self._held[entry].entry)

    def withdrawals(self) -> Iterator[tuple[Entry, Entry, Entry]]:
        """Withdrawals in force, each with the entry that it withdraws, and the source of that."""
        changes: dict[str, list[Entry]] = {}
        for one in (held.entry for held in self._held.values()):
            if one.replaces is not None and arrival(one) <= self.known_until:
                changes.setdefault(one.replaces, []).append(one)
        sources = [held.entry for held in self._held.values() if held.entry.replaces is None]
        met = [(one, one) for one in sources if one.id in changes]
        for one, source in met:  # which grows: what changes an entry comes after it
            met += [(change, source) for change in changes.get(one.id, ())]
        by: dict[str, Entry] = {}
        for one, _ in reversed(met):
            if one.kind == VOID and one.id not in by and one.replaces is not None:
                by[one.replaces] = min(one, by.get(one.replaces, one), key=arrival)
        for one, source in met:
            if one.id in by:
                yield by[one.id], one, source

    def without_corrections(self) -> Iterator[Course]:
        """The course before its corrections, and as it was after each one that others have superseded since.

        None when nothing was corrected or withdrawn. What these courses found was shown, and stays.
        """
        corrections = [
            held
            for held in self._held.values()
            if held.entry.replaces is not None or held.entry.kind == DECIDED
        ]
        if not corrections:
            return
        _ = self.effective  # folds when stale, which says what was superseded
        superseded = (held.entry for held in corrections if held.entry.id in self._superseded)
        limits = [FIRST, *sorted(map(arrival, superseded))]
        stood = as_they_stood(self._held.values(), NESTED, limits)
        for limit, (standing, problems) in zip(limits, stood, strict=True):
            earlier = Course(self.study)
            earlier.known_until = limit
            earlier._held = self._held
            earlier.readings = self.readings
            earlier._apply_all(standing, problems)
            yield earlier

    def follow(self, later: Course) -> bool:
        """Goes on, without corrections, to what has been added to the course of which this one was made.

        Args:
            later: that course with more, which continues it.
        Returns:
            Whether it could: not where what follows would stand before something that is here.
        """
        assert later.continues is not None
        more = later.effective[len(later.continues) :]
        if self.effective and any(one.key < self.effective[-1].key for one in more):
            return False
        self._held, self.readings = later._held, later.readings
        for one in more:
            self._apply(one)
        return True

    def _compared(self) -> list[object]:
        """State and entries as sent; not what a server added to them, nor what was looked up."""
        state = [getattr(self, name) for name in STATE if name not in ("release", *_ASKED)]
        standing = [(one.id, one.key, one.data, one.origins, one.corrections) for one in self.effective]
        return [self.release.id, state, standing, [sent(entry) for entry in self.entries]]

    def _add_version(self, known: Held, entry: Entry) -> None:
        before = (known.entry, *known.rivals)
        versions = in_order_of_arrival((*before, entry))
        if [version_digest(one) for one in versions] == [version_digest(one) for one in before]:
            return
        first, *others = versions
        self._held[entry.id] = hold(first, tuple(others))
        if isinstance(entry, Kept):
            self._doubt(entry, hold(entry).key)
        self.size += len(versions) - len(before)
        self._targets.update(one.replaces for one in versions if one.replaces is not None)
        self._make_stale()

    def _doubt(self, kept: Kept, key: Key) -> None:
        """Notes what is wrong with whose an entry is: of claims, the first in time by the same person."""
        found = doubt(kept)
        if found is not None:
            rule, subject, message = found
            known = self.doubts.get((rule, subject))
            if known is None or key < known[0]:
                self.doubts[rule, subject] = key, kept.id, message

    def _make_stale(self) -> None:
        self.continues = None
        if "effective" in self.__dict__:  # else it is stale already, as while a ledger is read
            for name in STATE:
                self.__dict__.pop(name, None)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name in STATE and "_held" in self.__dict__:
                self._fold()
                return self.__dict__[name]
            raise AttributeError(f"a course has no {name!r}")

    def _fold(self) -> None:
        standing, problems, self._superseded = as_they_stand(self._held.values(), NESTED, decisions=True)
        self._apply_all(standing, problems)
        self._last = max((held.key for held in self._held.values()), default=_START)
        if standing:
            self._last = max(self._last, standing[-1].key)

    def _apply_all(self, standing: Iterable[Effective], problems: Iterable[Problem]) -> None:
        self.clear(self.study.newest)
        for problem in problems:
            self.found(problem.rule, problem.entry, problem.item, problem.message)
            if problem.rule == TIME_UNREADABLE:
                entry = self._held[problem.entry].entry
                self.unread[entry.id] = entry.kind, entry.encounter
        for effective in standing:
            self._apply(effective)

    def _apply(self, effective: Effective) -> None:
        entry = effective.entry
        self.effective.append(effective)
        if self._amended:
            self.release = self.release_at(effective.at)
        kind = KINDS.get(entry.kind)
        if kind is None:
            if entry.kind == UNPARSED:
                self.unread[entry.id] = entry.kind, entry.encounter
                self.found(
                    "unparsed", entry.id, "", "was received but could not be read; it is kept as received"
                )
            else:
                self.found(
                    "unknown_kind", entry.id, "kind", f"{entry.kind!r} is no kind of entry; it is kept"
                )
            return
        check_entry(self, effective, kind)
        try:
            payload: Any = msgspec.convert(effective.data, kind.payload, strict=True)
        except msgspec.ValidationError:
            self.unread[entry.id] = entry.kind, entry.encounter
            self.found("unparsed", entry.id, "data", _why_unparsed(effective.data, kind.payload))
            return
        kind.reduce(self, effective, payload)


def _why_unparsed(data: dict[str, Any], payload: type) -> str:
    """The first thing wrong in canonical order, whatever the order in which items were sent."""
    try:
        msgspec.json.decode(msgspec.json.encode(data, order="sorted"), type=payload)
    except msgspec.MsgspecError as error:
        return f"{error}; it is kept and not acted upon"
    return "is not what this kind of entry holds; it is kept and not acted upon"


def of_entries(study: Study, entries: Iterable[Entry]) -> Course:
    """A course of entries in any order, folded once."""
    course = Course(study)
    course._make_stale()
    for entry in entries:
        course.add(entry)
    return course
