"""Concentrations in another unit are refused, be they all, one participant's, or a few rows'."""

from __future__ import annotations

from pathlib import Path

import pytest

from entact.pharmacology.data import read_data
from entact.pharmacology.likelihood import design_of
from entact.pharmacology.objective import NotAFit
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.plausible import check_units

HEAD = "ID,TIME,EVID,AMT,FORM,DV"
NG = ["150", "221", "205", "141", "35"]
TIMES = (1, 2, 4, 8, 24)


def asked(folder: Path, *people: list[str], dose: str = "120", times: tuple[float, ...] = TIMES) -> None:
    lines = [HEAD]
    for number, values in enumerate(people, 1):
        lines.append(f"{number},0,1,{dose},HCl,.")
        lines += [f"{number},{time},0,.,.,{value}" for time, value in zip(times, values, strict=True)]
    path = folder / "some.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = read_data(path)
    check_units(data, design_of(data), shipped_model())


@pytest.mark.parametrize("factor", [0.3, 1.0, 3.0])
def test_people_who_differ_pass(tmp_path: Path, factor: float) -> None:
    asked(tmp_path, NG, [repr(factor * float(value)) for value in NG])


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ([["0.150", "0.221", "0.205", "0.141", "0.035"]], "some.csv: .* look like mg/L"),
        ([NG, NG, ["0.15", "0.22", "0.2", "0.14", "0.03"]], "participant 3: .* look like mg/L"),
        ([NG, ["0.78", "1.14", "1.06", "0.73", "0.18"], NG], "participant 2: .* look like umol/L"),
        ([["150", "221", "0.205", "141", "35"]], "line 5, DV: 0.205 ng/mL is .* look like mg/L.* MDV 1"),
        ([NG, ["150", "221", "0.205", "0.141", "35"]], "line 11, DV"),
        ([["150", "221000", "205", "141", "35"]], "line 4, DV: 221000 ng/mL is .* look like ng/L"),
    ],
)
def test_all_one_participants_or_a_few_rows_in_another_unit_are_refused(
    tmp_path: Path, people: list[list[str]], said: str
) -> None:
    with pytest.raises(NotAFit, match=said):
        asked(tmp_path, *people)


def test_little_that_is_left_of_a_dose_says_something_where_it_is_below_any_assay_or_far_too_much(
    tmp_path: Path,
) -> None:
    asked(tmp_path, ["0.6", "0.3"], times=(72, 80))
    with pytest.raises(NotAFit, match="mg/L"):
        asked(tmp_path, ["0.0007", "0.0005"], times=(72, 80))
    with pytest.raises(NotAFit, match="ng/L"):
        asked(tmp_path, ["220", "205"], times=(120, 240))
    with pytest.raises(NotAFit, match="AMT in mg"):
        asked(tmp_path, NG, dose="0.12")
