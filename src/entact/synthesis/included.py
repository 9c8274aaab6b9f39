"""A result that is pooled with others, and what is said where there is none."""

from __future__ import annotations

from dataclasses import dataclass

from entact.analysis.meta import Effect
from entact.synthesis.trial import Result, Trial


class NoEvidence(ValueError):
    """A question that no trial can be asked: says what there is."""


@dataclass(frozen=True)
class Included:
    """A result that is pooled.

    Attributes:
        trial, result: whose. effect: experimental minus control, arms of several doses put together.
        first, second: participants of the two sides. marked: whether something of it is an assumption.
    """

    trial: Trial
    result: Result
    effect: Effect
    first: int
    second: int
    marked: bool
