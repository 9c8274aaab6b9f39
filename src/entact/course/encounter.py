"""Encounters: visits that begin, end or are missed, scheduled or not."""

from __future__ import annotations

from typing import Literal

import msgspec


class Encounter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `encounter`: the visit in the envelope (`session_1#1`; `unscheduled#1` needs a reason) began, ended, …"""

    status: Literal["started", "ended", "missed"]
    contact: Literal["in_person", "telephone", "video"] = "in_person"
