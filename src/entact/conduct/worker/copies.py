"""A copy of a site's record for its investigator: readable without entact, and without the sponsor.

It holds what the investigator may see and nothing else: a casebook of each participant (PDF, with audit
trail and signatures, personal texts opened), tables of everything as CSV with their dictionary, and a digest
of each file. It is made beside the one before and takes its place only when it is whole.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final

from entact.conduct.casebook import casebook
from entact.conduct.error import ConductError
from entact.conduct.exports.tables import dictionary, subject_of, tables_of
from entact.conduct.reader import Reader, Standing, reader_as
from entact.conduct.record.opened import Opener
from entact.course.fold import Broken
from entact.report.casebook import draw_casebook
from entact.store import StoreError, lists
from entact.store.participant_keys import key_of
from entact.store.private import sync_outside, write_over

ROLE: Final = "investigator"
KEPT: Final = 14  # copies of a site that stay: each is whole, so older ones go
SUMS, README = "SHA256SUMS", "README.txt"
_NAME = re.compile(r"\d{8}T\d{6}Z")
_FORBIDDEN = str.maketrans(dict.fromkeys('/\\:*?"<>|', "_"))


@dataclass(frozen=True)
class Copied:
    """A copy: where it lies, how many participants it holds, and who could not be read."""

    folder: Path
    participants: int
    unreadable: tuple[str, ...]


def copy_site(site: str, place: Path, at: datetime) -> Copied:
    """Makes a copy of a site's record in a folder of its own under `place`, and removes the oldest.

    Raises:
        ConductError: when the study has no investigator or no such site.
        OSError: when it cannot be written; then nothing new is left.
    """
    reader = reader_as(ROLE, frozenset({site}))
    if site not in reader.study.newest.file.sites:
        raise ConductError(
            f"the study has no site {site!r}; its sites are {', '.join(reader.study.newest.file.sites)}"
        )
    name = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    fresh = place / f".{name}.partial"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in place.glob(".*.partial"):
        shutil.rmtree(left, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    try:
        standings = list(_everybody(reader))
        unreadable = tuple(_write_casebooks(reader, standings, fresh / "casebooks"))
        _write_tables(reader, standings, fresh / "tables")
        (fresh / README).write_text(_readme(reader, site, at, len(standings), unreadable), encoding="utf-8")
        _write_sums(fresh)
        fresh.rename(place / name)
        sync_outside(place)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    whole = sorted(one for one in place.iterdir() if _NAME.fullmatch(one.name))
    for older in whole[:-KEPT]:
        shutil.rmtree(older)
    return Copied(place / name, len(standings), unreadable)


def _everybody(reader: Reader) -> Iterator[Standing]:
    after: lists.Key | None = None
    while some := lists.participants(sites=reader.sites, after=after, limit=100):
        yield from map(Standing.of, some)
        after = some[-1].key


def _write_casebooks(reader: Reader, standings: list[Standing], folder: Path) -> Iterator[str]:
    """Writes the casebook of each; yields who cannot be read."""
    folder.mkdir(mode=0o700)
    for standing in standings:
        try:
            book = casebook(reader, standing, Opener(_key(standing)))
        except ConductError:
            yield standing.number
            continue
        # Two who share a number are told apart by what their pages have in its place.
        name = (
            standing.number if standing.key in (standing.number, "") else f"{standing.number} {standing.key}"
        )
        file = folder / f"{name.translate(_FORBIDDEN)}.pdf"
        file.write_bytes(draw_casebook(book.values()))


def _key(standing: Standing) -> bytes | None:
    with suppress(StoreError):
        return key_of(standing.ledger)
    return None


def _write_tables(reader: Reader, standings: list[Standing], folder: Path) -> None:
    folder.mkdir(mode=0o700)
    tables = tables_of(reader)
    with (folder / "dictionary.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(dictionary(tables))
    subjects = []
    for standing in standings:
        folded = reader.folded([standing.ledger])[standing.ledger]
        if not isinstance(folded, Broken):
            subjects.append(subject_of(reader, standing, folded))
    for table in tables:
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.header)
            for subject in subjects:
                writer.writerows(table.rows(subject))


def _write_sums(folder: Path) -> None:
    """A digest of each file, as `sha256sum -c` reads them; all of it is on the disk afterwards."""
    lines = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            lines.append(
                f"{file_digest(file, 'sha256').hexdigest()}  {path.relative_to(folder).as_posix()}\n"
            )
            os.fsync(file.fileno())
    write_over(folder / SUMS, "".join(lines).encode())
    for path in (one for one in folder.rglob("*") if one.is_dir()):
        sync_outside(path)


def _readme(reader: Reader, site: str, at: datetime, count: int, unreadable: tuple[str, ...]) -> str:
    hidden = ", ".join(sorted(reader.sight.hidden))
    release = reader.study.newest
    lines = [
        f"The record of the site {site} in the study {reader.study.name} ({reader.environment}).",
        f"Made {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC.",
        f"Release {release.file.release} of the study, sha256 {release.digest}.",
        "",
        f"{count} participants, as the investigator of this site may see them. Not in it: {hidden}.",
        "casebooks/  one PDF for each: every entry with its changes, signatures, audit trail",
        "tables/     everything that stands now, as CSV; dictionary.csv says what each column is",
        f"{SUMS}  a digest of each file: sha256sum -c {SUMS}",
        "",
        "Personal texts are opened in the casebooks: keep this as you keep patients' files. Who is erased",
        "from the record later is in older copies still; they are yours to keep or to destroy.",
    ]
    lines += ["", f"CANNOT BE READ: {', '.join(unreadable)}"] if unreadable else []
    return "\n".join(lines) + "\n"
