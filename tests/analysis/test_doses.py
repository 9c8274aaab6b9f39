"""Three doses at four visits by the words of a plan, against R's lmer and emmeans. The data are simulated.

The rows stand in no order, and visits and arms are text. All is copied from R output of:

    > d <- read.csv("doses.csv"); d$arm <- factor(d$arm, c("placebo", "40 mg", "120 mg"))
    > d$visit <- factor(d$visit, c("week 2", "week 6", "week 10", "week 18"))
    > emm_options(lmer.df = "satterthwaite"); m <- lmer(y ~ arm * visit + base + (1 | id), d)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from entact.analysis.analyse import analyse
from entact.analysis.result import Estimates

ROWS = pl.read_csv(Path(__file__).parents[1] / "golden" / "mixed" / "doses.csv")
VISITS = ["week 2", "week 6", "week 10", "week 18"]
MODEL = {"fixed": "arm * visit + base", "covariance": "compound_symmetry", "df": "satterthwaite"}


def asked(**said: Any) -> Estimates:
    one = {"contrast": "120 mg - placebo at week 18", **MODEL, **said}
    plan = {
        "columns": {"participant": "id", "value": "y"},
        "visits": VISITS,
        "arms": ["placebo", "40 mg", "120 mg"],
        "analyses": {"one": {key: own for key, own in one.items() if own is not None}},
    }
    found = analyse(plan, ROWS)["one"]
    assert found.result is not None, found.why
    return found.result


def test_adjusted_means_stand_beside_the_difference_with_their_n() -> None:
    """> as.data.frame(emmeans(m, ~ arm | visit)); table(d$arm, d$visit)"""
    found = {one.label: one for one in asked(method="mmrm")}
    assert list(found)[1:] == [f"{arm} at {visit}" for visit in VISITS for arm in ("120 mg", "placebo")]
    for label, *wanted, n in (
        ("placebo at week 18", -9.7722111, 1.3154275, 130.65125, -12.374505, -7.169917, 18),
        ("120 mg at week 18", -19.5532055, 1.9453000, 139.86490, -23.399201, -15.707210, 8),
    ):
        one = found[label]
        assert [one.estimate, one.se, one.df, one.low, one.high] == pytest.approx(wanted, rel=1e-6)
        assert one.groups[0].n == n


def test_arms_are_compared_over_the_mean_of_visits_against_a_margin_on_one_side() -> None:
    """> a <- emmeans(m, ~ arm); summary(contrast(a, list(c(-1, 0, 1))), infer = TRUE)
    > summary(contrast(a, list(c(-1, 0, 1))), null = -2, side = "<")
    """
    one = asked(method="mmrm", average=VISITS)[0]
    assert one.label == "120 mg - placebo, mean of week 2, week 6, week 10, week 18"
    assert (one.estimate, one.df) == (pytest.approx(-4.33, abs=5e-3), pytest.approx(49.8, abs=0.05))
    assert (one.low, one.high) == (pytest.approx(-7.69, abs=5e-3), pytest.approx(-0.976, abs=5e-4))
    assert one.p == pytest.approx(0.0125, abs=5e-5)
    beyond = asked(method="mmrm", average=VISITS, null=-2, side="less")[0]
    assert (beyond.statistic, beyond.p) == (pytest.approx(-1.396, abs=5e-4), pytest.approx(0.0845, abs=5e-5))


@pytest.mark.parametrize(
    ("contrast", "told"),
    [
        ("120 mg - placebo at week 2", "`contrast` is at week 2: name one of them there"),
        ("120 mg - placebo", "write 'at week 6' into `contrast`, or another of the visits in `average`"),
    ],
)
def test_a_contrast_that_is_at_none_of_the_visits_of_the_mean_is_refused(contrast: str, told: str) -> None:
    said = {"method": "mmrm", "contrast": contrast, "average": VISITS[1:], **MODEL}
    plan = {
        "columns": {"participant": "id", "value": "y"},
        "visits": VISITS,
        "analyses": {"one": said},
    }
    found = analyse(plan, ROWS)["one"]
    assert found.result is None
    assert told in (found.why or "")


def test_a_mean_over_a_visit_that_an_arm_was_never_seen_at_is_refused() -> None:
    gap = ROWS.filter((pl.col("arm") != "120 mg") | (pl.col("visit") != "week 6"))
    said = {"method": "mmrm", "contrast": "120 mg - placebo at week 18", **MODEL}
    plan = {
        "columns": {"participant": "id", "value": "y"},
        "visits": VISITS,
        "analyses": {"one": {**said, "average": ["week 6", "week 18"]}, "two": said},
    }
    found = analyse(plan, gap)
    assert (
        found["one"].why
        == "the difference over the mean of week 6, week 18 cannot be estimated from these rows"
    )
    assert found["two"].result is not None
    assert "120 mg at week 6" not in {one.label for one in found["two"].result}
    nobody = analyse(plan, ROWS.filter(pl.col("visit") != "week 6"))["one"]
    assert "nobody has a value at week 6" in (nobody.why or "")


def test_each_dose_against_placebo_and_the_trend() -> None:
    """> e <- emmeans(m, ~ arm, at = list(visit = "week 18"))
    > summary(contrast(e, "trt.vs.ctrl", adjust = "mvt"), infer = TRUE)
    > dc <- c(0, 40, 120) - 160 / 3; summary(contrast(e, list(dc / sum(dc^2))), infer = TRUE)
    """
    low, high = sorted(asked(method="dunnett"), key=lambda one: one.label != "40 mg - placebo at week 18")
    assert (low.estimate, low.p) == (pytest.approx(-7.28, abs=5e-3), pytest.approx(0.0014, abs=5e-5))
    assert (low.low, low.high) == (pytest.approx(-12.0, abs=0.05), pytest.approx(-2.55, abs=5e-3))
    assert (high.estimate, high.p) == (pytest.approx(-9.78, abs=5e-3), pytest.approx(0.0001, abs=5e-5))
    assert (high.low, high.high) == (pytest.approx(-15.1, abs=0.05), pytest.approx(-4.44, abs=5e-3))
    doses = {"placebo": 0, "40 mg": 40, "120 mg": 120}
    trend = asked(method="dose_trend", doses=doses, contrast=None, at="week 18")[0]
    assert (trend.estimate, trend.se) == (pytest.approx(-0.0743, abs=5e-5), pytest.approx(0.0201, abs=5e-5))
    assert (trend.low, trend.high) == (pytest.approx(-0.114, abs=5e-4), pytest.approx(-0.0345, abs=5e-5))
