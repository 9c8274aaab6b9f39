"""Times to an event by the words of a plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.analysis.survival.test_survival import AGE, ARM, EVENT, SEX, TIME

from entact.analysis.analyse import analyse

ROWS = pl.DataFrame(
    {
        "participant": [f"p{place}" for place in range(42)],
        "arm": ["mdma" if one else "placebo" for one in ARM],
        "value": TIME,
        "ended": EVENT,
        "sex": SEX,
        "age": AGE,
    }
)


@pytest.mark.parametrize(
    ("said", "estimate"),
    [
        ({"method": "cox"}, 0.20760353),
        ({"method": "cox", "covariates": "age", "strata": "sex"}, 0.20210362),
        ({"method": "restricted_mean", "until": 20}, 7.68795518),
    ],
)
def test_words_for_times_reach_their_methods(said: dict[str, Any], estimate: float) -> None:
    one = {**said, "ended": "ended", "contrast": "mdma - placebo"}
    found = analyse({"analyses": {"one": one}}, ROWS)["one"]
    assert found.result is not None, found.why
    assert found.result[0].estimate == pytest.approx(estimate, rel=1e-6)


def test_a_log_rank_test_within_strata_and_medians() -> None:
    said = {"method": "log_rank", "ended": "ended", "strata": "sex", "contrast": "mdma - placebo"}
    found = analyse({"analyses": {"one": said, "two": {"method": "median_time", "ended": "ended"}}}, ROWS)
    assert found["one"].result is not None
    statistic = found["one"].result[0].statistic
    assert statistic is not None
    assert statistic**2 == pytest.approx(16.6182852948308, rel=1e-10)
    assert found["two"].result is not None
    assert [one.estimate for one in found["two"].result] == [23.0, 8.0]


def test_a_column_that_is_not_there_is_named() -> None:
    said = {"method": "cox", "ended": "over", "contrast": "mdma - placebo"}
    assert "no column 'over'" in (analyse({"analyses": {"one": said}}, ROWS)["one"].why or "")


CAUSE = pl.Series("status", ["event", "other", "censored", "event", "event", "censored", "other"] * 6)
RISKS = ROWS.with_columns(CAUSE)
MEANT: dict[str, Any] = {"ended": {"status": "event"}, "competing": {"status": "other"}}


@pytest.mark.parametrize(
    ("said", "statistic"),
    [
        # copied from R output of: > cuminc(time, rep(c(1, 2, 0, 1, 1, 0, 2), 6), arm)$Tests
        ({}, 1.55382064148813),
        ({"ended": MEANT["competing"], "competing": MEANT["ended"]}, 0.91019819879858),
        # > cuminc(time, cause, arm, strata = sex)$Tests
        ({"strata": "sex"}, 1.4844818902041),
        ({"ended": MEANT["competing"], "competing": MEANT["ended"], "strata": "sex"}, 1.4717090832685),
    ],
)
def test_grays_test_is_that_of_r(said: dict[str, Any], statistic: float) -> None:
    plan = {"one": {"method": "gray", **MEANT, "contrast": "mdma - placebo", **said}}
    found = analyse({"analyses": plan}, RISKS)["one"]
    assert found.result is not None, found.why
    assert found.result[0].statistic is not None
    assert found.result[0].statistic ** 2 == pytest.approx(statistic, rel=1e-10)


def test_two_arms_differ_in_their_cumulative_incidence() -> None:
    # copied from R output of: > summary(survfit(Surv(time, factor(cause)) ~ arm), times = 10)
    plan = {"one": {"method": "competing_risks", **MEANT, "until": 10, "contrast": "mdma - placebo"}}
    found = analyse({"analyses": plan}, RISKS)["one"].result
    assert found is not None
    between, *arms = found
    assert [one.estimate for one in arms] == pytest.approx([0.19943977591036, 0.30772308923569])
    assert [one.se for one in arms] == pytest.approx([0.089599946514695, 0.105121401261907])
    assert between.estimate == pytest.approx(0.19943977591036 - 0.30772308923569)
    assert between.se == pytest.approx((0.089599946514695**2 + 0.105121401261907**2) ** 0.5)
    none = RISKS.with_columns(pl.when(arm="mdma").then(pl.lit("other")).otherwise("status").alias("status"))
    blank = analyse({"analyses": plan}, none)["one"].result
    assert blank is not None
    assert (blank[0].estimate, blank[0].low, blank[0].p) == (-blank[2].estimate, None, None)  # type: ignore[operator]
    assert "nobody or everybody in a group" in blank[0].notes[0]


def test_without_another_event_grays_test_is_nearly_the_log_rank_test() -> None:
    """Its variance is another estimate: they agree where the groups are large and differ little."""
    many = pl.concat([ROWS.with_columns(pl.col("participant") + f"/{k}") for k in range(50)])
    many = many.with_columns(
        died=pl.lit(False),
        value=pl.col("value") + pl.int_range(pl.len()) / 1e5,
        arm=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("mdma")).otherwise(pl.lit("placebo")),
    )
    said = {"ended": "ended", "contrast": "mdma - placebo"}
    both = {"one": {"method": "gray", "competing": "died", **said}, "two": {"method": "log_rank", **said}}
    one, two = (analyse({"analyses": both}, many)[name].result for name in both)
    assert one is not None
    assert two is not None
    assert one[0].statistic == pytest.approx(two[0].statistic, rel=0.01)


def test_nobody_with_the_event_has_no_test() -> None:
    plan = {"one": {"method": "gray", **MEANT, "contrast": "mdma - placebo"}}
    found = analyse({"analyses": plan}, RISKS.with_columns(status=pl.lit("other")))["one"].result
    assert found is not None
    assert found[0].p is None
    assert "no test" in found[0].notes[0]


def test_categories_are_covariates_of_a_hazard() -> None:
    """As two columns of nought and one would be."""
    generator = np.random.default_rng(5)
    rows = pl.DataFrame(
        {
            "participant": [f"p{place}" for place in range(60)],
            "arm": ["mdma", "placebo"] * 30,
            "value": generator.exponential(10, 60),
            "ended": generator.random(60) < 0.7,
            "cell": [["a", "b", "c"][place % 3] for place in range(60)],
        }
    )
    rows = rows.with_columns(
        b=(pl.col("cell") == "b").cast(pl.Int64), c=(pl.col("cell") == "c").cast(pl.Int64)
    )
    asked = {"method": "cox", "ended": "ended", "contrast": "mdma - placebo"}
    plan = {
        "analyses": {"one": {**asked, "covariates": ["cell"]}, "two": {**asked, "covariates": ["b", "c"]}}
    }
    one, two = (analyse(plan, rows)[name].result for name in ("one", "two"))
    assert one is not None
    assert two is not None
    assert (one[0].estimate, one[0].se) == (two[0].estimate, two[0].se)


def test_before_the_first_event_there_is_no_interval() -> None:
    rows = pl.DataFrame(
        {
            "participant": list("abcdef"),
            "arm": ["mdma", "placebo"] * 3,
            "value": [5.0, 9.0, 6.0, 9.0, 7.0, 9.0],
            "ended": [True, False] * 3,
        }
    )
    km = {"method": "kaplan_meier", "ended": "ended", "at_times": [3]}
    mean = {"method": "restricted_mean", "ended": "ended", "until": 4, "contrast": "mdma - placebo"}
    found = analyse({"analyses": {"km": km, "mean": mean}}, rows)
    shares, [difference] = found["km"].result or (), found["mean"].result or ()
    assert [(one.estimate, one.low, one.high) for one in shares] == [(1.0, None, None)] * 2
    assert shares[0].notes == ("nobody has had it by then: no interval",)
    assert (difference.estimate, difference.low, difference.p) == (0.0, None, None)
    assert "no event came before: no interval and no test" in difference.notes
