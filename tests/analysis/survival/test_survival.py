"""Times to an event against R survival, on the remission times of Freireich et al. 1963."""

from __future__ import annotations

from math import exp, inf

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.analysis.survival import (
    Times,
    cumulative_incidence,
    hazard_ratio,
    kaplan_meier,
    logrank,
    median_time,
    restricted_mean_difference,
)

# > t1 <- c(6, 6, ...); e1 <- c(1, 1, ...); t0 <- c(1, 1, ...); all events
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
HAD = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
CONTROL = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
FIRST = Times(np.array(TREATED, dtype=float), np.array(HAD) == 1, "6-MP")
SECOND = Times(np.array(CONTROL, dtype=float), np.ones(21, dtype=bool), "placebo")
TIME = np.concatenate([FIRST.time, SECOND.time])
EVENT = np.concatenate([FIRST.event, SECOND.event])
ARM = np.repeat([1.0, 0.0], 21)
SEX = np.tile([0, 1, 1], 14)
AGE = 30.0 + (np.arange(1, 43) * 7) % 23


def test_the_curve_is_that_of_r() -> None:
    # copied from R output of:
    # > summary(survfit(Surv(time, event) ~ 1, subset(d, arm == 1)), times = c(10, 20))
    curve = kaplan_meier(FIRST, scale="log")
    assert curve.at(10) == pytest.approx((0.752941176470588, 0.585918982029694, 0.967574754552297), rel=1e-12)
    assert curve.at(20) == pytest.approx((0.627450980392157, 0.439393924968767, 0.895994938535082), rel=1e-12)
    assert curve.se[3] == pytest.approx(0.1068, abs=1e-3)
    # > survfit(..., conf.type = "log-log")
    assert kaplan_meier(FIRST).at(10)[1:] == pytest.approx((0.503199510799957, 0.889361835169265), rel=1e-12)


def test_medians_are_those_of_r() -> None:
    # copied from R output of: > quantile(survfit(Surv(time, event) ~ arm, d, conf.type = "log-log"), 0.5)
    one, two = median_time(FIRST), median_time(SECOND)
    assert (one.estimate, one.low, one.high) == (23.0, 13.0, inf)
    assert (two.estimate, two.low, two.high) == (8.0, 4.0, 11.0)
    # and of conf.type = "log"
    assert median_time(FIRST, scale="log").low == 16.0
    assert median_time(SECOND, scale="log").high == 12.0


def test_the_log_rank_test_is_that_of_r() -> None:
    # copied from R output of: > survdiff(Surv(time, event) ~ arm, d)$chisq
    found = logrank([(FIRST, SECOND)])
    assert found.statistic is not None
    assert found.statistic**2 == pytest.approx(16.7929409892165, rel=1e-12)
    assert [group.events for group in found.groups] == [9, 21]
    # > b <- (s$obs - s$exp)[2] / s$var[2, 2]; exp(c(b, b + c(-1, 1) * qnorm(.975) / sqrt(s$var[2, 2])))
    ends = (found.estimate, found.low, found.high)
    assert ends == pytest.approx((0.1943187086422, 0.08876125526365, 0.4254081402546), rel=1e-11)
    # > pnorm((s$obs - s$exp)[2] / sqrt(s$var[2, 2]))
    assert logrank([(FIRST, SECOND)], side="less").p == pytest.approx(2.084404554667e-05, rel=1e-11)
    # > survdiff(Surv(time, event) ~ arm + strata(sex), d)$chisq
    pairs = []
    for sex in (0, 1):
        own = [Times(TIME[(sex == SEX) & (arm == ARM)], EVENT[(sex == SEX) & (arm == ARM)]) for arm in (1, 0)]
        pairs.append((own[0], own[1]))
    found = logrank(pairs)
    assert found.statistic is not None
    assert found.statistic**2 == pytest.approx(16.6182852948308, rel=1e-12)


def test_the_hazard_ratio_is_that_of_r() -> None:
    # copied from R output of: > coxph(Surv(time, event) ~ arm, d)
    found = hazard_ratio(TIME, EVENT, ARM[:, None])
    assert found.estimate == pytest.approx(exp(-1.572125148829066), rel=1e-9)
    assert found.se == pytest.approx(0.412396717709455, rel=1e-9)
    # > coxph(Surv(time, event) ~ arm + age + strata(sex), d)
    found = hazard_ratio(TIME, EVENT, np.column_stack([ARM, AGE]), stratum=SEX)
    assert found.estimate == pytest.approx(exp(-1.5989745226386798), rel=1e-9)
    assert found.se == pytest.approx(0.4258300830546518, rel=1e-9)


def test_restricted_means_are_those_of_r() -> None:
    # copied from R output of:
    # > summary(survfit(Surv(time, event) ~ 1, subset(d, arm == 1)), rmean = 20)$table
    assert kaplan_meier(FIRST).restricted_mean(20) == pytest.approx(
        (16.11652661064426, 1.25156019600505), rel=1e-10
    )
    assert kaplan_meier(SECOND).restricted_mean(20) == pytest.approx(
        (8.42857142857143, 1.26808268250392), rel=1e-10
    )
    found = restricted_mean_difference(FIRST, SECOND, 20)
    assert found.estimate == pytest.approx(16.11652661064426 - 8.42857142857143)
    # > s <- summary(survfit(Surv(time, event) ~ arm, d), rmean = 20)$table[, "se(rmean)"]; sqrt(sum(s^2))
    own = (found.se, found.low, found.high, found.p)
    assert own == pytest.approx(
        (1.7816948711523, 4.1958974031745, 11.1800129609711, 1.5962649990365e-05), rel=1e-11
    )
    assert restricted_mean_difference(FIRST, SECOND, 20, side="greater").p == pytest.approx(
        7.9813249951826e-06
    )
    with pytest.raises(ValueError, match="nobody was followed to 50"):
        restricted_mean_difference(FIRST, SECOND, 50)


def test_competing_risks_are_those_of_r() -> None:
    # copied from R output of:
    # > d$status <- factor(ifelse(d$event == 0, 0, ifelse(seq_len(42) %% 3 == 0, 2, 1)))
    # > summary(survfit(Surv(time, status) ~ 1, subset(d, arm == 1)), times = c(10, 23))
    cause = np.where(EVENT, np.where(np.arange(1, 43) % 3 == 0, 2, 1), 0)[:21]
    for until, of, share, se in (
        (10, 1, 0.199439775910364, 0.0895999465146946),
        (10, 2, 0.0476190476190476, 0.0464714320451682),
        (23, 1, 0.414565826330532, 0.1271393652774686),
        (23, 2, 0.1372549019607843, 0.0943681392281261),
    ):
        found = cumulative_incidence(FIRST.time, cause, until, of=of)
        assert (found.estimate, found.se) == pytest.approx((share, se), rel=1e-10)


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=25), st.integers(0, 8))
def test_causes_and_those_without_any_add_up(people: list[tuple[int, bool]], until: int) -> None:
    time = np.array([float(t) for t, _ in people])
    cause = np.array([1 + k % 2 if had else 0 for k, (_, had) in enumerate(people)])
    until = min(until, int(time.max()))
    curve = kaplan_meier(Times(time, cause > 0))
    shares = [cumulative_incidence(time, cause, until, of=of).estimate or 0.0 for of in (1, 2)]
    assert sum(shares) + curve.at(until)[0] == pytest.approx(1.0)


def test_without_censoring_the_curve_is_the_share_still_free() -> None:
    curve = kaplan_meier(SECOND)
    for time in (2, 8, 20):
        assert curve.at(time)[0] == pytest.approx(np.mean(SECOND.time > time))


def test_what_times_cannot_tell_is_stated() -> None:
    nobody = Times(np.array([3.0, 4.0]), np.array([False, False]), "none")
    assert median_time(nobody).notes == ("more than half have not had the event: the median was not reached",)
    assert logrank([(nobody, nobody)]).notes[-1].startswith("nobody had the event")
    gone = hazard_ratio(TIME, EVENT & (ARM == 0), ARM[:, None])
    assert gone.estimate is None
    assert "nobody in first had the event" in gone.notes[0]
    with pytest.raises(ValueError, match="nobody had the event"):
        hazard_ratio(TIME, np.zeros(42, dtype=bool), ARM[:, None])
    with pytest.raises(ValueError, match="a time in x is -1"):
        Times(np.array([-1.0]), np.array([True]), "x")
    with pytest.raises(ValueError, match="nobody in x has a time"):
        Times.of(pl.Series([None], dtype=pl.Float64), pl.Series([True]), "x")
    with pytest.raises(ValueError, match="'yes' is no event"):
        Times.of(pl.Series([1.0]), pl.Series(["yes"]))
