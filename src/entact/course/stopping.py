"""Four things that can stop, each by itself, and departures from the protocol."""

from __future__ import annotations

from typing import Literal

import msgspec


class Discontinuation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `discontinuation`: treatment, procedures, follow-up or data use stops; who decided, and why (a code)."""

    of: Literal["treatment", "procedures", "follow_up", "data_use"]
    decided_by: Literal["participant", "investigator", "sponsor", "other"]
    cause: str


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `deviation`: a departure from the protocol that somebody reports; the account of it is sealed text."""

    category: str
    importance: Literal["minor", "major"]
    account: str | None = None
