"""`entact cut`, `entact unlock`: manifests of heads, and the datasets that follow from one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.text import Text

from entact.cli.custody import span
from entact.cli.database import open_record
from entact.store import StoreError

INDEX = "datasets.json"


def cut_data(name: str, lock: bool, reason: str, signer: Any) -> None:
    """Cuts the data; who locks them with something still open says why, as the page of the lock asks too.

    Raises:
        StoreError: when it may not be, or is locked with something open and without a reason.
    """
    from entact.store.cut import known_cuts, make_cut

    asks = lock and not reason.strip() and known_cuts().locked is None
    if asks and (still := _still_open(signer)):
        raise StoreError(
            f"something is still open ({still}): say with --reason why the study is locked all the same; "
            "name nobody"
        )
    if reason.strip() and not lock:
        raise StoreError("a reason is that of a lock: say --lock too, or leave --reason out")
    manifest = make_cut(name, signer, lock=lock, reason=reason)
    done = "locked" if lock else "cut"
    _say(f"{done}: {name} covers {_entries(manifest)} entries in {len(manifest.heads)} ledgers")
    _say(f"digest {manifest.digest}")


def _still_open(signer: Any) -> str:
    """What a lock would leave open, as far as the role of who signs may know it; empty where nothing is."""
    from entact.conduct.error import ConductError
    from entact.conduct.locks.study import study_before_lock
    from entact.conduct.reader import reader_as
    from entact.store.signature import require

    role = require(signer, "cut").role
    try:
        study = study_before_lock(reader_as(role))
    except ConductError:
        return f"what, the study lets nobody see who is {role}"
    if not study.is_open:
        return ""
    points = [f"{one.title}: {one.count}" for one in study.points if one.count]
    broken = [f"participants that cannot be read: {study.broken}"] if study.broken else []
    return "; ".join([f"{study.locked} of {study.participants} participants are locked", *broken, *points])


def ask_to_unlock(name: str, reason: str, hours: float, lock: bool, signer: Any) -> None:
    """Asks for an unlock, or a lock again, and says what comes next."""
    from entact.store.cut import request_unlock

    manifest = request_unlock(name, reason, signer, within=span(hours), lock=lock)
    _say(f"asked; until {manifest.expires} another person can confirm: entact unlock confirm {name}")


def confirm_to_unlock(name: str, signer: Any) -> None:
    """Confirms an unlock, or a lock again, and says what pages do now."""
    from entact.store.cut import confirm_unlock

    manifest = confirm_unlock(name, signer)
    people = " and ".join(one.person for one in manifest.signatures)
    _say(f"{name} takes the place of what was locked, signed by {people}: {manifest.reason}")
    open_again = "pages write forms again, until two persons lock once more: entact unlock request --lock"
    _say("pages write no forms" if manifest.purpose == "lock" else open_again)
    _say(f"digest {manifest.digest}")


def list_manifests(database: str) -> dict[str, Any]:
    """Every cut that counts, and what is wrong with the others."""
    open_record(database)
    from entact.store.cut import known_cuts

    known = known_cuts()
    return {
        "cuts": [
            {
                "name": one.name,
                "purpose": one.purpose,
                "at": one.at,
                "ledgers": len(one.heads),
                "entries": _entries(one),
                "digest": one.digest,
                "signed_by": [signature.person for signature in one.signatures],
                "reason": one.reason,
                "in_force": known.locked == one,
            }
            for one in known.manifests.values()
        ],
        "problems": [f"entry {entry}: {problem}" for entry, problem in known.problems],
    }


def print_cuts(found: dict[str, Any]) -> None:
    """The cuts, one line each."""
    for one in found["cuts"]:
        locked = " · in force" if one["in_force"] else ""
        people = ", ".join(one["signed_by"])
        _say(f"{one['name']}  {one['purpose']}{locked}  {one['at']}  {one['entries']} entries  {people}")
    for one in found["problems"]:
        _say(f"does not count: {one}")
    if not found["cuts"]:
        _say("there is no cut yet")


def manifest_text(database: str, name: str) -> str:
    """The manifest of a cut as a file."""
    open_record(database)
    from entact.store.cut import named_cut, write_manifest

    return write_manifest(named_cut(name)).decode()


def check_manifest(database: str, file: Path) -> None:
    """Checks a manifest and all lines that it covers.

    Raises:
        StoreError: when it was forged or altered, or the record no longer holds it.
    """
    open_record(database)
    from entact.store.cut import cut_lines, open_manifest

    manifest = open_manifest(file.read_bytes())
    count = sum(len(lines) for _, lines in cut_lines(manifest))
    _say(f"{manifest.name} is as it was signed, and the record holds its {count} entries")


def write_datasets(
    database: str, name: str, manifest_file: Path | None, allocation_file: Path | None, out: Path
) -> dict[str, Any]:
    """Writes the datasets of a cut, a file each; those of virtual participants say so in their names.

    Returns:
        What the file `datasets.json` says: the cut and its digest, and of each dataset rows and SHA-256.
    Raises:
        StoreError: when the manifest or the record is not right, or there are files in the folder already.
    """
    open_record(database)
    from entact.datasets import Accumulator
    from entact.store.cut import cut_lines, named_cut, open_manifest, study_of, write_manifest

    if out.exists() and any(out.iterdir()):
        raise StoreError(f"{out} is not empty: datasets of a cut go into a folder of their own")
    manifest = named_cut(name)
    if manifest_file is not None and open_manifest(manifest_file.read_bytes()) != manifest:
        raise StoreError(f"{manifest_file} is the manifest of another cut than {name!r}")
    study = study_of(manifest)
    accumulator = Accumulator(study)
    unread = [
        problem
        for name, lines in cut_lines(manifest, "participant:")
        if (problem := accumulator.add_lines(study, name, lines)) is not None
    ]
    arms = None if allocation_file is None else allocated(allocation_file, study.name)
    try:
        datasets = accumulator.finish(arms)
    except ValueError as error:
        raise StoreError(f"{allocation_file}: {error}") from error
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    simulated = manifest.environment != "production"
    mark = "SIMULATED-" if simulated else ""
    files: dict[str, Any] = {}
    for frame_name, frame in datasets.frames().items():
        path = out / f"{mark}{frame_name}.jsonl"
        frame.write_ndjson(path)
        files[path.name] = {"rows": frame.height, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    index = {
        "study": study.name,
        "release": study.newest.id,
        "cut": name,
        "manifest": manifest.digest,
        "environment": manifest.environment,
        "simulated": simulated,
        "unblinded": datasets.unblinded,
        "broken": {one.ledger: one.problem for one in unread},
        "files": files,
    }
    (out / "manifest.json").write_bytes(write_manifest(manifest))
    (out / INDEX).write_text(json.dumps(index, indent=1) + "\n")
    return index


def print_written(index: dict[str, Any], out: Path) -> None:
    """What was written, in words."""
    rows = sum(one["rows"] for one in index["files"].values())
    arms = "with arms" if index["unblinded"] else "blinded"
    simulated = " · SIMULATED DATA" if index["simulated"] else ""
    _say(f"{index['study']} · cut {index['cut']} · {arms}{simulated}")
    _say(f"{rows} rows in {len(index['files'])} datasets in {out}")
    for name, problem in index["broken"].items():
        _say(f"broken: {name}: {problem}; it is in the findings alone")


def allocated(file: Path, study: str) -> dict[str, str]:
    """Randomisation number -> arm.

    Raises:
        StoreError: when the file holds no allocation of the study.
    """
    from entact.course.allocation.allocation import Allocation
    from entact.course.entry.decoding import decoded

    try:
        allocation = decoded(file.read_bytes(), Allocation)
    except msgspec.MsgspecError as error:
        raise StoreError(f"{file} holds no allocation: {error}") from error
    if allocation.study != study:
        raise StoreError(f"{file} is the allocation of {allocation.study}, not of {study}")
    return allocation.arms()


def _entries(manifest: Any) -> int:
    return sum(head.seq for head in manifest.heads.values())


def _say(text: str) -> None:
    Console(highlight=False).print(Text(text), soft_wrap=True)
