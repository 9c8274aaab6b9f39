"""What is asked of a simulation, against the same computed from its series."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from entact.pharmacology import Person, Population, Regimen, Simulation, simulate
from entact.pharmacology.variables import OUTPUTS


@pytest.fixture(scope="module")
def found() -> Simulation:
    regimen = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")
    return simulate(regimen, Population.healthy(43, seed=5), limits={"systolic": [140.0, 150.0]})


def test_every_output_has_its_unit(found: Simulation) -> None:
    assert found.units == {"time": "h", **{variable.name: variable.unit for variable in OUTPUTS}}


def test_series_hold_every_person_and_time(found: Simulation) -> None:
    frame = found.series("mdma", "systolic")
    assert frame.columns == ["person", "time", "mdma", "systolic"]
    assert frame.height == 43 * 289
    one = frame.filter(pl.col("person") == 17)
    np.testing.assert_array_equal(one["time"], found.times)
    np.testing.assert_array_equal(one["systolic"], found.values("systolic")[17])
    assert set(found.series().columns) == {"person", *found.units}


def test_the_long_form_carries_units(found: Simulation) -> None:
    frame = found.long("mdma", "heart_rate")
    assert frame.height == 2 * 43 * 289
    assert set(frame.group_by("output", "unit").len().select("output", "unit").iter_rows()) == {
        ("mdma", "ng/mL"),
        ("heart_rate", "1/min"),
    }


def test_the_summary_is_that_of_the_series(found: Simulation) -> None:
    frame = found.summary("mdma", "sodium")
    values = found.values("mdma")
    mdma = frame.filter(pl.col("output") == "mdma")
    np.testing.assert_array_equal(mdma["peak"], values.max(1))
    np.testing.assert_array_equal(mdma["peak_at"], found.times[values.argmax(1)])
    np.testing.assert_allclose(mdma["area"], np.trapezoid(values, found.times, axis=1), rtol=1e-12)
    assert mdma["half_life"].is_between(3.0, 25.0).all()
    sodium = frame.filter(pl.col("output") == "sodium")
    np.testing.assert_array_equal(sodium["trough"], found.values("sodium").min(1))
    assert sodium["half_life"].null_count() == 43
    assert found.summary().height == 43 * len(OUTPUTS)


def test_single_statistics_have_a_name_with_unit(found: Simulation) -> None:
    assert found.peak("systolic").name == "systolic peak [mmHg]"
    assert found.area("mdma").name == "mdma area [ng/mL h]"
    np.testing.assert_array_equal(found.peak("systolic"), found.values("systolic").max(1))
    np.testing.assert_array_equal(found.trough("amygdala"), found.values("amygdala").min(1))
    summary = found.summary("mdma")
    np.testing.assert_array_equal(found.peak_time("mdma"), summary["peak_at"])
    np.testing.assert_array_equal(found.half_life("mdma"), summary["half_life"])


def test_probabilities_count_persons(found: Simulation) -> None:
    peaks = found.values("systolic").max(1)
    limit = float(np.sort(peaks)[30])
    assert found.probability_above("systolic", limit) == np.mean(peaks > limit) == 12 / 43
    assert found.probability_below("sodium", 0.0) == 0.0
    assert found.probability_below("sodium", 500.0) == 1.0
    with pytest.raises(ValueError, match="no number"):
        found.probability_above("systolic", float("nan"))


def test_time_above_limits(found: Simulation) -> None:
    frame = found.time_above()
    assert frame.columns == ["person", "output", "limit", "unit", "hours"]
    fine = np.linspace(0.0, 24.0, 96_001)
    for limit in (140.0, 150.0):
        hours = frame.filter(pl.col("limit") == limit)["hours"]
        truth = [
            24.0 * np.mean(np.interp(fine, found.times, one) > limit) for one in found.values("systolic")
        ]
        np.testing.assert_allclose(hours, truth, atol=2e-3)
    assert simulate(Regimen.mdma("80 mg HCl"), Person()).time_above().is_empty()


def test_bands_are_quantiles_over_persons(found: Simulation) -> None:
    frame = found.bands("mdma", quantiles=(0.025, 0.5, 0.9))
    assert frame.columns == ["output", "unit", "time", "q02.5", "q50", "q90"]
    np.testing.assert_allclose(frame["q50"], np.median(found.values("mdma"), axis=0))
    assert (frame["q02.5"] <= frame["q90"]).all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        found.bands("mdma", quantiles=(5, 95))


def test_what_is_not_there_is_named(found: Simulation) -> None:
    with pytest.raises(KeyError, match="'pressure' was not simulated; there are: r_mdma"):
        found.values("pressure")
    with pytest.raises(KeyError, match="no terminal half-life"):
        found.half_life("systolic")
    short = simulate(Regimen.mdma("80 mg HCl"), Person(), summary_only=True)
    for ask in (short.series, short.bands):
        with pytest.raises(ValueError, match="summary only"):
            ask("mdma")
