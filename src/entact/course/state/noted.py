"""What was said and is kept as it was said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Noted(msgspec.Struct, frozen=True):
    """One entry of a kind that is kept as it is; `origins` says where corrected items are from, `about` what
    it continues."""

    entry: str
    encounter: str | None
    at: datetime
    by: str
    said: Any
    origins: dict[str, str] = {}
    about: str | None = None
