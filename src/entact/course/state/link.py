"""Ledgers that belong together."""

from __future__ import annotations

from datetime import datetime

import msgspec


class LinkState(msgspec.Struct, frozen=True):
    """To which ledger, as what, since when."""

    entry: str
    ledger: str
    as_: str
    at: datetime
