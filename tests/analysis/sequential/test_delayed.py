"""Those in the pipeline, against simulation of the paths and the multivariate normal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from entact.analysis.sequential import DelayedResponse, GroupSequential, LanDeMetsOBrienFleming

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
