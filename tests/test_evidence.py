"""The matrix of requirements, made from a run: what passed, failed or was never shown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.evidence import read_requirements

ROOT = Path(__file__).parents[1]

TESTS = """
import pytest

@pytest.fixture
def spoilt():
    yield
    raise RuntimeError("after the test")

@pytest.mark.requirement("R01")
@pytest.mark.parametrize("number", [1, 2])
def test_it_holds(number): pass

def test_r02_by_its_name(): pass

@pytest.mark.requirement("R01")
@pytest.mark.requirement("R03")
def test_it_shows_two(): pass

@pytest.mark.requirement("R03")
def test_it_fails(): assert False

@pytest.mark.requirement("R04")
def test_it_passes_and_then_fails(spoilt): pass

@pytest.mark.requirement("R05")
def test_it_is_skipped(): pytest.skip("not here")

def test_of_something_else(): raise SystemExit("was run")
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.evidence",
        "--evidence",
        str(folder / "out"),
    ]
    command += ["-c", str(folder / "pytest.ini"), "--rootdir", str(folder), *words, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = requirement(id): shows it\n")
    (tmp_path / "test_some.py").write_text(TESTS)
    return tmp_path


@pytest.mark.requirement("R24")
@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_matrix_says_of_each_requirement_what_shows_it_and_how_that_ended(
    folder: Path, workers: str
) -> None:
    done = run(folder, "-n", workers)
    assert done.returncode == 1, done.stdout
    found: dict[str, Any] = {
        one["id"]: one for one in json.loads((folder / "out" / "evidence.json").read_text())["requirements"]
    }
    assert list(found) == list(read_requirements())
    results = {name: one["result"] for name, one in found.items() if one["result"] != "not shown"}
    assert results == {"R01": "passed", "R02": "passed", "R03": "failed", "R04": "failed", "R05": "failed"}
    assert found["R01"]["tests"] == {
        f"test_some.py::{name}": "passed"
        for name in ("test_it_holds[1]", "test_it_holds[2]", "test_it_shows_two")
    }
    assert found["R03"]["tests"]["test_some.py::test_it_fails"] == "failed"
    page = (folder / "out" / "evidence.md").read_text()
    assert "| 2 | failed |" in next(line for line in page.splitlines() if line.startswith("| R03 |"))
    assert "requirements: 2 passed, 3 failed, 23 not shown" in done.stdout
    assert "something_else" not in page


@pytest.mark.requirement("R24")
def test_a_requirement_that_there_is_not_stops_the_run(folder: Path) -> None:
    (folder / "test_some.py").write_text("def test_r99_of_nothing(): pass\n")
    done = run(folder, "-n", "0")
    assert done.returncode == 4
    assert "shows 'R99', which requirements.toml does not know" in done.stderr + done.stdout


def test_every_requirement_says_what_a_test_shows_and_whence() -> None:
    found = read_requirements()
    assert list(found) == [f"R{number:02}" for number in range(1, 29)]
    assert all(len(one.shows) > 20 and one.source for one in found.values())
