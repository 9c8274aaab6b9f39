"""An archive as it lies in a folder: what it says of itself, and its entries, verified as they stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from entact.course.entry import Environment, Line
from entact.store.archive_columns import ids_in_several_ledgers, require_columns
from entact.store.archive_reader import Damaged, entries
from entact.store.error import StoreError

FORMAT = 1
MANIFEST = "manifest.json"

Head = tuple[str, int, str]  # ledger, number and hash of its last entry


class Archive(NamedTuple):
    """What an archive says of itself; its entries are read with `lines`."""

    folder: Path
    study: str
    environment: Environment
    installation: UUID
    made_at: str
    heads: tuple[Head, ...]

    @property
    def entries(self) -> int:
        """How many it holds."""
        return sum(length for _, length, _ in self.heads)


def read_archive(folder: Path) -> Archive:
    """What an archive is of, and the heads of its ledgers in order of opening.

    Raises:
        StoreError: when the folder is no archive, or one of a later format.
    """
    path = folder / MANIFEST
    try:
        content: Any = json.loads(path.read_bytes())
        if content["archive"] != FORMAT:
            raise StoreError(
                f"{path}: the archive is of format {content['archive']}; this entact reads format {FORMAT}"
            )
        return Archive(
            folder,
            str(content["study"]),
            content["environment"],
            UUID(content["installation"]),
            str(content["made_at"]),
            tuple((str(one["ledger"]), int(one["seq"]), str(one["hash"])) for one in content["ledgers"]),
        )
    except FileNotFoundError:
        raise StoreError(f"{folder} is no archive: it has no {MANIFEST}") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StoreError(f"{path} cannot be read ({error}): the archive is damaged") from error


def lines(archive: Archive) -> Iterator[tuple[str, Line]]:
    """Every entry of an archive with its ledger, verified as it streams; at the end the digests of all files.

    Raises:
        StoreError: at the first that is not as it was archived, with file, line, ledger and entry.
    """
    try:
        for digest, text, entry in entries(archive.folder):
            if entry["environment"] != archive.environment:
                raise StoreError(
                    f"{archive.folder / MANIFEST} says {archive.environment}, entry {entry['seq']} of "
                    f"{entry['ledger']} is of {entry['environment']}: the manifest was altered"
                )
            yield entry["ledger"], Line(entry["seq"], digest, text)
    except Damaged as damage:
        raise StoreError(f"{archive.folder}: {damage}") from None
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be read: {error.strerror}") from error
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(f"{archive.folder / MANIFEST} cannot be read ({error}): it is damaged") from error


def verify_archive(archive: Archive) -> int:
    """Reads all of an archive, also what its columns say, and returns how many entries hold.

    Raises:
        StoreError: at the first thing that is not as it was archived.
    """
    verified = lines(archive)
    try:
        return require_columns(archive.folder, verified)
    except StoreError:
        for _ in verified:  # what is wrong with the record itself is said first
            pass
        raise


def archive_notices(archive: Archive) -> list[str]:
    """What is as it was archived and somebody should look at; of an archive that holds."""
    return ids_in_several_ledgers(archive.folder) if archive.entries else []
