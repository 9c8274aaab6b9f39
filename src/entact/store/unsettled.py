"""How much of a participant is not settled yet, for what is told before a lock: counts, kept with each entry.

What is not signed is nearly everything, as long as a study runs. So it is counted by what entries tell of:
who may see one of a group may see all, and a page adds up the groups that its reader may see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from entact.course import Course
from entact.course.disclosure import Disclosure, Names
from entact.course.entry.effective import Effective
from entact.course.found.unsettled import DATA_KINDS, uncoded, unsigned
from entact.course.found.watch import Watch
from entact.course.kinds.kind import UNSURE
from entact.store.index import storable


@dataclass(frozen=True)
class Unsettled:
    """Counts of one participant by what is told of.

    Attributes:
        groups: by what each tells of (see `group_of`), in order. unsigned: entries of each that nobody signed
            as they stand. uncoded: events of each without a term.
        places: what each group tells of, with its place in that order.
        entries, known: the entries in force of which it was counted, and how many.
        turns: of what discloses them, at that time.
    """

    groups: list[str]
    unsigned: list[int]
    uncoded: list[int]
    places: Mapping[Names, int]
    entries: list[Effective]
    known: int
    turns: int

    @property
    def events(self) -> Counter[Names]:
        """How many events without a term tell of what."""
        return Counter(dict(zip(self.places, self.uncoded, strict=True)))

    def __reduce__(self) -> tuple[type[Unsettled], tuple[object, ...]]:
        """Sent to another process it is of no entries, which would go along: who follows counts anew."""
        counts = self.groups, self.unsigned, self.uncoded, self.places
        return Unsettled, (*counts, [], 0, self.turns)


@lru_cache(maxsize=10_000)
def group_of(names: Names) -> str:
    """What a group tells of, as it stands in its column."""
    return msgspec.json.encode(sorted(map(storable, names))).decode()


def told_by(group: str) -> Names:
    """What a group tells of; of one that says nothing readable nobody knows."""
    try:
        return frozenset(msgspec.json.decode(group, type=list[str]))
    except msgspec.MsgspecError:
        return frozenset({UNSURE})


def unsettled_of(
    course: Course, disclosure: Disclosure, watch: Watch, before: Unsettled | None = None
) -> Unsettled:
    """What of a participant is not settled.

    Args:
        watch: has looked at the course. before: returned by the last call for the same course, to save work.
    """
    if (
        before is None
        or before.turns != disclosure.turns
        or watch.may_have_changed(_SIGNED)
        or not (course.effective is before.entries or course.continues is before.entries)
    ):
        return _counted(course, disclosure)
    coded = watch.may_have_changed(_EVENTS)
    return _followed(course, disclosure, before, coded=coded) or _counted(course, disclosure)


_SIGNED = frozenset({"signatures"})
_EVENTS = frozenset({"adverse_events"})


def _followed(course: Course, disclosure: Disclosure, before: Unsettled, *, coded: bool) -> Unsettled | None:
    """With the entries that followed; None where one was signed before it came.

    Args:
        coded: whether something may have been said of events.
    """
    more = [one.id for one in course.effective[before.known :] if one.entry.kind in DATA_KINDS]
    for signature in course.signatures:
        if not signature.versions.keys().isdisjoint(more):
            return None
    told = [disclosure.hidden_with(one) for one in more]
    places = before.places
    if not all(one in places for one in told) or (coded and _events(course, disclosure) != before.events):
        signed = Counter(dict(zip(places, before.unsigned, strict=True)))
        signed.update(told)
        return _arranged(course, disclosure, +signed, _events(course, disclosure))
    counts = [*before.unsigned]
    for one in told:
        counts[places[one]] += 1
    entries = course.effective
    return Unsettled(before.groups, counts, before.uncoded, places, entries, len(entries), before.turns)


def _events(course: Course, disclosure: Disclosure) -> Counter[Names]:
    return Counter(disclosure.hidden_with(one.entry) for one in uncoded(course))


def _counted(course: Course, disclosure: Disclosure) -> Unsettled:
    """From nothing."""
    signed = Counter([disclosure.hidden_with(one.id) for one in unsigned(course)])
    return _arranged(course, disclosure, signed, _events(course, disclosure))


def _arranged(
    course: Course, disclosure: Disclosure, signed: Counter[Names], coded: Counter[Names]
) -> Unsettled:
    told = sorted({*signed, *coded}, key=group_of)
    return Unsettled(
        [group_of(one) for one in told],
        [signed[one] for one in told],
        [coded[one] for one in told],
        {one: place for place, one in enumerate(told)},
        course.effective,
        len(course.effective),
        disclosure.turns,
    )
