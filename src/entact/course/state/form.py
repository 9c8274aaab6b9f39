"""Forms as they were filled in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from entact.protocol.form import CompiledForm, FormValues

VITALS = "vitals"  # the study's form that vital signs fill


class Answers(msgspec.Struct, frozen=True):
    """One form as filled in: items as entered, and typed values of items and scores, missing ones as None.

    `beyond` holds the numbers that cannot be true: to rules these are unknown, like what is missing.
    `origins` names the correction that an item is from, under whose id it is sealed. `attempt` is the one at
    screening that they belong to, counted from 0.
    """

    entry: str
    form: str
    encounter: str | None
    timepoint: str | None
    repeat: int
    at: datetime
    by: str
    role: str
    status: str
    items: dict[str, Any]
    values: dict[str, Any]
    origins: dict[str, str]
    beyond: dict[str, Any] = {}
    attempt: int = 0


# What an entry's data (the very object) was read as, by which form: to fold again costs no second reading,
# unless another release is in force for it by then.
Reading = tuple[dict[str, Any], CompiledForm, FormValues]
