"""What stood at each of several moments, one after another, as corrections and withdrawals arrived.

To merge at each moment all that had arrived by then would take the square of their number. Here the entries
that no correction is about are looked at once, and a correction, or the withdrawal of one, changes what the
moment before has left. What is not as almost all corrections are is merged anew (`_Family._merge_anew`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from entact.course.entry import CORRECTED_TIME
from entact.course.entry.arrival import Arrival, arrival
from entact.course.entry.correction import Corrector, as_they_stand
from entact.course.entry.effective import (
    VOID,
    Effective,
    Held,
    Key,
    Problem,
    changes_of,
    conflict_problem,
    moved_time,
)
from entact.course.entry.versions import DECIDED

Stood = tuple[list[Effective], list[Problem]]  # in order of time; and what is wrong


def as_they_stood(
    held: Iterable[Held], nested: Mapping[str, str], moments: Sequence[Arrival]
) -> Iterator[Stood]:
    """What `as_they_stand` says of the corrections that had arrived by each of several moments.

    Args:
        held, nested: as there. moments: in order.
    """
    every = list(held)
    if any(one.rivals or one.entry.kind == DECIDED for one in every):  # persons decide: rare, and few
        yield from (_as_all_stood(every, nested, moment) for moment in moments)
        return
    alone, families = _families(every, nested)
    always, wrong, _ = as_they_stand(alone, nested)
    for moment in moments:
        for family in families:
            family.learn(moment)
        standing = [*always, *(one.effective for one in families if one.effective is not None)]
        standing.sort(key=lambda one: one.key)
        yield standing, [*wrong, *(problem for one in families for problem in one.problems)]


def _as_all_stood(held: list[Held], nested: Mapping[str, str], moment: Arrival) -> Stood:
    arrived = {one.entry.id for one in held if arrival(one.entry) <= moment}
    return as_they_stand(held, nested, lambda one: one.entry.id in arrived, decisions=True)[:2]


def _families(held: list[Held], nested: Mapping[str, str]) -> tuple[list[Held], list[_Family]]:
    """Entries that no other is about; and each other one with all that corrects it, however nested."""
    by_id = {one.entry.id: one for one in held}
    root: dict[str, str] = {}
    for one in held:
        path, name = [], one.entry.id
        met = {name}
        while name not in root and name in by_id and (above := by_id[name].entry.replaces) is not None:
            path.append(name)
            name = above
            if name in met:  # a circle, which is entered somewhere
                name = min(path[path.index(name) :])
                break
            met.add(name)
        root.update(dict.fromkeys((*path, name), root.get(name, name)))
    members: dict[str, list[Held]] = {}
    for one in held:
        if one.entry.replaces is not None:
            members.setdefault(root[one.entry.id], []).append(one)
    alone = [one for one in held if one.entry.replaces is None and one.entry.id not in members]
    families = []
    for name, changes in members.items():
        source = by_id.get(name)
        if source is not None and source.entry.replaces is not None:
            source = None
        families.append(_Family(source, changes, nested))
    return alone, families


class _Family:
    """One entry and all that corrects it, as far as it has arrived.

    Attributes:
        effective: the entry as it stands; None where it does not. problems: what is wrong.
    """

    def __init__(self, source: Held | None, changes: list[Held], nested: Mapping[str, str]) -> None:
        self.source = source
        self.nested = nested
        self.effective: Effective | None = None
        self._coming = sorted(((arrival(one.entry), one) for one in changes), key=lambda pair: pair[0])
        self._coming.reverse()
        self._children: dict[str, list[Held]] = {}
        self._merge_anew()

    @property
    def problems(self) -> list[Problem]:
        return [*self._lasting, *self._passing]

    def learn(self, moment: Arrival) -> None:
        """Goes on to a moment."""
        anew = changed = False
        while self._coming and self._coming[-1][0] <= moment:
            _, one = self._coming.pop()
            changed = True
            anew = anew or not self._takes(one)
            self._children.setdefault(one.entry.replaces or "", []).append(one)
        if anew:
            self._merge_anew()
        elif changed and self._merged is not None:
            self.effective = self._merged.effective(self._passing)

    def _takes(self, one: Held) -> bool:
        """Whether it was merged into what stands; else all has to be merged anew."""
        merged, target = self._merged, one.entry.replaces or ""
        if merged is None or one.entry.id in self._children:
            return False
        if one.entry.kind != VOID:
            if not merged.may_take(one):
                return False
            self._corrector.check_author(merged.source, one)
            merged.add(one)
            return True
        if target in self._children or target not in merged.live:
            return False
        self._corrector.check_author(merged.live[target], one)
        merged.remove(target)
        return True

    def _merge_anew(self) -> None:
        lasting: list[Problem] = []
        self._passing: list[Problem] = []
        self._corrector = Corrector(self._children, self.nested, lasting, set())
        self._merged: _Merged | None = None
        self.effective = None
        if self.source is not None:
            self.effective = self._corrector.stand(self.source)
        self._corrector.name_waiting()
        self._lasting = lasting
        if self.source is not None and self.source.readable and self.effective is not None:
            merged = _Merged(self.source, self.nested.get(self.source.entry.kind))
            if all(merged.may_hold(one) for one, _ in self._corrector.live):
                for one, replaced in self._corrector.live:  # those above come first
                    merged.add(one, replaced[0] if replaced else None)
                self._merged = merged
                followed = {self.source.entry.id, *merged.live}
                lasting[:] = [one for one in lasting if one.rule not in _PASSING or one.entry not in followed]
                self.effective = merged.effective(self._passing)


_PASSING = frozenset({"correction_conflict", "time_unreadable"})  # found where corrections are merged


class _Item:
    """The corrections of one item that are in force, and which of them are replaced by none of the others.

    Attributes:
        values: by id. above: the nearest correction of the item that one replaces. below: how many replace it
            so. standing: in order of time; the last is followed.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.above: dict[str, str | None] = {}
        self.below: dict[str, int] = {}
        self.standing: list[Key] = []


class _Merged:
    """A source with the corrections in force."""

    def __init__(self, source: Held, inner: str | None) -> None:
        self.source = source
        self.inner = inner
        self.live: dict[str, Held] = {}
        self._above: dict[str, str | None] = {}
        self._order: list[Key] = []
        self._items: dict[tuple[str, str], _Item] = {}

    def may_hold(self, one: Held) -> bool:
        """Whether it is of the shape of its source: else it depends on the order which items are left."""
        inner = self.inner
        return inner is None or (
            isinstance(one.entry.data.get(inner, {}), dict)
            and isinstance(self.source.entry.data.get(inner, {}), dict)
        )

    def may_take(self, one: Held) -> bool:
        target = one.entry.replaces
        known = target == self.source.entry.id or target in self.live
        return known and one.entry.kind == self.source.entry.kind and self.may_hold(one)

    def add(self, one: Held, above: str | None = None) -> None:
        """Merges a correction of the source, or of one that is in force."""
        name = one.entry.id
        if above is None and one.entry.replaces in self.live:
            above = one.entry.replaces
        self.live[name] = one
        self._above[name] = above
        insort(self._order, one.key)
        for key, value in changes_of(one.entry, self.inner):
            item = self._items.setdefault(key, _Item())
            item.values[name] = value
            item.below[name] = 0
            nearest = above
            while nearest is not None and nearest not in item.values:
                nearest = self._above[nearest]
            item.above[name] = nearest
            insort(item.standing, one.key)
            if nearest is not None:
                item.below[nearest] += 1
                if item.below[nearest] == 1:
                    _discard(item.standing, self.live[nearest].key)

    def remove(self, name: str) -> None:
        """Takes away a correction that none replaces."""
        one = self.live[name]
        for key, _ in changes_of(one.entry, self.inner):
            item = self._items[key]
            _discard(item.standing, one.key)
            del item.values[name], item.below[name]
            nearest = item.above.pop(name)
            if nearest is not None:
                item.below[nearest] -= 1
                if not item.below[nearest]:
                    insort(item.standing, self.live[nearest].key)
            if not item.values:
                del self._items[key]
        _discard(self._order, one.key)
        del self.live[name], self._above[name]

    def effective(self, problems: list[Problem]) -> Effective:
        """The source as it stands; what is wrong with what is followed is put into `problems`."""
        problems.clear()
        source = self.source
        data, origins, at = dict(source.entry.data), {}, source.at
        if self.inner is not None and isinstance(data.get(self.inner), dict):
            data[self.inner] = dict(data[self.inner])
        for (name, inner), item in self._items.items():
            winner = item.standing[-1][1]
            value = item.values[winner]
            if len(item.standing) > 1:
                standing = [one for _, one in item.standing]
                problems.append(conflict_problem(source.entry, inner or name, standing))
            if name == CORRECTED_TIME and not inner:
                at = moved_time(self.live[winner], value, problems) or at
            elif inner:
                data.setdefault(name, {})[inner] = value
                origins[inner] = winner
            else:
                data[name] = value
                origins[name] = winner
        corrections = tuple([name for _, name in self._order])
        return Effective(source.entry, at, (at.timestamp(), source.entry.id), data, origins, corrections)


def _discard(ordered: list[Key], key: Key) -> None:
    del ordered[bisect_left(ordered, key)]
