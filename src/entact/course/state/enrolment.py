"""From screening to randomisation, as it stands."""

from __future__ import annotations

from datetime import datetime

import msgspec


class ScreeningState(msgspec.Struct, frozen=True):
    """The latest attempt at screening."""

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
