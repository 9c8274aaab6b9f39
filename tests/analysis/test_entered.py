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


@pytest.mark.parametrize("method", ["log_rank", "fisher", "van_elteren"])
def test_a_margin_that_a_test_does_not_know_is_no_p_of_another(method: str) -> None:
    own: dict[str, Any] = {"ended": "ended"} if method == "log_rank" else {}
    own |= {"event": {"at_least": 30}} if method == "fisher" else {}
    own |= {"strata": "answer"} if method == "van_elteren" else {}
    found = done(ROWS, method=method, null=0.7, **own)
    assert found.result is None
    assert "alone, and `null` says 0.7; take it out" in (found.why or "")
    found = done(ROWS, method="proportion", event={"at_least": 30}, null=-0.1)
    assert found.entered.notes == ("nothing is tested here: `null`, -0.1, is not used",)


def test_a_side_that_a_test_does_not_know_is_refused() -> None:
    found = done(ROWS, method="cmh", strata="answer", event={"at_least": 30}, side="less")
    assert "on both sides alone" in (found.why or "")


# R 4.2.2: > wilcox.test(x, y, mu = 5, exact = FALSE, conf.int = TRUE) is wilcox.test(x - 5, y) moved back
def test_ranks_and_restricted_means_take_a_margin() -> None:
    plain, moved = (done(ROWS, method="rank_sum", **own).result for own in ({}, {"null": 5}))
    shifted = done(
        ROWS.with_columns(
            value=pl.col("value").cast(pl.Float64) - pl.when(pl.col("arm") == "a").then(5).otherwise(0)
        ),
        method="rank_sum",
    ).result
    assert plain is not None
    assert moved is not None
    assert shifted is not None
    assert moved[0].estimate == pytest.approx(plain[0].estimate)
    assert (moved[0].null, moved[0].p) == (5, shifted[0].p)
    asked: dict[str, Any] = {"method": "restricted_mean", "ended": "ended", "until": 20}
    plain, moved = (done(ROWS, **asked, **own).result for own in ({}, {"null": -2, "side": "greater"}))
    assert plain is not None
    assert moved is not None
    assert plain[0].se is not None
    assert plain[0].estimate is not None
    assert moved[0].statistic == pytest.approx((plain[0].estimate + 2) / plain[0].se)
    assert moved[0].null == -2


def test_who_has_no_value_keeps_a_place_in_the_allocation() -> None:
    gone = ROWS.with_columns(value=pl.when(pl.int_range(N) < 4).then(None).otherwise(pl.col("value")))
    asked: dict[str, Any] = {
        "method": "rerandomisation",
        "procedure": "blocks",
        "sizes": [2],
        "seed": 3,
        "draws": 200,
    }
    found = done(gone, **asked).result
    assert found is not None
    assert "4 without a value keep their places in the allocation" in found[0].notes
    assert [group.n for group in found[0].groups] == [18, 18]
    unseen = pl.concat(
        [ROWS.with_columns(visit=pl.lit("V1")), gone.drop_nulls().with_columns(visit=pl.lit("V2"))]
    )
    later = done(unseen, **(asked | {"contrast": "a - b at V2"})).result
    assert later is not None
    assert later[0].p == found[0].p


def test_arms_written_nearly_alike_and_one_difference_for_all_visits_are_noted() -> None:
    arm = pl.when(pl.int_range(N) < 2).then(pl.col("arm").str.to_uppercase()).otherwise(pl.col("arm"))
    found = done(ROWS.with_columns(arm=arm), method="t_test")
    assert "arm 'A' is not compared, and is written nearly as 'a'" in found.entered.notes
    both = pl.concat([ROWS.with_columns(visit=pl.lit(f"V{n}"), value=pl.col("value") + n) for n in (1, 2)])
    jitter = both.with_columns(value=pl.col("value") + pl.Series(RNG.normal(0, 3, 2 * N)))
    asked: dict[str, Any] = {"method": "mmrm", "contrast": "a - b at V2"}
    once = done(jitter, fixed="arm + visit", **asked)
    assert "the difference is the same at every visit" in once.entered.notes[0]
    assert done(jitter, fixed="arm * visit", **asked).entered.notes == ()


def test_small_sites_without_a_site_are_said() -> None:
    found = done(ROWS, method="ancova", fixed="arm + baseline", pool_sites_below=3)
    assert "the rows have no site" in (found.why or "")


def test_pandas_columns_that_stand_twice_or_mix_kinds_are_said() -> None:
    import pandas

    values = [1.0, 2.0, 3.0, True, 5.0, 6.0]
    frame = pandas.DataFrame({"participant": range(6), "arm": ["a", "b"] * 3})
    asked = {"analyses": {"one": {"method": "t_test", "contrast": "a - b"}}}
    mixed = frame.assign(value=pandas.Series(values, dtype=object))
    assert "the value holds text" in (analyse(asked, mixed)["one"].why or "")
    plain = frame.assign(value=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    with pytest.raises(ValueError, match="2 columns 'value'"):
        analyse(asked, pandas.concat([plain, plain["value"]], axis=1))


SEEN = pl.DataFrame(
    {
        "participant": [f"p{place % 12}" for place in range(24)],
        "arm": ["0.5", "1", "2"] * 8,
        "visit": ["first"] * 12 + ["last"] * 12,
        "value": [float((place * 7) % 11 + place % 3) for place in range(24)],
    }
)


def test_only_the_rows_of_the_visit_enter_a_method_of_one_visit() -> None:
    asked = {
        "t": {"method": "t_test", "contrast": "2 - 0.5 at last"},
        "model": {"method": "mmrm", "fixed": "arm * visit", "contrast": "2 - 0.5 at last"},
    }
    found = analyse({"visits": ["first", "last"], "analyses": asked}, SEEN)
    assert (found["t"].entered.rows, found["model"].entered.rows) == (12, 24)
    assert str(found["t"].entered) == "12 rows of 4 0.5, 4 1, 4 2; 12 rows left out, not at last"
    assert found["model"].result is not None


@pytest.mark.parametrize(
    ("size", "message"),
    [(1e300, "goes to 1e+301, which cannot be calculated with"), (1e-200, "goes to 1e-199, which cannot")],
)
@pytest.mark.parametrize("method", ["t_test", "paired_t", "effect_size", "rank_sum"])
def test_values_that_overflow_are_refused(size: float, message: str, method: str) -> None:
    rows = SEEN.with_columns(value=pl.when(pl.col("value") > 9).then(10.0).otherwise(pl.col("value")) * size)
    said = {"method": method, "contrast": "2 - 0.5 at last"}
    found = analyse({"visits": ["first", "last"], "analyses": {"one": said}}, rows)["one"]
    assert found.result is None
    assert message in (found.why or "")


@pytest.mark.parametrize(
    "said",
    [
        {"method": "ancova", "fixed": "arm"},
        {"method": "dunnett", "fixed": "arm"},
        {"method": "standardised_linear", "fixed": "arm"},
        {"method": "negative_binomial", "fixed": "arm"},
        {"method": "gee", "family": "poisson", "fixed": "arm"},
        {"method": "gee", "family": "ordinal", "fixed": "arm"},
        {"method": "subgroups", "fixed": "arm", "by": "half"},
    ],
)
def test_arms_called_by_numbers_without_visits_are_arms(said: dict[str, Any]) -> None:
    rows = SEEN.filter(visit="last").drop("visit").with_columns(half=pl.Series(["a", "b"] * 6))
    rows = pl.concat([rows, rows.with_columns(pl.col("participant") + "b", value=12 - pl.col("value"))])
    rows = rows.with_columns(value=(pl.col("value") / 5).floor())
    named = rows.with_columns(pl.col("arm").replace({"0.5": "a", "1": "b", "2": "c"}))
    one = analyse({"analyses": {"one": {**said, "contrast": "2 - 0.5"}}}, rows)["one"]
    other = analyse({"analyses": {"one": {**said, "contrast": "c - a"}}}, named)["one"]
    assert one.why is None
    assert one.result is not None
    assert other.result is not None
    assert [(row.estimate, row.se) for row in one.result] == [(row.estimate, row.se) for row in other.result]


def test_a_model_that_nothing_determines_says_so_in_words() -> None:
    few = SEEN.with_columns(baseline=pl.Series([float(place % 12 + place // 7) for place in range(24)]))
    few = few.filter(pl.col("participant").is_in(["p0", "p2", "p3", "p5"]))
    said = {"method": "mmrm", "fixed": "arm * visit + baseline", "contrast": "2 - 0.5 at last"}
    found = analyse({"visits": ["first", "last"], "analyses": {"one": said}}, few)["one"]
    assert found.result is None
    assert "matrix" not in (found.why or "").casefold()
