"""The chain: whatever is done to stored lines behind its back, the first bad one is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.course.entry import GENESIS, Line, digest, keep
from entact.course.entry.ledger import Ledger, verify

NAME = "participant:" + "0" * 32
AT = "2026-03-05T00:00:00+00:00"

NewStory = Callable[[], Any]


@pytest.fixture(scope="module")
def lines(new_story: NewStory) -> list[Line]:
    ledger = Ledger(NAME)
    for entry in new_story().whole().entries[:12]:
        ledger.append(entry, received_at=AT)
    return ledger.lines


def test_a_chain_that_nobody_touched_holds(lines: list[Line]) -> None:
    assert verify(NAME, lines) is None
    assert verify(NAME, lines, head=lines[-1].hash, length=12) is None
    assert [line.seq for line in lines] == list(range(1, 13))
    assert Ledger(NAME).head == GENESIS
    assert Ledger(NAME, lines).head == lines[-1].hash


@given(where=st.integers(0, 11), byte=st.integers(0), flip=st.integers(1, 255))
def test_any_flipped_byte_is_named(lines: list[Line], where: int, byte: int, flip: int) -> None:
    raw = bytearray(lines[where].text.encode())
    raw[byte % len(raw)] ^= flip
    text = bytes(raw).decode(errors="surrogateescape")
    changed = [*lines[:where], msgspec.structs.replace(lines[where], text=text), *lines[where + 1 :]]
    broken = verify(NAME, changed)
    assert broken is not None
    assert broken.seq == where + 1


@given(where=st.integers(0, 11), place=st.integers(0, 63))
def test_any_changed_hash_is_named(lines: list[Line], where: int, place: int) -> None:
    known = lines[where].hash
    other = "0" if known[place] != "0" else "1"
    changed = msgspec.structs.replace(lines[where], hash=known[:place] + other + known[place + 1 :])
    broken = verify(NAME, [*lines[:where], changed, *lines[where + 1 :]])
    assert broken is not None
    assert broken.seq == where + 1


@given(where=st.integers(0, 10))
def test_a_deleted_line_is_named(lines: list[Line], where: int) -> None:
    broken = verify(NAME, lines[:where] + lines[where + 1 :])
    assert broken is not None
    assert broken.seq == where + 1


@given(order=st.permutations(range(12)))
def test_reordered_lines_are_named(lines: list[Line], order: list[int]) -> None:
    moved = next((place for place, number in enumerate(order) if place != number), None)
    broken = verify(NAME, [lines[number] for number in order])
    assert (broken.seq if broken else None) == (None if moved is None else moved + 1)


@given(length=st.integers(0, 11))
def test_a_cut_off_tail_is_named_by_who_knows_the_head(lines: list[Line], length: int) -> None:
    broken = verify(NAME, lines[:length], head=lines[-1].hash, length=12)
    assert broken is not None
    assert broken.seq == length + 1


def test_of_a_break_is_said_how_many_entries_there_were_and_which_follows_which(lines: list[Line]) -> None:
    cut = verify(NAME, lines[:7], length=12)
    assert cut is not None
    assert (cut.seq, cut.problem) == (8, "is missing: 12 entries were recorded, 7 are left")
    assert verify(NAME, lines[:7], head="0" * 64, length=8) is not None
    gone = verify(NAME, [*lines[:4], *lines[5:]])
    assert gone is not None
    assert (gone.seq, gone.problem) == (5, "is missing: number 6 follows number 4")
    other = verify(NAME, lines, head="0" * 64, length=12)
    assert other is not None
    assert other.seq == 12
    assert verify(NAME, lines, head=lines[3].hash, length=4) is None  # it went on since


@given(where=st.integers(0, 11))
def test_an_entry_rewritten_with_its_hash_breaks_the_next(lines: list[Line], where: int) -> None:
    text = lines[where].text.replace('"rehearsal"', '"production"')
    forged = [*lines[:where], Line(where + 1, digest(text.encode()), text), *lines[where + 1 :]]
    broken = verify(NAME, forged, head=lines[-1].hash, length=12)
    assert broken is not None
    assert broken.seq == min(where + 2, 12)


def test_a_line_of_another_ledger_is_named(lines: list[Line], new_story: NewStory) -> None:
    entry = new_story().write("presence", ledger="participant:" + "1" * 32)
    stray = keep(entry, received_at=AT, seq=13, previous=lines[-1].hash)
    broken = verify(NAME, [*lines, stray])
    assert broken is not None
    assert (broken.seq, broken.problem) == (13, f"is about participant:{'1' * 32}, not about {NAME}")


def test_sent_again_is_kept_once_and_a_conflict_is_kept_too(new_story: NewStory) -> None:
    story = new_story()
    entry = story.vitals(120, 80)
    other = msgspec.structs.replace(entry, data={"systolic": "190 mm[Hg]"})
    ledger = Ledger(NAME)
    outcomes = [ledger.append(one, received_at=AT).outcome for one in (entry, entry, other, other, entry)]
    assert outcomes == ["kept", "again", "conflict", "again", "again"]
    assert len(ledger.lines) == 2
    assert Ledger(NAME, ledger.lines).append(other, received_at=AT).outcome == "again"


def test_an_entry_about_somebody_else_is_not_appended(new_story: NewStory) -> None:
    ledger = Ledger("participant:" + "1" * 32)
    with pytest.raises(ValueError, match=f"is about {NAME}, not about participant:{'1' * 32}"):
        ledger.append(new_story().vitals(120, 80), received_at=AT)
    assert ledger.lines == []
