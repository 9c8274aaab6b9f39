"""Kits, doses, and who was in the room."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Part = Literal["initial", "supplement"]


class KitState(msgspec.Struct):
    """One kit of this participant; `used` are the entries of doses taken from it."""

    number: str
    part: Part
    level: str
    visit: str | None
    at: datetime
    entry: str
    used: list[str] = []


class DoseState(msgspec.Struct, frozen=True):
    """One part of one dose: in which session (visit) and encounter, from which kit, how many units."""

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


class PresenceState(msgspec.Struct, frozen=True):
    """One coming or going."""

    person: str
    role: str
    state: str
    at: datetime
