"""An archive as it lies in a folder: what it says of itself, and its entries, verified as they stream."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec

from entact.course.entry import Environment, Line, instant
from entact.course.kinds.study import ReleaseEntered
from entact.store.archive_columns import ids_in_several_ledgers, require_columns
from entact.store.archive_reader import LONGEST, Damaged, checksum, entries, unique
from entact.store.error import StoreError
from entact.store.index import LedgerHead

FORMAT, OLDEST = 2, 1
MANIFEST = "manifest.json"
CHECKSUMS = "checksums"  # of each other field; not in format 1
REHEARSAL: Environment = "rehearsal"

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST = 10**9  # entries of one ledger


class Archive(NamedTuple):
    """What an archive says of itself; its entries are read with `lines`."""

    folder: Path
    study: str
    environment: Environment
    installation: UUID
    made_at: str
    heads: tuple[LedgerHead, ...]
    releases: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        """How many it holds."""
        return sum(length for _, length, _ in self.heads)


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ledger: str
    seq: Annotated[int, msgspec.Meta(ge=1, le=_LONGEST)]
    hash: str


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    archive: int
    study: str
    environment: Environment
    simulated: bool
    installation: UUID
    made_at: str
    versions: dict[str, str]
    releases: list[str]
    entries: int
    ledgers: list[_Head]
    files: dict[str, str]
    checksums: dict[str, str] = {}


def read_archive(folder: Path) -> Archive:
    """What an archive is of, and the heads of its ledgers in order of opening: its whole manifest, checked.

    Raises:
        StoreError: when the folder is no archive, one of a later format, or something in it is no file; when
            a field of the manifest is not as it was written, with its name.
    """
    path = folder / MANIFEST
    _require_plain(folder)
    try:
        if path.stat().st_size > LONGEST:
            raise StoreError(f"{path} is longer than that of any archive: it is damaged")
        raw = path.read_bytes()
        content = json.loads(raw, object_pairs_hook=unique)
        if type(content["archive"]) is not int or not OLDEST <= content["archive"] <= FORMAT:
            raise StoreError(
                f"{path}: the archive is of format {content['archive']}; this entact reads formats "
                f"{OLDEST} to {FORMAT}"
            )
        _require_checksums(path, content)
        manifest = msgspec.json.decode(raw, type=_Manifest)
    except FileNotFoundError:
        raise StoreError(f"{folder} is no archive: it has no {MANIFEST}") from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise StoreError(f"{path} cannot be read ({error}): the archive is damaged") from error
    for field, problem in _contradictions(manifest):
        raise StoreError(f"{path}, {field}: {problem}: the archive is damaged")
    return Archive(
        folder,
        manifest.study,
        manifest.environment,
        manifest.installation,
        manifest.made_at,
        tuple(LedgerHead(one.ledger, one.seq, one.hash) for one in manifest.ledgers),
        tuple(manifest.releases),
    )


def checksums(content: dict[str, Any]) -> dict[str, str]:
    """What a manifest says of its own fields, each by itself, so that a changed one is named."""
    return {name: checksum(value) for name, value in content.items() if name != CHECKSUMS}


def _require_plain(folder: Path) -> None:
    """Refuses what is neither a file nor a folder before anything is opened: a pipe is never read to its end.

    A link is none either: what it leads to is not in the archive.
    """
    try:
        for path in (folder, *sorted(folder.rglob("*"))):
            mode = (path.stat() if path == folder else path.lstat()).st_mode
            if not (stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and path != folder)):
                raise StoreError(f"{path} is neither a file nor a folder: the archive is damaged")
    except FileNotFoundError:
        raise StoreError(f"{folder} is no archive: it is not there") from None
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be read: {error.strerror}") from error


def _require_checksums(path: Path, content: dict[str, Any]) -> None:
    said = content.get(CHECKSUMS, {})
    if content["archive"] == OLDEST and not said:
        return
    expected = checksums(content)
    for name in sorted({*expected, *said}):
        if said.get(name) != expected.get(name):
            raise StoreError(f"{path}, {name}: it is not what its checksum says: the archive is damaged")


def _contradictions(manifest: _Manifest) -> Iterator[tuple[str, str]]:
    """Fields that contradict others, or cannot be what they claim, and how."""
    if manifest.simulated is not (manifest.environment == REHEARSAL):
        yield "simulated", f"is {manifest.simulated}, and the environment is {manifest.environment}"
    with suppress(ValueError):
        instant(manifest.made_at)
        names = [one.ledger for one in manifest.ledgers]
        if len(set(names)) < len(names):
            yield "ledgers", "names a ledger twice"
        if names and f"study:{manifest.study}" not in names:
            yield "study", f"is {manifest.study}, and there is no ledger study:{manifest.study}"
        if manifest.entries != (found := sum(one.seq for one in manifest.ledgers)):
            yield "entries", f"is {manifest.entries}, and the ledgers have {found}"
        for one in manifest.ledgers:
            if _DIGEST.fullmatch(one.hash) is None:
                yield "ledgers", f"{one.hash!r} is no hash of {one.ledger}"
        for name, value in manifest.files.items():
            inside = PurePosixPath(name)
            if inside.is_absolute() or ".." in inside.parts or "\0" in name or str(inside) != name:
                yield "files", f"{name!r} is no file of an archive"
            if _DIGEST.fullmatch(value) is None:
                yield "files", f"{value!r} is no digest of {name}"
        return
    yield "made_at", f"{manifest.made_at!r} is no time"


def lines(archive: Archive) -> Iterator[tuple[str, Line]]:
    """Every entry of an archive with its ledger, verified as it streams; at the end the digests of all files.

    Raises:
        StoreError: at the first that is not as it was archived, with file, line, ledger and entry.
    """
    releases: list[str] = []
    try:
        for digest, text, entry in entries(archive.folder):
            if entry["kind"] == "release" and entry["ledger"] == f"study:{archive.study}":
                _note_release(entry, releases)
            if entry["environment"] != archive.environment:
                raise StoreError(
                    f"{archive.folder / MANIFEST} says {archive.environment}, entry {entry['seq']} of "
                    f"{entry['ledger']} is of {entry['environment']}: the manifest was altered"
                )
            yield entry["ledger"], Line(entry["seq"], digest, text)
        if releases != [*archive.releases]:
            raise StoreError(f"{archive.folder / MANIFEST}, releases: are not those that were entered")
    except Damaged as damage:
        raise StoreError(f"{archive.folder}: {damage}") from None
    except OSError as error:
        raise StoreError(f"{error.filename} cannot be read: {error.strerror}") from error
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise StoreError(f"{archive.folder / MANIFEST} cannot be read ({error}): it is damaged") from error


def _note_release(entry: dict[str, Any], releases: list[str]) -> None:
    with suppress(msgspec.ValidationError):
        entered = msgspec.convert(entry["data"], ReleaseEntered)
        if entered.id.rpartition(":")[2].isalnum() and entered.id not in releases:
            releases.append(entered.id)


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
