"""Kits and doses: number, part, units and nominal level, never the content."""

from __future__ import annotations

from typing import Literal

import msgspec

Part = Literal["initial", "supplement"]


class KitAssigned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `kit_assigned`: this kit is this participant's, for one part at one dose level, at a visit or in reserve."""

    kit: str
    part: Part
    level: str
    visit: str | None = None


class DoseLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `dose_level`: the regimen decided for this session."""

    level: str


class Dose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `dose`: units of one kit dispensed, taken, returned and lost, and how it ended."""

    part: Part
    kit: str
    level: str
    dispensed: int
    taken: int
    returned: int = 0
    lost: int = 0
    outcome: Literal["taken", "partly_taken", "refused", "withheld", "vomited"] = "taken"


class Presence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `presence`: a person came into or left the session room."""

    person: str
    role: str
    state: Literal["in", "out"]
