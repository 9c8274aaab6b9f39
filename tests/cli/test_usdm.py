"""`entact usdm`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.protocol import load_study

MINI = Path(__file__).parents[1] / "studies" / "mini"


@pytest.fixture
def document(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "mini.json"
    assert run("usdm", "export", MINI, "--out", path).code == 0
    return path


def test_a_study_comes_back_and_a_second_run_finds_nothing_to_do(
    run: Run, document: Path, tmp_path: Path
) -> None:
    into = tmp_path / "made"
    dry = run("usdm", "import", document)
    assert dry.out.endswith("nothing was written: --into FOLDER does it\n")
    assert not into.exists()
    found = run("usdm", "import", document, "--into", into, "--json").json
    path = Path(found["written"])
    assert load_study(str(path)).newest.id == found["release"] == load_study(str(MINI)).newest.id
    written = path.read_bytes()
    assert run("usdm", "import", document, "--into", into).code == 0
    assert path.read_bytes() == written
    again = run("usdm", "export", MINI, "--out", document)
    assert (again.code, "is there already" in again.err) == (2, True)


def test_what_is_there_already_and_what_was_changed_outside_write_nothing(
    run: Run, document: Path, tmp_path: Path
) -> None:
    said = json.loads(document.read_text())
    said["study"]["versions"][0]["titles"][0]["text"] = "A better title"
    document.write_text(json.dumps(said))
    into = tmp_path / "made"
    refused = run("usdm", "import", document, "--into", into)
    assert refused.code == 2
    assert "titles[1].text: 'A better title' here" in refused.err
    assert not into.exists()
    assert run("usdm", "import", document, "--into", into, "--as-kept").code == 0
    path = into / "mini" / "study.yaml"
    path.write_text("another study", encoding="utf-8")
    refused = run("usdm", "import", document, "--into", into, "--as-kept")
    assert (refused.code, "nothing is overwritten" in refused.err) == (2, True)
    assert path.read_text(encoding="utf-8") == "another study"


def test_a_document_that_is_none_and_one_that_keeps_a_broken_study_are_named(
    run: Run, document: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(document.read_bytes()[:5000])
    refused = run("usdm", "import", broken)
    assert (refused.code, "broken.json: line" in refused.err) == (2, True)
    said = json.loads(document.read_text())
    for one in said["study"]["versions"][0]["extensionAttributes"]:
        if one["url"].endswith(":arms"):
            one["valueString"] = "{}"
    broken.write_text(json.dumps(said))
    refused = run("usdm", "import", broken, "--into", tmp_path / "made")
    assert refused.code == 2
    assert "makes no study file that passes the check" in refused.err
    assert not (tmp_path / "made").exists()
