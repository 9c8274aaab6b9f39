"""Bytes that only a passphrase opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nacl import pwhash, secret, utils
from nacl.exceptions import CryptoError

from entact.store.error import StoreError

SHORTEST = 12  # characters
SEALED = ("salt", "opslimit", "memlimit", "sealed")  # what is written of what a passphrase opens
OPSLIMIT, MEMLIMIT = pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE


def seal_bytes(content: bytes, passphrase: str) -> dict[str, Any]:
    """Ciphertext of bytes, with what is needed beside the passphrase to open it; a new salt each time.

    Raises:
        StoreError: when the passphrase is too short to resist guessing.
    Source: RFC 9106 (Argon2id, moderate limits of libsodium); XSalsa20-Poly1305.
    """
    if len(passphrase) < SHORTEST:
        raise StoreError(f"the passphrase has {len(passphrase)} characters: at least {SHORTEST}")
    salt = utils.random(pwhash.argon2id.SALTBYTES)
    box = secret.SecretBox(_stretched(passphrase, salt, OPSLIMIT, MEMLIMIT))
    return {
        "salt": salt.hex(),
        "opslimit": OPSLIMIT,
        "memlimit": MEMLIMIT,
        "sealed": bytes(box.encrypt(content)).hex(),
    }


def open_bytes(sealed: Mapping[str, Any], passphrase: str, what: str) -> bytes:
    """What `seal_bytes` sealed.

    Args:
        what: is opened, for the error.
    Raises:
        StoreError: when the passphrase is another, the ciphertext was altered, or it is none.
    """
    try:
        content, salt = bytes.fromhex(sealed["sealed"]), bytes.fromhex(sealed["salt"])
        limits = sealed["opslimit"], sealed["memlimit"]
        if (content.hex(), salt.hex()) != (sealed["sealed"], sealed["salt"]) or {*map(type, limits)} != {int}:
            raise ValueError("it is not written as entact writes it")
        if limits[0] < pwhash.argon2id.OPSLIMIT_MIN or limits[1] < pwhash.argon2id.MEMLIMIT_MIN:
            raise ValueError("less work than any passphrase is stretched by")
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{what} is not what entact writes: it was altered or is another file") from error
    if limits[0] > OPSLIMIT or limits[1] > MEMLIMIT or len(salt) != pwhash.argon2id.SALTBYTES:
        raise StoreError(f"{what} asks for more work than entact ever does to open it")
    try:
        return bytes(secret.SecretBox(_stretched(passphrase, salt, *limits)).decrypt(content))
    except (CryptoError, ValueError) as error:
        raise StoreError(f"the passphrase does not open {what}") from error


def _stretched(passphrase: str, salt: bytes, opslimit: int, memlimit: int) -> bytes:
    size = secret.SecretBox.KEY_SIZE
    try:
        key = pwhash.argon2id.kdf(size, passphrase.encode(), salt, opslimit=opslimit, memlimit=memlimit)
    except (CryptoError, ValueError) as error:
        raise StoreError(f"this machine cannot stretch a passphrase: {error}") from error
    return bytes(key)
