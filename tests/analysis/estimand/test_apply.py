"""Each strategy on rows: what it leaves, what it sets, and what it counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from entact.analysis.analyse import analyse
from entact.analysis.estimand import EVENT_VISIT, Estimand, Intercurrent, Strategy, apply
from entact.analysis.vocabulary import PlanError, read_plan

VISITS = ["V1", "V2", "V3"]
STOPPED = {"stopped": Intercurrent("Treatment stopped", visit="after")}
ROWS = pl.DataFrame(
    {
        "participant": ["a"] * 3 + ["b"] * 3 + ["c"] * 2,
        "arm": ["mdma"] * 3 + ["placebo"] * 3 + ["mdma"] * 2,
        "visit": ["V1", "V2", "V3", "V1", "V2", "V3", "V1", "V2"],
        "day": [28, 56, 126, 30, 58, 130, 29, 57],
        "value": [-5.0, -9.0, -20.0, -4.0, -3.0, -2.0, -8.0, -7.0],
        "after": ["V3"] * 3 + [None] * 3 + ["V2"] * 2,
        "stop_day": [100.0] * 3 + [None] * 3 + [40.0] * 2,
    }
)


def under(strategy: Strategy, **more: Any) -> tuple[pl.DataFrame, int]:
    rows, [handled] = apply(ROWS, Estimand("e", {"stopped": strategy}, **more), STOPPED, VISITS)
    assert handled.participants == {"mdma": 2}
    return rows, handled.values


def values(rows: pl.DataFrame, who: str) -> dict[str, float | None]:
    return dict(rows.filter(participant=who).select("visit", "value").iter_rows())


def test_what_each_strategy_does_with_what_came_after() -> None:
    rows, n = under("treatment_policy")
    assert n == 2
    assert values(rows, "a") == {"V1": -5, "V2": -9, "V3": -20}
    rows, n = under("hypothetical")
    assert n == 2
    assert values(rows, "a") == {"V1": -5, "V2": -9, "V3": None}
    assert values(rows, "c") == {"V1": -8, "V2": None}
    assert dict(rows.select("participant", EVENT_VISIT).unique().iter_rows()) == {
        "a": "V3",
        "b": None,
        "c": "V2",
    }
    rows, n = under("composite", composite={"stopped": 10.0})
    assert n == 3
    assert values(rows, "c") == {"V1": -8, "V2": 10, "V3": 10}  # a value stands where nothing was seen, too
    rows, n = under("while_on_treatment")
    assert n == 3
    assert values(rows, "c") == {"V1": -8, "V2": -8, "V3": -8}
    assert values(rows, "a") == {"V1": -5, "V2": -9, "V3": -9}
    rows, n = under("principal_stratum")
    assert n == 5
    assert rows["participant"].unique().to_list() == ["b"]


def test_who_had_no_event_is_left_as_they_are() -> None:
    for strategy in (
        "treatment_policy",
        "hypothetical",
        "composite",
        "while_on_treatment",
        "principal_stratum",
    ):
        rows, _ = under(strategy, composite={"stopped": 1.0})  # type: ignore[arg-type]
        assert values(rows, "b") == {"V1": -4, "V2": -3, "V3": -2}


def test_an_event_may_be_dated_by_its_day() -> None:
    events = {"stopped": Intercurrent("Treatment stopped", day="stop_day")}
    rows, _ = apply(ROWS, Estimand("e", {"stopped": "hypothetical"}), events, VISITS)
    assert values(rows, "a") == {"V1": -5, "V2": -9, "V3": None}
    assert values(rows, "c") == {"V1": -8, "V2": None}


def test_a_yes_or_no_becomes_no_where_the_event_is_part_of_the_outcome() -> None:
    rows = ROWS.with_columns(value=pl.col("value") < -6)
    estimand = Estimand("e", {"stopped": "composite"}, {"stopped": False})
    found, _ = apply(rows, estimand, STOPPED, VISITS)
    assert dict(found.filter(participant="a").select("visit", "value").iter_rows()) == {
        "V1": False,
        "V2": True,
        "V3": False,
    }


def test_what_cannot_be_applied_says_where() -> None:
    with pytest.raises(ValueError, match="'gone'; there are"):
        apply(ROWS, Estimand("e", {"x": "hypothetical"}), {"x": Intercurrent("x", visit="gone")}, VISITS)
    wrong = ROWS.with_columns(after=pl.lit("V9"))
    with pytest.raises(ValueError, match="before 'V9', which is no visit"):
        apply(wrong, Estimand("e", {"stopped": "hypothetical"}), STOPPED, VISITS)


PLAN: dict[str, Any] = {
    "visits": VISITS,
    "intercurrent": {"stopped": {"title": "Treatment stopped", "visit": "after"}},
    "estimands": {
        "policy": {"strategies": {"stopped": "treatment_policy"}},
        "failure": {"strategies": {"stopped": "composite"}, "composite": {"stopped": 0}},
    },
    "analyses": {
        "main": {"method": "describe", "estimand": "policy", "at": "V3"},
        "sensitivity": {"method": "describe", "estimand": "failure", "at": "V3"},
    },
}


def test_an_analysis_says_its_estimand_and_what_it_did_with_each_event() -> None:
    found = analyse(PLAN, ROWS)
    assert found["main"].planned.estimand == "policy"
    assert "stopped, treatment policy: 2 mdma; 2 values afterwards stand" in str(found["main"])
    assert "stopped, composite: 2 mdma; 3 values afterwards set" in str(found["sensitivity"])
    one, other = found["main"].result, found["sensitivity"].result
    assert one is not None
    assert other is not None
    assert [group.groups[0].n for group in one] == [1, 1]
    assert [group.groups[0].n for group in other] == [2, 1]
    ard = found["sensitivity"].to_ard()
    assert ard.filter(statistic="values after event")["value"].to_list() == [3.0]


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (("estimands", "policy", "strategies", "stopped"), "ignore", "no strategy 'ignore'"),
        (("estimands", "policy", "strategies"), {}, "has no strategy for 'stopped'"),
        (("estimands", "failure", "composite"), {}, "does not say what value stands for it"),
        (("intercurrent", "stopped"), {"title": "x"}, "has one column"),
        (("analyses", "main", "estimand"), "other", "no estimand 'other'"),
        (("visits",), [], "say them in their order"),
    ],
)
def test_an_estimand_that_leaves_something_open_is_refused(
    where: tuple[str, ...], value: Any, message: str
) -> None:
    import copy

    said = copy.deepcopy(PLAN)
    inner = said
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    with pytest.raises(PlanError, match=message):
        read_plan(said)


@pytest.mark.parametrize(
    ("days", "stopped", "said"),
    [
        ([1, 20, 40], 30, None),
        (["2024-01-02", "2024-01-21", "2024-02-10"], "2024-01-31", None),
        ([date(2024, 1, 2), date(2024, 1, 21), date(2024, 2, 10)], "2024-01-31", None),
        (["02/01/2024", "21/01/2024", "10/02/2024"], "31/01/2024", "'02/01/2024' is no date"),
        ([1, 20, 40], "2024-01-31", "stopped is dated by dates, and the rows' day is numbers"),
    ],
)
def test_days_are_numbers_or_dates_that_sort_as_time_goes(
    days: list[object], stopped: object, said: str | None
) -> None:
    """Text of another order sorts 10/02 before 21/01, and would take what was seen before as after."""
    rows = pl.DataFrame(
        {"participant": ["a"] * 3, "arm": ["x"] * 3, "visit": ["V1", "V2", "V3"], "value": [1.0, 2.0, 3.0]}
    ).with_columns(day=pl.Series(days), stop=pl.Series([stopped] * 3))
    estimand = Estimand("", {"stopped": "hypothetical"})
    events = {"stopped": Intercurrent("", day="stop")}
    if said is not None:
        with pytest.raises(ValueError, match=said):
            apply(rows, estimand, events, ["V1", "V2", "V3"])
        return
    found, [handled] = apply(rows, estimand, events, ["V1", "V2", "V3"])
    assert found["value"].to_list() == [1.0, 2.0, None]
    assert handled.values == 1
