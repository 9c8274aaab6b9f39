"""What an export is made of: the ledgers of a study, and its arms where they are opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from entact.course.entry import Line, read
from entact.protocol import Study
from entact.store import StoreError


@dataclass(frozen=True)
class Source:
    """Where the ledgers come from.

    Attributes:
        environment: of all of them. cut: name and digest of its manifest; None of everything there is.
        participants: each ledger with its lines, by name; can be walked once. place: database or folder.
    """

    study: Study
    environment: str
    cut: dict[str, str] | None
    participants: Iterable[tuple[str, list[Line]]]
    place: str


@dataclass(frozen=True)
class Asked:
    """What is to be exported: standards, formats, the cut, and whether arms are opened."""

    standards: tuple[str, ...]
    formats: tuple[str, ...]
    blinded: bool
    allocation: Path | None
    cut: str | None


def open_source(name: str, database: str, cut: str | None) -> Source:
    """The ledgers of a study: those of a database, of a cut in it, or of an archive."""
    if Path(name).is_dir() and (Path(name) / "manifest.json").is_file():
        if cut is not None:
            raise StoreError("a cut is one of a record in a database; an archive is exported whole")
        return _archived(Path(name))
    from entact.cli.database import open_record

    open_record(database)
    from entact.store import chains_by_name, describe
    from entact.store.cut import cut_lines, named_cut, study_of
    from entact.store.studies import study_of_record

    if cut is not None:
        manifest = named_cut(cut)
        study, participants = study_of(manifest), cut_lines(manifest, "participant:")
        known: dict[str, str] | None = {"name": cut, "manifest": manifest.digest, "at": manifest.at}
    else:
        _, held = study_of_record()
        if held is None:
            raise StoreError(f"the database {database!r} holds no release that could be read")
        study, participants, known = held, chains_by_name("participant:"), None
    if study.name != name:
        raise StoreError(f"the database {database!r} holds the study {study.name!r}, not {name!r}")
    return Source(study, describe().environment, known, participants, database)


def _archived(folder: Path) -> Source:
    from entact.course.releases import study_in_force
    from entact.store import read_archive
    from entact.store.archive_folder import lines

    archive = read_archive(folder)
    own, sites = [], []
    people: dict[str, list[Line]] = {}
    for ledger, line in lines(archive):
        if ledger == f"study:{archive.study}":
            own.append(read(line.text))
        elif ledger.startswith("site:"):
            sites.append(read(line.text))
        elif ledger.startswith("participant:"):
            people.setdefault(ledger, []).append(line)
    study = study_in_force(own, sites)
    return Source(study, archive.environment, None, sorted(people.items()), str(folder))


def arms_of(source: Source, database: str, asked: Asked) -> dict[str, str] | None:
    """Randomisation number -> arm; None in a blinded export, or where nobody is randomised.

    Raises:
        StoreError: when the arms are needed, and nobody gave them.
    """
    from entact.cli.cut import allocated
    from entact.store.server import data_folder

    if asked.blinded or source.study.newest.file.randomisation is None:
        return None
    if asked.allocation is not None:
        return allocated(asked.allocation, source.study.name)
    beside = data_folder() / database.removeprefix("entact_") / "allocation.json"
    if source.environment == "rehearsal" and source.place == database and beside.is_file():
        return allocated(beside, source.study.name)
    raise StoreError(
        "the arms are sealed: give --allocation FILE once they are opened, or --blinded for an export in "
        "which nothing depends on them"
    )
