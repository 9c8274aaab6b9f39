"""Several tests at once, against R's emmeans and mvtnorm and against the studentized range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from tests.analysis.mmrm.golden import error
from tests.analysis.mmrm.test_lsmeans import fit

from entact.analysis.mmrm.multiplicity import JointT

RACES = fit("FEV1 ~ RACE + SEX + ARMCD").lsmeans("RACE")


def test_tukeys_p_and_intervals_are_rs() -> None:
    # copied from R output of:
    # > A <- lm(FEV1 ~ RACE + SEX + ARMCD, v); summary(pairs(emmeans(A, ~ RACE), reverse = TRUE), infer =
    # TRUE)
    found = RACES.contrast("pairwise").adjusted("tukey")
    assert error(found.estimate, [-1.600563637, 5.685770510, 7.286334147]) < 1e-9
    assert error(found.p, [0.705887743733, 0.029047769468, 0.002139728029]) < 1e-5
    assert error(found.low, [-6.3656288981, 0.4701157281, 2.2857412313]) < 1e-6
    assert error(found.high, [3.164501624, 10.901425293, 12.286927063]) < 1e-6
    assert "p adjusted over 3 tests: tukey" in str(found)


def test_dunnetts_p_and_intervals_are_rs() -> None:
    # copied from R output of:
    # > summary(contrast(emmeans(A, ~ RACE), "trt.vs.ctrl", adjust = "mvt"), infer = TRUE)
    # > qmvt(0.95, tail = "both", corr = cov2cor(V), df = 129, algorithm = GenzBretz(maxpts = 5e6, abseps =
    # 1e-7))
    found = RACES.contrast("reference").adjusted("dunnett")
    assert error(found.p, [0.64087103888, 0.02053318891]) < 1e-6
    assert error((found.high - found.estimate) / found.se, [2.236518723] * 2) < 1e-4
    assert error(RACES.contrast("reference").adjusted("multivariate-t").p, found.p) < 1e-12


def test_which_contrasts_a_method_is_of() -> None:
    with pytest.raises(ValueError, match=r'"tukey" is of contrast\("pairwise"\)'):
        RACES.contrast("reference").adjusted("tukey")
    with pytest.raises(ValueError, match=r'"dunnett" is of contrast\("reference"\)'):
        RACES.contrast("pairwise").adjusted("dunnett")
    by_sex = fit("FEV1 ~ RACE * SEX").lsmeans("RACE", by="SEX")
    with pytest.raises(ValueError, match="these are 2: choose one with"):
        by_sex.contrast("reference").adjusted("dunnett")
    assert by_sex.at(SEX="Male").contrast("reference").adjusted("dunnett").p.shape == (2,)
    assert by_sex.contrast("reference").adjusted("multivariate-t").p.shape == (4,)
    with pytest.raises(ValueError, match="adjustment must be one of"):
        RACES.contrast().adjusted("scheffe")  # type: ignore[arg-type]


@pytest.mark.parametrize("groups", [2, 3, 4, 6])
def test_all_pairs_of_equal_groups_are_the_studentized_range(groups: int) -> None:
    pairs = [(a, b) for a in range(groups) for b in range(a + 1, groups)]
    rows = np.array([[(one == b) * 1.0 - (one == a) for one in range(groups)] for a, b in pairs])
    joint = JointT(rows @ rows.T / 2.0)
    for q in (1.5, 2.5, 3.5):
        assert 1.0 - joint.within(q, 23.0) == pytest.approx(
            stats.studentized_range.sf(q * 2**0.5, groups, 23.0), abs=2e-4
        )
    [c] = joint.quantile(0.95, np.array([23.0]))
    assert c == pytest.approx(stats.studentized_range.ppf(0.95, groups, 23.0) / 2**0.5, rel=5e-4)


@settings(max_examples=25)
@given(st.floats(-3.0, 3.0), st.floats(2.0, 200.0), st.floats(-0.95, 0.95))
def test_one_side_is_a_bivariate_t(t: float, df: float, rho: float) -> None:
    """P(T_1 <= t, T_2 <= t), by averaging the bivariate normal over the scale."""
    joint = JointT(np.array([[1.0, rho], [rho, 1.0]]))
    nodes, weights = np.polynomial.legendre.leggauss(80)
    scale = np.sqrt(stats.chi2.ppf(0.5 * (nodes + 1.0), df) / df)
    normal = [stats.multivariate_normal.cdf([t * s, t * s], cov=[[1.0, rho], [rho, 1.0]]) for s in scale]
    assert joint.below(t, df) == pytest.approx(0.5 * float(weights @ normal), abs=2e-4)


def test_uncorrelated_and_identical_rows_are_sidak_and_one_test() -> None:
    one = 1.0 - 2.0 * stats.norm.sf(2.1)
    assert JointT(np.eye(2)).within(2.1, 1e9) == pytest.approx(one**2, abs=1e-6)
    assert JointT(np.ones((3, 3))).within(2.1, 30.0) == pytest.approx(
        1.0 - 2.0 * stats.t.sf(2.1, 30.0), abs=1e-12
    )


def test_what_cannot_be_estimated_is_not_counted() -> None:
    import polars as pl
    from tests.analysis.mmrm.test_lsmeans import LAST

    kept = LAST.filter(~((pl.col("RACE") == "White") & (pl.col("SEX") == "Female")))
    contrasts = fit("FEV1 ~ RACE * SEX", kept).lsmeans("RACE").contrast("pairwise")
    found = contrasts.adjusted("tukey")
    assert np.isnan(found.p).sum() == 2
    told = np.flatnonzero(~np.isnan(found.p))
    assert error(found.p[told], contrasts.p[told]) < 1e-9
