"""What looks show, against rpact, gsDesign and quadrature; sample sizes set anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as t_distribution

from entact.analysis.sample_size import Means
from entact.analysis.sequential import (
    GroupSequential,
    HaybittlePeto,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    Look,
    OBrienFleming,
    Pocock,
    PromisingZone,
    Shape,
    UserDefined,
    blinded_sd,
    blinded_size,
    conditional_power,
    conditional_type_i_error,
    predictive_power,
)
from entact.analysis.sequential.inference import _shown, _StageWise
from entact.analysis.sequential.recursion import crossing

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


def stages_of(told: dict[str, Any]) -> list[Look]:
    """Better is lower: treatment and control change places."""
    data, t = MEANS["data"], not told["normalApproximation"]
    if told["name"] != "stage 2":
        said = data["interim" if told["name"] == "interim only" else "early"]
        return [Look.of_means(said["n"][::-1], said["mean"][::-1], said["sd"][::-1], t=t)]
    both = data["both"]
    return [
        Look.of_means(
            (both["n2"][stage], both["n1"][stage]),
            (both["means2"][stage], both["means1"][stage]),
            (both["sd2"][stage], both["sd1"][stage]),
            t=t,
        )
        for stage in (0, 1)
    ]


@pytest.mark.parametrize(
    "told",
    [one for one in MEANS["analyses"] if one["kind"] == "in" and one["design"] in SPENDING],
    ids=lambda one: f"{one['design']}-{one['name']}-{one['normalApproximation']}",
)
def test_combined_stages_are_those_of_rpact(told: dict[str, Any]) -> None:
    """rpact::getAnalysisResults(getDesignInverseNormal(…), data, directionUpper = FALSE, normalApproximation)

    Of the estimate after two stages rpact takes another scale; its p-value and repeated intervals are these.
    """
    shown = GroupSequential(information=(0.6, 1.0), spending=SPENDING[told["design"]]).analyse_stages(
        stages_of(told)
    )
    assert [look.z for look in shown.looks] == pytest.approx(
        [one for one in told["combInverseNormal"] if one is not None], abs=1e-8
    )
    assert shown.repeated_p == pytest.approx([one for one in told["repeatedP"] if one is not None], abs=1e-6)
    for (low, high), under, over in zip(
        shown.repeated_interval, told["rci"][0], told["rci"][1], strict=False
    ):
        assert (-high, -low) == pytest.approx((under, over), abs=1e-6)
    if told["finalP"]["pFinal"] is not None:
        assert shown.p == pytest.approx(told["finalP"]["pFinal"], abs=1e-7)
        if shown.stopped == 1:
            assert shown.interval is not None
            assert shown.interval == pytest.approx([-one for one in told["finalCI"]["ci"][::-1]], abs=1e-4)


@pytest.mark.parametrize(
    "told", golden("analysis_rates")["analyses"], ids=lambda one: f"{one['kind']}-{one['name']}"
)
def test_rates_are_those_of_rpact(told: dict[str, Any]) -> None:
    """rpact::getAnalysisResults(design asOF at 0.6, getDataset(n, events), normalApproximation = TRUE)"""
    data = golden("analysis_rates")["data"]["both"]
    count = 1 if told["name"] == "interim" else 2
    stages = [
        Look.of_rates((data["events1"][k], data["events2"][k]), (data["n1"][k], data["n2"][k]))
        for k in range(count)
    ]
    design = GroupSequential(information=(0.6, 1.0))
    if told["kind"] == "in":
        shown = design.analyse_stages(stages)
    else:
        overall = [one for one in told["overallTestStatistics"] if one is not None]
        shown = design.analyse(
            [Look(z / np.sqrt(t), 1 / np.sqrt(t)) for z, t in zip(overall, (0.6, 1.0), strict=False)], 1.0
        )
        assert stages[0].z == pytest.approx(overall[0], abs=1e-10)
    assert shown.repeated_p == pytest.approx([one for one in told["repeatedP"] if one is not None], abs=1e-6)
    if told["finalP"]["pFinal"] is not None:
        assert shown.p == pytest.approx(told["finalP"]["pFinal"], abs=1e-7)


@pytest.mark.parametrize(
    "told",
    golden("gsDesign_conditional_power_ssr")["results"]["sequentialPValue"],
    ids=lambda one: f"{one['Z']}",
)
def test_the_least_repeated_p_is_the_sequential_p_of_gsdesign(told: dict[str, Any]) -> None:
    """gsDesign::sequentialPValue(gsD, n.I, Z), design sfLDOF at 0.6, to its own tolerance of 1e-5"""
    z = told["Z"] if isinstance(told["Z"], list) else [told["Z"]]
    looks = [Look(one / np.sqrt(t), 1 / np.sqrt(t)) for one, t in zip(z, (0.6, 1.0), strict=False)]
    shown = GroupSequential(information=(0.6, 1.0)).analyse(looks, 1.0)
    assert min(shown.repeated_p) == pytest.approx(told["sequentialPValue"], abs=1e-5)


def test_t_is_judged_by_its_p_value_as_rpact_does() -> None:
    """rpact::getAnalysisResults(design asOF at 0.6, data, directionUpper = FALSE, normalApproximation =
    FALSE): finalP, repeatedPValues, repeatedConfidenceIntervals of the second stage
    """
    told = next(
        one
        for one in MEANS["analyses"]
        if one["kind"] == "gs"
        and one["name"] == "stage 2"
        and one["design"] == "asOF"
        and not one["normalApproximation"]
    )
    ses = [
        abs(effect / t) for effect, t in zip(told["effectSizes"], told["overallTestStatistics"], strict=True)
    ]
    looks = [
        Look(-effect, se, df) for effect, se, df in zip(told["effectSizes"], ses, (58, 101), strict=True)
    ]
    assert [look.z for look in looks] == pytest.approx(
        [2.40444891899714, float(-norm.ppf(told["overallPValues"][1]))], abs=1e-8
    )
    # rpact holds the planned fractions, whatever the standard errors were.
    shown = _shown(GroupSequential(information=(0.6, 1.0)), looks, (0.6, 1.0), False)
    assert shown.p == pytest.approx(told["finalP"]["pFinal"], abs=1e-8)
    assert shown.repeated_p == pytest.approx(told["repeatedP"], abs=1e-6)
    for interval, low, high in zip(shown.repeated_interval, *told["rci"], strict=True):
        assert interval == pytest.approx((-high, -low), abs=1e-6)


def test_a_two_sided_trial_that_stops_below_is_the_mirror_of_one_that_stops_above() -> None:
    design = GroupSequential(information=(0.6, 1.0), sided=2)
    up = design.analyse([Look(8.0, 3.23), Look(8.64, 2.464)], 1 / 2.464**2)
    down = design.analyse([Look(-8.0, 3.23), Look(-8.64, 2.464)], 1 / 2.464**2)
    assert up.estimate is not None
    assert up.interval is not None
    assert up.p is not None
    assert down.decision == up.decision == "efficacy"
    assert down.estimate == pytest.approx(-up.estimate, abs=1e-10)
    assert down.interval == pytest.approx((-up.interval[1], -up.interval[0]), abs=1e-10)
    assert down.p == pytest.approx(1 - up.p, abs=1e-12)
    assert down.repeated_p == pytest.approx(up.repeated_p, abs=1e-14)


def test_futility_by_spending_is_made_anew_at_the_information_that_was_there() -> None:
    design = GroupSequential(information=(0.5, 1.0), futility=KimDeMets(2.0), binding=True)
    planned = design.boundaries()
    assert planned.lower is not None
    same = design.boundaries_at((0.5, 1.0), final=True)
    assert same.upper == pytest.approx(planned.upper, abs=1e-12)
    assert same.lower == pytest.approx(planned.lower, abs=1e-12)
    other = design.boundaries_at((0.6, 0.9, 1.1), final=True)
    assert other.lower is not None
    floors = [*other.lower, other.upper[-1]]
    above, _ = crossing(other.information, floors, other.upper, 0.0)
    assert above.sum() == pytest.approx(0.025, abs=1e-13)
    _, below = crossing(other.information, floors, other.upper, design.drift())
    assert below[:2].sum() == pytest.approx(design.beta * 0.9**2, abs=1e-12)
    fixed = GroupSequential(information=(0.5, 1.0), futility=(0.0,))
    with pytest.raises(ValueError, match="say how beta is spent"):
        fixed.analyse([Look(0.1, 2.0), Look(0.1, 1.5)], 1.0)


@pytest.mark.parametrize("spending", [Pocock(), OBrienFleming(), HaybittlePeto()])
def test_a_shape_keeps_the_error_rate_at_other_information(spending: Shape) -> None:
    design = GroupSequential(information=(0.5, 1.0), spending=spending)
    found = design.boundaries_at((0.4, 0.7, 1.2), final=True)
    none = [-np.inf] * 3
    assert crossing(found.information, none, found.upper, 0.0)[0].sum() == pytest.approx(0.025, abs=1e-13)


@given(z=st.floats(-3, 5), first=st.floats(-2, 2))
def test_p_and_boundary_agree_at_the_edge(z: float, first: float) -> None:
    """It is rejected exactly where the repeated p is at most alpha, and the interval leaves out 0."""
    design = GroupSequential(information=(0.5, 1.0))
    shown = design.analyse([Look(first / np.sqrt(0.5), 1 / np.sqrt(0.5)), Look(z, 1.0)], 1.0)
    for p, interval, look, bound in zip(
        shown.repeated_p, shown.repeated_interval, shown.looks, shown.boundaries.upper, strict=True
    ):
        if abs(look.z - bound) > 1e-9:
            assert (p <= 0.025) == (look.z >= bound) == (interval[0] >= 0)
    if shown.stopped is not None and shown.interval is not None and shown.p is not None:
        if abs(shown.p - 0.025) > 1e-9:
            assert (shown.p <= 0.025) == (shown.interval[0] >= 0) == (shown.decision == "efficacy")
        assert shown.interval[0] <= shown.estimate <= shown.interval[1]  # type: ignore[operator]


def test_estimates_are_median_unbiased_and_intervals_cover() -> None:
    """2,000 simulated trials: half of the estimates lie above the truth, 95 % of the intervals hold it"""
    design, truth = GroupSequential(information=(0.5, 1.0), spending=LanDeMetsPocock()), 2.0
    random, above, covered, trials = np.random.default_rng(6), 0, 0, 2000
    for _ in range(trials):
        first = truth * 0.5 + random.normal() * np.sqrt(0.5)
        last = first + truth * 0.5 + random.normal() * np.sqrt(0.5)
        looks = [Look(first / 0.5, 1 / np.sqrt(0.5)), Look(last, 1.0)]
        stopped = looks[0].z >= design.boundaries().upper[0]
        fractions = (0.5,) if stopped else (0.5, 1.0)
        z = looks[len(fractions) - 1].z
        at = _StageWise(
            fractions,
            [*design.boundaries().upper[: len(fractions) - 1], z],
            [np.sqrt(2), 1.0][: len(fractions)],
        )
        p = at.p(truth)
        above += p < 0.5
        covered += 0.025 < p < 0.975
    assert above / trials == pytest.approx(0.5, abs=0.035)
    assert covered / trials == pytest.approx(0.95, abs=0.016)


class TestLook:
    def test_t_becomes_the_z_of_its_p_value(self) -> None:
        assert Look(2.5, 1.0, 20.0).z == pytest.approx(norm.isf(t_distribution.sf(2.5, 20)), abs=1e-12)
        assert Look(-2.5, 1.0, 20.0).z == -Look(2.5, 1.0, 20.0).z
        assert Look(60.0, 1.0, 500.0).z == pytest.approx(norm.isf(t_distribution.sf(60.0, 500)), rel=1e-9)

    def test_of_a_log_rank_statistic(self) -> None:
        look = Look.of_logrank(2.0, 100)
        assert look.z == pytest.approx(2.0)
        assert look.information == pytest.approx(25.0)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: Look.of_means((1, 5), (0, 0), (1, 1)), "two in each arm"),
            (lambda: Look.of_means((5, 5), (1, 0), (0, 0)), "the second > 0"),
            (lambda: Look.of_rates((0, 0), (10, 10)), "nothing is known"),
            (lambda: Look.of_rates((11, 0), (10, 10)), "events are among"),
            (lambda: Look.of_logrank(1.0, 0), "before the first"),
            (lambda: Look(1.0, 1.0, 0.0), "degrees of freedom"),
        ],
    )
    def test_what_cannot_be_is_refused(self, make: Any, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            make()


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

    def test_simulation_of_others_says_the_same(self) -> None:
        """rpact::getSimulationMeans(…, calcSubjectsFunction), 100,000 trials"""
        for told in golden("rpact_promising_zone_mc")["rows"]:
            exact = ZONE.evaluate(told["delta"])
            assert exact.power == pytest.approx(told["overallReject"], abs=0.006)
            assert exact.expected == pytest.approx(told["EN"], rel=0.004)

    @pytest.mark.parametrize(
        ("fraction", "told"),
        [(0.25, (0.42, 0.37, 0.32)), (0.5, (0.41, 0.36, 0.31)), (0.75, (0.38, 0.33, 0.27))],
    )
    def test_the_conventional_test_holds_from_the_published_power_on(
        self, fraction: float, told: tuple[float, ...]
    ) -> None:
        """Mehta & Pocock 2011, table I: CP_min for n_max of 1.5, 2, 3 times n_2 (assumption: from memory)"""
        late = UserDefined(lambda t: float(t >= 1))
        design = GroupSequential(information=(fraction, 1.0), spending=late)
        for times, least in zip((1.5, 2, 3), told, strict=True):
            zone = PromisingZone(
                design=design,
                first=100 * fraction,
                second=100 * (1 - fraction),
                most=100 * (times - fraction),
                zone=(0.05, 0.9),
            )
            assert zone.conventional_from() == pytest.approx(least, abs=0.01)

    def test_the_conventional_test_errs_no_more_where_it_is_allowed(self) -> None:
        """One second stage of `most` from the allowed statistic on, by quadrature over the first"""
        late = UserDefined(lambda t: float(t >= 1))
        design = GroupSequential(information=(0.5, 1.0), spending=late)
        zone = PromisingZone(design=design, first=50, second=50, most=150, zone=(0.5, 0.9))
        z = np.linspace(-8, 8, 200_001)
        size = zone.second_stage(z)
        grown = size > zone.second
        assert grown.any()
        assert zone.allows_conventional(z[grown]).all()
        needed = (design.boundaries().upper[1] * np.sqrt(50 + size) - np.sqrt(50) * z) / np.sqrt(size)
        wrong = np.trapezoid(norm.pdf(z) * norm.sf(needed), z)
        assert wrong <= 0.025 + 1e-6
        early = PromisingZone(design=design, first=50, second=50, most=150, zone=(0.05, 0.9))
        assert not early.allows_conventional(early.edges()[0] + 0.01)

    def test_sizes_that_make_no_sense_are_refused(self) -> None:
        with pytest.raises(ValueError, match="sizes lie above 0"):
            PromisingZone(design=ZONE.design, first=51, second=120, most=100)


def test_the_size_anew_takes_the_spread_that_was_seen() -> None:
    random = np.random.default_rng(9)
    values = np.concatenate([random.normal(0, 15, 200), random.normal(-9, 15, 100)])
    planned = Means(9.0, 12.0, ratio=2.0)
    design = GroupSequential(information=(0.6, 1.0))
    found = blinded_size(design, planned, values)
    seen = blinded_sd(values, 9.0, 2.0)
    assert seen == pytest.approx(15.0, rel=0.1)
    assert found.size == pytest.approx(design.sample_size(planned).size * (seen / 12) ** 2, rel=1e-12)


def test_the_blinded_standard_deviation_is_that_within_arms() -> None:
    random = np.random.default_rng(3)
    values = np.concatenate([random.normal(0, 12, 100_000), random.normal(-9, 12, 100_000)])
    assert blinded_sd(values, 9.0) == pytest.approx(12.0, rel=0.01)
    assert blinded_sd(values) > 12.5
    with pytest.raises(ValueError, match="more than all"):
        blinded_sd(np.array([1.0, 2.0]), 100.0)
