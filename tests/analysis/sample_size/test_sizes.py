"""Sample sizes and power against rpact, gsDesign, quadrature and simulation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from entact.analysis.mmrm import TrialDesign, mmrm
from entact.analysis.sample_size import Means, Rates, RepeatedMeasures, Survival
from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential import (
    GroupSequential,
    HwangShihDeCani,
    LanDeMetsPocock,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "group_sequential"


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


THIRDS = (1 / 3, 2 / 3, 1.0)
DESIGNS = {
    "fixed1": GroupSequential(information=(1.0,)),
    "fixed2": GroupSequential(information=(1.0,), sided=2),
    "asOF_K2_0.6": GroupSequential(information=(0.6, 1.0)),
    "asP_K2_0.6": GroupSequential(information=(0.6, 1.0), spending=LanDeMetsPocock()),
    "asHSD-4_K2_0.6": GroupSequential(information=(0.6, 1.0), spending=HwangShihDeCani(-4)),
    "asOF_K3": GroupSequential(information=THIRDS),
    "asP_K3": GroupSequential(information=THIRDS, spending=LanDeMetsPocock()),
}
FIXED = DESIGNS["fixed1"]
V = np.array([[76.0, 58.0, 53.0], [58.0, 131.0, 84.0], [53.0, 84.0, 160.0]])


@pytest.mark.parametrize(
    "told",
    golden("sample_size")["rpact"],
    ids=lambda one: "-".join(str(value) for value in one["args"].values()),
)
def test_sizes_are_those_of_rpact(told: dict[str, Any]) -> None:
    """rpact::getSampleSizeMeans(design, alternative, stDev, normalApproximation, allocationRatioPlanned),
    getSampleSizeRates(design, pi1, pi2, normalApproximation = TRUE, allocationRatioPlanned)
    """
    args = told["args"]
    comparison: Comparison
    if told["name"] == "means":
        ratio, t = args["allocationRatio"], not args["normalApproximation"]
        comparison = Means(args["alternative"], args["stDev"], ratio=ratio, t=t)
    else:
        comparison = Rates(args["pi1"], args["pi2"], ratio=args["allocationRatio"])
    found = DESIGNS[args["design"]].sample_size(comparison)
    assert found.size == pytest.approx(told["maxNumberOfSubjects"], rel=2e-6)
    if told["expectedNumberOfSubjectsH1"] is not None:
        assert found.expected == pytest.approx(told["expectedNumberOfSubjectsH1"], rel=2e-6)
        assert found.expected_null == pytest.approx(told["expectedNumberOfSubjectsH0"], rel=2e-6)


@pytest.mark.parametrize("told", golden("sample_size")["gsDesign_nBinomial"])
def test_rates_are_those_of_gsdesign(told: dict[str, float]) -> None:
    """gsDesign::nBinomial(p1, p2, alpha = .025, beta = .1)"""
    assert FIXED.sample_size(Rates(told["p1"], told["p2"])).size == pytest.approx(told["n"], rel=1e-9)


@pytest.mark.parametrize("told", golden("sample_size")["gsDesign_nNormal"])
def test_means_are_those_of_gsdesign(told: dict[str, float]) -> None:
    """gsDesign::nNormal(delta1, sd, alpha = .025, beta = .1)"""
    assert FIXED.sample_size(Means(told["delta1"], told["sd"])).size == pytest.approx(told["n"], rel=1e-9)


@pytest.mark.parametrize("name", ["asOF", "asP"])
def test_power_is_that_of_rpact(name: str) -> None:
    """rpact::getPowerMeans(design, alternative, stDev = 1, normalApproximation = TRUE, …, 100)"""
    told = golden("power")["power_means"][name]
    design = DESIGNS[f"{name}_K2_0.6"]
    for place, difference in enumerate(told["args"]["alternative"]):
        found = design.power(Means(difference, 1.0), 100)
        assert found.overall == pytest.approx(told["overallReject"][place], abs=1e-8)
        assert found.efficacy == pytest.approx([by[place] for by in told["rejectPerStage"]], abs=1e-6)
        assert found.information * 100 == pytest.approx(told["expectedNumberOfSubjects"][place], abs=1e-4)


COMPARISONS: list[Comparison] = [
    Means(0.5, 1.0),
    Means(-4.0, 9.0, control_sd=7.0, ratio=1.5, dropout=0.2),
    Means(0.5, 1.0, t=True),
    Rates(0.67, 0.32),
    Survival(0.6),
    RepeatedMeasures(9.0, V, (1.0, 0.95, 0.85)),
    RepeatedMeasures(9.0, V, (1.0, 0.95, 0.85), control_retention=(0.9, 0.9, 0.7), ratio=2.0, t=True),
]


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda one: one.told())
@pytest.mark.parametrize("power", [0.5, 0.8, 0.95])
def test_the_size_for_a_power_has_it(comparison: Comparison, power: float) -> None:
    size = FIXED.sample_size(comparison, power).size
    assert FIXED.power(comparison, size).overall == pytest.approx(power, abs=1e-9)


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda one: one.told())
def test_more_people_mean_more_power(comparison: Comparison) -> None:
    design = DESIGNS["asOF_K3"]
    powers = [design.power(comparison, size).overall for size in (12, 30, 60, 90, 200, 1000)]
    assert np.all(np.diff(powers) >= 0)
    assert powers[0] < powers[-1]


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.2, 5.0))
def test_it_does_not_matter_which_arm_is_named_first(one: float, two: float, ratio: float) -> None:
    if abs(one - two) < 0.01:
        return
    there = FIXED.sample_size(Rates(one, two, ratio=ratio)).size
    assert FIXED.sample_size(Rates(two, one, ratio=1 / ratio)).size == pytest.approx(there, rel=1e-10)


def test_those_who_leave_are_enrolled_too_and_arms_keep_their_ratio() -> None:
    found = FIXED.sample_size(Means(0.5, 1.0, ratio=2.0, dropout=0.2))
    assert found.arms == (127, 64)
    assert found.enrolled == (158, 79)
    assert "on treatment 158, on control 79, enrolled" in str(found)


class TestSurvival:
    def test_events_are_those_of_schoenfeld(self) -> None:
        expected = 4 * (norm.ppf(0.975) + norm.ppf(0.9)) ** 2 / np.log(0.6) ** 2
        assert FIXED.sample_size(Survival(0.6)).size == pytest.approx(expected, rel=1e-12)
        assert FIXED.sample_size(Survival(0.6)).enrolled is None

    @pytest.mark.parametrize("time", [3.0, 12.0, 20.0])
    def test_who_has_an_event_is_the_integral_over_the_entries(self, time: float) -> None:
        said = Survival(0.6, control_median=10, accrual=12, follow_up=8, dropout_hazard=0.02, ratio=2)
        total = 0.0
        for hazard, share in ((0.6 * np.log(2) / 10, 2 / 3), (np.log(2) / 10, 1 / 3)):
            out = hazard + 0.02

            def ended(entry: float, hazard: float = hazard, out: float = out) -> float:
                return hazard / out * (1 - np.exp(-out * (time - entry))) / 12

            total += share * quad(ended, 0, min(time, 12.0))[0]
        assert said.event_probability(time) == pytest.approx(total, rel=1e-10)

    def test_looks_have_their_time(self) -> None:
        said = Survival(0.6, control_median=10, accrual=12, follow_up=8)
        times = said.look_times((0.25, 0.6, 1.0))
        shares = [said.event_probability(at) / said.event_probability(20.0) for at in times]
        assert shares == pytest.approx([0.25, 0.6, 1.0], rel=1e-9)


class TestRepeatedMeasures:
    def test_without_drop_out_it_is_the_last_visit_alone(self) -> None:
        alone = FIXED.sample_size(Means(9.0, float(np.sqrt(V[-1, -1])))).size
        assert FIXED.sample_size(RepeatedMeasures(9.0, V, (1, 1, 1))).size == pytest.approx(alone, rel=1e-12)

    def test_of_two_visits_it_is_the_known_closed_form(self) -> None:
        """With n of N at the second visit: σ²(1 - ρ²(N - n)/N)/n, as in Little & Rubin 2002, equation 7.12"""
        rho, kept = 0.6, 0.7
        said = RepeatedMeasures(1.0, np.array([[1.0, rho], [rho, 1.0]]), (1.0, kept))
        assert said.variances()[0] == pytest.approx((1 - rho**2 * (1 - kept)) / kept, rel=1e-12)

    def test_a_simulation_with_the_mixed_model_has_this_variance_and_power(self) -> None:
        """3,000 trials of 2 × 60, monotone drop-out completely at random, simulated and fitted"""
        random = np.random.default_rng(11)
        n, trials, difference = 120, 3000, 6.0
        arm = np.arange(n) % 2
        x = np.zeros((n, 3, 6))
        x[:, 0, 0] = x[:, 1, 1] = x[:, 2, 2] = 1.0
        for visit in range(3):
            x[:, visit, 3 + visit] = arm
        y = random.standard_normal((trials, n, 3)) @ np.linalg.cholesky(V).T
        y[..., 2] += difference * arm
        last = random.choice([1, 2, 3], size=(trials, n), p=[0.1, 0.15, 0.75])
        y[np.arange(3) >= last[..., None]] = np.nan
        fits = TrialDesign(x).fit(y, np.array([[0.0, 0, 0, 0, 0, 1]]))
        said = RepeatedMeasures(difference, V, (1.0, 0.9, 0.75), t=True)
        spread = float(np.var(np.asarray(fits.estimate)[:, 0]))
        assert spread == pytest.approx(said.variance / n, rel=0.1)
        power = float(np.mean(np.asarray(fits.p)[:, 0] < 0.05))
        assert FIXED.power(said, n).overall == pytest.approx(power, abs=0.03)

    def test_it_takes_the_covariance_of_a_fit(self) -> None:
        import polars as pl

        random = np.random.default_rng(5)
        y = random.standard_normal((60, 3)) @ np.linalg.cholesky(V).T
        frame = pl.DataFrame(
            {
                "id": np.repeat(np.arange(60), 3),
                "visit": np.tile(["a", "b", "c"], 60),
                "arm": np.repeat(np.where(np.arange(60) % 2, "drug", "placebo"), 3),
                "y": y.ravel(),
            }
        )
        fit = mmrm("y ~ arm * visit", frame, subject="id", visit="visit")
        said = RepeatedMeasures.of_fit(fit, 9.0, (1.0, 0.9), visit="b")
        assert said.covariance == pytest.approx(fit.covariance[""][:2, :2])
        with pytest.raises(ValueError, match="no visit 'd'; it has a, b, c"):
            RepeatedMeasures.of_fit(fit, 9.0, (1.0,), visit="d")

    def test_a_look_knows_of_those_who_have_come_so_far(self) -> None:
        said = RepeatedMeasures(9.0, V, (1.0, 0.9, 0.8))
        whole = said.information((50, 45, 40), (50, 45, 40))
        assert whole == pytest.approx(100 / said.variance, rel=1e-12)
        early = said.information((50, 40, 20), (50, 40, 20))
        assert 20 / 40 * whole < early < whole
        with pytest.raises(ValueError, match="nobody has come to the last visit"):
            said.information((50, 40, 0), (50, 40, 20))


def test_assurance_is_the_average_power_over_the_prior() -> None:
    design, random = DESIGNS["asOF_K3"], np.random.default_rng(3)
    drifts = random.normal(2.5, 1.5, 3000)
    average = np.mean([design.power(drift).overall for drift in drifts])
    assert design.assurance(2.5, 1.5) == pytest.approx(average, abs=0.02)
    # Without looks it has a closed form: Φ((m - z)/√(1 + s²)).
    for mean, sd in ((2.5, 1.5), (0.0, 1.0), (3.0, 100.0), (3.0, 0.01)):
        expected = norm.cdf((mean - norm.ppf(0.975)) / np.hypot(1, sd))
        assert FIXED.assurance(mean, sd) == pytest.approx(expected, abs=1e-10)
    said = Means(0.5, 1.0)
    on_scale = FIXED.assurance(0.5, 0.2, said, 100)
    assert on_scale == pytest.approx(FIXED.assurance(2.5, 1.0), abs=1e-12)
    assert FIXED.assurance(2.5, 0.0) == FIXED.power(2.5).overall


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Means(float("nan"), 1.0), "has to be a number"),
        (lambda: Means(0.5, 0.0), "lies above 0"),
        (lambda: Means(0.5, 1.0, ratio=0.0), "ratio is 0"),
        (lambda: Means(0.5, 1.0, dropout=1.0), "dropout is 1"),
        (lambda: Means(0.5, 1.0, control_sd=2.0, t=True), "one standard deviation"),
        (lambda: Rates(1.2, 0.5), "between 0 and 1"),
        (lambda: Rates(0.0, 0.0), "show nothing"),
        (lambda: Survival(0.0), "hazard ratio is 0"),
        (lambda: Survival(0.5, accrual=12), "go together"),
        (lambda: Survival(0.5).event_probability(3), "without control_median"),
        (lambda: RepeatedMeasures(1.0, np.zeros((2, 2)), (1, 1)), "not positive definite"),
        (lambda: RepeatedMeasures(1.0, np.eye(2), (1,)), "one share for each visit"),
        (lambda: RepeatedMeasures(1.0, np.eye(2), (0.8, 0.9)), "not rising"),
        (lambda: FIXED.sample_size(Means(0.0, 1.0)), "difference is 0"),
        (lambda: FIXED.sample_size(Rates(0.5, 0.5)), "difference is 0"),
        (lambda: FIXED.sample_size(Survival(1.0)), "difference is 0"),
        (lambda: FIXED.sample_size(Means(0.5, 1.0), 0.01), "between alpha"),
        (lambda: FIXED.sample_size(Means(0.5, 1.0), 1.0), "between alpha"),
        (lambda: FIXED.power(Means(0.5, 1.0)), "for how many"),
        (lambda: FIXED.power(Means(0.5, 1.0), 0), "above 0"),
        (lambda: FIXED.power(Means(0.5, 1.0, t=True), 2), "takes 3 at least"),
        (lambda: FIXED.power(float("nan")), "has to be a number"),
        (lambda: FIXED.assurance(1.0, -1.0), "from 0 on"),
        (lambda: FIXED.assurance(0.5, 0.2, Means(0.0, 1.0), 100), "no difference"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "comparison", [Means(1e-4, 1.0, t=True), Means(50.0, 1.0, t=True), Means(50.0, 1.0), Rates(1.0, 0.0)]
)
def test_very_small_and_very_large_differences_give_numbers(comparison: Comparison) -> None:
    found = FIXED.sample_size(comparison)
    assert np.isfinite(found.size)
    assert found.size > 0
    assert 0.8999 < FIXED.power(comparison, found.size * (1 + 1e-6)).overall <= 1
    assert FIXED.power(comparison, found.size * 1e3 + 10).overall == pytest.approx(1.0, abs=1e-6)
