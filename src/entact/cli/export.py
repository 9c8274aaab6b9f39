"""`entact export`: a study's datasets as files, with a manifest of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import typer

from entact import __version__
from entact.cli.gathering import Gathering, Wanted
from entact.cli.source import Asked, Source, arms_of, open_source
from entact.cli.spool import Spooled
from entact.cli.trace import trace_lines
from entact.cli.work import use_workers
from entact.course.entry import digest
from entact.datasets.sdtm import TERMINOLOGY, Table, Tabulation, strangers
from entact.exchange import Described, dataset_json, define_xml, described, write_transport
from entact.exchange.annotated import Collected
from entact.exchange.guides import analysis_data_guide, study_data_guide
from entact.exchange.odm import as_version_2
from entact.store import StoreError

MANIFEST, TRACE, DEFINE, ODM, ODM2 = "manifest.json", "trace.jsonl", "define.xml", "odm.xml", "odm2.xml"
STANDARDS = ("sdtm", "adam", "define", "guides", "odm", "odm2", "fhir")
ACRF, CSDRG, ADRG = "acrf.pdf", "csdrg.pdf", "adrg.pdf"  # the annotated form, and guides for reviewers
VERSIONS = {"odm": ODM, "odm2": ODM2}  # of ODM, with the file of each
ADAM = "adam"  # the folder of analysis datasets, within that of an export
FHIR = "fhir"  # and of resources, a file of lines for each type
FORMATS = ("xpt", "json", "parquet", "csv")


def export_study(
    name: str, database: str, asked: Asked, out: Path, workers: int | None = None
) -> dict[str, Any]:
    """Writes the datasets of a study into a new folder, and a manifest of them.

    Args:
        name: of the study, or the folder of an archive. out: a folder that is not there, or is empty.
        workers: processes; without a word one for each core.
    Returns:
        What the manifest says.
    Raises:
        StoreError: when it is not there or cannot be read, something in `asked` is not known, a value is no
            term of its codelist, or the arms are not given. TransportError: when a value does not fit.
    """
    _check(asked)
    if out.exists() and any(out.iterdir()):
        raise StoreError(f"{out} is not empty: an export goes into a folder of its own")
    source = open_source(name, database, asked.cut)
    arms = arms_of(source, database, asked)
    with Spooled(out) as spool, use_workers(workers) as executor:
        found = export_source(source, asked, arms, out, spool, executor)
    if source.place == database:
        from entact.cli.audit import note_export

        arms_said = "blinded" if found["blinded"] else "with arms"
        manifest = digest((out / MANIFEST).read_bytes())
        note_export(f"datasets, {', '.join(asked.standards)}, {arms_said}", manifest)
    return found


def export_source(
    source: Source,
    asked: Asked,
    arms: Mapping[str, str] | None,
    out: Path,
    spool: Spooled,
    executor: Executor | None = None,
) -> dict[str, Any]:
    """Writes the datasets of ledgers, some participants in memory at a time; see `export_study`.

    Args:
        arms: randomisation number -> arm; None of a blinded export. spool: where rows wait.
        executor: processes that share the work; without them this one does it all.
    """
    wanted = Wanted(
        source.study,
        arms,
        adam=ADAM in asked.standards,
        fhir=FHIR in asked.standards,
        odm=bool(VERSIONS.keys() & {*asked.standards}),
    )
    gathering = Gathering(wanted, spool)
    gathering.add_all(source.participants, executor)
    analyser, fhir, odm, seen = gathering.analyser, gathering.fhir, gathering.odm, gathering.seen
    tabulation = gathering.tabulator.finish(
        {"DCUTDTC": seen.at.date().isoformat(), "DCUTDESC": (source.cut or {}).get("name", "DATA EXPORT")}
    )
    strange = list(strangers(tabulation))
    wrong = [str(one) for one in strange if not one.extensible]
    if wrong:
        raise StoreError(f"nothing was written: {'; '.join(wrong[:5])}")
    analysed = analyser.finish().tables if analyser is not None else {}
    others = {}
    if odm is not None:
        simulated = tabulation.environment != "production"
        raw = odm.finish(version=__version__, at=seen.at.isoformat(), simulated=simulated)
        if "odm" in asked.standards:
            others[ODM] = raw
        if "odm2" in asked.standards:
            others[ODM2] = as_version_2(raw)
    if fhir is not None:
        fhir.finish(simulated=tabulation.environment != "production")
    written = _write(
        tabulation,
        analysed,
        others,
        asked,
        out,
        seen.at,
        spool,
        executor if gathering.is_shared else None,  # else a worker would need longer to begin than they take
    )
    found: dict[str, Any] = {
        "study": source.study.name,
        "release": source.study.newest.id,
        "environment": tabulation.environment,
        "simulated": tabulation.environment != "production",
        "blinded": tabulation.blinded,
        "as": list(asked.standards),
        "cut": {**(source.cut or {}), "until": seen.at.isoformat(), "ledgers": seen.ledgers}
        | {"entries": seen.entries, "heads_sha256": seen.heads_sha256},
        "code": {"entact": __version__},
        "terminology": TERMINOLOGY,
        "datasets": {
            one: {"rows": table.height, "variables": len(table.variables)}
            for one, table in (*tabulation.tables.items(), *analysed.items())
        },
        "files": written,
        "resources": dict(fhir.counts) if fhir is not None else {},
        "own_terms": sorted({str(one) for one in strange if one.extensible}),
        "sponsor_codes": {item: list(said) for item, said in tabulation.own.items()},
        "left_out": dict(tabulation.left_out),
        "left_out_of_odm": dict(odm.left_out) if odm is not None else {},
        "withheld": dict(tabulation.withheld),
        "assumed": dict(tabulation.assumed),
        "failing": dict(analyser.failures) if analyser is not None else {},
        "broken": gathering.broken,
    }
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    (out / MANIFEST).write_text(text, encoding="utf-8")
    return found


def print_exported(found: dict[str, Any], out: Path) -> None:
    """What was written, in words."""
    simulated = " · SIMULATED DATA" if found["simulated"] else ""
    arms = "blinded" if found["blinded"] else "with arms"
    typer.echo(f"{found['study']} · {', '.join(found['as'])} · {arms}{simulated}")
    rows = sum(one["rows"] for one in found["datasets"].values())
    typer.echo(f"{rows} rows in {len(found['datasets'])} datasets, {len(found['files'])} files in {out}")
    own, out_of = len(found["sponsor_codes"]), len(found["left_out"])
    typer.echo(f"{own} items have codes of the sponsor's own, {out_of} are in no dataset: see {MANIFEST}")
    for what, why in found["withheld"].items():
        typer.echo(f"withheld: {what}: {why}")
    for ledger, problem in found["broken"].items():
        typer.echo(f"broken: {ledger}: {problem}; no row is of it")


def _check(asked: Asked) -> None:
    for alone in ("m11", "registries", "clinicaltrials", "ctis"):
        if alone in asked.standards:
            raise StoreError(f"{alone} is no dataset: export it by itself, as in --as {alone}")
    for one in asked.standards:
        if one not in STANDARDS:
            raise StoreError(f"there is no standard {one!r}; there are {', '.join(STANDARDS)}")
    if "sdtm" not in asked.standards:
        said = "analysis datasets come with those of SDTM, from which they are traced"
        what = "define and guides describe datasets, and odm, odm2 and fhir stand beside them"
        what = said if ADAM in asked.standards else what
        raise StoreError(f"{what}: export them together, as in --as {','.join(('sdtm', *asked.standards))}")
    for one in asked.formats:
        if one not in FORMATS:
            raise StoreError(f"there is no format {one!r}; there are {', '.join(FORMATS)}")
    if asked.blinded and asked.allocation is not None:
        raise StoreError("a blinded export takes no allocation: leave out --blinded or --allocation")


def _write(
    tabulation: Tabulation,
    analysed: Mapping[str, Table],
    others: Mapping[str, bytes],
    asked: Asked,
    out: Path,
    at: datetime,
    spool: Spooled,
    executor: Executor | None,
) -> dict[str, str]:
    """Writes all files; none is left where one cannot be written.

    Returns:
        File -> SHA-256.
    """
    study, stamp = tabulation.release.file.study.upper(), at.isoformat()
    made: list[Path] = []
    hashed: dict[Path, str] = {}  # of those that were hashed on the way
    coming: dict[Path, Future[str]] = {}
    try:
        for folder, tables in ((out, tabulation.tables), (out / ADAM, analysed)):
            if not tables:
                continue
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            datasets = list(described(tables))
            for dataset in datasets:
                for form in asked.formats:
                    made.append(folder / f"{dataset.name.lower()}.{form}")
                    if executor is None:
                        hashed[made[-1]] = _write_dataset(dataset, form, made[-1], study, at)
                    else:
                        coming[made[-1]] = executor.submit(_write_dataset, dataset, form, made[-1], study, at)
            if "define" in asked.standards:
                made.append(folder / DEFINE)
                ending = asked.formats[0]
                documents = _DOCUMENTS[folder == out] if "guides" in asked.standards else {}
                text = define_xml(
                    tabulation,
                    datasets,
                    version=__version__,
                    at=stamp,
                    ending=ending,
                    documents=documents,
                    collected=_collected(tabulation) if ACRF in documents else None,
                )
                made[-1].write_bytes(text)
            if "guides" in asked.standards:
                for name, draw in _guides(tabulation, datasets, analysis=folder != out):
                    made.append(folder / name)
                    made[-1].write_bytes(draw)
        for name, raw in others.items():
            made.append(out / name)
            made[-1].write_bytes(raw)
        for name, waiting in spool.files():
            made.append(out / FHIR / f"{name}.ndjson")
            made[-1].parent.mkdir(mode=0o700, exist_ok=True)
            waiting.replace(made[-1])
        made.append(out / TRACE)
        hashed[made[-1]] = _write_lines(made[-1], trace_lines({**tabulation.tables, **analysed}))
        hashed |= {path: one.result() for path, one in coming.items()}
    except BaseException:
        for one in coming.values():
            one.cancel()
        wait(coming.values())
        for path in made:
            path.unlink(missing_ok=True)
        raise
    return {path.relative_to(out).as_posix(): hashed.get(path) or _sha256(path) for path in made}


_DOCUMENTS = {
    True: {ACRF: "Annotated case report form", CSDRG: "Clinical study data reviewer's guide"},
    False: {ADRG: "Analysis data reviewer's guide"},
}


def _collected(tabulation: Tabulation) -> Collected:
    from entact.cli.crf import collected_in

    return collected_in(ACRF, tabulation.release)


def _guides(
    tabulation: Tabulation, datasets: list[Described], *, analysis: bool
) -> Iterator[tuple[str, bytes]]:
    """The documents beside the datasets of a folder."""
    from entact.cli.crf import annotated_crf
    from entact.report.guide import draw_guide

    if analysis:
        yield ADRG, draw_guide(asdict(analysis_data_guide(tabulation, datasets, version=__version__)))
        return
    yield ACRF, annotated_crf(tabulation.release)
    yield CSDRG, draw_guide(asdict(study_data_guide(tabulation, datasets, version=__version__)))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_lines(path: Path, lines: Iterable[str]) -> str:
    """Writes lines, many at once; SHA-256 of them."""
    hashed = hashlib.sha256()
    with path.open("wb") as to:
        for many in lines:
            raw = many.encode()
            to.write(raw)
            hashed.update(raw)
    return hashed.hexdigest()


def _write_parquet(dataset: Described, path: Path) -> None:
    """Writes a dataset as Parquet, without all of it in memory."""
    with TemporaryDirectory(dir=path.parent) as place:
        parts = []
        for number, part in enumerate(dataset.typed_parts()):
            parts.append(Path(place) / f"{number}.parquet")
            part.write_parquet(parts[-1], compression="lz4", statistics=False)
        pl.scan_parquet(parts).sink_parquet(path)


def _write_dataset(dataset: Described, form: str, path: Path, study: str, at: datetime) -> str:
    """Writes a dataset; SHA-256 of the file."""
    if form == "xpt":
        return write_transport(dataset, path, at)
    if form == "json":
        with path.open("wb") as out:
            out.writelines(dataset_json(dataset, study=study, version=__version__, at=at.isoformat()))
    elif form == "parquet":
        _write_parquet(dataset, path)
    else:
        with path.open("wb") as out:
            for number, part in enumerate(dataset.typed_parts()):
                part.write_csv(out, include_header=not number)
    return _sha256(path)
