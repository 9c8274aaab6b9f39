"""An export whose rows wait in parts is the same to the byte, in every format, and leaves none behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.datasets.sdtm import table


def test_parts_change_no_byte_and_leave_nothing_behind(
    run: Run, rehearsal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["--as", "sdtm,adam,define,fhir,odm2", "--format", "xpt,json,csv", "--database", rehearsal]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run("export", "mapp1", *asked, "--out", whole).code == 0
    monkeypatch.setattr(table, "PART", 23)
    assert run("export", "mapp1", *asked, "--out", parts).code == 0
    files = sorted(path.relative_to(whole) for path in whole.rglob("*.*"))
    assert len(files) > 60
    assert "fhir/Observation.ndjson" in {file.as_posix() for file in files}
    for file in files:
        assert (parts / file).read_bytes() == (whole / file).read_bytes(), file
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts", "whole"]
