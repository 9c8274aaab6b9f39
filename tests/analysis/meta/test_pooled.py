"""Pooling: every fit of metafor, three recomputed by another route, and laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import chi2, multivariate_normal, norm, t
from tests.analysis.meta.golden import METAFOR, MORE, SETS, agrees, effects

from entact.analysis.meta import Effect, pool
from entact.analysis.meta.between import ESTIMATORS

FITS = [(name, fit) for name in SETS for fit in METAFOR[name]["fits"]]
RANDOM = [one for one in ESTIMATORS if one != "fixed"]

trials = st.lists(
    st.builds(Effect, st.floats(-3, 3), st.floats(0.01, 2)).map(lambda one: one), min_size=2, max_size=9
)


@pytest.mark.parametrize(("name", "fit"), FITS)
def test_every_fit_is_that_of_metafor(name: str, fit: str) -> None:
    # > rma(yi, vi, method="REML", test="knha", control=list(threshold=1e-12)), and so on; EE is method="EE"
    other = METAFOR[name]["fits"][fit]
    method, test = fit.split("_")
    own = pool(
        effects(name),
        "fixed" if method == "EE" else method,
        interval="normal" if test == "z" else "hartung-knapp-unfloored",
    )
    agrees(
        [
            own.estimate,
            own.se,
            own.estimate / own.se,
            own.p,
            own.low,
            own.high,
            own.i2,
            own.h2,
            own.q,
            own.q_p,
        ],
        [other[one] for one in ("beta", "se", "zval", "pval", "ci_lb", "ci_ub", "I2", "H2", "QE", "QEp")],
    )
    agrees(own.weights, other["weights"])
    if method == "EE":
        assert own.tau2 is None
        assert own.prediction() is None
        return
    agrees([own.tau2, own.tau2_se], [other["tau2"], other["se_tau2"]])
    agrees(own.prediction("normal" if test == "z" else "k-1"), [other["pi_lb"], other["pi_ub"]])
    if other["logLik_REML"] is not None:
        agrees([own.restricted_log_likelihood], [other["logLik_REML"]])


@pytest.mark.parametrize("name", SETS)
def test_effects_of_each_trial_are_drawn_to_the_mean_as_by_metafor(name: str) -> None:
    # > blup(rma(yi, vi, control=list(threshold=1e-12)))
    told = pool(effects(name), interval="normal").predictions()
    other = MORE["polished"][name]["blup"]
    agrees([one for one, _ in told], other["pred"])
    agrees([se for _, se in told], other["se"])


def test_the_floor_is_the_default_acts_and_is_named() -> None:
    # > rma(yi, vi, test="knha") and test="adhoc" of three trials that agree better than chance would let them
    few = [Effect(y, v) for y, v in zip(MORE["few"]["yi"], MORE["few"]["vi"], strict=True)]
    for kind, key in (("hartung-knapp-unfloored", "knha"), (None, "adhoc")):
        own, other = pool(few, interval=kind), MORE["floor"][key]
        agrees(
            [own.estimate, own.se, own.low, own.high, own.p],
            [other["beta"], other["se"], *other["ci"], other["pval"]],
        )
    own = pool(few)
    assert own.floor_acted
    assert any("floor acted" in note for note in own.notes)
    assert not pool(few, interval="hartung-knapp-unfloored").floor_acted
    assert not pool(effects("bcg_RR")).floor_acted


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", ["REML", "ML"])
def test_by_another_route_tau2_maximises_a_likelihood_written_out_and_handed_to_scipy(
    name: str, method: str
) -> None:
    """ML: of the marginal normal density. REML: of that density integrated over the mean, by quadrature."""
    data = effects(name)
    y, v = np.array([one.estimate for one in data]), np.array([one.variance for one in data])
    scale = float(np.sqrt(np.var(y)))

    def minus(log_tau2: float) -> float:
        sd = np.sqrt(v + math.exp(log_tau2))
        if method == "ML":
            return float(
                minimize_scalar(
                    lambda mu: -norm.logpdf(y, mu, sd).sum(), bracket=(-scale, scale), tol=1e-14
                ).fun
            )
        middle = float((y / sd**2).sum() / (1 / sd**2).sum())
        top, width = norm.logpdf(y, middle, sd).sum(), 1 / math.sqrt((1 / sd**2).sum())
        mass = quad(
            lambda mu: math.exp(norm.logpdf(y, mu, sd).sum() - top),
            middle - 12 * width,
            middle + 12 * width,
            epsabs=0,
            epsrel=1e-12,
            points=[middle],
        )[0]
        return -(top + math.log(mass))

    own = pool(data, method).tau2
    assert own is not None
    best = minimize_scalar(
        minus, bounds=(math.log(own) - 3, math.log(own) + 3), method="bounded", options={"xatol": 1e-9}
    )
    assert math.exp(best.x) == pytest.approx(own, rel=2e-6)  # flat at the top: half the digits of the value


@pytest.mark.parametrize("name", SETS)
def test_by_another_route_the_interval_of_tau2_is_where_q_has_its_quantiles(name: str) -> None:
    """By brute force: Q of a covariance matrix written out, on a grid of 4,000 values about either end."""
    data = effects(name)
    y, v = np.array([one.estimate for one in data]), np.array([one.variance for one in data])

    def q(tau2: float) -> float:
        sigma = np.diag(v + tau2)
        one = np.ones(len(y))
        mean = one @ np.linalg.solve(sigma, y) / (one @ np.linalg.solve(sigma, one))
        return float((y - mean) @ np.linalg.solve(sigma, y - mean))

    low, high = pool(data).tau2_interval()
    for end, quantile in ((low, 0.975), (high, 0.025)):
        grid = end * (1 + np.linspace(-1e-4, 1e-4, 401))
        nearest = grid[np.argmin([abs(q(one) - chi2.ppf(quantile, len(y) - 1)) for one in grid])]
        assert nearest == pytest.approx(end, rel=6e-7)


def test_by_another_route_the_likelihood_interval_is_half_a_quantile_down() -> None:
    # > confint(rma(yi, vi, method="ML"), type="PL") gives 0.10505 to 0.83391, by a search that stops early
    own = pool(effects("bcg_RR"), "ML")
    data = effects("bcg_RR")
    y, v = np.array([one.estimate for one in data]), np.array([one.variance for one in data])

    def profile(tau2: float) -> float:
        found = minimize(
            lambda mu: -multivariate_normal.logpdf(y, np.full(len(y), mu[0]), np.diag(v + tau2)),
            [own.estimate],
            tol=1e-12,
        )
        return float(-found.fun)

    low, high = own.tau2_interval("profile-likelihood")
    for end in (low, high):
        assert 2 * (profile(own.tau2) - profile(end)) == pytest.approx(chi2.ppf(0.95, 1), abs=1e-6)
    np.testing.assert_allclose((low, high), MORE["profile"]["ML"], rtol=1e-3)
    np.testing.assert_allclose(
        own.tau2_interval("profile-restricted-likelihood"), MORE["profile"]["REML"], rtol=1e-3
    )


def test_intervals_of_i2_and_h2_follow_from_that_of_tau2() -> None:
    own = pool(effects("bcg_RR"))
    for (i2, h2), tau2 in zip(
        zip(own.i2_interval(), own.h2_interval(), strict=True), own.tau2_interval(), strict=True
    ):
        assert i2 == pytest.approx(100 * tau2 / (tau2 + own.typical_variance))
        assert h2 == pytest.approx(1 / (1 - i2 / 100))


def test_both_conventions_of_the_prediction_interval() -> None:
    own = pool(effects("bcg_RR"))
    spread = math.sqrt(own.tau2 + own.se**2)
    for name, df in (("k-2", 11), ("k-1", 12)):
        low, high = own.prediction(name)
        assert high - own.estimate == pytest.approx(t.ppf(0.975, df) * spread, rel=1e-10)
        assert own.estimate - low == pytest.approx(high - own.estimate)
    assert own.prediction() == own.prediction("k-1")
    assert pool(effects("bcg_RR"), interval="normal").prediction() == pytest.approx(
        pool(effects("bcg_RR"), interval="normal").prediction("k-2")
    )
    assert pool(effects("bcg_RR")[:2]).prediction("k-2") is None


def test_of_two_maxima_the_higher_one_is_found() -> None:
    """Precise trials that agree, and imprecise ones far away: the likelihood of τ² can have two maxima."""
    rng = np.random.default_rng(5)
    for _ in range(40):
        v = np.concatenate([np.full(3, 1e-4), rng.uniform(0.5, 3, 4)])
        y = np.concatenate([rng.normal(0, 0.01, 3), rng.normal(2, 1, 4)])
        own = pool([Effect(float(a), float(b)) for a, b in zip(y, v, strict=True)], interval="normal")
        from entact.analysis.meta.between import log_likelihood

        grid = np.concatenate([[0.0], np.geomspace(1e-7, 50, 4000)])
        x = np.ones((7, 1))
        best = max(log_likelihood(y, v, x, float(one), restricted=True) for one in grid)
        assert own.restricted_log_likelihood >= best - 1e-9


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=8), st.integers(-10, -4), st.sampled_from(ESTIMATORS))
def test_one_trial_that_outweighs_all_others_costs_no_digits(
    values: list[float], power: int, method: str
) -> None:
    data = [Effect(y, 10.0**power if place == 0 else 1.0 + place) for place, y in enumerate(values)]
    own = pool(data, method)
    told = [own.estimate, own.se, own.low, own.high, own.p, own.tau2 or 0.0, own.tau2_se or 0.0]
    assert all(map(math.isfinite, told))
    assert own.p <= 1
    if own.tau2 is None:
        exact = math.fsum(y / one.variance for y, one in zip(values, data, strict=True))
        assert own.estimate == pytest.approx(exact / math.fsum(1 / one.variance for one in data), abs=1e-14)


# Laws.


@given(trials, st.floats(0.01, 100), st.floats(-50, 50), st.sampled_from(RANDOM))
def test_another_unit_and_another_zero_change_nothing_else(
    data: list[Effect], unit: float, shift: float, method: str
) -> None:
    own = pool(data, method)
    other = pool([Effect(unit * one.estimate + shift, unit**2 * one.variance) for one in data], method)
    size = 1e-7 * (1 + abs(shift) + unit * 5)
    assert other.estimate == pytest.approx(unit * own.estimate + shift, abs=size)
    assert other.tau2 == pytest.approx(unit**2 * own.tau2, rel=1e-5, abs=1e-6 * unit**2)
    assert other.high - other.low == pytest.approx(unit * (own.high - own.low), rel=1e-5, abs=size)


@given(trials, st.randoms(use_true_random=False), st.sampled_from(ESTIMATORS))
def test_the_order_of_trials_changes_nothing(data: list[Effect], random: object, method: str) -> None:
    mixed = list(data)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    own, other = pool(data, method), pool(mixed, method)
    assert other.estimate == pytest.approx(own.estimate, abs=1e-7)
    assert (other.tau2 or 0) == pytest.approx(own.tau2 or 0, rel=1e-5, abs=1e-7)
    assert other.se == pytest.approx(own.se, rel=1e-5, abs=1e-9)


@given(st.floats(-10, 10), st.floats(0.001, 10), st.sampled_from(ESTIMATORS))
def test_one_trial_is_itself(estimate: float, variance: float, method: str) -> None:
    own = pool([Effect(estimate, variance)], method)
    assert (own.estimate, own.se) == (pytest.approx(estimate), pytest.approx(math.sqrt(variance)))
    assert own.high - own.estimate == pytest.approx(norm.ppf(0.975) * math.sqrt(variance))
    assert (own.tau2, own.q_p, own.i2, own.prediction(), own.tau2_interval()) == (None,) * 5
    assert any("one trial" in note for note in own.notes)


@given(trials, st.sampled_from(["REML", "ML", "DL", "PM", "EB", "HE", "HS"]))
def test_without_variance_between_trials_random_effects_are_fixed_ones(
    data: list[Effect], method: str
) -> None:
    own, fixed = pool(data, method, interval="normal"), pool(data, "fixed")
    assume(own.tau2 == 0)
    assert (own.estimate, own.se, own.low, own.high) == pytest.approx(
        (fixed.estimate, fixed.se, fixed.low, fixed.high)
    )


@given(st.floats(-5, 5), st.floats(0.01, 4), st.integers(2, 8), st.sampled_from(RANDOM))
def test_identical_trials_have_nothing_between_them_and_the_floor_acts(
    estimate: float, variance: float, k: int, method: str
) -> None:
    own = pool([Effect(estimate, variance)] * k, method)
    assert own.estimate == pytest.approx(estimate)
    assert own.tau2 == pytest.approx(0, abs=1e-12)
    assert own.floor_acted
    assert own.se == pytest.approx(math.sqrt(variance / k))
    assert own.tau2_interval()[0] == 0


@given(trials, st.sampled_from(RANDOM))
def test_the_floor_never_makes_an_interval_narrower_than_without(data: list[Effect], method: str) -> None:
    with_floor, without = pool(data, method), pool(data, method, interval="hartung-knapp-unfloored")
    assert with_floor.se >= without.se - 1e-12
    assert with_floor.se >= pool(data, method, interval="normal").se - 1e-12


@given(trials)
def test_the_q_interval_holds_its_own_root_and_grows_with_the_level(data: list[Effect]) -> None:
    narrow, wide = (pool(data, level=level).tau2_interval() for level in (0.8, 0.95))
    assert wide[0] <= narrow[0] + 1e-12
    assert narrow[1] <= wide[1] + 1e-12


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pool([]), "no effect to pool"),
        (lambda: pool([Effect(0, 1e-300), Effect(0, 1)]), "is one in another unit"),
        (lambda: pool([Effect(1e200, 1), Effect(0, 1)]), "is one in another unit"),
        (lambda: pool([Effect(0, 1e-20), Effect(0, 1)]), "is one in another unit"),
        (lambda: pool([Effect(0, 1)], "reml"), "no estimator 'reml'; write one of: fixed, REML"),
        (lambda: pool([Effect(0, 1)], interval="t"), "no interval 't'"),
        (lambda: pool([Effect(0, 1)], level=95), "level must lie between 0 and 1"),
        (lambda: pool([Effect(0, 1), Effect(0, 1)], "fixed", interval="hartung-knapp"), "random effects"),
        (lambda: pool([Effect(0, 1, "A", "SMD"), Effect(0, 1, "B", "MD")]), r"SMD \(A\), MD \(B\)"),
        (
            lambda: pool(
                [Effect(0, 1, "A", "SMD", None, "endpoint"), Effect(0, 1, "B", "SMD", None, "change")]
            ),
            "conventions of standardising",
        ),
        (lambda: pool([Effect(0, 1)] * 3).prediction("t"), "no convention 't'"),
        (lambda: pool([Effect(0, 1)] * 3).tau2_interval("wald"), "no method 'wald'"),
    ],
)
def test_what_cannot_be_pooled_is_refused_in_words(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
