"""What can be erased: personal items are ciphertext under the participant's key from the first entry on.

The hash of an entry covers the ciphertext: erasing the key erases the content, and the chain still verifies.
"""

from __future__ import annotations

import base64
import hashlib
import json

from nacl import bindings
from nacl.exceptions import CryptoError

MARK = "sealed:"
NEWEST, OLDER = (
    f"{MARK}2:",
    f"{MARK}1:",
)  # version 1 was as long as the text, and told a yes from a no by that

_NONCE = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
KEY_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES

_SMALLEST, _LARGE = 64, 4096  # bytes: powers of two up to here, and multiples of it beyond
_END = b"\x80"  # ends the text; zeros follow


def seal(text: str, key: bytes, entry: str, item: str) -> str:
    """Encrypts one personal item of one entry, padded, so that its length tells next to nothing.

    The nonce is a keyed hash of entry id, item and text, so that no clock or random source is needed; entry
    and item are authenticated, so a ciphertext cannot be moved to another place unseen.

    Args:
        text: the personal value. key: 32 bytes, the participant's own. entry, item: where it stands.
    Source: draft-irtf-cfrg-xchacha; the derived nonce follows the idea of RFC 8452; ISO/IEC 7816-4 (padding).
    """
    plain, place = _padded(text.encode()), _place(entry, item)
    length = len(place).to_bytes(8, "big")
    nonce = hashlib.blake2b(
        length + place + plain, key=key, digest_size=_NONCE, person=b"entact nonce 2"
    ).digest()
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, place, nonce, key)
    return NEWEST + base64.b64encode(nonce + sealed).decode()


def unseal(text: str, key: bytes, entry: str, item: str) -> str:
    """Decrypts what `seal` made, in whichever version.

    Raises:
        ValueError: when it was not sealed with this key, for this entry and item.
    """
    if not is_sealed(text):
        raise ValueError(f"item {item!r} of entry {entry} is not sealed")
    is_older = text.startswith(OLDER)
    place = f"{entry}\n{item}".encode() if is_older else _place(entry, item)
    try:
        raw = base64.b64decode(text[len(NEWEST) :])
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(raw[_NONCE:], place, raw[:_NONCE], key)
        return (plain if is_older else _unpadded(plain)).decode()
    except (CryptoError, ValueError) as error:
        raise ValueError(f"item {item!r} of entry {entry} cannot be opened with this key") from error


def is_sealed(value: object) -> bool:
    """Whether a value is ciphertext made by `seal`."""
    return isinstance(value, str) and value.startswith((NEWEST, OLDER))


def _place(entry: str, item: str) -> bytes:
    """Where a value stands, in a text that says nothing else: a name may hold a line feed."""
    return json.dumps([entry, item]).encode()


def _padded(text: bytes) -> bytes:
    needed = len(text) + 1
    if needed > _LARGE:
        size = -(-needed // _LARGE) * _LARGE
    else:
        size = max(_SMALLEST, 1 << (needed - 1).bit_length())
    return (text + _END).ljust(size, b"\0")


def _unpadded(plain: bytes) -> bytes:
    text, end, rest = plain.rpartition(_END)
    if not end or rest.strip(b"\0"):
        raise ValueError("is not padded")
    return text
