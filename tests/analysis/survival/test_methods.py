"""Times to an event by the words of a plan."""

from __future__ import annotations

from typing import Any

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
