"""Forms: whatever the study asks that the engine does not act upon itself."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class FormData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `form`: the items of one form of the release; not done, refused and unknown are said, never left blank.

    An item's value is bool, int, text (a quantity with its unit, a code, a date, sealed text), a list of codes, or
    `{"missing": "not_asked" | "not_done" | "refused" | "below_quantification" | "unknown"}`.
    """

    form: str
    items: dict[str, Any] = {}
    status: Literal["done", "not_done"] = "done"


class VitalSigns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `vital_signs`: one set of readings, each a quantity with its unit; items of the study's form `vitals`."""

    systolic: str | None = None
    diastolic: str | None = None
    heart_rate: str | None = None
    temperature: str | None = None
    oxygen_saturation: str | None = None
    position: str | None = None
