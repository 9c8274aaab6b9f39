"""A half-normal prior on τ: against a grid over both parameters, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from entact.analysis.meta import Effect, bayes, pool

FEW = [Effect(-0.77, 0.055), Effect(-0.57, 0.045), Effect(-0.62, 0.30)]


@pytest.mark.parametrize("scale", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("prior", [None, (0.0, 1.0)])
def test_by_another_route_a_grid_over_mean_and_tau_gives_the_same(
    scale: float, prior: tuple[float, float] | None
) -> None:
    """The joint density written out and summed on 2,001 × 3,001 points; its intervals by counting."""
    own = bayes(FEW, scale=scale, mean_prior=prior)
    mu, tau = np.linspace(-8, 7, 3001)[:, None], (np.arange(2001) + 0.5)[None] * (6 * scale / 2001)
    logs = -((tau / scale) ** 2) / 2
    for one in FEW:
        logs = logs + norm.logpdf(one.estimate, mu, np.sqrt(one.variance + tau**2))
    if prior is not None:
        logs = logs + norm.logpdf(mu, *prior)
    mass = np.exp(logs - logs.max())
    mass /= mass.sum()
    of_mu, of_tau = mass.sum(1), mass.sum(0)
    mean = float(of_mu @ mu[:, 0])
    assert own.mean == pytest.approx(mean, abs=2e-5)
    assert own.sd == pytest.approx(
        math.sqrt(float(of_mu @ (mu[:, 0] - mean) ** 2)), abs=2e-3 if scale > 1 else 2e-5
    )
    for share, value in ((0.025, own.low), (0.5, own.median), (0.975, own.high)):
        assert float(np.interp(share, np.cumsum(of_mu), mu[:, 0] + 0.0025)) == pytest.approx(value, abs=1e-3)
    for share, value in ((0.025, own.tau_low), (0.5, own.tau_median), (0.975, own.tau_high)):
        assert float(np.interp(share, np.cumsum(of_tau), tau[0] + 3 * scale / 2001)) == pytest.approx(
            value, abs=3e-3 * scale
        )
    assert float(of_mu[mu[:, 0] < 0].sum()) == pytest.approx(own.below, abs=1e-3)


def test_a_scale_near_zero_is_a_fixed_effect() -> None:
    own, fixed = bayes(FEW, scale=1e-6), pool(FEW, "fixed")
    assert (own.mean, own.sd) == pytest.approx((fixed.estimate, fixed.se), rel=1e-8)
    assert (own.low, own.high) == pytest.approx((fixed.low, fixed.high), rel=1e-7)


@given(
    st.lists(st.builds(Effect, st.floats(-2, 2), st.floats(0.02, 1)), min_size=2, max_size=4),
    st.floats(0.05, 20),
    st.floats(-5, 5),
)
def test_another_unit_and_another_zero_change_nothing_else(
    data: list[Effect], unit: float, shift: float
) -> None:
    own = bayes(data)
    other = bayes(
        [Effect(unit * one.estimate + shift, unit**2 * one.variance) for one in data], scale=0.5 * unit
    )
    assert other.mean == pytest.approx(unit * own.mean + shift, abs=1e-8 * (1 + unit))
    assert other.high - other.low == pytest.approx(unit * (own.high - own.low), rel=1e-7)
    assert other.tau_median == pytest.approx(unit * own.tau_median, rel=1e-6)


@given(st.lists(st.builds(Effect, st.floats(-2, 2), st.floats(0.02, 1)), min_size=2, max_size=4))
def test_a_wider_prior_is_a_wider_interval_and_a_prediction_wider_still(data: list[Effect]) -> None:
    narrow, wide = bayes(data, scale=0.2), bayes(data, scale=0.6)
    assert wide.tau_median > narrow.tau_median
    for own in (narrow, wide):
        assert own.prediction[0] < own.low < own.median < own.high < own.prediction[1]
        assert own.tau_low < own.tau_median < own.tau_high
        assert f"scale {own.scale:g}" in own.prior


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bayes([]), "no effect to pool"),
        (lambda: bayes(FEW, scale=0), "scale of the prior is 0"),
        (lambda: bayes(FEW, scale=math.inf), "finite number above 0"),
        (lambda: bayes([Effect(1, 1, "", "MD")]), "mean differences have a unit"),
        (lambda: bayes(FEW, mean_prior=(0, 0)), "prior of the mean"),
    ],
)
def test_what_has_no_posterior_is_refused_in_words(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
