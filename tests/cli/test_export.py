"""`entact export`, `entact trace`."""

from __future__ import annotations

import csv
import json
import os
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from lxml import etree
from tests.cli.conftest import Run


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.*")
    }


def test_datasets_are_written_with_a_manifest_of_their_hashes(run: Run, own: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--as", "sdtm,adam,define,guides", "--format", "xpt,json,parquet,csv", "--database", own]
    done = run("export", "mapp1", *options, "--out", out, "--blinded")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("mapp1 · sdtm, adam, define, guides · blinded · SIMULATED DATA")
    manifest = json.loads((out / "manifest.json").read_text())
    found = digests(out)
    del found["manifest.json"]
    assert manifest["files"] == found
    assert {
        "dm.xpt",
        "dm.json",
        "dm.parquet",
        "dm.csv",
        "define.xml",
        "adam/adqs.xpt",
        "acrf.pdf",
        "csdrg.pdf",
        "adam/adrg.pdf",
        "trace.jsonl",
    } <= found.keys()
    assert (manifest["blinded"], manifest["simulated"]) == (True, True)
    assert manifest["release"].startswith("mapp1@sha256:")
    assert "EX" in manifest["withheld"]
    assert (manifest["assumed"]["EC.ECROUTE"], manifest["assumed"]["TS.STYPE.1"]) == (
        "ORAL",
        "INTERVENTIONAL",
    )
    assert not (out / "ex.xpt").exists()
    with (out / "rs.csv").open() as rows:
        made = {row["RSTESTCD"]: row["RSDRVFL"] == "Y" for row in csv.DictReader(rows) if row["RSORRES"]}
    assert {*made.values()} == {True, False}
    origins = _origins(out / "define.xml")
    for code, is_score in made.items():  # a score is on no page: who fills the form in does not reckon it
        kind, pages = origins[f"IT.RS.RSORRES.{code}"]
        assert (kind, pages is None) == (("Derived", True) if is_score else ("Collected", False))
    assert origins["IT.DM.ARM"] == ("Assigned", None)
    assert origins["IT.DM.RFSTDTC"] == ("Derived", None)
    again = run("export", "mapp1", *options, "--out", tmp_path / "again", "--blinded")
    assert again.code == 0
    assert digests(tmp_path / "again") == digests(out)
    full = run("export", "mapp1", *options, "--out", out)
    assert (full.code, "is not empty" in full.err) == (2, True)
    from entact import store

    last = [*store.lines("system")][-1].text
    assert "datasets, sdtm, adam, define, guides, blinded" in last


def _origins(define: Path) -> dict[str, tuple[str | None, str | None]]:
    """Of each variable and test where it is from, and on which pages of the annotated form it is."""
    found = {}
    for item in etree.parse(define).iter("{*}ItemDef"):
        (origin,) = item.iter("{*}Origin")
        pages = [one.get("PageRefs") for one in origin.iter("{*}PDFPageRef")]
        found[str(item.get("OID"))] = origin.get("Type"), pages[0] if pages else None
    return found


def test_a_blinded_export_of_a_study_with_swapped_arms_is_byte_equal(
    run: Run, own: str, tmp_path: Path
) -> None:
    """The allocation is swapped where it lies: an open export sees it, a blinded one can't."""
    beside = Path(os.environ["ENTACT_DATA"]) / own / "allocation.json"
    beside.parent.mkdir(exist_ok=True)
    source = next(Path(os.environ["ENTACT_DATA"]).glob("seen_*/allocation.json")).read_text()
    mark = '"arm": "'
    swapped = source.replace(f'{mark}mdma"', f'{mark}§"').replace(f'{mark}placebo"', f'{mark}mdma"')
    swapped = swapped.replace(f'{mark}§"', f'{mark}placebo"')
    assert swapped != source
    folders: dict[str, dict[str, str]] = {}
    try:
        for name, text in (("one", source), ("other", swapped)):
            beside.write_text(text)
            for kind, options in (("blinded", ["--blinded"]), ("open", [])):
                out = tmp_path / f"{name}-{kind}"
                asked = ["--as", "sdtm,adam,define,guides,odm,odm2,fhir", *options, "--database", own]
                done = run("export", "mapp1", *asked, "--out", out)
                assert done.code == 0, done.err
                folders[out.name] = digests(out)
    finally:
        beside.unlink()
    assert folders["one-blinded"] == folders["other-blinded"]
    differs = {name for name, one in folders["one-open"].items() if folders["other-open"][name] != one}
    of_sdtm = {name for name in differs if not name.startswith("adam/")}
    of_arms = {"dm.xpt", "se.xpt", "ex.xpt", "define.xml", "manifest.json", "fhir/ResearchSubject.ndjson"}
    assert of_sdtm == of_arms
    analysed = {
        name for name in folders["one-open"] if name.startswith("adam/ad") and name != "adam/adrg.pdf"
    }
    assert {"adam/adeff.xpt", "adam/advs.xpt", "adam/adex.xpt", "adam/adblind.xpt"} <= analysed <= differs
    assert "adam/adblind.xpt" not in folders["one-blinded"]
    assert {"odm.xml", "odm2.xml", "fhir/Observation.ndjson"} <= folders["one-blinded"].keys()


def test_an_archive_gives_the_same_datasets_as_the_record(
    run: Run, rehearsal: str, own: str, tmp_path: Path
) -> None:
    assert run("archive", tmp_path / "archive", "--database", own).code == 0
    for name, place in (("a", tmp_path / "archive"), ("b", "mapp1")):
        done = run("export", place, "--blinded", "--out", tmp_path / name, "--database", own)
        assert done.code == 0, done.err
    assert digests(tmp_path / "a") == digests(tmp_path / "b")


def test_a_value_leads_back_to_its_entries(run: Run, own: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--blinded", "--database", own]
    assert run("export", "mapp1", *options, "--format", "csv", "--out", out).code == 0
    row = pl.read_csv(out / "vs.csv").filter(pl.col("VSTESTCD") == "SYSBP").row(0, named=True)
    key = f"VS:{row['USUBJID']}:{row['VSSEQ']}"
    assert type(row["VSSEQ"]) is int
    found = run("trace", "mapp1", f"{key}:VSSTRESN", *options, "--json").json
    assert found["values"] == {"VSSTRESN": row["VSSTRESN"]}
    as_written = f"VS:{row['USUBJID']}:{row['VSSEQ']}.0:VSSTRESN"  # a number of SAS: 3.0
    assert run("trace", "mapp1", as_written, *options, "--json").json["values"] == found["values"]
    (entry,) = found["entries"]
    assert entry["kind"] == "vital_signs"
    assert f"{entry['id']}.systolic" == row["VSSPID"]
    said = [json.loads(line) for line in (out / "trace.jsonl").read_text().splitlines()]
    assert {"row": key, "entries": [entry["id"]]} in said
    words = run("trace", "mapp1", key, *options).out
    assert f"VSSTRESN = {row['VSSTRESN']}" in words
    assert entry["hash"] in words


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--as", "adam"], "analysis datasets come with those of SDTM"),
        (["--as", "send"], "there is no standard 'send'"),
        (["--as", "define"], "define and guides describe datasets"),
        (["--as", "odm,fhir"], "export them together, as in --as sdtm,odm,fhir"),
        (["--format", "sas7bdat"], "there is no format 'sas7bdat'"),
        (["--allocation", "x.json"], "a blinded export takes no allocation"),
        (["--cut", "lock-9"], "there is no cut 'lock-9'"),
    ],
)
def test_what_cannot_be_exported_is_said_in_words(
    run: Run, rehearsal: str, tmp_path: Path, words: list[str], message: str
) -> None:
    done = run("export", "mapp1", "--blinded", "--out", tmp_path / "x", "--database", rehearsal, *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert not (tmp_path / "x").exists()


def test_another_study_and_rows_that_are_not_there_are_refused(
    run: Run, rehearsal: str, tmp_path: Path
) -> None:
    options = ["--blinded", "--database", rehearsal]
    other = run("export", "mapp2", *options, "--out", tmp_path / "x")
    assert "holds the study 'mapp1', not 'mapp2'" in other.err
    assert "names no row" in run("trace", "mapp1", "VS", *options).err
    assert "the record has no participant mapp1-0" in run("trace", "mapp1", "VS:mapp1-0:1", *options).err


def test_arms_that_nobody_opened_are_asked_for(run: Run, own: str, tmp_path: Path) -> None:
    done = run("export", "mapp1", "--out", tmp_path / "x", "--database", own)
    assert done.code == 2
    assert "the arms are sealed: give --allocation FILE once they are opened, or --blinded" in done.err
