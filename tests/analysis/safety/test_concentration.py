"""Concentration and QTc against lmerTest."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from entact.analysis.safety import concentration_qtc

GOLDEN = Path(__file__).parents[2] / "golden" / "safety"
# Simulated by R 4.2.2, and fitted by lmerTest 3.1-3 and pbkrtest 0.5.2:
# > set.seed(11); n <- 24; tm <- c("1h", "2h", "4h", "8h")
# > d <- expand.grid(time = tm, id = 1:n); d$active <- as.integer(d$id %% 3 > 0); k <- c(60, 180, 150, 70)
# > u <- rnorm(n, 0, 4); cl <- exp(rnorm(n, 0, .3)); base <- round(rnorm(n, 405, 12), 1)
# > d$concentration <- round(ifelse(d$active == 1, k[match(d$time, tm)] * cl[d$id], 0), 1)
# > d$baseline <- base[d$id]
# > d$change <- round(1 + u[d$id] + .5 * d$active + (.03 + rnorm(n, 0, .012)[d$id]) * d$concentration +
# +                   rnorm(nrow(d), 0, 4) + c(0, 1, -1, 0)[match(d$time, tm)], 2)
# > d$centred <- d$baseline - mean(unique(d[c("id", "baseline")])$baseline)
# > m <- lmer(change ~ active + concentration + time + centred + (1 + concentration | id), d)
# > contest1D(m, L, ddf = "Kenward-Roger", confint = TRUE, level = .9)  # L: slope; active + 180 slope; + 300
THEIRS = {
    "slope": (0.0026941321, 0.017475867, 19.463027, -0.027487209, 0.032875473, 0.87906856),
    "greatest (180)": (5.8827227, 2.1178049, 20.407528, 2.2336412, 9.5318042, 0.011472697),
    "double (300)": (6.2060186, 3.9327731, 16.801547, -0.64011217, 13.052149, 0.13320053),
}


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return pl.read_csv(GOLDEN / "qt.csv").rename({"id": "participant"})


def test_the_slope_and_the_difference_at_a_concentration_are_those_of_lmer(rows: pl.DataFrame) -> None:
    found = concentration_qtc(rows, {"greatest": 180, "double": 300})
    for one in found:
        own = (one.estimate, one.se, one.df, one.low, one.high, one.p)
        assert own == pytest.approx(THEIRS[one.label], rel=3e-6, abs=3e-6)
    assert "greatest (180): upper limit 9.53 ms, below 10 ms" in found[1].notes
    assert "double (300): upper limit 13.05 ms, not below 10 ms" in found[2].notes


def test_without_random_slopes_too(rows: pl.DataFrame) -> None:
    one = concentration_qtc(rows, {"greatest": 180}, slopes=False)[1]
    assert (one.low, one.high, one.df) == pytest.approx((3.1212141, 9.4023165, 37.081293), rel=1e-6)


def test_what_cannot_be_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="concentration without the active drug"):
        concentration_qtc(rows.with_columns(active=pl.lit(0)), {})
    with pytest.raises(ValueError, match="both arms are needed"):
        concentration_qtc(rows.filter(active=1), {})
    with pytest.raises(ValueError, match="no column 'time'"):
        concentration_qtc(rows.drop("time"), {})


def test_a_measurement_that_is_not_known_is_counted(rows: pl.DataFrame) -> None:
    gone = rows.with_columns(
        change=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise(pl.col("change"))
    )
    assert "3 measurements left out, something unknown" in concentration_qtc(gone, {})[0].notes
