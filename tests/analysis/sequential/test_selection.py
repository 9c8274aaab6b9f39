"""Dropping an arm: the closed test on combined stages, against the normal integral and simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from entact.analysis.sequential import ArmStage, GroupSequential, Look, analyse_arms, dunnett_p

DESIGN = GroupSequential(information=(0.5, 1.0))


@pytest.mark.parametrize(("arms", "ratio"), [(1, 1.0), (2, 1.0), (3, 0.5), (4, 2.0)])
@pytest.mark.parametrize("best", [-1.0, 1.5, 2.4])
def test_dunnett_is_the_multivariate_normal_integral(arms: int, ratio: float, best: float) -> None:
    shared = ratio / (1 + ratio)
    covariance = np.full((arms, arms), shared) + (1 - shared) * np.eye(arms)
    normal = multivariate_normal(np.zeros(arms), covariance, seed=1, abseps=1e-8, maxpts=10**6)
    assert dunnett_p(best, arms, ratio) == pytest.approx(1 - normal.cdf([best] * arms), abs=1e-6)


def test_dunnett_keeps_its_digits_in_the_tail() -> None:
    """P(max > 8) lies between the largest single probability and their sum."""
    assert norm.sf(8) < dunnett_p(8.0, 3) < 3 * norm.sf(8)


def test_one_arm_is_the_inverse_normal_method() -> None:
    found = analyse_arms(DESIGN, [ArmStage({"a": 1.2}), ArmStage({"a": 2.5})])["a"]
    assert found.by_set[("a",)] == pytest.approx((1.2, (1.2 + 2.5) / np.sqrt(2)), abs=1e-12)
    assert found.rejected == 2


def test_a_dropped_arm_cannot_be_shown_to_be_better_any_more() -> None:
    found = analyse_arms(DESIGN, [ArmStage({"low": 0.3, "high": 1.8}), ArmStage({"high": 2.6})])
    assert (found["low"].dropped, found["low"].rejected) == (1, None)
    assert (found["high"].dropped, found["high"].rejected) == (None, 2)
    both = found["high"].by_set[("low", "high")]
    first, second = norm.isf(dunnett_p(1.8, 2)), 2.6
    assert both == pytest.approx((first, (first + second) / np.sqrt(2)), abs=1e-12)


def test_the_error_rate_of_all_arms_holds_when_the_better_one_goes_on() -> None:
    """Two arms that do nothing, the better of them chosen, 4,000 trials; the naive test errs more."""
    random, trials = np.random.default_rng(8), 4000
    wrong = naive = 0
    upper = DESIGN.boundaries().upper
    for _ in range(trials):
        control, one, two, later_control, later = random.standard_normal(5)
        first = {"one": (one - control) / np.sqrt(2), "two": (two - control) / np.sqrt(2)}
        best = max(first, key=lambda arm: first[arm])
        second = (later - later_control) / np.sqrt(2)
        found = analyse_arms(DESIGN, [ArmStage(first), ArmStage({best: second})])
        wrong += any(result.rejected for result in found.values())
        naive += first[best] >= upper[0] or (first[best] + second) / np.sqrt(2) >= upper[1]
    assert wrong / trials < 0.025 + 3 * np.sqrt(0.025 * 0.975 / trials)
    assert naive > wrong


def test_p_is_at_most_alpha_where_an_arm_is_shown_to_be_better_and_only_there() -> None:
    random = np.random.default_rng(3)
    seen = set()
    for _ in range(300):
        first = dict(zip(("one", "two", "three"), random.normal(1.2, 1.2, 3).tolist(), strict=True))
        kept = sorted(first, key=lambda arm: first[arm])[1:]
        stages = [ArmStage(first), ArmStage({arm: float(random.normal(1.5, 1)) for arm in kept})]
        for arm, found in analyse_arms(DESIGN, stages).items():
            if arm not in kept:
                assert found.p is None
                continue
            assert found.p is not None
            assert (found.p <= DESIGN.alpha) == (found.rejected is not None)
            seen.add(found.rejected)
    assert seen == {None, 1, 2}


def test_p_of_one_arm_is_that_of_the_combined_stages() -> None:
    stages = [1.2, 2.5]
    found = analyse_arms(DESIGN, [ArmStage({"a": z}) for z in stages])["a"]
    plain = DESIGN.analyse_stages([Look(z, 1.0) for z in stages])
    assert found.p == pytest.approx(plain.p, rel=1e-10)
    assert analyse_arms(DESIGN, [ArmStage({"a": 1.2})])["a"].p is None
    assert analyse_arms(DESIGN, [ArmStage({"a": 4.0})])["a"].p == pytest.approx(norm.sf(4.0), rel=1e-10)


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ([], "one at least"),
        ([ArmStage({"a": 1.0})] * 3, "2 were planned"),
        ([ArmStage({"a": 1.0}), ArmStage({"b": 1.0})], "no arm comes late"),
        ([ArmStage({str(arm): 1.0 for arm in range(9)})], "8 arms at most"),
    ],
)
def test_stages_that_make_no_sense_are_refused(stages: list[ArmStage], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analyse_arms(DESIGN, stages)


@pytest.mark.parametrize("fields", [{"z": {}}, {"z": {"a": float("nan")}}, {"z": {"a": 1.0}, "ratio": 0.0}])
def test_a_stage_is_of_arms_and_numbers(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"without an arm|has to be a number|above 0"):
        ArmStage(**fields)
