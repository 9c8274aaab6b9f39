"""Of which arms a person is, as far as their visits tell it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class AssignmentState(msgspec.Struct, frozen=True):
    """Since when it is told that a person is of one of these arms, whose visits are the same."""

    entry: str
    at: datetime
    arms: tuple[str, ...]
