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
    (tmp_path / FIRST).write_bytes(content)
    place = SEGMENT_BYTES
    assert is_unfinished(tmp_path, place, place + len(content)) is unfinished


def test_nothing_is_unfinished_in_a_segment_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / FIRST).write_bytes(b"all")
    assert not is_unfinished(tmp_path, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES)


@pytest.mark.parametrize(("beyond", "unfinished"), [(0, True), (1, False)])
def test_more_than_the_longest_record_is_not_one(beyond: int, unfinished: bool, tmp_path: Path) -> None:
    longest = 1024 * 1024
    (tmp_path / FIRST).write_bytes(b"\x10\0")  # so short that it says no length
    assert is_unfinished(tmp_path, SEGMENT_BYTES, SEGMENT_BYTES + longest + beyond) is unfinished


def test_a_log_ends_with_its_last_byte_that_is_not_zero(tmp_path: Path) -> None:
    (tmp_path / FIRST).write_bytes(b"abc\0\0")
    (tmp_path / SECOND).write_bytes(b"\0\0\0")
    assert written_to(tmp_path) == SEGMENT_BYTES + 3
