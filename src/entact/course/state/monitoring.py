"""Visits of monitors to a site, as its ledger says them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec


class ActionState(msgspec.Struct, frozen=True):
    """What a report asks somebody to do by a day, and the last that was said of it."""

    text: str
    owner: str
    due: str
    is_done: bool = False
    said: str = ""
    by: str = ""
    at: datetime | None = None


class MonitoringVisit(msgspec.Struct, frozen=True):
    """One report (see `kinds.monitoring.MonitoringReport`), and how its actions stand."""

    entry: str
    by: str
    at: datetime
    since: str
    until: str
    text: str
    tells: frozenset[str]
    counts: Mapping[str, int]
    deviations: tuple[str, ...]
    actions: tuple[ActionState, ...]
