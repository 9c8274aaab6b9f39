"""What is wrong with ratings: two of one visit, one that takes back another, a baseline after the dose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from entact.course.state.encounter import visit_of
from entact.course.state.form import VITALS
from entact.course.state.rating import baselines_of, rated_twice, treated_after

if TYPE_CHECKING:
    from entact.course.course import Course


def found_in_ratings(course: Course, form: str) -> Iterator[tuple[str, str, str, str]]:
    """What is wrong with the ratings by one form: rule, entry, item and message."""
    if form != VITALS:
        yield from _of_one_visit(course, form)
    yield from _of_baselines(course, form)


def _of_one_visit(course: Course, form: str) -> Iterator[tuple[str, str, str, str]]:
    """Forms filled in again at a visit, neither as a correction nor as a repetition."""
    for earlier, later in rated_twice(course, course.answers.get(form, ())):
        visit = visit_of(later.encounter)
        if later.status != "done":
            message = f"{form} was done at {visit} in {earlier.entry}, which this does not undo"
            yield "done_and_not_done", later.entry, form, message
        elif later.by != earlier.by:
            message = f"{form} at {visit} is by {earlier.by} and by {later.by}; the first counts"
            yield "rated_by_two", later.entry, form, message
        elif later.items != earlier.items:
            message = f"{form} at {visit} was answered in {earlier.entry}, otherwise; the last counts"
            yield "answered_again", later.entry, form, message


def _of_baselines(course: Course, form: str) -> Iterator[tuple[str, str, str, str]]:
    """Ratings of a visit from which changes are counted, made after the first dose."""
    for visit in baselines_of(course.release).get(form, ()):
        until = treated_after(course, visit)
        if until is None:
            continue
        for one in course.answers.get(form, ()):
            if one.status == "done" and visit_of(one.encounter) == visit and one.at > until:
                message = f"{form} at {visit} was rated after the first dose, and is no baseline"
                yield "baseline_after_dose", one.entry, form, message
