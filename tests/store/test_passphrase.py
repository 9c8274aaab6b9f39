"""What a passphrase seals, with the limits that every key on disk has; other tests stretch theirs less."""

from __future__ import annotations

from typing import Any

import pytest
from nacl import pwhash

from entact.store import passphrase
from entact.store.error import StoreError
from entact.store.passphrase import open_bytes, seal_bytes


def test_whoever_guesses_pays_what_libsodium_calls_moderate_for_each_guess() -> None:
    sealed = seal_bytes(b"a key", "seven green bottles")
    moderate = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE
    assert (sealed["opslimit"], sealed["memlimit"]) == moderate
    assert open_bytes(sealed, "seven green bottles", "the key") == b"a key"
    with pytest.raises(StoreError, match="the passphrase does not open the key"):
        open_bytes(sealed, "seven green bottlez", "the key")


LEAST = {"opslimit": pwhash.argon2id.OPSLIMIT_MIN, "memlimit": pwhash.argon2id.MEMLIMIT_MIN}
OTHERWISE: dict[str, tuple[dict[str, Any], str]] = {
    "hexadecimal in capitals": ({"salt": "AB" * 16}, "is not what entact writes"),
    "hexadecimal with spaces": ({"salt": " ".join(["ab"] * 16)}, "is not what entact writes"),
    "no hexadecimal": ({"sealed": "xy"}, "is not what entact writes"),
    "no text": ({"salt": 7}, "is not what entact writes"),
    "work in words": ({"opslimit": "1"}, "is not what entact writes"),
    "a truth for work": ({"opslimit": True}, "is not what entact writes"),
    "work with decimals": ({"memlimit": float(LEAST["memlimit"])}, "is not what entact writes"),
    "less turns than least": ({"opslimit": LEAST["opslimit"] - 1}, "is not what entact writes"),
    "less memory than least": ({"memlimit": LEAST["memlimit"] - 1}, "is not what entact writes"),
    "more turns": ({"opslimit": LEAST["opslimit"] + 1}, "asks for more work"),
    "more memory": ({"memlimit": LEAST["memlimit"] + 1}, "asks for more work"),
    "a longer salt": ({"salt": "ab" * 17}, "asks for more work"),
    "a shorter salt": ({"salt": "ab" * 15}, "asks for more work"),
    "another salt": ({"salt": "ab" * 16}, "the passphrase does not open"),
}


@pytest.mark.parametrize(("altered", "said"), OTHERWISE.values(), ids=OTHERWISE)
def test_what_entact_did_not_write_is_told_before_work_is_done_for_it(
    altered: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrase, "OPSLIMIT", LEAST["opslimit"])
    monkeypatch.setattr(passphrase, "MEMLIMIT", LEAST["memlimit"])
    sealed = seal_bytes(b"a key", "seven green bottles")
    assert open_bytes(sealed, "seven green bottles", "the key") == b"a key"
    with pytest.raises(StoreError, match=f"the key.*{said}|{said}.*the key"):
        open_bytes(sealed | altered, "seven green bottles", "the key")
    for name in sealed:
        with pytest.raises(StoreError, match="the key is not what entact writes"):
            open_bytes({one: sealed[one] for one in sealed if one != name}, "seven green bottles", "the key")
