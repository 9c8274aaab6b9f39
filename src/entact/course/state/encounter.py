"""Encounters as they stand: begun, ended or missed."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

UNSCHEDULED = "unscheduled"


Disposition = Literal["discharged", "against_advice", "transfer_to_hospital", "death"]
PLANNED: Final = "discharged"  # how a participant leaves where nothing else is said


class EncounterState(msgspec.Struct):
    """One encounter: which visit, when it began and ended; `entry` began it, `closed` ended it.

    `disposition` says how the participant left it, once it has ended. `said` is when something was first
    said of it, and `attempt` to which attempt at screening it belongs, counted from 0.
    """

    id: str
    visit: str
    status: Literal["started", "ended", "missed"]
    started: datetime | None = None
    ended: datetime | None = None
    contact: str = "in_person"
    entry: str = ""
    closed: str = ""
    disposition: Disposition = PLANNED
    said: datetime | None = None
    attempt: int = 0

    @property
    def is_broken_off(self) -> bool:
        """Whether the participant left before what was planned for the end could be done."""
        return self.disposition != PLANNED


def visit_of(encounter: str | None) -> str:
    """The visit of an encounter id: `session_1` of `session_1#1`."""
    return encounter.partition("#")[0] if encounter else ""
