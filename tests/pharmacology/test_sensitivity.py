"""Sensitivity: known laws of a linear model, shares of variance that are known, and names that are not."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from entact.pharmacology import Person, Population, Regimen, simulate
from entact.pharmacology.factor import all_at_once, chosen_factors
from entact.pharmacology.measure import read_measure
from entact.pharmacology.parameters import shipped_model
from entact.pharmacology.sensitivity import elasticity, local, sobol
from entact.pharmacology.simulation import NotASimulation

LINEAR = shipped_model().with_values({"kinact": 1e-12, "km_r": 1e9, "km_s": 1e9})
"""CYP2D6 neither saturates nor is inactivated"""
DOSE, MAN = Regimen.mdma("120 mg HCl"), Person(age=27)


def elasticities(regimen: Regimen, of: str, *factors: str, until: str = "20 d") -> dict[str, float]:
    found = local(regimen, MAN, [of], factors=factors, change="10 %", until=until, model=LINEAR)
    return dict(zip(found.rows["factor"], found.rows["elasticity"], strict=True))


def test_the_area_of_a_linear_model_goes_with_the_dose_and_against_the_clearance() -> None:
    routes = ("renal_clearance", "other_clearance_r", "demethylation_r", "cyp2d6_clearance_r")
    found = elasticities(DOSE, "area:mdma", "dose", "weight", "volume_r", *routes)
    assert found["dose"] == pytest.approx(1.0, abs=1e-4)
    assert found["weight"] == pytest.approx(-0.75, abs=1e-3)  # the allometric exponent of clearance
    assert found["volume_r"] == pytest.approx(0.0, abs=1e-3)
    # All clearances twice as large halve the area; those of S follow those of R.
    assert sum(found[route] for route in routes) == pytest.approx(-1.0, abs=5e-3)
    assert all(found[route] < -0.01 for route in routes)


def test_by_weight_a_dose_makes_up_for_a_part_of_the_clearance() -> None:
    found = elasticities(Regimen.mdma("1.5 mg/kg HCl"), "area:mdma", "weight")
    assert found["weight"] == pytest.approx(0.25, abs=1e-3)


def test_the_peak_goes_against_the_volume_and_less_than_the_volume_does() -> None:
    found = elasticities(DOSE, "peak:mdma", "dose", "volume_r", "absorption_rate", until="24 h")
    assert found["dose"] == pytest.approx(1.0, abs=1e-4)
    assert -1.0 < found["volume_r"] < -0.5
    assert 0.0 < found["absorption_rate"] < 0.5


def test_a_factor_alone_is_what_a_simulation_with_it_says() -> None:
    found = local(
        DOSE, MAN, ["peak:systolic", "trough:sodium"], factors=["ec50_serotonin", "sex"], change="20 %"
    )
    row = found.rows.row(
        by_predicate=(pl.col("factor") == "ec50_serotonin") & (pl.col("of") == "trough:sodium"), named=True
    )
    for level, at in (
        (row["low"], row["at_low"]),
        (row["base"], row["at_base"]),
        (row["high"], row["at_high"]),
    ):
        model = shipped_model().with_values({"ec50_serotonin": level})
        assert at == pytest.approx(simulate(DOSE, MAN, model=model).trough("sodium")[0], rel=1e-6)
    assert row["unit"] == "mmol/L"
    assert row["factor_unit"] == "umol/L"
    assert row["low"] == pytest.approx(0.8 * row["base"])
    woman = simulate(DOSE, Person(age=27, sex="female")).peak("systolic")[0]
    of_sex = found.rows.row(
        by_predicate=(pl.col("factor") == "sex") & (pl.col("of") == "peak:systolic"), named=True
    )
    assert of_sex["at_high"] == pytest.approx(woman, rel=1e-6)
    assert of_sex["elasticity"] is None


def test_one_standard_deviation_is_that_between_people() -> None:
    model = shipped_model()
    found = local(DOSE, MAN, ["peak:mdma"], factors=["volume_r", "systolic_baseline", "weight", "cyp2d6"])
    rows = {row["factor"]: row for row in found.rows.iter_rows(named=True)}
    sigma = model.parameters["volume_r"].sigma
    assert rows["volume_r"]["high"] == pytest.approx(model["volume_r"] * math.exp(sigma))
    baseline = rows["systolic_baseline"]
    assert baseline["high"] - baseline["low"] == pytest.approx(2 * model.parameters["systolic_baseline"].sd)
    assert baseline["at_low"] == baseline["at_high"]
    weights = pl.Series(Population.healthy(4000, seed=3, sex="male").covariates()["weight"]).log()
    for name, sign in (("low", -1.0), ("high", 1.0)):  # a step between people, from the person's own weight
        moved = math.log(rows["weight"][name] / rows["weight"]["base"])
        assert moved == pytest.approx(sign * float(weights.std()), rel=0.05)
        assert rows["weight"]["base"] == 70.0
    assert (rows["cyp2d6"]["low"], rows["cyp2d6"]["high"]) == (0.5, 2.0)


def test_what_varies_with_a_parameter_moves_with_it() -> None:
    model, wider = shipped_model(), 1.1
    found = local(DOSE, MAN, ["peak:s_mdma"], factors=["volume_r"], change="10 %")
    both = {name: wider * model[name] for name in ("volume_r", "volume_s")}
    expected = simulate(DOSE, MAN, model=model.with_values(both)).peak("s_mdma")[0]
    assert found.rows["at_high"][0] == pytest.approx(expected, rel=1e-6)


def test_factors_stand_in_the_order_of_what_they_change_and_all_are_there() -> None:
    found = local(DOSE, MAN, ["peak:systolic"], change="10 %")
    at = found.rows.select("at_low", "at_base", "at_high")
    moved = (at.max_horizontal() - at.min_horizontal()).to_list()
    assert moved == sorted(moved, reverse=True)
    assert set(found.rows["factor"]) == {
        *shipped_model().parameters,
        "sex",
        "weight",
        "age",
        "cyp2d6",
        "dose",
    }
    varying = local(DOSE, MAN, ["peak:systolic"]).rows["factor"]
    assert set(varying) == {*shipped_model().random, "sex", "weight", "age", "cyp2d6"}
    assert "research software" in found.notes[0]


def test_the_shares_of_what_only_adds_are_those_of_the_variances() -> None:
    # Without a dose, systolic pressure is a baseline plus so much a year.
    found = sobol(
        Regimen.placebo(), MAN, ["peak:systolic"], seed=5, n=1024, until="1 h",
        factors=["age", "systolic_baseline", "volume_r"],
    )  # fmt: skip
    shares = {row["factor"]: row for row in found.rows.iter_rows(named=True)}
    model = shipped_model()
    ages = Population.healthy(20_000, seed=8).covariates()["age"]
    by_age = (model["systolic_year"] * ages.std()) ** 2
    own = model.parameters["systolic_baseline"].sd ** 2
    assert sum(row["first"] for row in shares.values()) == pytest.approx(1.0, abs=0.03)
    assert shares["age"]["total"] == pytest.approx(by_age / (by_age + own), abs=0.02)
    assert shares["systolic_baseline"]["first"] == pytest.approx(own / (by_age + own), abs=0.03)
    assert shares["volume_r"]["total"] == pytest.approx(0.0, abs=1e-9)
    assert shares["age"]["sd"] == pytest.approx(math.sqrt(by_age + own), rel=0.03)


def test_a_seed_gives_the_same_shares_and_another_gives_others() -> None:
    def shares(seed: int) -> pl.DataFrame:
        return sobol(DOSE, MAN, ["area:mdma"], seed=seed, n=32, factors=["volume_r", "weight", "sex"]).rows

    assert shares(0).equals(shares(0))
    assert not shares(0).equals(shares(1))


def test_what_does_not_vary_has_no_shares() -> None:
    found = sobol(DOSE, MAN, ["peak:mdma"], seed=1, n=8, factors=["systolic_baseline"])
    assert found.rows["first"].to_list() == [None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("systolic", "write what and of which output"),
        ("peek:systolic", "nearest is 'peak'"),
        ("peak:sistolic", "nearest is 'systolic'"),
        ("half_life:systolic", "only a substance in plasma"),
        ("peak:", "write what"),
    ],
)
def test_a_measure_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotASimulation, match=said):
        read_measure(text)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"factors": ["volum_r"]}, "nearest is 'volume_r'"),
        ({"factors": ["km_r"]}, "same in all people"),
        ({"factors": ["dose"]}, "same in all people"),
        ({"factors": ["age", "age"]}, "each once"),
        ({"change": "80 %"}, "up to 50"),
        ({"change": "0 %"}, "up to 50"),
        ({"change": "10"}, "write 'sd'"),
    ],
)
def test_a_factor_or_a_change_that_is_none_is_refused(settings: dict[str, list[str]], said: str) -> None:
    with pytest.raises(NotASimulation, match=said):
        local(DOSE, MAN, ["peak:mdma"], **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n": 500}, "nearest is 512"),
        ({"n": 0}, "nearest is 8"),
        ({"seed": -1}, "seed -1"),
        ({"factors": ["kinact"]}, "same in all people"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(settings: dict[str, int], said: str) -> None:
    with pytest.raises(NotASimulation, match=said):
        sobol(DOSE, MAN, ["peak:mdma"], **{"seed": 1, **settings})  # type: ignore[arg-type]


def test_the_elasticity_of_a_power_is_its_exponent() -> None:
    assert elasticity((2.0, 3.0, 5.0), (4.0, 9.0, 25.0)) == pytest.approx(2.0)
    assert elasticity((-1.1, -1.0, -0.9), (-2.2, -2.0, -1.8)) == pytest.approx(1.0)
    assert elasticity((0.0, 0.0, 1.0), (1.0, 1.0, 2.0)) is None


def test_a_weight_that_is_drawn_is_one_of_the_own_sex() -> None:
    def weights(who: Person, *names: str) -> list[float]:
        factors = chosen_factors(names, shipped_model(), spread_only=True)
        quantiles = np.array([[0.9] * len(names), [0.1] * len(names)])
        return list(all_at_once(who, factors, shipped_model(), quantiles)[0].body["weight"])

    man, woman = weights(Person(), "weight"), weights(Person(sex="female"), "weight")
    assert man[0] > woman[0] > man[1] > woman[1]
    assert weights(Person(), "weight", "sex") == [man[0], woman[1]]  # quantiles below a half are women


def test_a_measure_is_what_the_result_has_under_its_name() -> None:
    run = simulate(DOSE, Population.healthy(3, seed=2))
    own = {
        "peak:mdma": run.peak("mdma"),
        "peak_at:mdma": run.peak_time("mdma"),
        "trough:sodium": run.trough("sodium"),
        "trough_at:sodium": run.summary("sodium")["trough_at"],
        "area:mda": run.area("mda"),
        "half_life:s_mdma": run.half_life("s_mdma"),
    }
    units = {text: read_measure(text).unit(run) for text in own}
    assert list(units.values()) == ["ng/mL", "h", "mmol/L", "h", "ng/mL h", "h"]
    for text, values in own.items():
        assert read_measure(text).values(run).tolist() == values.to_list()
