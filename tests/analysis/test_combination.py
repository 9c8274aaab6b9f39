"""Several arms compared together: by hand, by a model, and what a plan can get wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from entact.analysis import combined_difference, mean_difference
from entact.analysis.analyse import analyse
from entact.analysis.vocabulary import PlanError, read_plan

ARMS = ("a_c", "a_d", "b_c", "b_d")
HALVES = {"a_c": 0.5, "a_d": 0.5, "b_c": -0.5, "b_d": -0.5}
ONES = {"a_c": 1.0, "a_d": -1.0, "b_c": -1.0, "b_d": 1.0}


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    draw = np.random.default_rng(5)
    arms = [arm for arm, n in zip(ARMS, (9, 12, 14, 10), strict=True) for _ in range(n)]
    rows = []
    for who, arm in enumerate(arms):
        start = draw.normal(40, 6)
        for visit in ("week 4", "week 8"):
            shift = 6 * (arm[0] == "a") + 3 * (arm == "a_c")
            rows.append((str(who), arm, visit, start, start - shift + draw.normal(0, 4)))
    return pl.DataFrame(rows, schema=["participant", "arm", "visit", "baseline", "value"], orient="row")


def planned(**said: Any) -> dict[str, Any]:
    return {"contrast": "a - b at week 8", "combination": HALVES, **said}


def test_means_are_combined_as_their_factors_say(frame: pl.DataFrame) -> None:
    here = frame.filter(visit="week 8")
    means = dict(here.group_by("arm").agg(pl.col("value").mean()).iter_rows())
    fixed = "arm * visit + baseline"
    plan = {
        "analyses": {
            "test": planned(method="t_test"),
            "more": planned(method="t_test", combination=ONES),
            "model": planned(method="ancova", fixed="arm"),
            "adjusted": planned(method="ancova", fixed="arm + baseline"),
            "repeated": planned(method="mmrm", fixed=fixed),
        }
    }
    found = analyse(plan, frame)
    main = sum(factor * means[arm] for arm, factor in HALVES.items())
    assert found["test"].result[0].estimate == pytest.approx(main)  # type: ignore[index]
    assert found["model"].result[0].estimate == pytest.approx(main)  # type: ignore[index]
    interaction = sum(factor * means[arm] for arm, factor in ONES.items())
    assert found["more"].result[0].estimate == pytest.approx(interaction)  # type: ignore[index]
    one, two = (found[name].result[0].estimate for name in ("adjusted", "repeated"))  # type: ignore[index]
    assert one == pytest.approx(two, rel=0.1)
    groups = found["test"].result[0].groups  # type: ignore[index]
    assert {group.name: group.n for group in groups} == {"a_c": 9, "a_d": 12, "b_c": 14, "b_d": 10}


@pytest.mark.parametrize("variances", ["equal", "unequal"])
def test_of_two_groups_it_is_the_difference_of_means(variances: Any) -> None:
    groups = {"one": [1.0, 4.0, 2.5, 7.0], "two": [3.0, 3.5, 9.0]}
    found = combined_difference(groups, {"one": 1.0, "two": -1.0}, variances=variances)
    plain = mean_difference(groups["one"], groups["two"], variances=variances)
    for name in ("difference", "se", "df", "low", "high", "p"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name))


def test_an_arm_without_values_is_named(frame: pl.DataFrame) -> None:
    found = analyse({"analyses": {"test": planned(method="t_test")}}, frame.filter(pl.col("arm") != "b_d"))
    assert found["test"].why == "nobody in arm 'b_d' has a value; there are: a_c, a_d, b_c"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"combination": {"a_c": 1.0, "a_d": 1.0}}, "the factors are 2 together; in a difference they are 0"),
        ({"combination": "a_c"}, "is no block of arms with numbers"),
        ({"combination": {"a_c": "one"}}, "is no block of arms with numbers"),
        ({"method": "rank_sum"}, "rank_sum compares two arms; take it out"),
    ],
)
def test_what_is_no_combination_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan({"analyses": {"test": {**planned(method="t_test"), **said}}})
    assert message in str(caught.value)
