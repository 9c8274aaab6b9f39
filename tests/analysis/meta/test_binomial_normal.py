"""Binomial-normal models: against metafor and lme4, and against their likelihood written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import nchypergeom_fisher, norm
from tests.analysis.meta.golden import MORE, bcg, catheters

from entact.analysis.meta import Counts, TwoByTwo, binomial_normal

DATA = {"rare": catheters, "bcg": bcg}


@pytest.mark.parametrize("name", ["rare", "bcg"])
@pytest.mark.parametrize(("model", "key"), [("unconditional", "UM.FS"), ("conditional", "CM.EL")])
def test_a_variance_between_trials_is_metafors(name: str, model: str, key: str) -> None:
    # > rma.glmm(measure="OR", ai=ai, n1i=n1i, ci=ci, n2i=n2i, data=dat.nielweise2007, model="CM.EL")
    # UM.FS: the same model by glmer(cbind(x, m) ~ -1 + study + group + (I(group - 0.5) - 1 | study), nAGQ=25)
    # Both stop at a step of 1e-6 or so, and differentiate numerically.
    own, other = binomial_normal(DATA[name](), model), MORE["glmm"][name][key]
    assert own.estimate == pytest.approx(other["beta"], abs=1e-6)
    assert own.se == pytest.approx(other["se"], rel=3e-4)
    assert own.tau2 == pytest.approx(other["tau2"], rel=1e-5)
    if "ll" in other:
        assert own.log_likelihood == pytest.approx(other["ll"], abs=1e-7)
    assert own.left_out == (("15",) if name == "rare" else ())


@pytest.mark.parametrize("name", ["rare", "bcg"])
@pytest.mark.parametrize(("model", "key"), [("unconditional", "UM.FS_fixed"), ("conditional", "CM.EL_fixed")])
def test_a_common_odds_ratio_is_metafors(name: str, model: str, key: str) -> None:
    # > rma.glmm(…, method="FE")
    own, other = binomial_normal(DATA[name](), model, between="fixed"), MORE["glmm"][name][key]
    assert own.estimate == pytest.approx(other["beta"], abs=1e-6)
    assert own.se == pytest.approx(other["se"], rel=3e-4)
    assert own.log_likelihood == pytest.approx(other["ll"], abs=1e-7)
    assert own.tau2 is None


def test_by_another_route_the_conditional_likelihood_is_a_quadrature_of_noncentral_hypergeometrics() -> None:
    own = binomial_normal(catheters(), "conditional")

    def whole(theta: float, tau: float) -> float:
        total = 0.0
        for one in catheters():
            events = one.first.events + one.second.events
            if not events:
                continue
            population = one.first.n + one.second.n

            def at(
                u: float, one: TwoByTwo = one, events: int = events, population: int = population
            ) -> float:
                odds = math.exp(theta + tau * u)
                return float(
                    nchypergeom_fisher.pmf(one.first.events, population, one.first.n, events, odds)
                    * norm.pdf(u)
                )

            total += math.log(quad(at, -9, 9, epsabs=0, epsrel=1e-10, limit=200)[0])
        return total

    tau = math.sqrt(own.tau2)
    best = whole(own.estimate, tau)
    assert own.log_likelihood == pytest.approx(best, abs=1e-8)
    for move in ((1e-2, 0), (-1e-2, 0), (0, 1e-2), (0, -1e-2)):
        assert whole(own.estimate + move[0], tau + move[1]) < best


def test_trials_that_agree_have_no_variance_between_them() -> None:
    same = [TwoByTwo(Counts(3, 100), Counts(9, 100), str(place)) for place in range(5)]
    own = binomial_normal(same)
    assert own.tau2 == 0
    assert own.estimate == pytest.approx(math.log(3 * 91 / (9 * 97)), abs=1e-8)
    assert own.se == pytest.approx(math.sqrt((1 / 3 + 1 / 9 + 1 / 97 + 1 / 91) / 5), rel=1e-6)


def test_arms_exchanged_turn_the_sign() -> None:
    turned = [TwoByTwo(one.second, one.first) for one in catheters()]
    for model in ("unconditional", "conditional"):
        own, other = binomial_normal(catheters(), model), binomial_normal(turned, model)
        np.testing.assert_allclose([own.estimate, own.tau2], [-other.estimate, other.tau2], atol=1e-7)


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        (
            [TwoByTwo(Counts(0, 9), Counts(2, 9)), TwoByTwo(Counts(0, 9), Counts(1, 9))],
            "odds ratio has no value",
        ),
        ([TwoByTwo(Counts(0, 9), Counts(0, 9))], "odds ratio has no value"),
        ([], "no trial to pool"),
    ],
)
def test_where_the_likelihood_rises_for_ever_it_is_said(trials: list[TwoByTwo], said: str) -> None:
    for model in ("unconditional", "conditional"):
        with pytest.raises(ValueError, match=said):
            binomial_normal(trials, model)
    with pytest.raises(ValueError, match="no model"):
        binomial_normal(bcg(), "UM.FS")
