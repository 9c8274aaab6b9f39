"""Those in the pipeline, against simulation of the paths and the multivariate normal."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from entact.analysis.sequential import DelayedResponse, GroupSequential, LanDeMetsOBrienFleming, Look

DESIGN = GroupSequential(
    information=(0.3, 0.7, 1.0), futility=LanDeMetsOBrienFleming(), binding=True, beta=0.2
)
DELAYED = DelayedResponse(design=DESIGN, pipeline=(0.16, 0.2))


def test_turning_round_upwards_is_as_likely_as_downwards() -> None:
    found = DELAYED.boundaries()
    t, later = found.information[0], found.decided_at[0]
    pair = multivariate_normal([0, 0], [[1, np.sqrt(t / later)], [np.sqrt(t / later), 1]])
    upper, lower, critical = found.upper[0], found.lower[0], found.critical[0]
    lost = pair.cdf([np.inf, critical]) - pair.cdf([upper, critical])
    gained = pair.cdf([lower, np.inf]) - pair.cdf([lower, critical])
    assert lost == pytest.approx(gained, abs=1e-10)
    assert found.critical[-1] == DESIGN.boundaries().upper[-1]


def test_the_error_rate_is_what_was_spent_and_simulation_says_the_same() -> None:
    none = DELAYED.power(0.0)
    assert np.cumsum(none.efficacy) == pytest.approx(DESIGN.boundaries().spent, abs=1e-12)
    assert sum(none.stopped) == pytest.approx(1.0, abs=1e-12)
    found, times = DELAYED.boundaries(), np.array([0.3, 0.46, 0.7, 0.9, 1.0])
    steps, random = np.diff([0, *times]), np.random.default_rng(1)
    for drift in (0.0, DESIGN.drift()):
        paths = random.standard_normal((200_000, 5)) * np.sqrt(steps) + drift * steps
        z = paths.cumsum(axis=1) / np.sqrt(times)
        out_1 = (z[:, 0] > found.upper[0]) | (z[:, 0] < found.lower[0])
        out_2 = ~out_1 & ((z[:, 2] > found.upper[1]) | (z[:, 2] < found.lower[1]))
        won = [
            (out_1 & (z[:, 1] >= found.critical[0])).mean(),
            (out_2 & (z[:, 3] >= found.critical[1])).mean(),
            (~out_1 & ~out_2 & (z[:, 4] >= found.critical[2])).mean(),
        ]
        exact = DELAYED.power(drift)
        assert exact.efficacy == pytest.approx(won, abs=0.005)
        assert exact.stopped[:2] == pytest.approx([out_1.mean(), out_2.mean()], abs=0.005)


def test_a_pipeline_that_adds_next_to_nothing_changes_nothing() -> None:
    near = DelayedResponse(design=DESIGN, pipeline=(1e-6, 1e-6))
    drift = DESIGN.drift()
    assert near.power(drift).overall == pytest.approx(DESIGN.power(drift).overall, abs=1e-4)


def test_decisions_follow_the_critical_values() -> None:
    critical = DELAYED.boundaries().critical[0]
    assert DELAYED.decide(1, critical) == "efficacy"
    assert DELAYED.decide(1, critical - 1e-9) == "not rejected"


def heard(look: int, z: float, se: float = 2.0) -> Look:
    return Look(z * se, se)


def test_p_agrees_with_the_decision_and_falls_with_the_statistic() -> None:
    found = DELAYED.boundaries()
    order = [(1, 9.0), (1, found.critical[0] + 1e-9), (2, 4.0), (2, found.critical[1] + 1e-9), (3, 3.0)]
    order += [
        (3, found.critical[2] + 1e-9),
        (3, found.critical[2] - 1e-9),
        (3, -4.0),
        (2, 1.0),
        (2, -4.0),
        (1, 1.0),
    ]
    shown = [DELAYED.analyse(look, heard(look, z)) for look, z in order]
    p = [one.p for one in shown]
    assert p == sorted(p)
    assert [one.decision for one in shown] == ["efficacy"] * 6 + ["not rejected"] * 5
    assert p[5] == pytest.approx(DESIGN.alpha, abs=1e-8)
    assert p[6] == pytest.approx(DESIGN.alpha, abs=1e-8)
    assert [one.estimate for one in shown[:2]] == sorted([one.estimate for one in shown[:2]], reverse=True)


def test_p_is_uniform_and_the_interval_covers_by_simulation() -> None:
    found, times = DELAYED.boundaries(), np.array([0.3, 0.46, 0.7, 0.9, 1.0])
    steps, random = np.diff([0, *times]), np.random.default_rng(7)
    drift = 1.7
    paths = (random.standard_normal((2_000, 5)) * np.sqrt(steps) + drift * steps).cumsum(axis=1) / np.sqrt(
        times
    )
    median, covered = 0, 0
    for z in paths:
        look = next(
            (k for k, at in ((1, 0), (2, 2)) if z[at] >= found.upper[k - 1] or z[at] < found.lower[k - 1]), 3
        )
        at = z[{1: 1, 2: 3, 3: 4}[look]]
        # P of as much or more under the true effect: 1/2 at the median, alpha and 1 - alpha at the ends.
        level = DELAYED._as_extreme(look, float(at), drift)
        median += level > 0.5
        covered += DESIGN.alpha < level < 1 - DESIGN.alpha
    assert median / len(paths) == pytest.approx(0.5, abs=0.04)
    assert covered / len(paths) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("look", "z"), [(1, 3.1), (1, 0.2), (2, 2.4), (2, -1.0), (3, 2.1), (3, 1.0)])
def test_the_probability_rises_with_the_effect_and_the_interval_holds_the_estimate(
    look: int, z: float
) -> None:
    levels = [DELAYED._as_extreme(look, z, float(drift)) for drift in np.linspace(-8, 12, 81)]
    assert all(one <= other + 1e-13 for one, other in pairwise(levels))
    shown = DELAYED.analyse(look, heard(look, z))
    assert shown.interval[0] < shown.estimate < shown.interval[1]
    assert (shown.p <= DESIGN.alpha) == (shown.interval[0] >= 0) == (shown.decision == "efficacy")
    twice = DELAYED.analyse(look, heard(look, z, se=4.0))
    assert twice.estimate == pytest.approx(2 * shown.estimate, rel=1e-9)


def test_a_trial_that_stops_at_once_has_about_the_plain_estimate() -> None:
    near = DelayedResponse(design=DESIGN, pipeline=(1e-6, 1e-6))
    z = float(DESIGN.boundaries().upper[0]) + 0.5
    plain = DESIGN.analyse([Look(z / np.sqrt(0.3), 1 / np.sqrt(0.3))], 1.0)
    shown = near.analyse(1, Look(z / np.sqrt(0.3), 1 / np.sqrt(0.3)))
    assert shown.estimate == pytest.approx(plain.estimate, abs=2e-3)
    assert shown.p == pytest.approx(plain.p, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: DelayedResponse(design=GroupSequential(information=(0.5, 1.0)), pipeline=(0.1,)),
            "with futility",
        ),
        (lambda: DelayedResponse(design=DESIGN, pipeline=(0.1,)), "one for all but the last"),
        (lambda: DelayedResponse(design=DESIGN, pipeline=(0.1, 0.4)), "not beyond the end"),
        (lambda: DelayedResponse(design=DESIGN, pipeline=(0.1, 0.0)), "above 0"),
        (lambda: DELAYED.decide(4, 1.0), "there are 3"),
        (lambda: DELAYED.decide(1, float("nan")), "has to be a number"),
        (lambda: DELAYED.power(float("inf")), "has to be a number"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
