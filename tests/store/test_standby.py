"""What an emergency asks for is answered to one key, in one length."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from entact.store import standby


def opened(own: X25519PrivateKey, entry: str, sealed: bytes) -> Any:
    """What a browser reads with its key."""
    shared = own.exchange(X25519PublicKey.from_public_bytes(sealed[:32]))
    secret = HKDF(SHA256(), 32, salt=None, info=f"entact unblinding {entry}".encode()).derive(shared)
    return json.loads(AESGCM(secret).decrypt(sealed[32:44], sealed[44:], entry.encode()))


def public(own: X25519PrivateKey) -> bytes:
    return own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def test_an_answer_is_read_with_one_key_for_one_entry_and_has_one_length() -> None:
    own, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    told = [{"number": "7", "arm": "mdma"}, {"number": "S01-0001", "arm": "placebo_with_therapy"}]
    sealed = [standby.seal_for(public(own), "e1", json.dumps(one).encode()) for one in told]
    assert [opened(own, "e1", one) for one in sealed] == told
    assert len({len(one) for one in sealed}) == 1
    for key, entry in ((other, "e1"), (own, "e2")):
        with pytest.raises(InvalidTag):
            opened(key, entry, sealed[0])
    with pytest.raises(ValueError, match="at most 256 bytes"):
        standby.seal_for(public(own), "e1", b"x" * 257)


def test_one_process_stands_by_and_is_known_to(database: str) -> None:
    assert not standby.is_anybody_there()
    assert standby.stand_by()
    assert standby.is_anybody_there()
