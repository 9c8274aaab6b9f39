"""What the operations of scores do with answers, where None is an answer that is missing.

A sum or a count with a missing answer is unknown unless its file says otherwise; yes-or-no scores follow
Kleene: they are known as soon as what is missing cannot change them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

Value = bool | int | float | str | None
Answers = tuple[Any, ...]
Operation = Callable[[Answers], Value]


def total(answers: Answers) -> Value:
    """The sum; unknown when one is missing."""
    return None if None in answers else sum(answers)


def maximum(answers: Answers) -> Value:
    """The greatest; unknown when one is missing."""
    found: Value = None if None in answers else max(answers)
    return found


def mean(may_miss: int) -> Operation:
    """The mean of those answered; unknown when more are missing than may be."""

    def operate(answers: Answers) -> Value:
        answered = [answer for answer in answers if answer is not None]
        if not answered or len(answers) - len(answered) > may_miss:
            return None
        return float(sum(answered) / len(answered))

    return operate


def prorated(may_miss: int) -> Operation:
    """The mean of those answered times the number of items."""

    average_of = mean(may_miss)

    def operate(answers: Answers) -> Value:
        average = average_of(answers)
        return None if average is None else float(average) * len(answers)

    return operate


def prorated_up(may_miss: int) -> Operation:
    """The mean of those answered, whole numbers, times the number of items, rounded up."""

    def operate(answers: Answers) -> Value:
        answered = [answer for answer in answers if answer is not None]
        if not answered or len(answers) - len(answered) > may_miss:
            return None
        return int(-(-sum(answered) * len(answers) // len(answered)))

    return operate


def first(number: type) -> Operation:
    """The first that is known, as a number of this type."""

    def operate(answers: Answers) -> Value:
        found = next((answer for answer in answers if answer is not None), None)
        known: Value = None if found is None else number(found)
        return known

    return operate


def qualified(operation: Operation, reaching: int, counted: Sequence[frozenset[str] | None]) -> Operation:
    """An operation over answers of which some count as reaching a value only with what goes with them.

    Args:
        counted: for each answer, what has to go with it; None where nothing has. The operation is given the
            answers, then what goes with each of those for which something has to.
    """

    def operate(answers: Answers) -> Value:
        beside = iter(answers[len(counted) :])
        return operation(
            tuple(
                answer if needed is None else _counting(answer, next(beside), reaching, needed)
                for answer, needed in zip(answers, counted, strict=False)
            )
        )

    return operate


def _counting(answer: Any, beside: Any, reaching: int, needed: frozenset[str]) -> Any:
    """An answer as it counts: below the value where it is so, or where what goes with it is another."""
    if answer is not None and answer < reaching:
        return answer
    if beside is not None and beside not in needed:
        return reaching - 1
    return None if beside is None else answer


def filled_by_median(may_miss: int) -> Operation:
    """The sum, with the median of those answered, rounded up, for each that is missing."""

    def operate(answers: Answers) -> Value:
        answered = [answer for answer in answers if answer is not None]
        missing = len(answers) - len(answered)
        if not answered or missing > may_miss:
            return None
        return int(sum(answered) + missing * math.ceil(median(answered)))

    return operate


def count(reaching: int) -> Operation:
    """How many reach a value; unknown when one is missing."""

    def operate(answers: Answers) -> Value:
        return None if None in answers else sum([answer >= reaching for answer in answers])

    return operate


def at_least(needed: int, reaching: int) -> Operation:
    """Whether so many reach a value, as soon as what is missing cannot change it."""

    def operate(answers: Answers) -> Value:
        missing = answers.count(None)
        reached = sum([answer is not None and answer >= reaching for answer in answers])
        if reached >= needed:
            return True
        return None if reached + missing >= needed else False

    return operate


def every(answers: Answers) -> Value:
    """Whether all are yes, as soon as what is missing cannot change it."""
    if False in answers:
        return False
    return None if None in answers else True


def highest(answers: Answers) -> Value:
    """The place of the last yes, from one; 0 when there is none."""
    for place in range(len(answers), 0, -1):
        if answers[place - 1] is None:
            return None
        if answers[place - 1]:
            return place
    return 0
