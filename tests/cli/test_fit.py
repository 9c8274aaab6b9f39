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


@pytest.mark.parametrize(("factor", "unit"), [(0.001, "mg/L"), (1 / 193.24, "umol/L"), (1000.0, "ng/L")])
def test_concentrations_in_another_unit_are_refused_and_read_when_it_is_said(
    run: Any, file: Path, factor: float, unit: str
) -> None:
    words = (
        "--estimate",
        "absorption_rate",
        "--pooled",
        "--proportional",
        "0.1",
        "--additive",
        "1",
        "--json",
    )
    usual = run("fit", file, *words)
    rows = [line.split(",") for line in file.read_text().split()]
    for row in rows[2:]:
        row[5] = repr(float(row[5]) * factor)
    file.write_text("\n".join(map(",".join, rows)) + "\n")
    done = run("fit", file, *words)
    assert done.code == 2
    assert f"look like {unit}" in " ".join(done.err.split())
    again = run("fit", file, *words, "--unit", unit)
    assert again.code == 0
    values = [json.loads(one.out)["estimates"][0]["value"] for one in (usual, again)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    assert "known: ng/mL" in run("fit", file, *words, "--unit", "mg/dL").err


def test_a_fit_that_did_not_converge_ends_with_1(run: Any, file: Path) -> None:
    """Poor metabolisers say nothing of the clearance by CYP2D6."""
    lines = file.read_text().split()
    file.write_text("\n".join([f"{lines[0]},CYP2D6", *(f"{line},poor" for line in lines[1:])]) + "\n")
    done = run("fit", file, "--estimate", "cyp2d6_clearance_s", "--pooled", *KNOWN_ERROR)
    assert "NOT CONVERGED" in done.out
    assert done.code == 1


def test_priors_occasions_and_profiles_as_they_are_typed(run: Any, file: Path) -> None:
    words = ("fit", file, "--estimate", "absorption_rate", "--pooled", *KNOWN_ERROR)
    done = run(*words, "--prior", "absorption_rate = 1.2 ± 20 %: F020", "--profile")
    assert (done.code, done.err) == (0, "")
    assert "F020" in done.out
    assert "profile likelihood" in done.out
    assert "not understood" in run(*words, "--prior", "absorption_rate 1.2").err
    assert "a column OCC" in run(*words, "--occasion", "absorption_rate").err


def test_occasions_too_near_to_each_other_are_refused_with_their_line(run: Any, file: Path) -> None:
    lines = file.read_text().split()
    again = [f"1,{time},{rest}" for time, rest in ((48, "1,120,HCl,.,70"), (50, "0,.,.,230,70"))]
    rows = [f"{lines[0]},OCC", *(f"{line},1" for line in lines[1:]), *(f"{line},2" for line in again)]
    file.write_text("\n".join(rows) + "\n")
    done = run("fit", file, "--estimate", "absorption_rate", "--occasion", "absorption_rate")
    assert done.code == 2
    assert "line 8, OCC: 2 begins 48 h after" in done.err
