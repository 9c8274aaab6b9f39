"""What people have attested about entries: signatures, freezes, emergency unblinding, erasure."""

from __future__ import annotations

from datetime import datetime

import msgspec


class SignatureState(msgspec.Struct, frozen=True):
    """A signature: who, when, what it means, and version and line (its hash) of each entry signed.

    `name` is the person's own, as it was printed beside it.
    """

    entry: str
    by: str
    at: datetime
    meaning: str
    versions: dict[str, str]
    hashes: dict[str, str] = {}
    name: str = ""


class FreezeState(msgspec.Struct, frozen=True):
    """Since when an encounter (None: everything) should not change, until the entry that took it back."""

    entry: str
    encounter: str | None
    at: datetime
    taken_back: str | None = None


class UnblindingState(msgspec.Struct, frozen=True):
    """One emergency unblinding: who was told, why and when."""

    entry: str
    recipient: str
    cause: str
    at: datetime


class ErasureState(msgspec.Struct, frozen=True):
    """Since when the personal items of a participant cannot be opened by anybody, and why."""

    entry: str
    at: datetime
    cause: str
