"""What of a log was received, said beside it, so that damage is told from its end.

PostgreSQL takes the first record that it can't read for the end of the log. So while the log is received,
each whole segment gets a line in `wal.sha256` (`sha256sum -c` reads it), and `received.json` says how far
the log goes, with a digest of the part of the last segment, and how many entries there were then.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg

from entact.course.entry import canonical, digest
from entact.store.error import StoreError
from entact.store.private import sync_outside, write_over

LOG, SUMS, RECEIVED = "wal", "wal.sha256", "received.json"
SEGMENT_BYTES = 16 * 1024 * 1024

_PARTIAL = ".partial"
_NAME = re.compile(r"[0-9A-F]{24}")
_SUM = re.compile(r"(?P<sum>[0-9a-f]{64})  (?P<name>[0-9A-F]{24})")
# PostgreSQL 18, xlogrecord.h, rmgrlist.h, pg_control.h: a record begins with its length, and says its kind.
_HEAD_BYTES, _LENGTH_BYTES, _KIND, _SWITCH = 24, 4, slice(16, 18), b"\x40\0"
_ALIGNED = 8  # records begin at multiples of it
_PAGE_BYTES, _SHORT_HEADER, _LONG_HEADER = 8192, 24, 40  # xlog_internal.h; the long one begins a segment
_LONGEST_RECORD = 1024 * 1024  # bytes; those of entries are far shorter
_LONGEST_GAP = 10_000  # segments; a name that is further away was damaged


class Received(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a log was received.

    Attributes:
        at: when that was noted. lsn: the place in the log up to which it was on the disk.
        segment, bytes, sha256: the last segment, how much of it that is, and the digest of that.
        entries: how many there were in each database, by a place in the log before that.
    """

    at: str
    lsn: str
    segment: str
    bytes: int
    sha256: str
    entries: dict[str, int]

    @property
    def place(self) -> int:
        """The place in the log as a number of bytes."""
        return place_of(self.lsn)


class _Noted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    received: Received
    digest: str


def place_of(lsn: str) -> int:
    """A place in the log as a number of bytes.

    Raises:
        ValueError: when it is none, as PostgreSQL writes them (`0/3000028`).
    """
    high, _, low = lsn.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def segment_of(place: int, timeline: str) -> str:
    """Name of the segment in which a place lies; `timeline` as names begin with it."""
    number = place // SEGMENT_BYTES
    return f"{timeline}{number // 256:08X}{number % 256:08X}"


def start_of(segment: str) -> int:
    """The first place in a segment that can hold a part of a record."""
    return _past_header(_number(segment) * SEGMENT_BYTES)


def segments(log: Path) -> dict[str, Path]:
    """Every segment that is there, by name in order; the last one may be unfinished."""
    found: dict[str, Path] = {}
    for path in sorted(log.iterdir()):
        name = path.name.removesuffix(_PARTIAL)
        if _NAME.fullmatch(name) and stat.S_ISREG(path.lstat().st_mode):
            found.setdefault(name, path)
    return found


class Notebook:
    """Notes beside one log, while it is received."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._summed = set(read_sums(folder))
        self._counted: tuple[int, dict[str, int]] | None = None
        self._entries: dict[str, int] = {}
        self._hashed = "", 0, sha256()  # of which segment, how many bytes

    def note(self, owner: psycopg.Connection[Any], lsn: str) -> None:
        """Notes that the log is on the disk up to a place.

        Args:
            owner: a connection on which all databases can be counted. lsn: as the receiver said it.
        """
        self._sum_whole_segments()
        if self._counted is not None and self._counted[0] <= place_of(lsn):
            self._entries, self._counted = self._counted[1], None
        if self._counted is None:
            self._counted = count_entries(owner)
        self.note_place(lsn)

    def note_place(self, lsn: str) -> None:
        """The same, without looking at the databases."""
        self._sum_whole_segments()
        found = segments(self.folder / LOG)
        if not found:
            return
        length = place_of(lsn) % SEGMENT_BYTES
        name = segment_of(place_of(lsn) - (length == 0), max(found)[:8])
        length = length or SEGMENT_BYTES
        if name not in found:
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        received = Received(at, lsn, name, length, self._digest(found[name], name, length), self._entries)
        noted = _Noted(received, digest(canonical(msgspec.to_builtins(received))))
        write_over(self.folder / RECEIVED, canonical(msgspec.to_builtins(noted)) + b"\n")

    def _digest(self, path: Path, name: str, length: int) -> str:
        """Of the first bytes of a segment, of which only new ones are read: it is added to, and no more."""
        if self._hashed[0] != name or self._hashed[1] > length:
            self._hashed = name, 0, sha256()
        _, done, state = self._hashed
        try:
            with path.open("rb") as file:
                file.seek(done)
                state.update(file.read(length - done))
        except FileNotFoundError:  # it was finished and renamed meanwhile
            return digest_of_part(self.folder / LOG, name, length)
        self._hashed = name, length, state
        return state.hexdigest()

    def _sum_whole_segments(self) -> None:
        for name, path in segments(self.folder / LOG).items():
            if name in self._summed or path.suffix == _PARTIAL:
                continue
            with path.open("rb") as file:
                line = f"{file_digest(file, 'sha256').hexdigest()}  {name}\n"
            with (self.folder / SUMS).open("a") as sums:
                sums.write(line)
                sums.flush()
                os.fsync(sums.fileno())
            sync_outside(self.folder)
            self._summed.add(name)


def count_entries(owner: psycopg.Connection[Any]) -> tuple[int, dict[str, int]]:
    """How many entries each database holds, and a place in the log by which they are all there."""
    counts = {}
    databases = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
    for (name,) in owner.execute(databases).fetchall():
        try:
            with psycopg.connect(**owner.info.get_parameters() | {"dbname": name}) as other:
                there = other.execute("SELECT to_regclass('public.store_ledger') IS NOT NULL").fetchone()
                if there == (True,):
                    row = other.execute("SELECT coalesce(sum(seq), 0) FROM store_ledger").fetchone()
                    counts[name] = int(row[0]) if row else 0
        except psycopg.Error:
            continue  # it was dropped meanwhile
    row = owner.execute("SELECT pg_current_wal_lsn()::text").fetchone()
    return place_of(row[0] if row else "0/0"), counts


def read_received(folder: Path) -> Received | None:
    """How far the log of a backup was received; None where nobody noted it.

    Raises:
        StoreError: when the note was damaged.
    """
    path = folder / RECEIVED
    try:
        noted = msgspec.json.decode(path.read_bytes(), type=_Noted)
        if digest(canonical(msgspec.to_builtins(noted.received))) != noted.digest:
            raise StoreError(f"{path} is damaged: how far the log was received is not known")
        place_of(noted.received.lsn)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoreError(f"{path} is damaged ({error}): how far the log was received is not known") from error
    return noted.received


def read_sums(folder: Path) -> dict[str, str]:
    """Digest of each whole segment by its name; lines that cannot be read are passed over."""
    try:
        lines = (folder / SUMS).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    found = (_SUM.fullmatch(line) for line in lines)
    return {one["name"]: one["sum"] for one in found if one is not None}


def digest_of_part(log: Path, name: str, length: int) -> str:
    """Digest of the first bytes of a segment, whole or not."""
    for path in (log / f"{name}{_PARTIAL}", log / name):
        try:
            with path.open("rb") as file:
                return sha256(file.read(length)).hexdigest()
        except FileNotFoundError:
            continue
    return ""


class Fault(NamedTuple):
    """What is wrong with a log, and from which place on it cannot be relied upon."""

    place: int
    said: str


def faults(folder: Path, begin: int) -> Iterator[Fault]:
    """What is missing or damaged in a log from a place on, in order.

    Args:
        folder: of one backup. begin: where the log has to begin.
    """
    log, sums = folder / LOG, read_sums(folder)
    found = segments(log)
    received = read_received(folder)
    if not found:
        yield Fault(begin, f"{log} holds no segment of the log")
        return
    timeline = max(found)[:8]
    known = {_number(name) for name in (*found, *([received.segment] if received else []))}
    end = max(known)
    end = max([end, *(one for one in map(_number, sums) if one - end < _LONGEST_GAP)])
    number = begin // SEGMENT_BYTES
    while number <= end:
        place = number * SEGMENT_BYTES
        name = segment_of(place, timeline)
        path = found.get(name)
        if path is None:
            yield Fault(place, f"segment {name} of the log is missing")
        elif name in sums:
            with path.open("rb") as file:
                if file_digest(file, "sha256").hexdigest() != sums[name]:
                    yield Fault(place, f"segment {name} of the log is not as it was received")
        elif received is not None and name == received.segment:
            if digest_of_part(log, name, received.bytes) != received.sha256:
                yield Fault(place, f"segment {name} of the log is not as it was received")
        elif received is not None and name < received.segment:
            yield Fault(place, f"segment {name} of the log has no line in {SUMS}")
        number += 1


def _number(name: str) -> int:
    return int(name[8:16], 16) * 256 + int(name[16:], 16)


def written_to(log: Path) -> int:
    """The place after the last byte of a log that is not zero: segments are made full of zeros."""
    for name, path in reversed(segments(log).items()):
        content = path.read_bytes().rstrip(b"\0")
        if content:
            return _number(name) * SEGMENT_BYTES + len(content)
    return 0


def is_unfinished(log: Path, place: int, written: int) -> bool:
    """Whether what stands from a place on is one record of which not all was received.

    Args:
        place: behind the last record that could be read. written: see `written_to`.
    """
    place = _past_header(place)
    head = _head_at(log, place)
    if head is None or written - place > _LONGEST_RECORD:
        return False
    length = _length(head)
    return written - place < _LENGTH_BYTES or (length <= _LONGEST_RECORD and written < _end(place, length))


def behind_record(log: Path, place: int) -> int:
    """Where the record that follows the one at a place begins, or the header of the page that holds it."""
    head = _head_at(log, place) or b""
    end = _end(place, _length(head))
    whole = SEGMENT_BYTES if head[_KIND] == _SWITCH else _ALIGNED  # behind a switch the segment is empty
    return end + -end % whole


def _head_at(log: Path, place: int) -> bytes | None:
    """The first bytes of the record at a place; None where its segment is not there."""
    path = segments(log).get(segment_of(place, max(segments(log))[:8]))
    if path is None:
        return None
    with path.open("rb") as file:
        file.seek(place % SEGMENT_BYTES)
        return file.read(_HEAD_BYTES)


def _length(head: bytes) -> int:
    """How many bytes a record says that it has."""
    return int.from_bytes(head[:_LENGTH_BYTES], "little")


def _end(place: int, length: int) -> int:
    """The place after the last byte of a record: where it goes on, a page has its header first."""
    while length > (room := _PAGE_BYTES - place % _PAGE_BYTES):
        place, length = _past_header(place + room), length - room
    return place + length


def _past_header(place: int) -> int:
    """The first place at or behind this one that can hold a part of a record."""
    if place % _PAGE_BYTES:
        return place
    return place + (_LONG_HEADER if place % SEGMENT_BYTES == 0 else _SHORT_HEADER)
