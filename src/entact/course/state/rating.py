"""Which rating of a visit counts: the first rater's, until it is withdrawn; none is wiped in silence.

A rule of a gate asks for the latest statement, whatever it says. What is derived of a visit (a baseline, an
endpoint) must not change because somebody rated once more, or entered later that nothing was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from entact.course.state.encounter import visit_of

if TYPE_CHECKING:
    from entact.course.state.dose import DoseState
    from entact.course.state.encounter import EncounterState
    from entact.course.state.form import Answers
    from entact.protocol.release import Release


class Rated(Protocol):
    """What says which ratings count: the visits as planned and as they took place, and the doses."""

    release: Release
    answers: dict[str, list[Answers]]
    encounters: dict[str, EncounterState]
    doses: list[DoseState]

    @property
    def attempt(self) -> int:
        """Which attempt at screening counts."""
        ...


def rating_at(course: Rated, answers: Iterable[Answers], visit: str, item: str) -> Answers | None:
    """The answers that an item's value at a visit is taken from; without a known value the last said there.

    Of several ratings those count of whoever rated first, and of theirs the last in which the item is known.
    In a dosing session, where all who are there ask again, it is the last of anybody's.

    Args:
        answers: to one form, in order of time.
    """
    here = [one for one in answers if visit_of(one.encounter) == visit and one.attempt == course.attempt]
    done = [one for one in here if one.status == "done"]
    done = [one for one in done if _took_place(course, one)] or done
    if not _is_asked_again(course, visit):
        done = [one for one in done if one.by == done[0].by]
    known = [one for one in done if one.values.get(item) is not None]
    return next(reversed(known or done or here), None)


def baseline_at(course: Rated, answers: Iterable[Answers], visit: str, item: str) -> Answers | None:
    """The same of a visit from which a change is counted: what was rated after the dose is no baseline."""
    until = treated_after(course, visit)
    return rating_at(course, [one for one in answers if until is None or one.at <= until], visit, item)


def of_first_rater(course: Rated, form: str, latest: Answers, item: str, at: datetime) -> Answers:
    """The latest answers to a form; where two people rated that visit, those of the first."""
    visit = visit_of(latest.encounter)
    if latest.status != "done" or visit not in course.release.visits or _is_asked_again(course, visit):
        return latest
    said = [one for one in course.answers.get(form, ()) if one.at <= at]
    counted = rating_at(course, said, visit, item)
    differs = counted is not None and counted.status == "done" and counted.by != latest.by
    return counted if counted is not None and differs else latest


def treated_after(course: Rated, visit: str) -> datetime | None:
    """When the first dose was taken, for a visit that the schedule has before every one of its track."""
    visits = course.release.visits
    if visit not in visits:
        return None
    row = [one for one in visits.values() if one.track == visits[visit].track]
    before = row[: next(place for place, one in enumerate(row) if one.visit == visit) + 1]
    if any(one.kind == "dosing" for one in before):
        return None
    sessions = {one.visit for one in row if one.kind == "dosing"}
    return min((dose.at for dose in course.doses if dose.is_taken and dose.session in sessions), default=None)


@lru_cache(maxsize=64)
def baselines_of(release: Release) -> dict[str, frozenset[str]]:
    """By form, the visits from which an endpoint counts a change."""
    names = {name for one in release.endpoints.values() for name in one.rule.names if name.count(".") == 2}
    found: dict[str, set[str]] = {}
    for visit, form, _ in (name.split(".") for name in names):
        found.setdefault(form, set()).add(visit)
    return {form: frozenset(visits) for form, visits in found.items()}


def rated_twice(course: Rated, answers: Iterable[Answers]) -> Iterator[tuple[Answers, Answers]]:
    """Each answer to a form that repeats an earlier one of its visit without saying so: (earlier, later)."""
    first: dict[tuple[int, str, str | None, int], Answers] = {}
    for one in answers:
        visit = visit_of(one.encounter)
        if (
            visit not in course.release.visits
            or _is_asked_again(course, visit)
            or not _took_place(course, one)
        ):
            continue
        key = one.attempt, visit, one.timepoint, one.repeat
        if key in first:
            yield first[key], one
        elif one.status == "done":
            first[key] = one


def _took_place(course: Rated, answers: Answers) -> bool:
    encounter = course.encounters.get(answers.encounter or "")
    return encounter is None or encounter.status != "missed"


def _is_asked_again(course: Rated, visit: str) -> bool:
    """Whether the same is asked as often as need be: in a dosing session."""
    planned = course.release.visits.get(visit)
    return planned is not None and planned.kind == "dosing"
