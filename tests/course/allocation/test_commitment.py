"""The sealed list: one row opens and proves itself; nothing else can stand in for it."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings

from entact.course.allocation.commitment import (
    KEY_BYTES,
    ROW_BYTES,
    SALT_BYTES,
    Opening,
    SealedRow,
    merkle_path,
    merkle_root,
    open_row,
    seal_rows,
)


def stream(seed: bytes):
    """Reproducible bytes, as a test's source of keys and salts."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(seed + count.to_bytes(8, "big")).digest(size)

    return draw


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet="abc|012 é", max_size=40), min_size=1, max_size=17), st.data())
def test_every_row_opens_to_what_was_sealed_and_no_other_opening_fits(rows, data):
    sealed, openings, root = seal_rows(rows, stream(b"one"))
    leaves = [row.leaf for row in sealed]
    for place, row in enumerate(rows):
        assert open_row(sealed[place], openings[place], merkle_path(leaves, place), len(rows), root) == row
    place = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(st.integers(0, len(rows) - 1))
    if place != other:
        with pytest.raises(ValueError, match="cannot be opened"):
            open_row(sealed[place], openings[other], merkle_path(leaves, place), len(rows), root)
        with pytest.raises(ValueError, match="not the row that was committed"):
            open_row(sealed[place], openings[place], merkle_path(leaves, other), len(rows), root)


def test_a_row_of_another_list_does_not_prove_itself():
    sealed, openings, _ = seal_rows(["01-001|01|a", "01-002|01|b"], stream(b"one"))
    _, _, other = seal_rows(["01-001|01|b", "01-002|01|a"], stream(b"one"))
    with pytest.raises(ValueError, match="not the row that was committed"):
        open_row(sealed[0], openings[0], merkle_path([row.leaf for row in sealed], 0), 2, other)


def test_rows_have_one_length_so_that_a_ciphertext_tells_nothing():
    sealed, _, _ = seal_rows(["a", "a much longer arm", ""], stream(b"two"))
    assert len({len(row.ciphertext) for row in sealed}) == 1


def test_a_row_that_does_not_fit_is_refused_with_its_length():
    with pytest.raises(ValueError, match=f"at most {ROW_BYTES - 1} fit"):
        seal_rows(["x" * ROW_BYTES], stream(b"three"))
    with pytest.raises(ValueError, match="no row"):
        seal_rows([], stream(b"three"))


def test_root_is_that_of_rfc_6962_over_leaf_hashes():
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(3)]
    left = hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    assert (
        merkle_root([leaf.hex() for leaf in leaves]) == hashlib.sha256(b"\x01" + left + leaves[2]).hexdigest()
    )


def test_a_leaf_cannot_be_opened_as_another_row_that_was_hidden_in_its_salt():
    """A list-maker who may choose the length of a salt would keep two lists under one root."""

    def padded(row: str) -> bytes:
        return bytes([len(row)]) + row.encode() + bytes(ROW_BYTES - 1 - len(row))

    def sealed_as(plain: bytes) -> SealedRow:
        key = bytes(KEY_BYTES)
        nonce = bytes(bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
        place = (0).to_bytes(8, "big")
        sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, place, nonce, key)
        return SealedRow(sealed.hex(), leaf)

    hidden = padded("01|placebo")[:SALT_BYTES]
    leaf = hashlib.sha256(b"\x00" + bytes(8) + hidden + padded("01|mdma")).hexdigest()
    key = bytes(KEY_BYTES).hex()
    whole = Opening(0, key, hidden.hex())
    assert open_row(sealed_as(padded("01|mdma")), whole, [], 1, leaf) == "01|mdma"
    with pytest.raises(ValueError, match="salt of row 1 has 0 bytes, not 32"):
        open_row(sealed_as(hidden + padded("01|mdma")), Opening(0, key, ""), [], 1, leaf)


@pytest.mark.parametrize("plain", [b"\x01a", b"\x01ab" + bytes(125), b"\xff" + b"a" * 127, bytes(129), b""])
def test_a_row_that_is_not_padded_as_rows_are_is_not_opened(plain):
    key, salt = bytes(KEY_BYTES), bytes(SALT_BYTES)
    nonce = bytes(bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, bytes(8), nonce, key)
    leaf = hashlib.sha256(b"\x00" + bytes(8) + salt + plain).hexdigest()
    with pytest.raises(ValueError, match="no row of 128 bytes"):
        open_row(SealedRow(sealed.hex(), leaf), Opening(0, key.hex(), salt.hex()), [], 1, leaf)


def test_a_place_beyond_the_list_opens_nothing():
    sealed, openings, root = seal_rows(["a", "b", "c"], stream(b"four"))
    path = merkle_path([row.leaf for row in sealed], 2)
    for place in (3, 7, -1):
        with pytest.raises(ValueError, match="has 3 rows, and none is row"):
            open_row(sealed[2], Opening(place, openings[2].key, openings[2].salt), path, 3, root)
