"""Firth's odds ratios with profile intervals, against an independent search in R."""

from __future__ import annotations

from math import log

import polars as pl
import pytest

from entact.analysis.adjustment.profile import firth_odds_ratios

ROWS = pl.DataFrame(
    {
        "y": [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1],
        "a": [0] * 10 + [1] * 10,
        "x": [
            *(1.2, 0.3, 2.1, 0.7, 1.5, 0.2, 2.9, 3.1, 2.2, 1.9),
            *(0.4, 1.1, 0.6, 0.8, 2.6, 1.7, 2.4, 0.5, 0.9, 3.3),
        ],
    }
).with_columns(z=(pl.col("x") > 2.15).cast(pl.Int8))
# R 4.2.2, by optim and uniroot, as logistf does it; d has the rows above:
# > pl <- function(b, X, y) { e <- drop(X %*% b); p <- plogis(e)
# +   sum(y * e - log1p(exp(e))) + .5 * determinant(t(X) %*% (X * p * (1 - p)))$modulus }
# > fit <- function(X, y, fix = NULL, val = 0) { ... optim(.., method = "BFGS", reltol = 1e-15) }
# > uniroot(function(v) 2 * (fit(X, y)$v - fit(X, y, j, v)$v) - qchisq(.95, 1), ...)
THEIRS = {  # coefficient, low, high, chi-squared, p
    "z": {
        "Intercept": (-1.45966849, -3.699787175, 0.082669618, 3.408832622, 0.064848307),
        "a": (0.64512898, -1.60340944, 3.22895654, 0.31940968, 0.57196262),
        "z": (3.63579487, 1.1990964878, 8.6043947076, 10.0493007861, 0.0015240578),
    },
    "x": {
        "Intercept": (-6.4411730, -25.853821, -1.8066036, 11.719343, 6.1853794e-04),
        "a": (2.5450212, -0.73473946, 13.39474287, 2.02162304, 0.15507331),
        "x": (3.3203390, 1.0503708, 12.869769, 14.314108, 1.5470112e-04),
    },
}


@pytest.mark.parametrize("column", ["z", "x"])
def test_limits_and_tests_are_those_of_the_profile(column: str) -> None:
    for one in firth_odds_ratios(f"y ~ a + {column}", ROWS):
        assert one.estimate is not None
        assert one.low is not None
        assert one.high is not None
        own = (log(one.estimate), log(one.low), log(one.high), one.statistic, one.p)
        assert own == pytest.approx(THEIRS[column][one.label], rel=2e-6)


def test_separated_data_have_limits() -> None:
    rows = ROWS.with_columns(s=pl.col("y"))
    found = firth_odds_ratios("y ~ s", rows)
    assert found[1].low is not None
    assert found[1].low > 1
    assert found[1].high is not None
    assert found[1].high < float("inf")
    with pytest.raises(ValueError, match="true and false"):
        firth_odds_ratios("x ~ a", ROWS)
