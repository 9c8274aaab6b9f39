"""Peaks and outliers of vital signs on days of dosing, by hand."""

from __future__ import annotations

import polars as pl
import pytest

from entact.analysis.safety import Limits, dose_day_peaks, vital_outliers

ROWS = pl.DataFrame(
    [
        ("a", "mdma", "1", "SBP", 150.0, 120.0),
        ("a", "mdma", "1", "SBP", 161.0, 120.0),
        ("a", "mdma", "1", "SBP", None, 120.0),
        ("b", "mdma", "1", "SBP", 139.0, None),
        ("c", "placebo", "1", "SBP", 125.0, 118.0),
        ("c", "placebo", "1", "SBP", 88.0, 118.0),
        ("a", "mdma", "2", "SBP", None, 119.0),
    ],
    schema=["participant", "arm", "session", "parameter", "value", "before"],
    orient="row",
)


def test_each_person_has_one_peak_a_day() -> None:
    found = dose_day_peaks(ROWS)
    first = found.filter(session="1", arm="mdma").row(0, named=True)
    assert first["participants"] == 2
    assert first["mean peak"] == 150
    assert first["greatest"] == 161
    assert (first["mean rise"], first["risen"]) == (41, 1)
    nobody = found.filter(session="2").row(0, named=True)
    assert (nobody["participants"], nobody["mean peak"]) == (0, None)


def test_outliers_are_people_of_whom_it_could_be_told() -> None:
    found = vital_outliers(ROWS, {"SBP": Limits(high=160, low=90, rise=40)})
    counted = {(row[0], row[2], row[3]): row[4:] for row in found.iter_rows()}
    assert counted["1", "mdma", "at least 160"] == (1, 2)
    assert counted["1", "mdma", "rise of at least 40"] == (1, 1)
    assert counted["1", "placebo", "at most 90"] == (1, 1)
    assert counted["2", "mdma", "at least 160"] == (0, 0)


def test_a_parameter_that_is_not_there_and_two_values_before_are_refused() -> None:
    with pytest.raises(ValueError, match="limits for 'SPB', and the rows have: SBP"):
        vital_outliers(ROWS, {"SPB": Limits(high=160)})
    with pytest.raises(ValueError, match="no limit at all"):
        vital_outliers(ROWS, {"SBP": Limits()})
    twice = pl.concat([ROWS, ROWS.head(1).with_columns(before=pl.lit(130.0))])
    with pytest.raises(ValueError, match="two values before one dose"):
        dose_day_peaks(twice)
