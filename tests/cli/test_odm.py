"""`entact odm`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run
from tests.exchange.odm.test_forms import FILE

from entact.exchange.odm import OdmRecord
from entact.protocol import load_study

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"


def test_forms_are_added_once_and_a_dry_run_or_a_broken_file_writes_nothing(run: Run, tmp_path: Path) -> None:
    study, file = tmp_path / "study.yaml", tmp_path / "forms.xml"
    study.write_text(MINI.read_text())
    file.write_text(FILE)
    asked = ["odm", "import", file, "--into", study, "--at", "screening"]
    dry = run(*asked)
    assert (dry.code, "vital_signs_pulse is new" in dry.out) == (0, True), dry.err
    assert study.read_text() == MINI.read_text()
    assert run(*asked, "--write").code == 0
    items = load_study(str(study)).newest.forms["vital_signs_pulse"].items
    assert (items["pulse"].unit, items["mood"].of) == ("/min", ["1", "2"])
    written = study.read_bytes()
    assert run(*asked, "--write").out.endswith("is there already\nnothing to write\n")
    file.write_text(FILE[:900])
    refused = run(*asked, "--write")
    assert (refused.code, f"{file}: line 18: " in refused.err) == (2, True)
    assert study.read_bytes() == written


def test_a_study_finds_its_own_forms_there_already(run: Run, tmp_path: Path) -> None:
    """ODM says neither instruments nor who fills a form: that alone makes no form another one."""
    study, file = tmp_path / "study.yaml", tmp_path / "own.xml"
    study.write_text(MINI.read_text())
    made = OdmRecord(load_study(str(study))).finish(version="1", at="2026-01-01T00:00:00Z", simulated=True)
    file.write_bytes(made)
    found = run("odm", "import", file, "--into", study, "--json").json
    assert (found["new"], found["conflicts"]) == ([], [])
    assert set(found["same"]) == set(load_study(str(study)).newest.forms)
    file.write_bytes(made.replace(b'DataType="integer"', b'DataType="text"', 1))
    assert len(run("odm", "import", file, "--into", study, "--json").json["conflicts"]) == 1
