"""A place in a list as an address has it: unreadable, for what stands there may be hidden."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from django.conf import settings
from nacl.encoding import URLSafeBase64Encoder
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox


def sealed_place(place: list[Any]) -> str:
    """A place as text; the same each time."""
    text = json.dumps(place).encode()
    return _box().encrypt(text, blake2b(text, digest_size=24).digest(), URLSafeBase64Encoder).decode()


def opened_place(text: str) -> list[Any] | None:
    """The place in a text; None where this server did not write it."""
    try:
        found: list[Any] = json.loads(_box().decrypt(text.encode(), encoder=URLSafeBase64Encoder))
    except (CryptoError, ValueError, TypeError):
        return None
    return found


def _box() -> SecretBox:
    return SecretBox(blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=b"entact place").digest())
