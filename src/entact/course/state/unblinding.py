"""Planned unblinding of one person, once it has taken place."""

from __future__ import annotations

from datetime import datetime

import msgspec


class PlannedUnblindingState(msgspec.Struct, frozen=True):
    """Since when which arm is open for this person, and to whom."""

    entry: str
    at: datetime
    arm: str
    told: tuple[str, ...]
