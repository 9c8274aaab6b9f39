"""The recursion held to a quadrature and a simulation that share no code with it, at designs of any kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.sequential.quadrature import stopping

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
    SpendingPoints,
    UserDefined,
)

RULES: list[Spending | Shape] = [
    LanDeMetsOBrienFleming(),
    LanDeMetsPocock(),
    HwangShihDeCani(-4),
    KimDeMets(2),
    OBrienFleming(),
    Pocock(),
]


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
    above, below, _ = stopping(at, lower, upper, drift)
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
    above, below, _ = stopping(at, lower, upper, design.drift())
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


SPENDING: list[Spending] = [
    LanDeMetsOBrienFleming(),
    LanDeMetsPocock(),
    HwangShihDeCani(-4),
    HwangShihDeCani(1.5),
    KimDeMets(0.8),
    KimDeMets(3),
    SpendingPoints((0.3, 0.7), (0.05, 0.4)),
    UserDefined(lambda share: share**1.5),
]


@pytest.mark.parametrize("seed", range(30))
def test_thirty_designs_of_any_kind(seed: int) -> None:
    """2 to 20 unequal looks, any spending, one or two sides, futility binding or not, ran over or under."""
    random = np.random.default_rng(seed)
    looks = int(random.integers(2, 21))
    steps = random.uniform(0.2, 1.0, looks)
    at = (*(np.cumsum(steps)[:-1] / steps.sum()).tolist(), 1.0)
    sided, beta, alpha = 1 + seed % 2, float(random.uniform(0.05, 0.25)), float(random.uniform(0.005, 0.05))
    futility = None if seed % 3 == 0 else SPENDING[int(random.integers(6))]
    design = GroupSequential(
        information=at,
        spending=SPENDING[int(random.integers(len(SPENDING)))],
        alpha=alpha,
        sided=sided,
        futility=futility,
        binding=bool(random.integers(2)),
        beta=beta,
    )

    def floors(upper: list[float], lower: list[float]) -> list[float]:
        return [-value for value in upper] if sided == 2 else lower

    found = design.boundaries()
    upper, never = list(found.upper), [-np.inf] * looks
    lower = never if found.lower is None else [*found.lower, upper[-1]]
    wedge = [*lower[:-1], 0.0] if sided == 2 and futility is not None else None
    relied = futility is not None and design.binding
    none = stopping(at, floors(upper, lower if relied else never), upper, 0.0, wedge if relied else None)
    assert np.cumsum(none[0]) == pytest.approx(design.spending.spent(alpha, np.array(at)), rel=1e-9)  # type: ignore[union-attr]
    drift = design.drift(1 - beta)
    above, below, between = stopping(at, floors(upper, lower), upper, drift, wedge)
    told = design.power(drift)
    futile = between if sided == 2 else below
    assert told.efficacy == pytest.approx(above + (below if sided == 2 else 0), abs=1e-11)
    assert told.futility == pytest.approx(
        [*(futile[:-1] if futility is not None else 0 * above[:-1]), 0.0], abs=1e-11
    )
    both = above.sum() + (below.sum() if sided == 2 and futility is not None else 0.0)
    assert both == pytest.approx(1 - beta, abs=1e-10)
    if futility is not None and sided == 1:
        assert np.cumsum(below)[:-1] == pytest.approx(futility.spent(beta, np.array(at))[:-1], abs=1e-10)
    # Fewer or more looks than planned, with other information, the last of them beyond the plan or before it.
    really = np.sort(random.uniform(0.05, 1.0, max(looks - 1, 1)))
    really = really[np.diff([0.0, *really]) > 0.01]
    seen = (*really[really < 0.95].tolist(), [0.97, 1.0, 1.15][seed % 3])
    other = design.boundaries_at(seen, final=True)
    up, nowhere = list(other.upper), [-np.inf] * len(seen)
    low = nowhere if other.lower is None else [*other.lower, -np.inf]
    inside = [*low[:-1], 0.0] if sided == 2 and relied else None
    assert stopping(seen, floors(up, low if relied else nowhere), up, 0.0, inside)[0].sum() == pytest.approx(
        alpha, rel=1e-9
    )
