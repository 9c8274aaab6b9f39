"""Medicines taken besides the study drug, and when they have left the body."""

from __future__ import annotations

import msgspec


class Medication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `medication`: begins or, with `about`, continues one medicine; dates may be partial (`2019-04`)."""

    name: str | None = None
    medicine_class: str | None = None
    started: str | None = None
    stopped: str | None = None
    dose: str | None = None
    indication: str | None = None  # free text, sealed
    psychiatric: bool | None = None
