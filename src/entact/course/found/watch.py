"""What is found in a course, kept from entry to entry: most that follow change little of it.

A rule of `searches` says on which parts of the state its findings hang. An entry that follows writes to a few
of them, as its kind says, and only what hangs on these is looked for again; where a rule looks place by place
(an entry, an encounter, a form), only there. Whatever else happens, all is looked for from nothing, so that
what is kept is always what would be found so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from entact.course.found.basis import decided_at, inputs_of
from entact.course.kinds import KINDS
from entact.course.state.state import STATE, Finding

if TYPE_CHECKING:
    from datetime import datetime

    from entact.course.course import Course
    from entact.course.entry.effective import Effective
    from entact.protocol.release import Release

Place = Any  # what the places of a rule are is its own: numbers of entries, encounters, forms
Places = Iterable[Place]
Found = tuple[str, str, str, str]  # rule, entry, item, message

HERE: Places = ("",)  # the one place of a rule that looks at all at once
NOWHERE: Places = ()
ANYTHING = frozenset(STATE)

# The places in which an entry that follows, at a number among those in force, may change what is found; None:
# everywhere.
Touches = Callable[["Watch", "Effective", int], Places | None]


class Search(NamedTuple):
    """One rule by which something is found.

    Attributes:
        find: what is found in one place. places: where to look.
        hangs_on: parts of the state; a kind that writes to one of them changes what is found everywhere.
        touches: what any entry changes, whatever its kind. by_kind: what one of these kinds changes, in place
            of what it writes to.
    """

    find: Callable[[Watch, Place], Iterable[Found]]
    hangs_on: frozenset[str]
    places: Callable[[Watch], Places] = lambda watch: HERE
    touches: Touches | None = None
    by_kind: Mapping[str, Touches] = {}


class Searches:
    """The rules by which all is found, in the order in which they are asked."""

    def __init__(self, *searches: Search) -> None:
        self.all = searches
        self._concerned: dict[tuple[str, frozenset[str] | None], list[tuple[int, Touches | None]]] = {}

    def concerned(self, kind: str, written: frozenset[str] | None) -> list[tuple[int, Touches | None]]:
        """The rules that an entry of a kind may concern, by number, with what says where; None: everywhere.

        Args:
            written: parts of the state to which it may write.
        """
        found = self._concerned.get((kind, written))
        if found is None:
            found = self._concerned[kind, written] = list(self._of_kind(kind, written))
        return found

    def _of_kind(self, kind: str, written: frozenset[str] | None) -> Iterator[tuple[int, Touches | None]]:
        for number, search in enumerate(self.all):
            own = search.by_kind.get(kind)
            if own is not None:
                yield number, own
            elif written is None or not written.isdisjoint(search.hangs_on):
                yield number, None
                continue
            if search.touches is not None:
                yield number, search.touches


class Watch:
    """What is found in one course, kept up as entries follow.

    Attributes:
        course: the one that was looked at last.
        numbers: of the entries in force, by id. of_encounter, of_kind: the same by encounter and kind.
        acts: numbers of those that rest on a gate's yes, each with when it was given and on what it relied.
        written: parts of the state to which entries wrote since the look before; None: to any.
    """

    def __init__(self, searches: Searches) -> None:
        self.course: Course
        self.numbers: dict[str, int] = {}
        self.of_encounter: dict[str | None, list[int]] = {}
        self.of_kind: dict[str, list[int]] = {}
        self.acts: dict[int, tuple[datetime, frozenset[str]]] = {}
        self.written: frozenset[str] | None = None
        self._searches = searches
        self._entries: list[Effective] | None = None
        self._release: Release | None = None
        self._count = 0
        self._kept: list[dict[Place, list[Finding]]] = []
        self._found: list[list[Finding]] = []  # the same, without their places

    def entries(self, numbers: Iterable[int]) -> Iterator[Effective]:
        """The entries in force with these numbers."""
        return map(self.course.effective.__getitem__, numbers)

    def may_have_changed(self, parts: frozenset[str]) -> bool:
        """Whether something may have been written to some parts of the state since the look before."""
        return self.written is None or not self.written.isdisjoint(parts)

    def look(self, course: Course) -> Iterator[Finding]:
        """What is found in a course, rule by rule: in the same one, or in what continues it (`with_more`)."""
        self.course = course
        entries = course.effective
        known = entries is self._entries or (
            course.continues is not None and course.continues is self._entries
        )
        if known and course.release is self._release:
            self._entries = entries
            self._follow(entries)
        else:
            self._begin(course)
        return chain.from_iterable(self._found)

    def _begin(self, course: Course) -> None:
        self._entries, self._release, self.written = course.effective, course.release, None
        self.numbers, self.of_encounter, self.of_kind, self.acts = {}, {}, {}, {}
        for number, one in enumerate(course.effective):
            self._note(number, one)
        self._count = len(course.effective)
        self._kept = [{} for _ in self._searches.all]
        self._found = [[] for _ in self._searches.all]
        for place, search in enumerate(self._searches.all):
            self._look_at(place, search.places(self))

    def _follow(self, entries: list[Effective]) -> None:
        asked: dict[int, set[Place] | None] = {}
        written: frozenset[str] | None = frozenset()
        for number in range(self._count, len(entries)):
            one = entries[number]
            self._note(number, one)
            told = written_by(one.entry.kind)
            written = None if told is None or written is None else written | told
            for place, touches in self._searches.concerned(one.entry.kind, told):
                touched = None if touches is None else touches(self, one, number)
                if touched is None:
                    asked[place] = None
                elif touched and (known := asked.setdefault(place, set())) is not None:
                    known.update(touched)
        self._count, self.written = len(entries), written
        for place, touched in asked.items():
            if touched is None:
                self._kept[place] = {}
                self._look_at(place, self._searches.all[place].places(self))
            else:
                self._look_at(place, touched)

    def _note(self, number: int, one: Effective) -> None:
        self.numbers[one.id] = number
        self.of_encounter.setdefault(one.entry.encounter, []).append(number)
        self.of_kind.setdefault(one.entry.kind, []).append(number)
        if relied := inputs_of(one):
            self.acts[number] = decided_at(one), relied

    def _look_at(self, place: int, where: Places) -> None:
        kept, find = self._kept[place], self._searches.all[place].find
        for one in where:
            found = [as_finding(*said) for said in find(self, one)]
            if found:
                kept[one] = found
            else:
                kept.pop(one, None)
        self._found[place] = list(chain.from_iterable(kept.values()))


def as_finding(rule: str, entry: str, item: str, message: str, holds: bool = True) -> Finding:
    """A finding, whose id is its rule, entry and item."""
    return Finding(f"{rule}:{entry}:{item}" if item else f"{rule}:{entry}", rule, entry, item, message, holds)


def written_by(kind: str) -> frozenset[str] | None:
    """The parts of the state that an entry of a kind may write to; None: to any."""
    known = KINDS.get(kind)
    return frozenset() if known is None else known.writes
