"""Laws of models with random effects, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.mmrm.golden import error

from entact.analysis.mixed import RandomEffect, mixed
from entact.analysis.mixed.likelihood import evaluate
from entact.analysis.mmrm import CompoundSymmetry, KenwardRoger, NotConverged, Residual, Satterthwaite, mmrm


def simulated(seed: int, groups: int = 12, each: int = 6) -> pl.DataFrame:
    """Participants of therapist pairs with a site effect besides, unbalanced."""
    rng = np.random.default_rng(seed)
    pair = np.repeat(np.arange(groups), each)
    site, arm = pair % 4, rng.integers(0, 2, pair.size)
    x = rng.standard_normal(pair.size)
    y = (2.0 + 1.2 * x) * rng.standard_normal(groups)[pair] + 0.8 * x * rng.standard_normal(groups)[pair]
    y += 1.5 * rng.standard_normal(4)[site] + rng.standard_normal(pair.size) - arm
    frame = pl.DataFrame(
        {"pair": pair, "site": site, "arm": np.where(arm == 1, "drug", "placebo"), "x": x, "y": y}
    )
    return frame.filter(pl.Series(rng.random(pair.size) < 0.8))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_random_intercepts_are_compound_symmetry(seed: int) -> None:
    """One random intercept is compound symmetry between the rows of a group: two ways to one number."""
    data = simulated(seed).with_columns(place=pl.int_range(pl.len()).over("pair"))
    ours = mixed("y ~ arm + x", data, random=RandomEffect("pair"))
    if ours.model.search.left_out:
        return
    theirs = mmrm("y ~ arm + x", data, subject="pair", visit="place", covariance=CompoundSymmetry())
    assert error(ours.deviance, theirs.deviance) < 1e-11
    assert (
        error(
            [ours.coefficients.estimate, ours.coefficients.se],
            [theirs.coefficients.estimate, theirs.coefficients.se],
        )
        < 1e-8
    )
    assert error(ours.coefficients.df, theirs.coefficients.df) < 1e-6
    assert error([t.f for t in ours.anova().tests], [t.f for t in theirs.anova().tests]) < 1e-6


@pytest.mark.parametrize("reml", [True, False])
def test_derivatives_are_those_of_the_likelihood(reml: bool) -> None:
    fit = mixed("y ~ arm + x", simulated(3), random=[RandomEffect("pair", "1 + x"), RandomEffect("site")])
    data = fit.model.whole
    theta = np.array([1.3, 0.2, 0.7, 0.9, 1.1])

    def value(at: np.ndarray) -> Any:
        point = evaluate(data, at, reml=reml)
        assert point is not None
        return point

    point, step = value(theta), 1e-5
    for k in range(theta.size):
        up, down = theta.copy(), theta.copy()
        up[k] += step
        down[k] -= step
        assert (value(up).value - value(down).value) / (2 * step) == pytest.approx(
            point.gradient[k], rel=1e-6, abs=1e-7
        )
        by_hand = (value(up).gradient - value(down).gradient) / (2 * step)
        np.testing.assert_allclose(by_hand, point.hessian[k], rtol=1e-5, atol=1e-6)
        by_hand = (np.linalg.inv(value(up).c) - np.linalg.inv(value(down).c)) / (2 * step)
        np.testing.assert_allclose(by_hand, point.slopes[k], rtol=1e-5, atol=1e-5)


def test_the_likelihood_is_that_of_the_whole_covariance() -> None:
    """V written out in full, for groups that cross: -2 log likelihood by its definition."""
    data = simulated(5)
    fit = mixed("y ~ arm + x", data, random=[RandomEffect("pair", "1 + x"), RandomEffect("site")])
    theta = dict(fit.variances.to_polars().select("parameter", "estimate").iter_rows())
    pair = (data["pair"].to_numpy()[:, None] == data["pair"].to_numpy()[None]) * 1.0
    site = (data["site"].to_numpy()[:, None] == data["site"].to_numpy()[None]) * 1.0
    x = data["x"].to_numpy()
    v = theta["residual"] * np.eye(data.height) + theta.get("var(1 | site)", 0.0) * site
    v += pair * (
        theta["var(1 | pair)"]
        + theta["cov(1, x | pair)"] * np.add.outer(x, x)
        + theta["var(x | pair)"] * np.outer(x, x)
    )
    design = np.column_stack([np.ones(data.height), data["arm"].to_numpy() == "placebo", x])
    inverse = np.linalg.inv(v)
    information = design.T @ inverse @ design
    beta = np.linalg.solve(information, design.T @ inverse @ data["y"].to_numpy())
    left = data["y"].to_numpy() - design @ beta
    value = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + left @ inverse @ left
    value += (data.height - 3) * np.log(2 * np.pi)
    assert error(fit.deviance, value) < 1e-10
    names = ["Intercept", "arm[T.placebo]", "x"]
    order = [fit.coefficients.labels["term"].index(name) for name in names]
    assert error(fit.coefficients.estimate[order], beta) < 1e-8


def test_a_balanced_two_stage_design_has_the_means_degrees_of_freedom() -> None:
    """A cluster-randomised comparison with equal clusters is a t test of cluster means."""
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(10), 7)
    y = 3.0 * rng.standard_normal(10)[cluster] + rng.standard_normal(70)
    data = pl.DataFrame({"cluster": cluster, "arm": np.where(cluster % 2, "a", "b"), "y": y})
    means = data.group_by("cluster", "arm").agg(pl.col("y").mean()).sort("cluster")
    a, b = (means.filter(pl.col("arm") == arm)["y"].to_numpy() for arm in ("a", "b"))
    pooled = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2 * (2 / 5))
    for df in (KenwardRoger(), Satterthwaite()):
        found = mixed("y ~ arm", data, random=RandomEffect("cluster"), df=df).lsmeans("arm").contrast("b - a")
        assert error([found.estimate[0], found.se[0], found.df[0]], [b.mean() - a.mean(), pooled, 8.0]) < 1e-8


def test_missing_rows_are_left_out_and_said_and_it_prints() -> None:
    data = simulated(2).with_columns(y=pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(pl.col("y")))
    fit = mixed("y ~ arm + x", data, random=[RandomEffect("pair"), RandomEffect("site")])
    assert fit.model.n == data.height - 1
    text = str(fit)
    for words in (
        "Mixed model  y ~ arm + x + (1 | pair) + (1 | site)",
        "missing y in 1",
        "12 of pair, 4 of site",
        "Variances",
    ):
        assert words in text
    assert "<table>" in fit._repr_html_()
    assert fit.glance().height == 1
    assert fit.to_pandas().shape == fit.to_polars().shape
    assert (
        fit.test({"x": 1.0}).estimate[0]
        == fit.coefficients.estimate[fit.coefficients.labels["term"].index("x")]
    )


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"random": "pair"}, r'random must be RandomEffect\("site"\)'),
        ({"random": []}, "random must be"),
        ({"random": RandomEffect}, "random must be"),
        ({"random": RandomEffect("therapist")}, "no column 'therapist'"),
        ({"random": RandomEffect("pair", "1 + dose")}, "no column 'dose'"),
        ({"df": Satterthwaite}, r"write Satterthwaite\(\)"),
        ({"df": Residual()}, r"df must be one of KenwardRoger\(\), Satterthwaite\(\)"),
        ({"df": KenwardRoger(convention="mmrm")}, 'convention="sas" alone'),
        ({"method": "ML"}, "derived for REML"),
        ({"level": 95}, "level must lie"),
        ({"information": "fisher"}, "information must be"),
    ],
)
def test_what_cannot_be_is_refused(named: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        mixed("y ~ arm + x", simulated(1), **{"random": RandomEffect("pair"), **named})


def test_effects_that_cannot_be_told_apart_are_no_result() -> None:
    data = simulated(1).with_columns(row=pl.int_range(pl.len()), again=pl.col("pair") + 100, one=pl.lit("a"))
    with pytest.raises(ValueError, match="every row is a group of its own in 'row'"):
        mixed("y ~ arm", data, random=RandomEffect("row"))
    with pytest.raises(ValueError, match=r"'one' has one group only \(a\)"):
        mixed("y ~ arm", data, random=RandomEffect("one"))
    with pytest.raises(NotConverged, match="can't be told apart"):
        mixed("y ~ arm", data, random=[RandomEffect("pair"), RandomEffect("again")])
    with pytest.raises(ValueError, match="explain one another"):
        mixed(
            "y ~ arm",
            data.with_columns(twice=2.0 * pl.col("x")),
            random=RandomEffect("pair", "1 + x + twice"),
        )
    with pytest.raises(ValueError, match=r"\(1 \| site\) in the formula is a random effect.*mixed"):
        mmrm("y ~ arm + (1 | site)", data, subject="row", visit="site")
    with pytest.raises(ValueError, match="right side"):
        RandomEffect("pair", "1 | pair")


def test_large_identifiers_of_groups_stay_apart() -> None:
    data = simulated(4)
    large = data.with_columns(pl.col("pair") + 2**60)
    ours, theirs = (mixed("y ~ arm", one, random=RandomEffect("pair")) for one in (large, data))
    assert ours.deviance == theirs.deviance
    assert len(ours.model.whole.parts[0].groups) == 12
