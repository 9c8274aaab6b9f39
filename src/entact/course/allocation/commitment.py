"""A secret list that is sealed before the first enrolment and can be opened row by row, provably unchanged.

Each row is a plaintext of fixed length under a random key of its own; its leaf is a salted hash; the Merkle
root of the leaves is entered in the study's ledger. One row is opened with its key, its salt and its path:
nothing of another row is shown, and nobody can put another row in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

ROW_BYTES = 128
SALT_BYTES = 32
KEY_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES

_NONCE = bytes(bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)  # a key seals one row, once


class SealedRow(msgspec.Struct, frozen=True):
    """What may be stored anywhere: ciphertext and leaf of one row, both in hexadecimal."""

    ciphertext: str
    leaf: str


class Opening(msgspec.Struct, frozen=True):
    """What opens one row, kept outside the server: its place, key and salt, in hexadecimal."""

    place: int
    key: str
    salt: str


def seal_rows(
    rows: Sequence[str], random_bytes: Callable[[int], bytes]
) -> tuple[list[SealedRow], list[Opening], str]:
    """Seals rows of text; returns the sealed rows, what opens each, and the Merkle root for the ledger.

    Args:
        rows: texts of at most 127 bytes. random_bytes: source of keys and salts (`secrets.token_bytes`).
    Raises:
        ValueError: when a row is too long or there is none.
    """
    if not rows:
        raise ValueError("there is no row to seal")
    sealed: list[SealedRow] = []
    openings: list[Opening] = []
    each = KEY_BYTES + SALT_BYTES
    drawn = random_bytes(each * len(rows))  # at once: a call of its own for each costs more than its sealing
    for place, row in enumerate(rows):
        plain = _pad(row)
        own = drawn[each * place : each * (place + 1)]
        key, salt = own[:KEY_BYTES], own[KEY_BYTES:]
        ciphertext = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, _place(place), _NONCE, key)
        sealed.append(SealedRow(ciphertext.hex(), _leaf(place, salt, plain).hex()))
        openings.append(Opening(place, key.hex(), salt.hex()))
    return sealed, openings, merkle_root([row.leaf for row in sealed])


def open_row(row: SealedRow, opening: Opening, path: Sequence[str], rows: int, root: str) -> str:
    """The text of one sealed row, after proof that it stands in the list that was committed.

    Args:
        row, opening: the sealed row and what opens it. path: sibling hashes from `merkle_path`.
        rows: how many the list has. root: the Merkle root in the study's ledger.
    Raises:
        ValueError: when key, salt, place, path or root do not belong together.
    """
    salt = bytes.fromhex(opening.salt)
    # With a salt of any length one leaf could be read as two rows: a part of the salt might be a row as well.
    if len(salt) != SALT_BYTES:
        raise ValueError(f"the salt of row {opening.place + 1} has {len(salt)} bytes, not {SALT_BYTES}")
    if not 0 <= opening.place < rows:
        raise ValueError(f"the list has {rows} rows, and none is row {opening.place + 1}")
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            bytes.fromhex(row.ciphertext), _place(opening.place), _NONCE, bytes.fromhex(opening.key)
        )
    except CryptoError as error:
        raise ValueError(f"row {opening.place + 1} cannot be opened with this key") from error
    leaf = _leaf(opening.place, salt, plain)
    if leaf.hex() != row.leaf or _climb(leaf, opening.place, rows, path) != bytes.fromhex(root):
        raise ValueError(f"row {opening.place + 1} is not the row that was committed under {root}")
    return _unpad(plain, opening.place)


def merkle_root(leaves: Sequence[str]) -> str:
    """Merkle tree hash of leaves in hexadecimal. Source: RFC 6962, section 2.1 (here over leaf hashes)."""
    return _root([bytes.fromhex(leaf) for leaf in leaves]).hex()


def merkle_path(leaves: Sequence[str], place: int) -> list[str]:
    """Sibling hashes that lead from one leaf to the root. Source: RFC 6962, section 2.1.1."""
    return [step.hex() for step in _path([bytes.fromhex(leaf) for leaf in leaves], place)]


def _pad(row: str) -> bytes:
    text = row.encode()
    if len(text) >= ROW_BYTES:
        raise ValueError(f"the row {row!r} has {len(text)} bytes; at most {ROW_BYTES - 1} fit")
    return bytes([len(text)]) + text + bytes(ROW_BYTES - 1 - len(text))


def _unpad(plain: bytes, place: int) -> str:
    text = plain[1 : 1 + plain[0]] if plain else b""
    if len(plain) != ROW_BYTES or bytes([len(text)]) + text + bytes(ROW_BYTES - 1 - len(text)) != plain:
        raise ValueError(f"row {place + 1} is no row of {ROW_BYTES} bytes: its length, its text, and zeros")
    return text.decode()


def _place(place: int) -> bytes:
    return place.to_bytes(8, "big")


def _leaf(place: int, salt: bytes, plain: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + _place(place) + salt + plain).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = _split(len(leaves))
    return _node(_root(leaves[:half]), _root(leaves[half:]))


def _path(leaves: Sequence[bytes], place: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = _split(len(leaves))
    if place < half:
        return [*_path(leaves[:half], place), _root(leaves[half:])]
    return [*_path(leaves[half:], place - half), _root(leaves[:half])]


def _climb(leaf: bytes, place: int, rows: int, path: Sequence[str]) -> bytes:
    if rows == 1:
        return leaf if not path else b""
    if not path:
        return b""
    half = _split(rows)
    sibling = bytes.fromhex(path[-1])
    if place < half:
        return _node(_climb(leaf, place, half, path[:-1]), sibling)
    return _node(sibling, _climb(leaf, place - half, rows - half, path[:-1]))
