"""The recursion held to a quadrature and a simulation that share no code with it, at designs of any kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from entact.analysis.sequential import (
    GroupSequential,
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    OBrienFleming,
    Pocock,
    Shape,
    Spending,
)

RULES: list[Spending | Shape] = [
    LanDeMetsOBrienFleming(),
    LanDeMetsPocock(),
    HwangShihDeCani(-4),
    KimDeMets(2),
    OBrienFleming(),
    Pocock(),
]


def stopping(
    fractions: tuple[float, ...], lower: list[float], upper: list[float], drift: float
) -> tuple[np.ndarray, np.ndarray]:
    """Stopping above and below by look: density of Z, not of the score, on one Gauss-Legendre rule a look.

    Jennison & Turnbull 2000, equation 19.4, with 160 nodes between the bounds.
    """
    nodes, weights = np.polynomial.legendre.leggauss(160)
    above, below = [], []
    z, density = np.zeros(1), np.ones(1)
    before = 0.0
    for look, now in enumerate(fractions):
        step = np.sqrt(now - before)
        mean = (z * np.sqrt(before) + drift * (now - before)) / np.sqrt(now)
        scale = step / np.sqrt(now)
        above.append(float(np.sum(density * ndtr((mean - upper[look]) / scale))))
        below.append(float(np.sum(density * ndtr((lower[look] - mean) / scale))))
        centre = drift * np.sqrt(now)
        low, high = max(lower[look], centre - 9), min(upper[look], centre + 9)
        new = low + (high - low) * (1 + nodes) / 2
        away = (new[:, None] - mean) / scale
        at = np.exp(-(away**2) / 2) @ density / (scale * np.sqrt(2 * np.pi))
        z, density, before = new, at * weights * (high - low) / 2, now
    return np.array(above), np.array(below)


@st.composite
def fractions(draw: st.DrawFn) -> tuple[float, ...]:
    steps = np.array(draw(st.lists(st.floats(0.1, 1.0), min_size=1, max_size=5)))
    inner = np.cumsum(steps)[:-1] / steps.sum()
    return (*(float(one) for one in inner), 1.0)


@settings(max_examples=15, deadline=None)
@given(
    at=fractions(),
    rule=st.sampled_from(RULES),
    alpha=st.floats(1e-4, 0.2),
    sided=st.sampled_from([1, 2]),
    power=st.floats(0.5, 0.95),
)
def test_error_rate_and_power_are_those_of_another_quadrature(
    at: tuple[float, ...], rule: Spending | Shape, alpha: float, sided: int, power: float
) -> None:
    design = GroupSequential(information=at, spending=rule, alpha=alpha, sided=sided)
    upper = list(design.boundaries().upper)
    lower = [-value for value in upper] if sided == 2 else [-np.inf] * len(at)
    assert stopping(at, lower, upper, 0.0)[0].sum() == pytest.approx(alpha, rel=1e-9)
    drift = design.drift(max(power, alpha + 0.1))
    above, below = stopping(at, lower, upper, drift)
    assert above.sum() == pytest.approx(max(power, alpha + 0.1), abs=1e-10)
    found = design.power(drift)
    assert found.efficacy == pytest.approx(above + (below if sided == 2 else 0), abs=1e-10)


@settings(max_examples=8, deadline=None)
@given(at=fractions(), binding=st.booleans(), beta=st.floats(0.05, 0.3), gamma=st.floats(-6, 1))
def test_futility_spends_beta_by_another_quadrature(
    at: tuple[float, ...], binding: bool, beta: float, gamma: float
) -> None:
    design = GroupSequential(information=at, futility=HwangShihDeCani(gamma), binding=binding, beta=beta)
    found = design.boundaries()
    assert found.lower is not None
    upper, lower = list(found.upper), [*found.lower, found.upper[-1]]
    above, below = stopping(at, lower, upper, design.drift())
    assert above.sum() == pytest.approx(1 - beta, abs=1e-9)
    planned = HwangShihDeCani(gamma).spent(beta, np.array(at))
    assert np.cumsum(below) == pytest.approx(planned, abs=1e-9)
    none = stopping(at, lower if binding else [-np.inf] * len(at), upper, 0.0)[0]
    assert none.sum() == pytest.approx(0.025, abs=1e-11)


def test_simulated_paths_stop_as_often_as_they_should() -> None:
    design = GroupSequential(information=(0.2, 0.45, 0.8, 1.0), futility=HwangShihDeCani(-2))
    found, drift, trials = design.boundaries(), 2.6, 200_000
    assert found.lower is not None
    steps = np.diff([0.0, *design.information])
    random = np.random.default_rng(12)
    z = (random.standard_normal((trials, 4)) * np.sqrt(steps) + drift * steps).cumsum(axis=1)
    z /= np.sqrt(design.information)
    going = np.ones(trials, bool)
    exact = design.power(drift)
    for look, upper in enumerate(found.upper):
        won = going & (z[:, look] >= upper)
        assert won.mean() == pytest.approx(exact.efficacy[look], abs=0.004)
        if look < 3:
            lost = going & (z[:, look] < found.lower[look])
            assert lost.mean() == pytest.approx(exact.futility[look], abs=0.004)
            going &= ~won & ~lost


@given(one=st.floats(1e-6, 0.3), two=st.floats(1e-6, 0.3), rule=st.sampled_from(RULES))
@settings(max_examples=15, deadline=None)
def test_a_smaller_error_rate_means_higher_bounds(one: float, two: float, rule: Spending | Shape) -> None:
    low, high = sorted((one, two))
    if high < low * (1 + 1e-6):
        return
    at = (0.3, 0.7, 1.0)
    strict = GroupSequential(information=at, spending=rule, alpha=low).boundaries().upper
    easy = GroupSequential(information=at, spending=rule, alpha=high).boundaries().upper
    assert strict[0] >= easy[0]
    if isinstance(rule, OBrienFleming | Pocock):
        assert all(a > b for a, b in zip(strict, easy, strict=True))


@given(drifts=st.tuples(st.floats(-6, 9), st.floats(-6, 9)), rule=st.sampled_from(RULES))
@settings(max_examples=15, deadline=None)
def test_power_rises_with_the_effect(drifts: tuple[float, float], rule: Spending | Shape) -> None:
    low, high = sorted(drifts)
    design = GroupSequential(information=(0.3, 0.7, 1.0), spending=rule)
    assert design.power(low).overall <= design.power(high).overall + 1e-14
