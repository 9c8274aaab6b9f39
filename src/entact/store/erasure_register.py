"""The register of erasures: kept apart from the record and from its keys, so that a backup of either cannot
bring back what was erased.

A file to which a line is added for each erasure, with the entries that say so; each line holds the digest of
the one before. It says nothing of anybody but an opaque id, so copies of it can lie anywhere. Anybody can
write such a file: what it says counts only as far as the study's keyring signed it (`erasure.judge`).
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from uuid import UUID

import msgspec

from entact.course.entry import GENESIS, Entry, canonical, digest
from entact.course.entry.decoding import decoded
from entact.store import server
from entact.store.error import StoreError
from entact.store.private import private_folder, sync_folder


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One erasure: of whom, and the entries of the study's and of the participant's ledger that record it."""

    participant: str
    entries: list[Entry]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seq: int
    previous: str
    act: Act


def register_file(mark: UUID) -> Path:
    """Where the register of one installation lies: under ENTACT_ERASED, else `erased` beside the data."""
    folder = Path(os.environ.get("ENTACT_ERASED") or server.data_folder() / "erased") / str(mark)
    return folder / "register.jsonl"


def read_register(path: Path) -> list[Act]:
    """Every line, in order; none when there is no such file. Whether it is to be believed is not asked here.

    Raises:
        StoreError: when a line was changed, reordered or removed, with its number.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    return [row.act for row, _ in _rows(path, content)]


def add_to_register(path: Path, act: Act) -> None:
    """Adds an erasure, on the disk when this returns; the same one is there once."""
    private_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        content = file.read()
        rows = _rows(path, content)
        if any(row.act == act for row, _ in rows):
            return
        previous = rows[-1][1] if rows else GENESIS
        row = _Row(len(rows) + 1, previous, act)
        file.seek(content.rfind(b"\n") + 1)
        file.truncate()  # a line that a crash cut off was never acknowledged
        try:
            file.write(canonical(msgspec.to_builtins(row)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}; nothing was erased") from error
    sync_folder(path.parent)


def _rows(path: Path, content: bytes) -> list[tuple[_Row, str]]:
    """The rows, each with its digest."""
    rows: list[tuple[_Row, str]] = []
    whole, _, _ = content.rpartition(b"\n")
    previous = GENESIS
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            row = decoded(line, _Row)
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"{path}, line {number} is no erasure: put back a copy of it ({error})"
            ) from error
        if (row.seq, row.previous) != (number, previous):
            raise StoreError(
                f"{path}, line {number} does not follow the line before it: it was altered, put back a copy"
            )
        previous = digest(line)
        rows.append((row, previous))
    return rows
