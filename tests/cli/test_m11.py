"""`entact export --as m11` and `entact m11 import`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from entact.cli.m11 import as_values
from entact.datasets import synopsis
from entact.exchange.m11 import protocol_of
from entact.protocol import load_study
from entact.report.m11 import draw_m11, picture_m11

MINI = Path(__file__).parents[1] / "studies" / "mini"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from entact.cli.m11 import export_m11

    out = tmp_path_factory.mktemp("m11") / "protocol"
    export_m11(str(MINI), out)
    return out


def test_the_document_is_written_to_read_and_for_other_systems(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "protocol"
    found = run("export", MINI, "--as", "m11", "--out", out)
    assert found.code == 0
    assert "2.1, " in found.out
    assert "Sponsor name and address" in found.out
    assert sorted(one.name for one in out.iterdir()) == ["protocol.json", "protocol.pdf"]
    assert (out / "protocol.pdf").read_bytes().startswith(b"%PDF-")
    again = run("export", MINI, "--as", "m11", "--out", out)
    assert (again.code, "is not empty" in again.err) == (2, True)
    mixed = run("export", MINI, "--as", "sdtm,m11", "--out", tmp_path / "other")
    assert (mixed.code, "export it by itself" in mixed.err) == (2, True)
    unknown = run("export", tmp_path / "none", "--as", "m11", "--out", tmp_path / "other")
    assert (unknown.code, (tmp_path / "other").exists()) == (2, False)


def test_a_study_comes_back_and_a_second_run_finds_nothing_to_do(
    run: Run, written: Path, tmp_path: Path
) -> None:
    document, into = written / "protocol.json", tmp_path / "made"
    dry = run("m11", "import", document)
    assert dry.out.endswith("nothing was written: --into FOLDER does it\n")
    found = run("m11", "import", document, "--into", into, "--json").json
    assert load_study(found["written"]).newest.id == found["release"] == load_study(str(MINI)).newest.id
    raw = Path(found["written"]).read_bytes()
    assert run("m11", "import", document, "--into", into).code == 0
    assert Path(found["written"]).read_bytes() == raw


def test_what_was_changed_outside_writes_nothing(run: Run, written: Path, tmp_path: Path) -> None:
    said = json.loads((written / "protocol.json").read_text())
    said["entry"][0]["resource"]["title"] = "A better title"
    document, into = tmp_path / "changed.json", tmp_path / "made"
    document.write_text(json.dumps(said))
    refused = run("m11", "import", document, "--into", into)
    assert refused.code == 2
    assert "entry[1].resource.title: 'A better title' here" in refused.err
    assert not into.exists()
    assert run("m11", "import", document, "--into", into, "--as-kept").code == 0
    document.write_text(document.read_text()[:900])
    cut = run("m11", "import", document, "--into", into)
    assert (cut.code, "changed.json: line" in cut.err) == (2, True)
    missing = run("m11", "import", tmp_path / "none.json")
    assert (missing.code, "none.json" in missing.err) == (2, True)


def test_the_same_release_gives_the_same_pages() -> None:
    release = load_study(str(MINI)).newest
    values, schedule = as_values(protocol_of(release)), synopsis(release).schedule
    assert draw_m11(values, schedule) == draw_m11(values, schedule)
    pages = picture_m11(values, schedule, ppi=20)
    assert len(pages) > 8
    assert all(page.startswith(b"\x89PNG") for page in pages)
