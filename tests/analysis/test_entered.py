"""Who enters an analysis: nobody is lost and no word taken another way in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import entact
from entact.analysis.analyse import Analysed, analyse

RNG = np.random.default_rng(5)
N = 40
ROWS = pl.DataFrame(
    {
        "participant": [f"p{place}" for place in range(N)],
        "arm": ["a", "b"] * (N // 2),
        "value": RNG.integers(0, 60, N),
        "baseline": RNG.integers(30, 60, N),
        "stratum": np.arange(N) % 3 + 1,
        "answer": RNG.choice(["No", "Yes"], N),
        "flag": RNG.choice([0, 1], N),
        "known": RNG.random(N) < 0.5,
        "ended": np.arange(N) % 4 > 0,
    }
)


def done(frame: pl.DataFrame, columns: dict[str, str] | None = None, **said: Any) -> Analysed:
    plan = {"columns": columns or {}, "analyses": {"one": {"contrast": "a - b", **said}}}
    return analyse(plan, frame)["one"]


@pytest.mark.parametrize("kind", [pl.UInt8, pl.Int8, pl.UInt32, pl.Float32, pl.Decimal(6, 2)])
@pytest.mark.parametrize("change", ["absolute", "percent"])
def test_a_change_of_small_whole_numbers_does_not_wrap(kind: Any, change: str) -> None:
    small = ROWS.with_columns(pl.col("value", "baseline").cast(kind))
    found, expected = (done(rows, method="t_test", change=change).result for rows in (small, ROWS))
    assert found is not None
    assert expected is not None
    assert found[0].estimate == pytest.approx(expected[0].estimate, rel=1e-5)
    assert found[0].low == pytest.approx(expected[0].low, rel=1e-5)


def test_rows_of_nobody_are_left_out_and_said() -> None:
    nobody = pl.when(pl.col("participant").is_in(["p3", "p4"])).then(None).otherwise(pl.col("participant"))
    found = done(ROWS.with_columns(participant=nobody), method="t_test")
    assert [(one.why, one.rows) for one in found.entered.left_out] == [("participant unknown", 2)]
    assert found.entered.participants == {"a": 19, "b": 19}


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("baseline", {"method": "ancova", "fixed": "arm + baseline"}),
        ("baseline", {"method": "standardised_linear", "fixed": "arm * baseline"}),
        ("answer", {"method": "van_elteren", "strata": "answer"}),
        ("ended", {"method": "log_rank", "ended": "ended"}),
        ("ended", {"method": "median_time", "ended": "ended"}),
        ("baseline", {"method": "cox", "ended": "ended", "covariates": ["baseline"]}),
    ],
)
def test_who_lacks_what_an_analysis_needs_is_counted(column: str, said: dict[str, Any]) -> None:
    gone = pl.when(pl.col("participant").is_in(["p3", "p4"])).then(None).otherwise(pl.col(column))
    found = done(ROWS.with_columns(gone.alias(column)), **said)
    assert found.result is not None
    assert [(one.why, one.participants) for one in found.entered.left_out] == [(f"{column} unknown", 2)]
    assert found.entered.participants == {"a": 19, "b": 19}


def test_a_code_that_becomes_a_slope_says_so() -> None:
    found = done(ROWS, method="ancova", fixed="arm + baseline + stratum")
    assert found.entered.notes == (
        "stratum is taken as a number, with a slope; if it is a code write C(stratum)",
    )
    assert found.entered.notes[0] in str(found)
    assert found.entered.notes[0] in found.to_ard().filter(statistic="note")["text"].to_list()
    assert done(ROWS, method="ancova", fixed="arm + baseline + C(stratum)").entered.notes == ()


def test_the_column_that_is_a_site_is_one_under_its_own_name_too() -> None:
    own, role = (
        done(ROWS, {"site": "stratum"}, method="ancova", fixed=f"arm + {name}").result
        for name in ("stratum", "site")
    )
    assert own is not None
    assert role is not None
    assert own[0].estimate == pytest.approx(role[0].estimate, rel=1e-12)
    assert own[0].df == N - 4


def test_an_event_or_a_set_that_nobody_has_is_said() -> None:
    found = done(ROWS, method="proportion", value="answer", event="yes")
    assert found.result is not None
    assert found.entered.notes == (
        "the event of 'answer' is 'yes', which stands in no row; there are: 'No', 'Yes'",
    )
    found = done(ROWS, method="t_test", rows={"answer": ["Yes", "Noo"]})
    assert "'Noo', which stands in no row" in found.entered.notes[0]


@pytest.mark.parametrize(
    ("value", "event", "holds"),
    [
        ("flag", True, "holds numbers"),
        ("flag", "1", "holds numbers"),
        ("known", 1, "holds true and false"),
        ("known", "true", "holds true and false"),
        ("answer", True, "holds text"),
        ("answer", ["Yes", 1], "holds text"),
    ],
)
def test_an_event_of_another_kind_says_what_the_column_holds(value: str, event: Any, holds: str) -> None:
    found = done(ROWS, method="proportion", value=value, event=event)
    assert found.result is None
    assert f"column {value!r} {holds}" in (found.why or "")


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        ({"known": "true"}, "true and false"),
        ({"known": 1}, "true and false"),
        ({"flag": True}, "numbers"),
        ({"flag": "1"}, "numbers"),
    ],
)
def test_rows_asked_for_by_another_kind_say_what_the_column_holds(rows: dict[str, Any], holds: str) -> None:
    with pytest.raises(ValueError, match=f"one: column .* holds {holds}"):
        done(ROWS, method="t_test", rows=rows)


def test_a_column_of_durations_or_bytes_keeps_nobody_from_a_result() -> None:
    odd = ROWS.with_columns(
        stay=pl.duration(days=pl.col("value")), scan=pl.lit(b"\xff"), empty=pl.lit(None, dtype=pl.Null)
    )
    assert done(odd, method="t_test").result == done(ROWS, method="t_test").result


def test_censored_where_one_is_no_event() -> None:
    found = done(ROWS.with_columns(CNSR=1 - pl.col("flag")), method="log_rank", ended="CNSR")
    assert "CNSR is 1 where a time is censored" in (found.why or "")


def test_visits_in_words_are_described_in_the_order_of_their_numbers() -> None:
    weeks = pl.concat([ROWS.with_columns(visit=pl.lit(f"week {week}")) for week in (12, 2, 4)])
    found = done(weeks, method="describe").result
    assert found is not None
    assert [one.label for one in found][::2] == ["a at week 2", "a at week 4", "a at week 12"]


def test_the_release_of_a_study_is_a_plan_and_its_plan_alone_says_what_lacks() -> None:
    release = entact.load_study("mapp1").newest
    with pytest.raises(ValueError, match="participant"):
        analyse(release, pl.DataFrame({"x": [1]}))
    for alone in (release.file, release.file.analysis):
        with pytest.raises(TypeError, match="give the release of the study"):
            analyse(alone, ROWS)
    with pytest.raises(TypeError, match="not int"):
        analyse(3, ROWS)


def test_a_limit_is_reached_by_who_reaches_it_in_decimals() -> None:
    rows = ROWS.with_columns(value=pl.lit(30.3), baseline=pl.lit(40.3))
    assert rows["value"][0] - rows["baseline"][0] > -10
    found = done(rows, method="proportion", change="absolute", event={"at_most": -10}).result
    assert found is not None
    assert [group.events for group in found[0].groups] == [20, 20]
