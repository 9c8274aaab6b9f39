"""An alert that was raised."""

from __future__ import annotations

import msgspec


class AlertRaised(msgspec.Struct, frozen=True):
    """An alert, the entry that raised it, and what was missing when it could not be evaluated."""

    alert: str
    entry: str
    cannot_evaluate: bool = False
    missing: tuple[str, ...] = ()
