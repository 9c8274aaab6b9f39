"""What can be erased: personal items are ciphertext under the participant's key from the first entry on.

The hash of an entry covers the ciphertext: erasing the key erases the content, and the chain still verifies.
"""

from __future__ import annotations

import base64
import hashlib

from nacl import bindings
from nacl.exceptions import CryptoError

MARK = "sealed:1:"  # version 1: XChaCha20-Poly1305, nonce derived from key, entry and item

_NONCE = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
KEY_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES


def seal(text: str, key: bytes, entry: str, item: str) -> str:
    """Encrypts one personal item of one entry.

    The nonce is a keyed hash of entry id, item and text, so that no clock or random source is needed; entry
    and item are authenticated, so a ciphertext cannot be moved to another place unseen.

    Args:
        text: the personal value. key: 32 bytes, the participant's own. entry, item: where it stands.
    Source: draft-irtf-cfrg-xchacha; the derived nonce follows the idea of RFC 8452.
    """
    plain = text.encode()
    place = f"{entry}\n{item}".encode()
    nonce = hashlib.blake2b(
        place + b"\n" + plain, key=key, digest_size=_NONCE, person=b"entact nonce"
    ).digest()
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, place, nonce, key)
    return MARK + base64.b64encode(nonce + sealed).decode()


def unseal(text: str, key: bytes, entry: str, item: str) -> str:
    """Decrypts what `seal` made.

    Raises:
        ValueError: when it was not sealed with this key, for this entry and item.
    """
    if not is_sealed(text):
        raise ValueError(f"item {item!r} of entry {entry} is not sealed")
    try:
        raw = base64.b64decode(text[len(MARK) :])
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            raw[_NONCE:], f"{entry}\n{item}".encode(), raw[:_NONCE], key
        )
    except (CryptoError, ValueError) as error:
        raise ValueError(f"item {item!r} of entry {entry} cannot be opened with this key") from error
    return plain.decode()


def is_sealed(value: object) -> bool:
    """Whether a value is ciphertext made by `seal`."""
    return isinstance(value, str) and value.startswith(MARK)
