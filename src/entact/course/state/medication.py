"""Medicines taken besides the study drug, as they stand."""

from __future__ import annotations

from datetime import datetime

import msgspec


class MedicationState(msgspec.Struct):
    """One medicine, updates merged in order of time; `origins` says where sealed items are from.

    `begun` is None while only updates of it are known.
    """

    entry: str
    begun: datetime | None = None
    name: str | None = None
    medicine_class: str | None = None
    started: str | None = None
    stopped: str | None = None
    dose: str | None = None
    indication: str | None = None
    psychiatric: bool | None = None
    updates: list[str] = []
    origins: dict[str, str] = {}
