"""What a passphrase seals, with the limits that every key on disk has; other tests stretch theirs less."""

from __future__ import annotations

import pytest
from nacl import pwhash

from entact.store.error import StoreError
from entact.store.passphrase import open_bytes, seal_bytes


def test_whoever_guesses_pays_what_libsodium_calls_moderate_for_each_guess() -> None:
    sealed = seal_bytes(b"a key", "seven green bottles")
    moderate = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE
    assert (sealed["opslimit"], sealed["memlimit"]) == moderate
    assert open_bytes(sealed, "seven green bottles", "the key") == b"a key"
    with pytest.raises(StoreError, match="the passphrase does not open the key"):
        open_bytes(sealed, "seven green bottlez", "the key")
