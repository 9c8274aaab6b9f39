"""How often intervals of repeated ordered categories and of competing risks hold the truth. Simulated.

Run by `python -m benchmarks coverage_risks`: some minutes. The Monte Carlo error is 0.013 or less.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np
import polars as pl
from scipy.special import logit, ndtr, stdtrit

DRAWS = 300
CUTS = (-1.0, 0.5, 1.8)
OTHER = 0.6  # hazard of what can come first


def ordered(rng: np.random.Generator, people: int, effect: float, correction: Any) -> float:
    """Share of intervals of the log odds ratio at the last of three visits that hold it."""
    from entact.analysis.repeated import ordinal_gee

    held = []
    for _ in range(DRAWS):
        own = sqrt(0.5) * rng.normal(size=people)[:, None] + sqrt(0.5) * rng.normal(size=(people, 3))
        arm = np.arange(people) % 2  # each margin is logistic, whatever correlates
        value = logit(np.clip(ndtr(own), 1e-12, 1 - 1e-12)) + effect * arm[:, None] * np.array([0.5, 1, 1])
        rows = pl.DataFrame(
            {
                "id": np.repeat(np.arange(people), 3),
                "visit": ["1", "2", "3"] * people,
                "arm": np.repeat(np.where(arm == 1, "second", "first"), 3),
                "grade": np.digitize(value, CUTS).ravel(),
            }
        )
        fit = ordinal_gee("grade ~ arm * visit", rows, subject="id", visit="visit", correction=correction)
        along = np.zeros(fit.beta.size)
        along[len(CUTS)] = along[-1] = 1.0
        reach = float(stdtrit(fit.clusters - along.size, 0.975)) * sqrt(float(along @ fit.covariance @ along))
        held.append(abs(float(along @ fit.beta) - effect) <= reach)
    return float(np.mean(held))


def risks(rng: np.random.Generator, people: int, hazards: tuple[float, float]) -> tuple[float, float]:
    """How often Gray's test rejects, and how often the interval of the difference at time 1 holds it."""
    from entact.analysis.survival import Causes, cumulative_incidence, gray, incidence_difference

    shares = [one / (one + OTHER) * (1 - exp(-one - OTHER)) for one in hazards]
    rejected, held = 0, []
    for _ in range(2 * DRAWS):
        arm = np.arange(people) % 2
        event = rng.exponential(1 / np.array(hazards)[arm])
        other, censored = rng.exponential(1 / OTHER, people), rng.uniform(1.0, 3.0, people)
        time = np.minimum(np.minimum(event, other), censored)
        cause = np.where(time == event, 1, np.where(time == other, 2, 0))
        pair = Causes(time[arm == 0], cause[arm == 0]), Causes(time[arm == 1], cause[arm == 1])
        p = gray([pair]).p
        rejected += p is not None and p < 0.05
        both = [cumulative_incidence(one.time, one.cause, 1.0) for one in pair if one.time.max() >= 1]
        if len(both) == 2:
            between = incidence_difference(both[0], both[1])
            if between.low is not None and between.high is not None:
                held.append(between.low <= shares[0] - shares[1] <= between.high)
    return rejected / (2 * DRAWS), float(np.mean(held))


def main() -> None:
    """Prints every share."""
    rng = np.random.default_rng(2024)
    for people in (24, 40, 80):
        for correction in ("none", "kauermann_carroll", "mancl_derouen"):
            found = [ordered(rng, people, effect, correction) for effect in (0.0, 1.0)]
            print(f"ordered, {people} people, {correction}: {found[0]:.3f}, with an effect {found[1]:.3f}")
    for people in (20, 60, 120):
        for hazards in ((1.0, 1.0), (1.6, 0.6)):
            rejected, held = risks(rng, people, hazards)
            print(f"risks, {people} people, {hazards}: rejected {rejected:.3f}, difference held {held:.3f}")
