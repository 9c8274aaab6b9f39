"""A study in open formats, to be read in decades without entact: JSON Lines, Parquet, and how to read them.

The lines are those of the database, byte for byte; a record that does not verify is not archived. Entries
stream through memory. Keys, names and addresses, and the allocation are not in the record, and so not here.
"""

from __future__ import annotations

import glob
import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from hashlib import file_digest
from importlib.resources import files
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl
from django.db import connection, transaction

from entact import __version__
from entact.course.entry import GENESIS, Kept, Line
from entact.course.entry.ledger import Break, follow
from entact.course.kinds.study import ReleaseEntered
from entact.store import models, processes
from entact.store.archive_columns import FOLDER, write_columns
from entact.store.archive_folder import CHECKSUMS, FORMAT, MANIFEST, checksums
from entact.store.attachments import write_attachments
from entact.store.error import StoreError
from entact.store.index import LedgerHead
from entact.store.reading import CHUNK

TEXTS, HASHES, RELEASES = "entries.jsonl", "entries.sha256", "releases"
ROWS = 10_000  # of one Parquet file: so many entries are in memory at once


class Archived(NamedTuple):
    """What was archived: where, how much, and the digest that names it; keep that digest somewhere else."""

    folder: Path
    ledgers: int
    entries: int
    digest: str


class _Row(NamedTuple):
    """One verified line."""

    line: Line
    kept: Kept


def write_archive(
    folder: Path, *, made_at: datetime, progress: Callable[[int], None] | None = None
) -> Archived:
    """Writes the record in use to a new folder: all of it, as it was at one moment, or nothing.

    Args:
        folder: must not be there yet, or be empty. made_at: noted in the archive.
        progress: called now and then with the number of entries written since the last call.
    Raises:
        StoreError: when the folder holds something, or the record does not verify (with ledger and entry).
    Source: 21 CFR 11.10(b), (c).
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} is there already: an archive goes into a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")  # renamed when whole
    _clear_away(folder)
    try:
        partial.mkdir(mode=0o700)
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            archived = _Archive(partial, made_at, progress or (lambda entries: None)).write()
        partial.replace(folder)
        _sync(folder.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        said = error.strerror or str(error)
        raise StoreError(
            f"the archive cannot be written to {folder}: {said}; nothing of it was kept"
        ) from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return archived._replace(folder=folder)


def _clear_away(folder: Path) -> None:
    """Removes what an archive into the same folder left that was killed half way."""
    for left in folder.parent.glob(f"{glob.escape(folder.name)}.partial-*"):
        number = left.name.rpartition("-")[2]
        if number.isdigit() and (int(number) == os.getpid() or int(number) not in processes.listed()):
            shutil.rmtree(left, ignore_errors=True)


class _Archive:
    """One look at one moment of the record, on its way into a folder."""

    def __init__(self, folder: Path, made_at: datetime, progress: Callable[[int], None]) -> None:
        installation = models.Installation.objects.first()
        if installation is None:
            raise StoreError("this database holds no study yet")
        self.folder, self.made_at, self.progress = folder, made_at, progress
        self.installation = installation
        self.study = f"study:{installation.study}"
        found = models.Ledger.objects.filter(seq__gt=0).order_by("id")
        self.heads = {row[0]: LedgerHead(*row[1:]) for row in found.values_list("id", "name", "seq", "hash")}
        self.releases: list[str] = []
        self.parts = 0

    def write(self) -> Archived:
        for name in (FOLDER, RELEASES):
            (self.folder / name).mkdir()
        self._write_entries()
        self._write_words()
        write_attachments(self.folder)
        manifest = self._manifest()
        (self.folder / MANIFEST).write_bytes(manifest)
        for path in self.folder.rglob("*"):
            _sync(path)
        with (self.folder / MANIFEST).open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        return Archived(self.folder, len(self.heads), self._entries(), digest)

    def _write_entries(self) -> None:
        with (self.folder / TEXTS).open("wb") as texts, (self.folder / HASHES).open("wb") as hashes:
            rows = self._rows()
            while chunk := list(islice(rows, ROWS)):
                for line, kept in chunk:
                    texts.write(line.text.encode() + b"\n")
                    hashes.write(line.hash.encode() + b"\n")
                    if kept.ledger == self.study and kept.kind == "release":
                        self._write_release(kept)
                self.parts += 1
                write_columns(self.folder, self.parts, chunk)
                self.progress(len(chunk))

    def _rows(self) -> Iterator[_Row]:
        """Every line, verified, in order of the ledgers' opening."""
        seen = set()
        for number, rows in groupby(_lines(), key=itemgetter(0)):
            if number not in self.heads:
                raise StoreError("lines stand in no ledger: the record does not verify and is not archived")
            yield from self._chain(self.heads[number], (Line(*row[1:]) for row in rows))
            seen.add(number)
        for number in self.heads.keys() - seen:
            yield from self._chain(self.heads[number], iter(()))

    def _chain(self, head: LedgerHead, lines: Iterator[Line]) -> Iterator[_Row]:
        seq, previous = 0, GENESIS
        for line in lines:
            seq += 1
            kept = follow(head.ledger, line, seq=seq, previous=previous)
            if isinstance(kept, Break):
                raise _broken(kept)
            previous = line.hash
            yield _Row(line, kept)
        if (seq, previous) != head[1:]:
            raise _broken(
                Break(head.ledger, min(seq, head.seq) + 1, "is not what the head of its ledger says")
            )

    def _write_release(self, kept: Kept) -> None:
        """A release as it was entered; a payload that holds none is a finding, and is in the entries."""
        with suppress(msgspec.ValidationError):
            entered = msgspec.convert(kept.data, ReleaseEntered)
            digest = entered.id.rpartition(":")[2]
            if digest.isalnum() and entered.id not in self.releases:
                self.releases.append(entered.id)
                (self.folder / RELEASES / f"{digest}.json").write_bytes(entered.text.encode())

    def _write_words(self) -> None:
        """The README and the reader, so that nothing else is needed."""
        simulated = " · SIMULATED DATA" if self.installation.environment == "rehearsal" else ""
        source = files("entact.store")
        words = (
            source.joinpath("archive_readme.md")
            .read_text()
            .format(
                study=self.installation.study,
                environment=self.installation.environment,
                simulated=simulated,
                entries=self._entries(),
                ledgers=len(self.heads),
                version=__version__,
                made_at=self.made_at.isoformat(),
            )
        )
        (self.folder / "README.md").write_text(words)
        (self.folder / "read.py").write_bytes(source.joinpath("archive_reader.py").read_bytes())
        (self.folder / "verify.py").write_bytes(source.joinpath("archive_verifier.py").read_bytes())

    def _manifest(self) -> bytes:
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        content: dict[str, Any] = {
            "archive": FORMAT,
            "study": self.installation.study,
            "environment": self.installation.environment,
            "simulated": self.installation.environment == "rehearsal",
            "installation": str(self.installation.mark),
            "made_at": self.made_at.isoformat(),
            "versions": {
                "entact": __version__,
                "python": platform.python_version(),
                "postgresql": connection.connection.info.parameter_status("server_version"),
                "polars": pl.__version__,
            },
            "releases": self.releases,
            "entries": self._entries(),
            "ledgers": [head._asdict() for head in self.heads.values()],
            "files": {path.relative_to(self.folder).as_posix(): _digest(path) for path in paths},
        }
        content[CHECKSUMS] = checksums(content)
        return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"

    def _entries(self) -> int:
        return sum(head.seq for head in self.heads.values())


def _lines() -> Iterator[tuple[int, int, str, str]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT ledger_id, seq, hash, text FROM store_line ORDER BY ledger_id, seq")
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _broken(found: Break) -> StoreError:
    return StoreError(
        f"entry {found.seq} of {found.ledger} {found.problem}: the record does not verify and is not archived"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Returns when what was written is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
