"""Encounters as they stand: begun, ended or missed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

UNSCHEDULED = "unscheduled"


class EncounterState(msgspec.Struct):
    """One encounter: which visit, when it began and ended; `entry` began it, `closed` ended it."""

    id: str
    visit: str
    status: Literal["started", "ended", "missed"]
    started: datetime | None = None
    ended: datetime | None = None
    contact: str = "in_person"
    entry: str = ""
    closed: str = ""


def visit_of(encounter: str | None) -> str:
    """The visit of an encounter id: `session_1` of `session_1#1`."""
    return encounter.partition("#")[0] if encounter else ""
