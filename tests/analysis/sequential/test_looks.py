"""What looks show, against rpact, gsDesign and quadrature; sample sizes set anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entact.analysis.sequential import (
    GroupSequential,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    Look,
    PromisingZone,
    conditional_power,
    conditional_type_i_error,
    predictive_power,
)
from entact.analysis.sequential.reestimation import blinded_sd

GOLDEN = Path(__file__).parents[2] / "golden" / "group_sequential"
SPENDING = {"asOF": LanDeMetsOBrienFleming(), "asP": LanDeMetsPocock()}


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


MEANS = golden("analysis_means")
CASES = [
    one
    for one in MEANS["analyses"]
    if one["normalApproximation"] and one["kind"] == "gs" and one["design"] in SPENDING
]


def looks_of(told: dict[str, Any]) -> list[Look]:
    """Better is lower, so that estimates change sign; standard errors from the pooled statistics of rpact."""
    found = []
    for effect, z in zip(told["effectSizes"], told["overallTestStatistics"], strict=True):
        if effect is not None and z is not None:
            found.append(Look(-effect, abs(effect / z)))
    return found


@pytest.mark.parametrize("told", CASES, ids=lambda one: f"{one['design']}-{one['name']}")
def test_p_values_and_intervals_are_those_of_rpact(told: dict[str, Any]) -> None:
    """rpact::getAnalysisResults(design, data, directionUpper = FALSE), normal approximation

    rpact holds the planned fractions; so do these looks, by taking the second's information for granted.
    """
    design = GroupSequential(information=(0.6, 1.0), spending=SPENDING[told["design"]])
    looks = looks_of(told)
    planned = [0.6, 1.0][: len(looks)]
    scaled = [
        Look(look.z / np.sqrt(part), 1 / np.sqrt(part)) for look, part in zip(looks, planned, strict=True)
    ]
    shown = design.analyse(scaled, 1.0)
    known = [one for one in told["repeatedP"] if one is not None]
    assert shown.repeated_p == pytest.approx(known, abs=1e-6)
    for look, value, low, high in zip(
        looks, shown.boundaries.upper, told["rci"][0], told["rci"][1], strict=False
    ):
        assert -look.estimate - value * look.se == pytest.approx(low, rel=1e-6)
        assert -look.estimate + value * look.se == pytest.approx(high, rel=1e-6)
    final = told["finalP"]["pFinal"]
    if final is None:
        assert shown.stopped is None
        assert shown.p is shown.estimate is shown.interval is None
        return
    assert shown.stopped == told["finalP"]["finalStage"]
    assert shown.p == pytest.approx(final, abs=1e-8)
    scale = looks[shown.stopped - 1].se * np.sqrt(planned[shown.stopped - 1])
    assert shown.estimate is not None
    assert shown.interval is not None
    assert -shown.estimate * scale == pytest.approx(told["finalCI"]["medianUnbiased"], abs=1e-5)
    assert sorted(-one * scale for one in shown.interval) == pytest.approx(told["finalCI"]["ci"], abs=1e-5)


def test_a_trial_that_stops_at_its_first_look_has_the_plain_estimate() -> None:
    shown = GroupSequential(information=(0.6, 1.0)).analyse([Look(14.0, 3.23)], 1 / 3.23**2 / 0.6)
    assert (shown.decision, shown.stopped) == ("efficacy", 1)
    assert shown.estimate == pytest.approx(14.0, abs=1e-9)


def test_more_or_less_information_than_planned_keeps_the_error_rate() -> None:
    design = GroupSequential(information=(0.6, 1.0))
    for last in (0.9, 1.0, 1.15):
        looks = [Look(0.0, 1 / np.sqrt(0.55)), Look(0.0, 1 / np.sqrt(last))]
        found = design.analyse(looks, 1.0, final=True).boundaries
        assert found.spent[-1] == 0.025
        from entact.analysis.sequential.recursion import crossing

        above, _ = crossing(found.information, [-np.inf] * 2, found.upper, 0.0)
        assert above.sum() == pytest.approx(0.025, abs=1e-14)


def test_futility_is_advice_and_is_said() -> None:
    design = GroupSequential(information=(0.5, 1.0), futility=(0.0,))
    shown = design.analyse([Look(-0.1, 1 / np.sqrt(0.5))], 1.0)
    assert (shown.decision, shown.stopped) == ("futility", 1)


@pytest.mark.parametrize(
    ("looks", "maximum", "message"),
    [
        ([], 1.0, "no look"),
        ([Look(1, 1), Look(1, 1)], 2.0, "has to rise"),
        ([Look(1, 1), Look(1, 0.9)], 0.5, "is the last one"),
        ([Look(1, 1)], float("nan"), "above 0"),
    ],
)
def test_looks_that_make_no_sense_are_refused(looks: list[Look], maximum: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GroupSequential(information=(0.6, 1.0)).analyse(looks, maximum)


def test_a_look_is_of_numbers() -> None:
    with pytest.raises(ValueError, match="both are numbers"):
        Look(1.0, 0.0)


class TestConditionalPower:
    @pytest.mark.parametrize(
        "told",
        [one for one in golden("rpact_conditional_power")["rows"] if one["nPlanned_total_stage2"] == 40],
    )
    def test_is_that_of_rpact(self, told: dict[str, Any]) -> None:
        """rpact::getConditionalPower(…, nPlanned = 40), design asOF at 0.6"""
        design = GroupSequential(information=(0.6, 1.0))
        drift = None
        if told["thetaH1"] != "observed":
            drift = told["thetaH1"] / told["sd"] * np.sqrt(50 / 2)
        assert conditional_type_i_error(design, 1, told["z1"]) == pytest.approx(told["crp"], abs=1e-6)
        assert conditional_power(design, 1, told["z1"], drift) == pytest.approx(told["cp"], abs=1e-6)

    @pytest.mark.parametrize("told", golden("gsDesign_conditional_power_ssr")["results"]["gsCP"])
    def test_is_that_of_gsdesign(self, told: dict[str, Any]) -> None:
        """gsDesign::gsCP(x, i = 1, zi): at the observed effect, at none, and at the planned one"""
        design = GroupSequential(information=(0.6, 1.0))
        planned = 0.5 * np.sqrt(golden("gsDesign_conditional_power_ssr")["results"]["design"]["n_I"][1])
        found = [conditional_power(design, 1, told["zi"], drift) for drift in (None, 0.0, planned)]
        assert found == pytest.approx(told["cp"], abs=1e-8)

    def test_predictive_power_averages_it(self) -> None:
        design = GroupSequential(information=(0.5, 0.75, 1.0))
        random = np.random.default_rng(2)
        believed = random.normal(1.5 / np.sqrt(0.5), 1 / np.sqrt(0.5), 2000)
        simulated = np.mean([conditional_power(design, 1, 1.5, drift) for drift in believed])
        assert predictive_power(design, 1, 1.5) == pytest.approx(simulated, abs=0.03)
        certain = predictive_power(design, 1, 1.5, mean=2.0, sd=1e-6)
        assert certain == pytest.approx(conditional_power(design, 1, 1.5, 2.0), abs=1e-6)

    def test_the_last_look_has_nothing_after_it(self) -> None:
        with pytest.raises(ValueError, match="all but the last"):
            conditional_power(GroupSequential(information=(0.6, 1.0)), 2, 1.0)


ZONE = PromisingZone(design=GroupSequential(information=(0.6, 1.0)), first=51, second=34, most=100)


class TestPromisingZone:
    @pytest.mark.parametrize("told", golden("independent_quadrature")["promising_zone"])
    def test_is_that_of_quadrature(self, told: dict[str, Any]) -> None:
        found = ZONE.evaluate(told["delta"])
        assert found.first == pytest.approx(told["reject_stage1"], abs=1e-10)
        assert found.second == pytest.approx(told["reject_stage2"], abs=1e-10)
        assert found.expected == pytest.approx(told["expected_n_total"], abs=1e-6)
        low, cap, high = ZONE.edges()
        assert [low, high] == pytest.approx(told["zone_z1"], abs=1e-10)
        assert [cap] == pytest.approx(told["cap_z1"], abs=1e-10)

    def test_keeps_the_error_rate_whatever_it_does(self) -> None:
        assert ZONE.evaluate(0.0).power == pytest.approx(0.025, abs=1e-12)

    def test_simulation_says_the_same(self) -> None:
        for effect in (0.0, 0.4):
            exact, seen = ZONE.evaluate(effect), ZONE.simulate(effect, 200_000, np.random.default_rng(4))
            assert seen.power == pytest.approx(exact.power, abs=0.005)
            assert seen.expected == pytest.approx(exact.expected, rel=0.005)

    def test_sizes_that_make_no_sense_are_refused(self) -> None:
        with pytest.raises(ValueError, match="sizes lie above 0"):
            PromisingZone(design=ZONE.design, first=51, second=120, most=100)


def test_the_blinded_standard_deviation_is_that_within_arms() -> None:
    random = np.random.default_rng(3)
    values = np.concatenate([random.normal(0, 12, 100_000), random.normal(-9, 12, 100_000)])
    assert blinded_sd(values, 9.0) == pytest.approx(12.0, rel=0.01)
    assert blinded_sd(values) > 12.5
    with pytest.raises(ValueError, match="more than all"):
        blinded_sd(np.array([1.0, 2.0]), 100.0)
