"""From covariates, random effects and medicines to the inputs of the equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.pharmacology import Population
from entact.pharmacology.individual import FOLLOWS, vectors
from entact.pharmacology.parameters import ModelError, shipped_model
from entact.pharmacology.prescription import find_medicines
from entact.pharmacology.variables import INPUTS

MODEL = shipped_model()
COUNT = len(MODEL.random)


def people(n: int = 1, **values: float) -> dict[str, np.ndarray]:
    usual = {"weight": 70.0, "female": 0.0, "age": 27.0, "activity": 2.0, **values}
    return {name: np.full(n, value) for name, value in usual.items()}


def one(etas: np.ndarray | None = None, **values: float) -> dict[str, float]:
    row = vectors(MODEL, people(**values), np.zeros((1, COUNT)) if etas is None else etas)[0]
    return dict(zip(INPUTS, row, strict=True))


def test_the_typical_person_has_the_numbers_of_the_file() -> None:
    p = one()
    assert p["ka"] == MODEL["absorption_rate"]
    assert 1 / p["per_volume_r"] == pytest.approx(MODEL["volume_r"])
    assert p["cyp2d6_s"] == pytest.approx(MODEL["cyp2d6_clearance_s"])
    assert p["enzyme_turnover"] == pytest.approx(np.log(2) / 46.6)
    assert p["kinact"] == pytest.approx(60 * MODEL["kinact"])
    # half the maximal inactivation where unbound MDMA is at KI: 193.24 g/mol
    assert 1 / p["per_ki"] == pytest.approx(MODEL["ki"] * 0.19324 / MODEL["unbound"])


@given(st.floats(40.0, 150.0))
def test_clearance_and_volume_are_allometric(weight: float) -> None:
    small, large = one(), one(weight=weight)
    for name in ("renal_r", "other_s", "cyp2d6_r", "demethylation_s"):
        assert large[name] / small[name] == pytest.approx((weight / 70) ** 0.75)
    assert small["per_volume_s"] / large["per_volume_s"] == pytest.approx(weight / 70)
    assert large["body_water"] / small["body_water"] == pytest.approx(weight / 70)


@pytest.mark.parametrize(("score", "fraction"), [(0.0, 0.0), (0.5, 0.25), (2.0, 1.0), (3.0, 1.5)])
def test_the_activity_score_scales_cyp2d6_alone(score: float, fraction: float) -> None:
    gene, usual = one(activity=score), one()
    assert gene["cyp2d6_r"] == pytest.approx(fraction * usual["cyp2d6_r"])
    assert gene["cyp2d6_s"] == pytest.approx(fraction * usual["cyp2d6_s"])
    assert {name for name in INPUTS if gene[name] != usual[name]} <= {"cyp2d6_r", "cyp2d6_s"}


def test_women_and_age_and_measured_baselines() -> None:
    assert one(female=1.0)["systolic_baseline"] < one()["systolic_baseline"]
    assert one(female=1.0)["heart_rate_beta1"] > one()["heart_rate_beta1"]
    assert one(female=1.0)["body_water"] < one()["body_water"]
    assert one(age=57.0)["systolic_baseline"] == pytest.approx(
        one()["systolic_baseline"] + 30 * MODEL["systolic_year"]
    )
    assert one(systolic_baseline=141.0)["systolic_baseline"] == 141.0
    assert one(sodium_baseline=137.0)["sodium_baseline"] == 137.0


def test_a_meal_slows_absorption_and_restriction_stops_drinking() -> None:
    fed = vectors(MODEL, people(), np.zeros((1, COUNT)), food="fed")[0]
    assert fed[INPUTS.index("ka")] == pytest.approx(MODEL["food_absorption"] * MODEL["absorption_rate"])
    dry = vectors(MODEL, people(), np.zeros((1, COUNT)), water="restricted")[0]
    assert dry[INPUTS.index("drinking")] == 0.0
    assert one()["drinking"] == MODEL["drinking"]


def test_random_effects_have_the_spread_of_the_file_and_followers_their_leader() -> None:
    n = 20_000
    etas = np.random.default_rng(1).standard_normal((n, COUNT))
    drawn = vectors(MODEL, people(n), etas)
    ka, sodium = drawn[:, INPUTS.index("ka")], drawn[:, INPUTS.index("sodium_baseline")]
    assert np.median(ka) == pytest.approx(MODEL["absorption_rate"], rel=0.02)
    assert ka.std() / ka.mean() == pytest.approx(MODEL.parameters["absorption_rate"].cv, rel=0.05)
    assert sodium.std() == pytest.approx(MODEL.parameters["sodium_baseline"].sd, rel=0.05)
    together = drawn[:, INPUTS.index("per_volume_r")] / drawn[:, INPUTS.index("per_volume_s")]
    assert together == pytest.approx(np.full(n, together[0]))
    assert (drawn[:, INPUTS.index("systolic_alpha1")] > 0).all()


def test_a_person_alone_has_the_same_bits_as_among_others() -> None:
    n = 40
    who = Population.healthy(n, seed=3)
    covariates, etas = who.covariates(0, n), who.etas(0, n, COUNT)
    for board in ((), ("paroxetine", "carvedilol")):
        medicines = find_medicines(board)
        together = vectors(MODEL, covariates, etas, medicines=medicines)
        for i in range(n):
            own = {name: values[i : i + 1] for name, values in covariates.items()}
            np.testing.assert_array_equal(
                vectors(MODEL, own, etas[i : i + 1], medicines=medicines)[0], together[i]
            )


def test_followers_name_parameters_that_vary() -> None:
    for follower, leader in FOLLOWS.items():
        assert leader in MODEL.random
        assert follower in MODEL.parameters
        assert follower not in MODEL.random


def test_medicines_reach_their_target() -> None:
    def changed(name: str) -> set[str]:
        usual = vectors(MODEL, people(), np.zeros((1, COUNT)))[0]
        other = vectors(MODEL, people(), np.zeros((1, COUNT)), medicines=find_medicines([name]))[0]
        return {INPUTS[index] for index in np.flatnonzero(usual != other)}

    assert changed("paroxetine") == {"sert_block", "net_block", "enzyme_loss", "enzyme_at_first"}
    assert changed("doxazosin") == {"alpha1_block"}
    assert changed("quetiapine") == {"ht2a_block", "alpha1_block", "d2_block"}
    # Given on the day, so that its level falls from there.
    assert changed("haloperidol") == {"d2_falling", "falling"}
    assert changed("clonidine") == {"tone_less", "falling"}
    assert changed("methylphenidate") == {"dat_falling", "net_falling", "tone_more", "falling"}
    assert changed("metyrapone") == {"cortisol_falling", "falling"}
    assert changed("reboxetine") == {"net_falling", "enzyme_block_falling", "falling"}
    assert changed("carvedilol") == {"alpha1_falling", "beta1_falling", "beta2_falling", "falling"}
    assert changed("paroxetine, last taken 1 d before") == {
        *("sert_falling", "net_falling", "enzyme_loss_falling", "enzyme_at_first", "falling"),
    }


def test_missing_covariates_and_wrong_shapes_are_named() -> None:
    with pytest.raises(ModelError, match="'activity' is missing"):
        vectors(MODEL, {k: v for k, v in people().items() if k != "activity"}, np.zeros((1, COUNT)))
    with pytest.raises(ModelError, match=f"3 persons x {COUNT} parameters"):
        vectors(MODEL, people(3), np.zeros((2, COUNT)))


def test_all_inputs_are_made_and_nothing_else() -> None:
    row = vectors(MODEL, people(5), np.zeros((5, COUNT)))
    assert row.shape == (5, len(INPUTS))
    assert row.flags.c_contiguous
    assert np.isfinite(row).all()
