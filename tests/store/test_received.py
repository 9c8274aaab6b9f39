"""What of a log was received, told from files alone: no server is needed to find damage."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from entact.course.entry import canonical, digest
from entact.store.received import (
    LOG,
    RECEIVED,
    SEGMENT_BYTES,
    SUMS,
    Received,
    behind_record,
    faults,
    is_unfinished,
    segment_of,
    written_to,
)

TIMELINE = "00000001"
FIRST, SECOND = (segment_of(place * SEGMENT_BYTES, TIMELINE) for place in (1, 2))


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A whole segment with its sum, and a second of which a part was received."""
    (tmp_path / LOG).mkdir()
    (tmp_path / LOG / FIRST).write_bytes(b"whole")
    (tmp_path / LOG / SECOND).write_bytes(b"part and more")
    (tmp_path / SUMS).write_text(f"{sha256(b'whole').hexdigest()}  {FIRST}\n")
    note(tmp_path, SECOND, b"part")
    return tmp_path


def note(folder: Path, segment: str, part: bytes) -> None:
    said = Received(
        "2026-03-02T10:00:00+00:00", "0/2000004", segment, len(part), sha256(part).hexdigest(), {}
    )
    whole = {"received": msgspec.to_builtins(said), "digest": digest(canonical(msgspec.to_builtins(said)))}
    (folder / RECEIVED).write_bytes(msgspec.json.encode(whole))


def test_a_log_that_is_as_it_was_received_has_no_fault(backup: Path) -> None:
    assert list(faults(backup, SEGMENT_BYTES)) == []


def test_a_part_that_was_changed_is_found_at_its_segment(backup: Path) -> None:
    (backup / LOG / SECOND).write_bytes(b"pArt and more")
    (found,) = faults(backup, SEGMENT_BYTES)
    assert found.place == 2 * SEGMENT_BYTES
    assert found.said == f"segment {SECOND} of the log is not as it was received"


def test_a_whole_segment_that_was_changed_or_has_no_sum_is_found(backup: Path) -> None:
    (backup / LOG / FIRST).write_bytes(b"other")
    assert [one.said for one in faults(backup, SEGMENT_BYTES)] == [
        f"segment {FIRST} of the log is not as it was received"
    ]
    (backup / SUMS).unlink()
    assert [one.said for one in faults(backup, SEGMENT_BYTES)] == [
        f"segment {FIRST} of the log has no line in {SUMS}"
    ]


def test_a_segment_that_is_missing_is_found(backup: Path) -> None:
    (backup / LOG / FIRST).unlink()
    assert [one.place for one in faults(backup, SEGMENT_BYTES)] == [SEGMENT_BYTES]


@pytest.mark.parametrize(
    ("content", "unfinished"),
    [
        (b"\x10\0\0\0abc", True),  # sixteen bytes, of which seven are there
        (b"\x07\0\0\0abc", False),  # all of it is there: what follows is no record
        (b"\x10\0", True),  # not even its length
        (b"\xff\xff\xff\x7fab", False),  # longer than any record
    ],
)
def test_a_record_is_unfinished_where_less_is_there_than_it_says(
    content: bytes, unfinished: bool, tmp_path: Path
) -> None:
    (tmp_path / FIRST).write_bytes(bytes(64) + content)
    place = SEGMENT_BYTES + 64
    assert is_unfinished(tmp_path, place, place + len(content)) is unfinished


@pytest.mark.parametrize(
    ("begins", "length", "kind", "follows"),
    [
        (64, 24, b"\0\0", 88),
        (64, 25, b"\0\0", 96),  # the next begins at a multiple of eight
        (8168, 24, b"\0\0", 8192),  # a page's end: its header is not the record's
        (8168, 25, b"\0\0", 8192 + 24 + 8),  # a byte on the next page, behind its header
        (64, 24, b"\x40\0", SEGMENT_BYTES),  # a switch: the rest of the segment is empty
        (64, 24, b"\x40\x01", 88),  # the same of another resource manager
    ],
)
def test_a_record_is_followed_where_the_next_can_begin(
    begins: int, length: int, kind: bytes, follows: int, tmp_path: Path
) -> None:
    head = length.to_bytes(4, "little") + bytes(12) + kind
    (tmp_path / FIRST).write_bytes(bytes(begins) + head)
    assert behind_record(tmp_path, SEGMENT_BYTES + begins) == SEGMENT_BYTES + follows


def test_nothing_is_unfinished_in_a_segment_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / FIRST).write_bytes(b"all")
    assert not is_unfinished(tmp_path, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES)


@pytest.mark.parametrize(("length", "unfinished"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_more_than_the_longest_record_is_not_one(length: int, unfinished: bool, tmp_path: Path) -> None:
    (tmp_path / FIRST).write_bytes(bytes(64) + length.to_bytes(4, "little"))
    place = SEGMENT_BYTES + 64
    assert is_unfinished(tmp_path, place, place + 1000) is unfinished


def test_a_log_ends_with_its_last_byte_that_is_not_zero(tmp_path: Path) -> None:
    (tmp_path / FIRST).write_bytes(b"abc\0\0")
    (tmp_path / SECOND).write_bytes(b"\0\0\0")
    assert written_to(tmp_path) == SEGMENT_BYTES + 3
