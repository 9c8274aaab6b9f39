"""`entact fit` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROWS = (
    "ID,TIME,EVID,AMT,FORM,DV,WEIGHT",
    "1,0,1,120,HCl,.,70",
    *(f"1,{time},0,.,.,{value},70" for time, value in ((1, 150), (2, 221), (4, 205), (8, 141), (24, 35))),
)
KNOWN_ERROR = ("--proportional", "0.1", "--additive", "1")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.csv"
    path.write_text("\n".join(ROWS) + "\n")
    return path


def test_an_estimate_has_its_standard_error(run: Any, file: Path) -> None:
    done = run("fit", file, "--estimate", "absorption_rate", "--pooled", *KNOWN_ERROR, "--json")
    assert (done.code, done.err) == (0, "")
    text = json.dumps(json.loads(done.out))
    assert "absorption_rate" in text
    done = run("fit", file, "--estimate", "absorption_rate", "--pooled", *KNOWN_ERROR)
    assert "absorption_rate" in done.out


def test_each_ones_own_value_is_estimated_towards_the_models(run: Any, file: Path) -> None:
    done = run("fit", file, "--estimate", "absorption_rate", "--method", "map", *KNOWN_ERROR)
    assert done.code == 0
    assert "absorption_rate" in done.out


def test_a_picture_of_data_does_not_call_them_simulated(run: Any, file: Path, tmp_path: Path) -> None:
    page = tmp_path / "fit.html"
    done = run("fit", file, "--estimate", "absorption_rate", "--pooled", *KNOWN_ERROR, "--plot", page)
    assert done.code == 0
    assert "Data of the file beside simulated, by research software" in page.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("HCl", ".", "form"),
        ("221", "-221", "221"),
        ("120", "-120", "120"),
        ("1,4,0", "1,1.5,0", "1.5"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    run: Any, file: Path, old: str, new: str, said: str
) -> None:
    file.write_text(file.read_text().replace(old, new, 1))
    done = run("fit", file, "--estimate", "absorption_rate")
    assert done.code == 2
    assert "one.csv, line " in done.err
    assert said in done.err


def test_a_parameter_that_is_not_there_is_said_with_the_nearest(run: Any, file: Path) -> None:
    done = run("fit", file, "--estimate", "absorbtion_rate")
    assert done.code == 2
    assert "absorption_rate" in done.err
