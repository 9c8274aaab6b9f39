"""An export whose rows wait in parts is the same to the byte, in every format, and leaves none behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.cli import gathering
from entact.datasets.sdtm import table


def test_parts_change_no_byte_and_leave_nothing_behind(
    run: Run, rehearsal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["--as", "sdtm,adam,define,fhir,odm2", "--format", "xpt,json,csv", "--database", rehearsal]
    whole, parts, shares = (tmp_path / name for name in ("whole", "parts", "shares"))
    assert run("export", "mapp1", *asked, "--out", whole).code == 0
    monkeypatch.setattr(table, "PART", 23)
    assert run("export", "mapp1", *asked, "--out", parts).code == 0
    monkeypatch.setattr(gathering, "SHARE", 100)
    monkeypatch.setattr(gathering, "ALONE", 200)
    monkeypatch.setattr(gathering, "PART", 40)  # what is left of a share waits as it is, or with others
    assert run("export", "mapp1", *asked, "--out", shares, "--workers", "1").code == 0
    files = sorted(path.relative_to(whole) for path in whole.rglob("*.*"))
    assert len(files) > 60
    assert "fhir/Observation.ndjson" in {file.as_posix() for file in files}
    for file in files:
        assert (parts / file).read_bytes() == (whole / file).read_bytes(), file
        assert (shares / file).read_bytes() == (whole / file).read_bytes(), file
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts", "shares", "whole"]


def test_how_many_processes_work_changes_no_byte(
    run: Run, rehearsal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes are started once here, which takes seconds: nothing less shows that shares travel."""
    standards = "sdtm,adam,define,fhir,odm,odm2"
    asked = ["--as", standards, "--format", "xpt,json,csv,parquet", "--database", rehearsal]
    whole, alone, several = (tmp_path / name for name in ("whole", "alone", "several"))
    assert run("export", "mapp1", *asked, "--out", whole, "--workers", "1").code == 0
    monkeypatch.setattr(gathering, "SHARE", 100)
    monkeypatch.setattr(gathering, "ALONE", 200)
    assert run("export", "mapp1", *asked, "--out", alone, "--workers", "1").code == 0
    assert run("export", "mapp1", *asked, "--out", several, "--workers", "2").code == 0
    files = sorted(path.relative_to(alone) for path in alone.rglob("*.*"))
    assert len(files) > 60
    for file in files:
        assert (several / file).read_bytes() == (alone / file).read_bytes(), file
        if file.suffix != ".parquet" and file.name != "manifest.json":  # a part of Parquet is one of the file
            assert (whole / file).read_bytes() == (alone / file).read_bytes(), file
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "several", "whole"]


def test_what_is_wrong_in_a_share_is_told_as_it_is_alone(
    run: Run, rehearsal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "SHARE", 100)
    monkeypatch.setattr(gathering, "ALONE", 200)
    arms = tmp_path / "allocation.json"
    beside = Path(os.environ["ENTACT_DATA"]) / rehearsal.removeprefix("entact_") / "allocation.json"
    told = json.loads(beside.read_text())
    told["list"] = []
    arms.write_text(json.dumps(told))
    done = run(
        "export",
        "mapp1",
        "--allocation",
        arms,
        "--database",
        rehearsal,
        "--out",
        tmp_path / "out",
        "--workers",
        "1",
    )
    assert (done.code, "the allocation has no arm for the randomisation number" in done.err) == (2, True)
    assert not (tmp_path / "out").exists()
