"""The hard core of taking an assessment: nobody has it, nobody rates anyone twice, the rater is fit to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from entact.course.course import Course
from entact.course.gates.drift import fit_to_rate
from entact.course.gates.question import Check, Question, Reason
from entact.course.kinds.rating import holder_of


def have_met(course: Course) -> frozenset[str]:
    """Everybody who has written anything about this participant, in whatever role: none of them rates."""
    return frozenset(entry.by for entry in course.entries)


def is_rated(course: Course, encounter: str) -> bool:
    """Whether a visit has been rated: all its forms are there; where it has none, a rater's guess is."""
    forms = course.release.rated_apart(encounter.partition("#")[0])
    if forms:
        return all((form, encounter) in course.forms for form in forms)
    return any(one.encounter == encounter and one.guesser == "rater" for one in course.guesses)


def left_to_rate(question: Question) -> Iterator[Reason]:
    """The visit is one that a rater apart rates, is not over, and has not been rated."""
    course, encounter = question.course, question.encounter or ""
    if not course.release.asks_apart(encounter.partition("#")[0]):
        yield Reason("not_rated_apart", "No rater apart from the site rates this visit.")
        return
    for of in ("procedures", "follow_up", "data_use"):
        if of in course.discontinued:
            yield Reason(f"{of}_discontinued", "The participant takes no part in this any more.")
    held = course.encounters.get(encounter)
    if held is not None and held.status != "started":
        yield Reason("visit_over", f"{encounter} is over.")
    if is_rated(course, encounter):
        yield Reason("rated_before", f"{encounter} has been rated.")


def held_by_nobody(question: Question) -> Iterator[Reason]:
    """Nobody has taken it who still has it."""
    holder = holder_of(question.course, question.encounter or "")
    if holder is not None:
        yield Reason("taken", f"{holder} has taken {question.encounter}.")


def never_met(question: Question) -> Iterator[Reason]:
    """Whoever takes it has taken or rated nothing of this participant before."""
    if question.by in have_met(question.course):
        yield Reason("met_before", f"{question.by} has met this participant before: another rates them.")


RATING: Final[tuple[Check, ...]] = (left_to_rate, held_by_nobody, never_met, fit_to_rate)
