"""Entries as they stand: corrections merged onto their sources, withdrawn ones left out, in order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from entact.course.entry import CORRECTED_TIME, Entry
from entact.course.entry.effective import (
    VOID,
    Effective,
    Held,
    Key,
    Problem,
    changes_of,
    conflict_problem,
    hold,
    moved_time,
    source_problem,
)
from entact.course.entry.versions import DECIDED, chosen


def as_they_stand(
    held: Iterable[Held],
    nested: Mapping[str, str],
    known: Callable[[Held], bool] | None = None,
    *,
    decisions: bool = False,
) -> tuple[list[Effective], list[Problem], set[str]]:
    """Sources with corrections merged, in order of time; what is wrong; and which corrections are superseded.

    Args:
        held: entries in any order. nested: for a kind, the key of its data whose items are merged one by one.
        known: which corrections, withdrawals and decisions count; all of them when none is given.
        decisions: whether persons may decide that another version of an id is followed than the first.
    """
    sources: list[Held] = []
    children: dict[str, list[Held]] = {}
    problems: list[Problem] = []
    superseded: set[str] = set()
    held = list(held)
    decided: dict[str, str] = {}
    if decisions and any(one.rivals or one.entry.kind == DECIDED for one in held):
        held = _follow_decisions(held, problems, decided, known)
    for one in held:
        entry = one.entry
        if one.rivals:
            problems.append(_conflict(one))
        if entry.replaces is not None:
            if known is None or known(one):
                children.setdefault(entry.replaces, []).append(one)
        else:
            sources.append(one)
    corrector = Corrector(children, nested, problems, superseded)
    result = [effective for one in sources if (effective := corrector.stand(one)) is not None]
    corrector.name_waiting()
    if decided:
        result = [_with_decision(one, decided[one.id]) if one.id in decided else one for one in result]
    result.sort(key=_key)
    return result, problems, superseded


def _key(effective: Effective) -> Key:
    return effective.key


def _follow_decisions(
    held: list[Held],
    problems: list[Problem],
    decided: dict[str, str],
    known: Callable[[Held], bool] | None,
) -> list[Held]:
    """The versions that stand: the first to arrive, or the one that the latest decision in force names.

    Args:
        decided: filled with the decision by which another than the first is followed, by the entry's id.
    """
    by_id = {one.entry.id: one for one in held if one.rivals}
    followed: dict[str, tuple[Entry, str]] = {}
    for decision in _decisions(held, known):
        conflict = by_id.get(decision.entry.about or "")
        if conflict is None or conflict.entry.kind == DECIDED:
            why: Entry | str = f"there is no conflict about {decision.entry.about} to decide"
        else:
            versions = (conflict.entry, *conflict.rivals)
            why = chosen(decision.entry, decision.data.get("follow"), versions)
        if isinstance(why, str):
            problems.append(Problem("decision_not_followed", decision.id, "follow", why))
        elif conflict is not None:
            followed[conflict.entry.id] = why, decision.id
    standing: list[Held] = []
    for one in held:
        if not one.rivals:
            standing.append(one)
        elif one.entry.id in followed:
            version, decision_id = followed[one.entry.id]
            if version is not one.entry:
                decided[one.entry.id] = decision_id
            standing.append(hold(version))
        else:
            standing.append(one)
    return standing


def _decisions(held: list[Held], known: Callable[[Held], bool] | None) -> list[Effective]:
    """Decisions between versions that were not withdrawn, in order of time, corrections merged."""
    own = [
        msgspec.structs.replace(one, rivals=())
        for one in held
        if one.entry.kind in (DECIDED, VOID) and (known is None or known(one))
    ]
    standing, _, _ = as_they_stand(own, {})
    return [one for one in standing if one.entry.kind == DECIDED]


def _with_decision(effective: Effective, decision: str) -> Effective:
    return msgspec.structs.replace(effective, corrections=(decision, *effective.corrections))


def _conflict(one: Held) -> Problem:
    others = ", ".join(rival.by for rival in one.rivals)
    message = (
        f"{len(one.rivals) + 1} entries with this id differ: the first to arrive stands, by {one.entry.by}; "
        f"kept and not followed: by {others}"
    )
    return Problem("conflict", one.entry.id, "", message)


Replaced = tuple[str, "Replaced"] | None  # ids of the corrections that one replaces, the nearest first
Live = tuple[Held, Replaced]  # a correction in force


class Corrector:
    """Walks the corrections of each source; every entry with `replaces` that no walk meets is waiting."""

    def __init__(
        self,
        children: dict[str, list[Held]],
        nested: Mapping[str, str],
        problems: list[Problem],
        superseded: set[str],
    ) -> None:
        self.children = {target: sorted(found, key=lambda one: one.key) for target, found in children.items()}
        self.nested = nested
        self.problems = problems
        self.superseded = superseded
        self.met: set[str] = set()
        self.voids: dict[str, Held | None] = {}
        self.live: list[Live] = []  # of the last source

    def stand(self, source: Held) -> Effective | None:
        """The entry as it stands. One whose time cannot be read stands once a correction says when it was."""
        wrong = source_problem(source)
        if wrong is None:
            return self.correct(source)
        effective = None if source.entry.kind == VOID else self.correct(source)
        if effective is not None and effective.at is not source.at:
            return effective
        if source.entry.kind == VOID or effective is not None:  # else it was withdrawn
            self.problems.append(wrong)
        return None

    def correct(self, source: Held) -> Effective | None:
        if source.entry.id not in self.children:
            return Effective(source.entry, source.at, source.key, source.entry.data)
        void = self._void_of(source)
        live: list[Live] = []
        self.live = live
        self._collect(source, live, void)
        if void is not None:
            self.superseded.update(correction.entry.id for correction, _ in live)
            return None
        return self._merge(source, live)

    def name_waiting(self) -> None:
        for target, found in self.children.items():
            for one in found:
                if one.entry.id not in self.met:
                    self._found(one, "correction_waits", "", f"corrects {target}, which has not arrived")

    def _void_of(self, one: Held) -> Held | None:
        """The first withdrawal of an entry that is not itself withdrawn; however long the row of them is."""
        row = [one]
        for entry in row:
            for child in self._withdrawals(entry):
                self.check_author(entry, child)
                row.append(child)
        for entry in reversed(row):  # a withdrawal is judged before what it withdraws
            self.voids[entry.entry.id] = None
            for child in self._withdrawals(entry):
                if self.voids[child.entry.id] is not None:
                    self.superseded.add(child.entry.id)
                elif self.voids[entry.entry.id] is None:
                    self.voids[entry.entry.id] = child
        return self.voids[one.entry.id]

    def _withdrawals(self, one: Held) -> Iterator[Held]:
        return (child for child in self.children.get(one.entry.id, ()) if child.entry.kind == VOID)

    def _collect(self, source: Held, live: list[Live], void: Held | None) -> None:
        """Corrections in force under a source, however nested; below a withdrawn one they wait."""
        waiting = [self._walk(source, source, None, live, void)]
        while waiting:
            below = next(waiting[-1], None)
            if below is None:
                waiting.pop()
            else:
                waiting.append(self._walk(source, *below))

    def _walk(
        self, source: Held, parent: Held, replaced: Replaced, live: list[Live], void: Held | None
    ) -> Iterator[tuple[Held, Replaced, list[Live], Held | None]]:
        """Looks at the corrections of one entry; yields what has to be walked below each before the next."""
        for child in self.children.get(parent.entry.id, ()):
            entry = child.entry
            if entry.kind == VOID:
                continue
            self.check_author(source, child)
            if entry.kind != source.entry.kind:
                self._found(
                    child, "correction_of_other_kind", "", f"{entry.kind} cannot correct {source.entry.kind}"
                )
                continue
            if void is not None and child.key > void.key:
                message = f"corrects {parent.entry.id}, which was withdrawn before"
                self._found(child, "correction_waits", "", message)
            own_void = self._void_of(child)
            if own_void is not None:
                self.superseded.add(entry.id)
                yield child, replaced, [], own_void
            else:
                live.append((child, replaced))
                yield child, (entry.id, replaced), live, void

    def _merge(self, source: Held, live: list[Live]) -> Effective:
        inner = self.nested.get(source.entry.kind)
        changes: dict[tuple[str, str], list[tuple[Held, Replaced, Any]]] = {}
        for correction, replaced in live:
            for key, value in changes_of(correction.entry, inner):
                changes.setdefault(key, []).append((correction, replaced, value))
        data = dict(source.entry.data)
        if inner is not None and isinstance(data.get(inner), dict):
            data[inner] = dict(data[inner])
        at, origins = source.at, {}
        for (name, item), candidates in changes.items():
            winner, value = self._winner(source, item or name, candidates)
            if name == CORRECTED_TIME:
                at = moved_time(winner, value, self.problems) or at
            elif item:
                held = data.setdefault(name, {})
                if isinstance(held, dict):
                    held[item] = value
                    origins[item] = winner.entry.id
            else:
                data[name] = value
                origins[name] = winner.entry.id
        corrections = tuple(one.entry.id for one, _ in sorted(live, key=lambda pair: pair[0].key))
        return Effective(source.entry, at, (at.timestamp(), source.entry.id), data, origins, corrections)

    def _winner(
        self, source: Held, item: str, candidates: list[tuple[Held, Replaced, Any]]
    ) -> tuple[Held, Any]:
        if len(candidates) == 1:
            return candidates[0][0], candidates[0][2]
        replaced: set[str] = set()
        for _, above, _ in candidates:
            while above is not None and above[0] not in replaced:
                replaced.add(above[0])
                above = above[1]
        standing = [(one, value) for one, _, value in candidates if one.entry.id not in replaced]
        standing.sort(key=lambda pair: pair[0].key)
        winner, value = standing[-1]
        self.superseded.update(one.entry.id for one, _, _ in candidates if one is not winner)
        if len(standing) > 1:
            self.problems.append(conflict_problem(source.entry, item, [one.entry.id for one, _ in standing]))
        return winner, value

    def check_author(self, source: Held, correction: Held) -> None:
        entry = correction.entry
        if entry.id in self.met:
            return
        self.met.add(entry.id)
        if not (entry.reason or "").strip():
            self._found(correction, "reason_missing", "", "a correction or withdrawal needs a reason")
        if entry.role != source.entry.role:
            message = f"entered as {source.entry.role}, corrected as {entry.role}"
            self._found(correction, "correction_by_other", "", message)

    def _found(self, one: Held, rule: str, item: str, message: str) -> None:
        self.problems.append(Problem(rule, one.entry.id, item, message))
