"""Kits, doses, and who was in the room."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Part = Literal["initial", "supplement"]

NOT_TAKEN = frozenset({"refused", "withheld"})  # outcomes of a dose of which nothing was taken


class KitState(msgspec.Struct):
    """One kit of this participant; `used`: the entries of doses taken from it."""

    number: str
    part: Part
    level: str
    visit: str | None
    at: datetime
    entry: str
    used: list[str] = []
    replaced_by: str | None = None


class DoseState(msgspec.Struct, frozen=True):
    """One part of one dose: in which session (visit) and encounter, from which kit, how many units.

    Counts are as they were entered, and may be absurd: who asks for doses that count asks `is_taken`, and who
    has to be sure asks `given`.
    """

    entry: str
    session: str
    encounter: str | None
    part: Part
    kit: str
    level: str
    dispensed: int
    taken: int
    returned: int
    lost: int
    outcome: str
    at: datetime

    @property
    def is_taken(self) -> bool:
        """Whether the count of units says that some of it was taken."""
        return self.taken > 0

    @property
    def given(self) -> bool | None:
        """Whether some of it was taken; None where count and outcome cannot both be true."""
        says_taken = self.outcome not in NOT_TAKEN
        return self.is_taken if self.taken >= 0 and self.is_taken is says_taken else None


class PresenceState(msgspec.Struct, frozen=True):
    """One coming or going."""

    person: str
    role: str
    state: str
    at: datetime
    entry: str
