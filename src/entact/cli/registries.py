"""`entact export --as registries`: a study as registries take it in, before it and once arms are opened."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import typer

from entact import __version__
from entact.cli.source import Asked, Source, arms_of, open_source
from entact.course.entry import read
from entact.course.releases import committed_plan
from entact.datasets import Accumulator, Datasets
from entact.exchange.registries import adverse_events, clinicaltrials, problems, results_summary
from entact.protocol import load_study
from entact.protocol.release import Release
from entact.report.posted import posted_results
from entact.store import StoreError

REGISTRIES: Final = ("clinicaltrials", "ctis")
ALL: Final = "registries"
MANIFEST, RECORD = "manifest.json", "clinicaltrials.xml"
EVENTS, SUMMARY = "eudract-adverse-events.xml", "summary-of-results.xml"


def export_registries(name: str, database: str, asked: Asked, out: Path) -> dict[str, Any]:
    """Writes what registries take in, and a manifest with all that they need and nobody has said.

    Args:
        name: where it is blinded, of a study or the path of its file, of which the protocol alone is written;
            else of the study of the record, or the folder of an archive.
        out: a folder that is not there, or is empty.
    Raises:
        StoreError: when the study is not there, arms are not given, or something is in the folder.
    """
    if out.exists() and any(out.iterdir()):
        raise StoreError(f"{out} is not empty: an export goes into a folder of its own")
    which = REGISTRIES if ALL in asked.standards else asked.standards
    if asked.blinded:
        if asked.allocation is not None:
            raise StoreError("a blinded export takes no allocation: leave out --blinded or --allocation")
        return _before(load_study(name).newest, which, out)
    source = open_source(name, database, asked.cut)
    datasets, broken = _datasets(source, arms_of(source, database, asked))
    release = source.study.newest
    results = posted_results(datasets)
    found: dict[str, Any] = {"missing": {}, "too_long": {}, "assumed": {}}
    files: dict[str, bytes] = {}
    if "clinicaltrials" in which:
        record = clinicaltrials(release, results)
        files[RECORD] = _checked(record.raw)
        found = {"missing": record.missing, "too_long": record.too_long, "assumed": record.assumed}
    if "ctis" in which:
        try:
            files |= {EVENTS: adverse_events(results), SUMMARY: results_summary(release, results)}
        except ValueError as error:
            raise StoreError(str(error)) from error
    mark = "SIMULATED-" if results.simulated else ""
    files = {f"{mark}{name}": raw for name, raw in files.items()}
    about = {
        "environment": source.environment,
        "simulated": results.simulated,
        "cut": source.cut,
        "left_out": dict(results.left_out),
        "broken": broken,
    }
    told = _write(release, files, {**found, **about}, out, blinded=False)
    if source.place == database:
        from entact.cli.audit import note_export

        note_export(f"registries, {', '.join(which)}, with arms", _sha256((out / MANIFEST).read_bytes()))
    return told


def _before(release: Release, which: tuple[str, ...], out: Path) -> dict[str, Any]:
    if "clinicaltrials" not in which:
        raise StoreError(
            "of a blinded study ctis takes nothing: its adverse events and its summary are results by arm"
        )
    record = clinicaltrials(release)
    about = {
        "missing": record.missing,
        "too_long": record.too_long,
        "assumed": record.assumed,
        "simulated": False,
        "left_out": {"results": "they are posted once arms are opened"},
        "broken": {},
    }
    return _write(release, {RECORD: _checked(record.raw)}, about, out, blinded=True)


def _checked(raw: bytes) -> bytes:
    wrong = list(problems(raw))
    if wrong:
        raise StoreError(f"nothing was written: {'; '.join(wrong[:5])}")
    return raw


def _datasets(source: Source, arms: dict[str, str] | None) -> tuple[Datasets, dict[str, str]]:
    """The frames of a record, and the ledgers of which no course could be made."""
    committed = None
    if not Path(source.place).is_dir():
        from entact import store

        own = (read(line.text) for _, lines in store.chains(f"study:{source.study.name}") for line in lines)
        committed = committed_plan(own)
    accumulator = Accumulator(source.study, committed=committed)
    broken = {}
    for ledger, lines in source.participants:
        unread = accumulator.add_lines(source.study, ledger, lines)
        if unread is not None:
            broken[ledger] = unread.problem
    try:
        return accumulator.finish(arms), broken
    except ValueError as error:
        raise StoreError(str(error)) from error


def _write(
    release: Release, files: dict[str, bytes], about: dict[str, Any], out: Path, *, blinded: bool
) -> dict[str, Any]:
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, raw in files.items():
        (out / name).write_bytes(raw)
    found = {
        "study": release.file.study,
        "release": release.id,
        "blinded": blinded,
        "code": {"entact": __version__},
        "files": {name: _sha256(raw) for name, raw in files.items()},
        **{name: dict(one) if hasattr(one, "items") else one for name, one in about.items()},
    }
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (out / MANIFEST).write_text(text, encoding="utf-8")
    return found


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def print_posted(found: dict[str, Any]) -> None:
    """What was written, in words, and what registries need besides."""
    simulated = " · SIMULATED DATA" if found["simulated"] else ""
    what = "protocol alone" if found["blinded"] else "protocol and results by arm"
    typer.echo(f"{found['study']} · {what}{simulated}")
    for name, digest in found["files"].items():
        typer.echo(f"{name}: SHA-256 {digest[:16]}")
    for place, what in found["missing"].items():
        typer.echo(f"missing: {what} ({place})")
    for place, why in found["too_long"].items():
        typer.echo(f"left out: {place}: {why}")
    for what, taken in found["assumed"].items():
        typer.echo(f"assumed: {what}: {taken}")
    for what, why in found["left_out"].items():
        typer.echo(f"without: {what}: {why}")
    for ledger, problem in found["broken"].items():
        typer.echo(f"broken: {ledger}: {problem}; no number is of it")
