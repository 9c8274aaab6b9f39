"""Small trials: critical values of Student's t beside those of Z, and what either does to the error rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from entact.analysis.sequential.boundaries import Boundaries
from entact.analysis.sequential.planned import Planned

_AT_ONCE = 100_000


def t_critical(boundaries: Boundaries, freedoms: tuple[float, ...]) -> tuple[float, ...]:
    """Critical values of t with the significance levels of the looks.

    Args:
        freedoms: degrees of freedom at each look.
    Raises:
        ValueError: where there is not one above 0 for each look.
    Source: Jennison & Turnbull 2000, section 11.5, equation 11.9 (the significance level approach).
    """
    if len(freedoms) != len(boundaries.upper) or not all(one > 0 for one in freedoms):
        raise ValueError(
            f"degrees of freedom {list(freedoms)}: one above 0 for each of {len(boundaries.upper)} looks"
        )
    return tuple(
        float(-stdtrit(one, level)) if level > 0 else np.inf
        for one, level in zip(freedoms, boundaries.nominal, strict=True)
    )


@dataclass(frozen=True)
class SmallSample:
    """What the error rate of one tail really is with an estimated standard deviation, by simulation.

    Attributes:
        participants: of each arm at the looks. z: with t held against critical values of Z. t: with t held
            against those of t. se: of either, from the simulation.
    """

    participants: tuple[int, ...]
    z: float
    t: float
    se: float


def small_sample(
    design: Planned, participants: int, random: np.random.Generator, trials: int = 400_000
) -> SmallSample:
    """The error rates of a trial of two equal arms whose means are compared by Student's t.

    Args:
        participants: of both arms together at the end.
    Raises:
        ValueError: where a look has fewer than two participants an arm, or adds nobody.
    """
    at = [round(fraction * participants / 2) for fraction in design.information]
    if at[0] < 2 or any(np.diff(at) < 1):
        raise ValueError(
            f"{participants} participants are {at} an arm at the looks: two at the first, and more later"
        )
    upper = np.array(design.boundaries().upper)
    freedoms = tuple(2.0 * one - 2 for one in at)
    by_t = np.array(t_critical(design.boundaries(), freedoms))
    crossed = np.zeros(2)
    for begun in range(0, trials, _AT_ONCE):
        found = _statistics(at, min(_AT_ONCE, trials - begun), random)
        for place, bound in enumerate((upper, by_t)):
            beyond = found >= bound
            if design.sided == 2:  # of one tail: the first to be crossed counts
                other = found <= -bound
                first = np.where(beyond.any(1), beyond.argmax(1), len(at))
                beyond = beyond & (first < np.where(other.any(1), other.argmax(1), len(at)))[:, None]
            crossed[place] += beyond.any(axis=1).sum()
    z, t = (crossed / trials).tolist()
    return SmallSample(tuple(at), z, t, float(np.sqrt(t * (1 - t) / trials)))


def _statistics(at: list[int], trials: int, random: np.random.Generator) -> np.ndarray:
    """t of each look (trials, looks) where the arms do not differ, from sums and sums of squares."""
    new = np.diff([0, *at])
    means = random.standard_normal((trials, 2, len(at))) / np.sqrt(new)
    within = random.chisquare(np.maximum(2 * (new - 1), 1e-300), (trials, len(at)))
    within[:, new == 1] = 0.0
    sums, squares = np.cumsum(means * new, axis=2), np.cumsum(means**2 * new, axis=2)
    n = np.array(at)
    scatter = within.cumsum(axis=1) + (squares - sums**2 / n).sum(axis=1)
    return np.asarray((sums[:, 0] - sums[:, 1]) / n / np.sqrt(scatter / (2 * n - 2) * 2 / n))
