"""From screening to randomisation, as it stands."""

from __future__ import annotations

from datetime import datetime

import msgspec

from entact.course.state.stopping import DiscontinuationState


class ScreeningState(msgspec.Struct, frozen=True):
    """What was entered of an attempt at screening: number, site and population."""

    entry: str
    attempt: int
    number: str
    site: str
    population: str
    at: datetime


class EligibilityState(msgspec.Struct, frozen=True):
    """The latest decision on eligibility; only a signed one counts."""

    entry: str
    criteria: dict[str, bool | None]
    decision: str
    signed: str | None
    by: str
    at: datetime
    left_to_record: frozenset[str] = frozenset()


class AttemptState(msgspec.Struct, frozen=True):
    """One attempt at screening: as entered, since when it counts, and how an earlier one ended.

    Attributes:
        entry: the first that spoke of it. number: which attempt, as entered. since: what began from then on
            belongs to it. eligibility, discontinued: as they were when the next attempt began.
    """

    entry: str
    number: int
    screening: str
    site: str
    since: datetime
    eligibility: EligibilityState | None = None
    discontinued: dict[str, DiscontinuationState] = {}

    @property
    def over(self) -> datetime | None:
        """When an earlier attempt had come to its end: with the decision that it was not to be."""
        decided = self.eligibility
        failed = decided is not None and decided.signed and decided.decision == "not_eligible"
        return decided.at if decided is not None and failed else None


class EnrolmentState(msgspec.Struct, frozen=True):
    """The subject number, and since when."""

    entry: str
    subject: str
    at: datetime


class RandomisationState(msgspec.Struct, frozen=True):
    """The randomisation number, and since when; never the arm."""

    entry: str
    number: str
    at: datetime
