"""What must hold for any trial: order of rows, labels, units, coding; a batch is a loop of single fits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.analysis.mmrm.golden import error

from entact.analysis.mmrm import (
    ML,
    REML,
    AutoRegressive,
    Fit,
    KenwardRoger,
    Satterthwaite,
    Toeplitz,
    TrialDesign,
    mmrm,
)

SEEDS = st.integers(0, 2**32 - 1)


def trial(seed: int, participants: int = 40, visits: int = 3) -> pl.DataFrame:
    """A simulated trial with drop-out and a few values missing in between."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((visits, visits + 3))
    v = a @ a.T + np.eye(visits)
    arm = np.arange(participants) % 2
    base = rng.normal(40.0, 6.0, participants)
    y = rng.standard_normal((participants, visits)) @ np.linalg.cholesky(v).T
    y += 0.3 * base[:, None] - 2.0 * np.arange(visits) * (1 + arm[:, None])
    gone = np.maximum.accumulate(rng.random((participants, visits)) < 0.06, axis=1)
    gone |= rng.random((participants, visits)) < 0.05
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(participants), visits),
            "week": np.tile(np.arange(visits), participants),
            "visit": np.tile([f"v{i}" for i in range(visits)], participants),
            "arm": np.repeat(np.where(arm == 1, "drug", "placebo"), visits),
            "base": np.repeat(base, visits),
            "y": np.where(gone, np.nan, y).ravel(),
        }
    )


def fit(data: pl.DataFrame, formula: str = "y ~ base + arm * visit", **named: object) -> Fit:
    return mmrm(formula, data, subject="id", visit="visit", **named)  # type: ignore[arg-type]


def last(result: Fit) -> tuple[float, float, float]:
    contrast = result.lsmeans("arm", by="visit").contrast("drug - placebo")
    return float(contrast.estimate[-1]), float(contrast.se[-1]), float(contrast.df[-1])


@settings(max_examples=8)
@given(SEEDS)
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    data = trial(seed)
    mixed = data.sample(fraction=1.0, shuffle=True, seed=seed)
    assert error(last(fit(mixed)), last(fit(data))) < 1e-10


@settings(max_examples=8)
@given(SEEDS)
def test_labels_of_visits_and_participants_do_not_matter(seed: int) -> None:
    data = trial(seed)
    renamed = data.with_columns(
        pl.col("visit").replace({"v0": "baseline", "v1": "middle", "v2": "zenith"}),
        (pl.lit("S-") + (1000 - pl.col("id")).cast(pl.String)).alias("id"),
    )
    assert error(last(fit(renamed)), last(fit(data))) < 1e-10
    reversed_visits = data.with_columns(pl.col("visit").replace({"v0": "c", "v1": "b", "v2": "a"}))
    contrast = fit(reversed_visits).lsmeans("arm", by="visit").at(visit="a").contrast("drug - placebo")
    assert error([contrast.estimate[0], contrast.se[0], contrast.df[0]], last(fit(data))) < 1e-9


@settings(max_examples=8)
@given(SEEDS, st.sampled_from([1e-6, 0.001, 7.0, 1e5]), st.sampled_from([0.0, 1e6]))
def test_units_and_origin_do_not_matter(seed: int, scale: float, origin: float) -> None:
    data = trial(seed)
    estimate, se, df = last(fit(data))
    other = fit(data.with_columns(pl.col("y") * scale + origin * scale))
    assert other.decrement <= 1e-16
    assert error(last(other), [scale * estimate, scale * se, df]) < 1e-7


@settings(max_examples=8)
@given(SEEDS)
def test_a_year_as_covariate_does_no_harm(seed: int) -> None:
    data = trial(seed).with_columns((2020.0 + (pl.col("id") % 7)).alias("year"))
    near = fit(data.with_columns(pl.col("year") - 2020.0), "y ~ year + arm * visit")
    far = fit(data, "y ~ year + arm * visit")
    assert far.decrement <= 1e-16
    assert error(last(far), last(near)) < 1e-9


@settings(max_examples=8)
@given(SEEDS, st.sampled_from([REML, ML]))
def test_the_coding_of_factors_does_not_matter(seed: int, method: str) -> None:
    data = trial(seed)
    df = Satterthwaite() if method == ML else KenwardRoger()
    treatment = fit(data, method=method, df=df)
    sums = fit(data, "y ~ base + C(arm, contr.sum) * C(visit, contr.sum)", method=method, df=df)
    assert error(last(sums), last(treatment)) < 1e-9
    assert error(sums.covariance[""], treatment.covariance[""]) < 1e-8
    # log|X'V^-1 X| of REML changes by a constant of the coding alone; ML's likelihood by nothing
    if method == ML:
        assert error(sums.deviance, treatment.deviance) < 1e-12
    assert error(sums.anova("III").tests[-1].f, treatment.anova("III").tests[-1].f) < 1e-8


@settings(max_examples=5)
@given(SEEDS)
def test_adding_what_covariates_explain_changes_nothing(seed: int) -> None:
    data = trial(seed)
    shifted = fit(data.with_columns(pl.col("y") + 3.0 * pl.col("base")))
    assert error(last(shifted), last(fit(data))) < 1e-8


@settings(max_examples=5)
@given(SEEDS)
@example(421)  # a covariance of 0.0003 beside variances of 5 and 9
def test_a_batch_is_a_loop_of_single_fits(seed: int) -> None:
    design_rows = trial(seed)
    design = TrialDesign.of("y ~ base + arm * visit", design_rows, subject="id", visit="visit")
    rng = np.random.default_rng(seed)
    outcomes = np.stack([trial(seed + i)["y"].to_numpy().reshape(40, 3) for i in range(4)])
    outcomes[rng.random(outcomes.shape) < 0.05] = np.nan
    frames = [design_rows.with_columns(pl.Series("y", one.ravel())) for one in outcomes]
    for freedom in (KenwardRoger(), KenwardRoger(convention="mmrm"), Satterthwaite()):
        for method in (REML, ML) if isinstance(freedom, Satterthwaite) else (REML,):
            singles = [fit(frame, df=freedom, method=method) for frame in frames]
            row = singles[0].lsmeans("arm", by="visit").contrast("drug - placebo").rows[-1]
            many = design.fit(outcomes, row, df=freedom, reml=method == REML)
            assert many.converged.all()
            for i, single in enumerate(singles):
                assert error([many.estimate[i, 0], many.se[i, 0], many.df[i, 0]], last(single)) < 1e-10
                assert error(many.deviance[i], single.deviance) < 1e-12
                spread = np.sqrt(
                    np.diag(single.covariance[""])
                )  # a covariance near 0 has no digits of its own
                difference = (many.covariance[i] - single.covariance[""]) / np.outer(spread, spread)
                assert np.abs(difference).max() < 1e-9


@pytest.mark.parametrize("structure", [Toeplitz(), AutoRegressive(heterogeneous=True)])
def test_reading_from_pandas_is_the_same(structure: object) -> None:
    data = trial(1)
    frame = __import__("pandas").DataFrame(data.to_dict(as_series=False))
    assert last(fit(frame, covariance=structure)) == last(fit(data, covariance=structure))


def test_two_arms_at_one_visit_are_a_t_test() -> None:
    data = trial(3).filter(pl.col("visit") == "v0").drop_nans("y")
    result = fit(data, "y ~ arm")
    means = data.group_by("arm").agg(
        pl.col("y").mean().alias("mean"), pl.col("y").var().alias("var"), pl.len()
    )
    drug, placebo = (means.row(by_predicate=pl.col("arm") == arm, named=True) for arm in ("drug", "placebo"))
    df = drug["len"] + placebo["len"] - 2
    pooled = ((drug["len"] - 1) * drug["var"] + (placebo["len"] - 1) * placebo["var"]) / df
    se = np.sqrt(pooled * (1 / drug["len"] + 1 / placebo["len"]))
    contrast = result.lsmeans("arm").contrast("drug - placebo")
    assert (
        error(
            [contrast.estimate[0], contrast.se[0], contrast.df[0]], [drug["mean"] - placebo["mean"], se, df]
        )
        < 1e-10
    )
    joint = result.joint_test(["arm[T.placebo]"])
    assert error(joint.p, contrast.p[0]) < 1e-10


def test_many_patterns_give_the_same_as_few(monkeypatch: pytest.MonkeyPatch) -> None:
    # rows kept for rare patterns and cross-products of common ones are two ways to one sum
    from entact.analysis.mmrm import moments

    data = trial(5, participants=80, visits=4)
    small = fit(data)
    assert small.model.moments.rows is None
    monkeypatch.setattr(moments, "SMALL", 0.0)
    kept = fit(data)
    assert kept.model.moments.rows is not None
    monkeypatch.setattr(moments, "RARE", 0.0)
    monkeypatch.setattr(moments, "AT_ONCE", 7)
    summed = fit(data)
    assert summed.model.moments.rows is None
    for one in (small, kept):
        assert error(last(one), last(summed)) < 1e-11
        assert error(one.deviance, summed.deviance) < 1e-13


def test_a_constrained_longitudinal_analysis_has_one_mean_at_baseline() -> None:
    """The baseline as an outcome with arms equal there: the same as columns written by hand."""
    data = trial(7, participants=60, visits=4)
    drug = pl.col("arm") == "drug"
    by_hand = data.with_columns(
        (drug & (pl.col("visit") == f"v{i}")).cast(pl.Float64).alias(f"drug{i}") for i in (1, 2, 3)
    )
    ours = fit(data, "y ~ arm * visit", equal_at={"arm": "v0"})
    theirs = fit(by_hand, "y ~ visit + drug1 + drug2 + drug3")
    assert error(ours.deviance, theirs.deviance) < 1e-12
    contrast = ours.lsmeans("arm", by="visit").contrast("drug - placebo")
    place = [theirs.coefficients.labels["term"].index(f"drug{i}") for i in (1, 2, 3)]
    coefficients = theirs.coefficients
    assert error(contrast.estimate[1:], coefficients.estimate[place]) < 1e-9
    assert error(contrast.se[1:], coefficients.se[place]) < 1e-9
    assert error(contrast.df[1:], coefficients.df[place]) < 1e-7
    means = ours.lsmeans("arm", by="visit")
    assert means.estimate[0] == means.estimate[1]
    assert np.isnan(contrast.estimate[0])
    tests = dict(zip(ours.anova().terms, ours.anova().tests, strict=True))
    assert tests["arm:visit"].numerator_df == 3
    joint = theirs.joint_test(["drug1", "drug2", "drug3"])
    assert error([tests["arm:visit"].f, tests["arm:visit"].df], [joint.f, joint.df]) < 1e-7
    again = ours.predict(data.drop_nans("y"), conditional=False)["estimate"]
    assert error(again, ours.fitted) < 1e-9


def test_what_cannot_be_equal_is_refused() -> None:
    data = trial(7)
    with pytest.raises(ValueError, match="'visit' has no level 'baseline'; it has v0, v1, v2"):
        fit(data, "y ~ arm * visit", equal_at={"arm": "baseline"})
    with pytest.raises(ValueError, match="needs 'base' and the visits 'visit' as factors"):
        fit(data, equal_at={"base": "v0"})
    for named in ({"visit": None}, {"subject": 3}):
        with pytest.raises(ValueError, match="must be the name of a column"):
            mmrm("y ~ arm", data, **{"subject": "id", "visit": "visit", **named})  # type: ignore[arg-type]
