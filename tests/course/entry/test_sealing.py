"""Sealing: readable with the participant's key in its own place, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from entact.course.entry.sealing import KEY_BYTES, NEWEST, is_sealed, seal, unseal

EARLIER = "sealed:1:AUbufoe4hJTge29qt2qCk0Xg2foQ2TWurUqZw/bTJvh2UiY4ZlVc7/y1zduvwbUmYLKc9biXWCBhTA=="
keys = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)


@given(text=st.text(), key=keys)
def test_what_was_sealed_comes_back(text: str, key: bytes) -> None:
    sealed = seal(text, key, "e1", "remarks")
    assert is_sealed(sealed)
    assert unseal(sealed, key, "e1", "remarks") == text
    assert sealed == seal(text, key, "e1", "remarks")  # sent again, it is the same again


@given(text=st.text(min_size=1), key=keys, other=keys)
def test_another_key_opens_nothing(text: str, key: bytes, other: bytes) -> None:
    assume(key != other)
    with pytest.raises(ValueError, match="cannot be opened"):
        unseal(seal(text, key, "e1", "remarks"), other, "e1", "remarks")


@pytest.mark.parametrize(("entry", "item"), [("e2", "remarks"), ("e1", "verbatim"), ("e1\nremarks", "")])
def test_a_ciphertext_cannot_be_moved(entry: str, item: str) -> None:
    key = bytes(KEY_BYTES)
    with pytest.raises(ValueError, match="cannot be opened"):
        unseal(seal("text", key, "e1", "remarks"), key, entry, item)


@given(place=st.integers(0), text=st.text(min_size=1))
def test_a_changed_ciphertext_opens_nothing(place: int, text: str) -> None:
    key = bytes(KEY_BYTES)
    sealed = seal(text, key, "e1", "remarks")
    head, body = sealed[:9], sealed[9:].rstrip("=")
    where = place % (len(body) - 1)  # the last character may hold bits that no byte has
    changed = body[:where] + ("A" if body[where] != "A" else "B") + body[where + 1 :]
    with pytest.raises(ValueError, match="cannot be opened"):
        unseal(head + changed + sealed[9 + len(body) :], key, "e1", "remarks")


def test_equal_texts_look_different_elsewhere() -> None:
    key = bytes(KEY_BYTES)
    places = [("e1", "a"), ("e1", "b"), ("e2", "a")]
    assert len({seal("the same", key, *place)[9:] for place in places}) == 3


@pytest.mark.parametrize(
    "value",
    [
        "plain",
        "sealed:",
        "sealed:3:AAAA",
        "sealed:2:",
        "sealed:2:AAAA",
        "sealed:1:",
        "sealed:1:!!!",
        "sealed:1:AAAA",
        "sealed:1:é",
    ],
)
def test_what_is_not_sealed_is_said_to_be_so(value: str) -> None:
    with pytest.raises(ValueError, match=r"is not sealed|cannot be opened"):
        unseal(value, bytes(KEY_BYTES), "e1", "remarks")


@given(key=keys, texts=st.lists(st.text(max_size=15), min_size=2, max_size=2))
def test_its_length_tells_no_yes_from_a_no(key: bytes, texts: list[str]) -> None:
    """After an erasure the ciphertext is all that is left, and its length is seen."""
    one, other = (len(seal(text, key, "e1", "suicidal")) for text in texts)
    assert one == other
    assert len(seal("json:true", key, "e1", "x")) == len(seal("json:false", key, "e1", "x"))


@given(text=st.text(), key=keys)
def test_padding_costs_at_most_as_much_again(text: str, key: bytes) -> None:
    raw = len(seal(text, key, "e1", "x")[len(NEWEST) :]) * 3 // 4 - 40
    assert raw <= max(64, 2 * (len(text.encode()) + 1)) + 2


def test_a_line_feed_in_a_name_moves_nothing() -> None:
    """The two places gave one text and one nonce: a value of the one opened at the other."""
    key = bytes(KEY_BYTES)
    with pytest.raises(ValueError, match="cannot be opened"):
        unseal(seal("text", key, "e\nb", "c"), key, "e", "b\nc")
    nonces = {
        seal("text", key, entry, item)[:40] for entry, item in (("e\nb", "c"), ("e", "b\nc"), ("e", "b"))
    }
    assert len(nonces) == 3


def test_what_an_earlier_version_sealed_is_still_opened() -> None:
    """As entact 0.1.0 of November 2026 wrote it: seal("her mother's death", bytes(32), "e1", "remarks")."""
    assert unseal(EARLIER, bytes(KEY_BYTES), "e1", "remarks") == "her mother's death"
    with pytest.raises(ValueError, match="cannot be opened"):
        unseal(EARLIER, bytes(KEY_BYTES), "e1", "remark")
    with pytest.raises(ValueError, match="cannot be opened"):  # one version is not taken for the other
        unseal(EARLIER.replace("sealed:1:", "sealed:2:"), bytes(KEY_BYTES), "e1", "remarks")
