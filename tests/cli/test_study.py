"""`entact check`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Run

MINI = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"


@pytest.mark.parametrize("study", [MINI, MINI.parent])
def test_a_study_is_found_by_its_file_or_folder(run: Run, study: Path) -> None:
    done = run("check", study)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("mini · A small study for tests\nrelease mini@sha256:")
    assert "no problem found" in done.out
    assert "3 assumptions" in done.out


def test_the_result_as_json_lists_every_assumption(run: Run) -> None:
    done = run("check", "mapp1", "--json")
    found = done.json
    assert (done.code, found["study"], found["gates"]) == (0, "mapp1", 5)
    assert {"field": "randomisation.assumption", "assumption": "strata and method"} in found["assumptions"]
    assert len(found["not_fit_for_production"]) > 10


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(MINI.read_text().replace("vitals.systolic <= 140.0", "vitals.sistolic <= 140.0"))
    return path


def test_a_fault_is_named_with_its_place(run: Run, broken: Path) -> None:
    line = next(
        number for number, text in enumerate(broken.read_text().splitlines(), start=1) if "sistolic" in text
    )
    done = run("check", broken)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"entact: {broken}:{line}:")
    assert "did you mean 'vitals.systolic'?" in done.err


def test_faults_as_json_have_their_place_in_fields(run: Run, broken: Path) -> None:
    done = run("check", broken, "--json")
    (problem,) = done.json["problems"]
    assert (done.code, done.err) == (2, "")
    assert set(problem) == {"file", "line", "column", "field", "message"}
    assert "vitals.sistolic" in problem["message"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"study: x\n  y: 3\n", "wrong indentation"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"just words", "begin it with 'study: <name>'"),
        (None, "there is no such file; check the path"),
    ],
)
def test_what_is_no_study_file_is_refused(run: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "some.yaml"
    if content is not None:
        path.write_bytes(content)
    done = run("check", path)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_misspelt_name_is_guessed(run: Run) -> None:
    assert "did you mean 'mapp1'?" in run("check", "map1").err
