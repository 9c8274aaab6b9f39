"""Keys of participants: what opens the personal items of their ledgers. They lie outside the database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from entact.store import models
from entact.store.error import StoreError
from entact.store.keychain import Keychain, keychain_folder


def keychain() -> Keychain:
    """The keychain of the record in use.

    Raises:
        StoreError: when the database was never set up.
    """
    installation = models.Installation.objects.only("mark").first()
    if installation is None:
        raise StoreError("this database holds no study yet")
    return _keychain(keychain_folder(installation.mark))


def keep_keys(keys: Mapping[str, bytes]) -> None:
    """Keeps the keys of participants; one that is there already is left as it is.

    Args:
        keys: 32 bytes by ledger (`participant:<opaque>`).
    Raises:
        StoreError: when a key is not of 32 bytes.
    """
    keychain().add(keys)


def key_of(participant: str) -> bytes | None:
    """The key of a participant; None when it was erased or never kept."""
    return keychain().get(participant)


@lru_cache(maxsize=8)
def _keychain(folder: Path) -> Keychain:
    return Keychain(folder)
