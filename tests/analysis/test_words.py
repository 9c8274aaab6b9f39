"""Words for what is the same everywhere, meaning, harms and agreement reach the functions that they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.analysis.test_nasty import ROWS

from entact.analysis.agreement import icc, kappa
from entact.analysis.analyse import analyse
from entact.analysis.heterogeneity import durability, leave_one_out, subgroups
from entact.analysis.meaningful import anchored, reliable_change
from entact.analysis.mixed import RandomEffect, mixed
from entact.analysis.result import Estimates
from entact.analysis.safety import concentration_qtc, incidence
from entact.analysis.survival import cumulative_incidence
from entact.analysis.vocabulary import PlanError, read_plan

PAIR = ("mdma", "placebo")
HERE = ROWS.filter(visit="V2")
GOLDEN = Path(__file__).parents[1] / "golden"


def asked(rows: pl.DataFrame, contrast: str = "mdma - placebo at V2", **said: Any) -> Estimates:
    """The result of one analysis."""
    plan = {"visits": ["V1", "V2"], "analyses": {"one": {"contrast": contrast, **said}}}
    found = analyse(plan, rows)["one"]
    assert found.result is not None, found.why
    return found.result


def refused(rows: pl.DataFrame, **said: Any) -> str:
    """Why one analysis has no result."""
    plan = {"visits": ["V1", "V2"], "analyses": {"one": {"contrast": "mdma - placebo at V2", **said}}}
    found = analyse(plan, rows)["one"]
    assert found.result is None
    return found.why or ""


def numbers(found: Any) -> list[tuple[Any, ...]]:
    """What estimates say in numbers."""
    return [(one.label, one.estimate, one.low, one.high, one.p) for one in found]


def test_heterogeneity_is_that_of_its_functions() -> None:
    fixed = "arm + baseline"
    assert numbers(asked(ROWS, method="subgroups", fixed=fixed, by="site")) == numbers(
        subgroups(HERE, fixed, PAIR, ["site"])
    )
    assert numbers(asked(ROWS, method="leave_one_out", fixed=fixed, without="site")) == numbers(
        leave_one_out(HERE, fixed, PAIR, "site")
    )
    said = asked(ROWS, "mdma - placebo at V1", method="durability", fixed="arm * visit", follow_up=["V2"])
    assert numbers(said) == numbers(durability(ROWS, "arm * visit", PAIR, ["V1", "V2"]))
    assert "cut it into a few" in refused(
        ROWS.with_columns(age=pl.int_range(pl.len())), method="subgroups", fixed="arm", by=["age"]
    )


def test_a_subgroup_is_a_constant_of_its_own_model() -> None:
    """`arm + site` within one site is `arm`; an interaction with it is refused: the subgroups tell of it."""
    found = asked(ROWS, method="subgroups", fixed="arm + site + baseline", by="site")
    alone = subgroups(HERE, "arm + baseline", PAIR, ["site"])
    assert [one.estimate for one in found[2:]] == pytest.approx([one.estimate for one in alone[2:]])
    assert found[1].p == pytest.approx(alone[1].p)
    assert "'site' interacts in `fixed`" in refused(ROWS, method="subgroups", fixed="arm * site", by="site")


def test_a_therapist_pair_is_a_random_effect_and_its_share_of_the_variance_is_told() -> None:
    rng = np.random.default_rng(4)
    pairs = rng.normal(0, 6, 12)
    rows = pl.DataFrame(
        {
            "participant": [f"p{n}" for n in range(96)],
            "arm": [PAIR[n % 2] for n in range(96)],
            "pair": [f"t{n // 8}" for n in range(96)],
            "value": [pairs[n // 8] - 5.0 * (n % 2 == 0) + rng.normal(0, 4) for n in range(96)],
        }
    )
    one, between = asked(rows, "mdma - placebo", method="random_effects", fixed="arm", random="pair")
    fit = mixed("value ~ arm", rows, random=RandomEffect("pair"))
    row = fit.lsmeans("arm").contrast("mdma - placebo").to_polars().row(0, named=True)
    assert (one.estimate, one.low, one.high) == pytest.approx((row["estimate"], row["low"], row["high"]))
    assert between.estimate == fit.intraclass()["share"][0]
    assert (between.estimate or 0) > 0.3


def test_a_variance_that_is_nought_leaves_the_least_squares() -> None:
    """With no difference between groups at all the effect leaves the model, which then is ANCOVA's."""
    flat = HERE.with_columns(value=pl.col("value") - pl.col("value").mean().over("site"))
    ours = asked(flat, method="random_effects", fixed="arm + baseline", random="site")
    theirs = asked(flat, method="ancova", fixed="arm + baseline")
    assert (ours[0].estimate, ours[0].se, ours[0].p) == pytest.approx(
        (theirs[0].estimate, theirs[0].se, theirs[0].p)
    )
    assert ours[1].estimate == 0.0
    assert any("is zero" in note for note in ours[0].notes)


def test_concentration_and_qtc_is_that_of_lmer_by_a_plan() -> None:
    """The numbers of lmerTest in tests/analysis/safety/test_concentration.py; 0.90 without being said."""
    rows = pl.read_csv(GOLDEN / "safety" / "qt.csv").rename({"id": "participant", "change": "value"})
    rows = rows.with_columns(
        arm=pl.when(pl.col("active") == 1).then(pl.lit("mdma")).otherwise(pl.lit("placebo"))
    )
    said: dict[str, Any] = {
        "concentration": "concentration",
        "concentrations": {"greatest": 180},
        "time": "time",
    }
    found = asked(rows, "mdma - placebo", method="concentration_qtc", **said)
    assert (found[1].estimate, found[1].low, found[1].high) == pytest.approx(
        (5.8827227, 2.2336412, 9.5318042)
    )
    assert found[1].level == 0.90
    own = rows.rename({"value": "change"})
    theirs = concentration_qtc(own, {"greatest": 180})
    assert [one.high for one in found] == pytest.approx([one.high for one in theirs], rel=1e-9)
    blank = rows.with_columns(
        pl.when(pl.col("arm") == "mdma").then(pl.col("concentration")).alias("concentration")
    )
    told = asked(blank, "mdma - placebo", method="concentration_qtc", **said)
    assert [one.high for one in told] == pytest.approx([one.high for one in theirs], rel=1e-9)
    assert any("without a concentration taken as 0" in note for note in told[0].notes)
    twice = {"concentration": "concentration", "concentrations": {"greatest": 180}}
    assert "two values at" in refused(
        rows.with_columns(visit=pl.lit("V2")), method="concentration_qtc", **twice
    )


def test_meaningful_change_is_that_of_its_functions() -> None:
    rows = HERE.with_columns(value=pl.col("value") - pl.col("baseline"))
    said: dict[str, Any] = {"anchor": "better", "improved": {"at_least": 2}, "a_little": [2]}
    mean, threshold, area = asked(rows, method="anchor", **said)
    theirs = anchored(rows["value"], rows["better"] >= 2, rows["better"] == 2)
    assert (mean.estimate, mean.low) == (theirs.mean.estimate, theirs.mean.low)
    assert (threshold.estimate, area.estimate) == (theirs.threshold, theirs.area)
    turned = rows.with_columns(value=-pl.col("value"))
    other = asked(turned, method="anchor", better="higher", **said)
    assert [one.estimate for one in other[:2]] == pytest.approx([-(mean.estimate or 0), -theirs.threshold])
    least = reliable_change(float(rows["baseline"].std() or 0), 0.8)  # type: ignore[arg-type]
    found = asked(rows, method="reliable_change", reliability=0.8)
    reached = rows.filter(arm="mdma")["value"] <= -least
    assert (found[0].label, found[0].estimate) == ("mdma, better", reached.mean())
    assert f"a change of {least:.4g} or more" in found[0].notes[0]


def test_who_has_no_value_reaches_no_change() -> None:
    """Drop-out is no success: 2 of 5 reach it, not 2 of 3."""
    rows = pl.DataFrame(
        {
            "participant": [f"p{n}" for n in range(10)],
            "arm": ["mdma"] * 5 + ["placebo"] * 5,
            "visit": ["V2"] * 10,
            "value": [-12.0, -10.0, -3.0, None, None, -10.0, -1.0, -2.0, 0.0, 4.0],
        }
    )
    [one] = asked(rows, method="distribution", cuts=[-10])
    assert [(group.events, group.n) for group in one.groups] == [(2, 5), (1, 5)]
    assert "2 participants without a value reach none" in one.notes
    unseen = asked(rows.filter(pl.col("value").is_not_null()), method="distribution", cuts=[-10])
    assert unseen[0].groups[0].n == 3  # of whom there is no row at all nothing is known


def test_events_of_a_table_have_their_people() -> None:
    rows = pl.DataFrame(
        {
            "participant": ["a", "a", "b", "c", "d"],
            "arm": ["mdma", "mdma", "mdma", "placebo", "placebo"],
            "value": ["nausea", "nausea", None, "nausea", "  "],
            "weeks": [10.0, 10.0, 20.0, 10.0, 30.0],
        }
    )
    [one] = asked(rows, "mdma - placebo", method="incidence")
    events = pl.DataFrame({"participant": ["a", "a", "c"], "term": ["nausea"] * 3})
    people = rows.select("participant", "arm").unique()
    assert (one.estimate, one.low, one.high) == (
        0.0,
        *(own(incidence(events, people, PAIR)) for own in (_low, _high)),
    )
    rates = asked(rows, "mdma - placebo", method="event_rates", exposure="weeks", per=10)
    assert [one.estimate for one in rates] == pytest.approx([2 / 3, 1 / 4, 8 / 3])
    mixed_up = rows.with_columns(arm=pl.Series(["mdma", "placebo", "mdma", "placebo", "placebo"]))
    assert "rows of participant a differ in their arm" in refused(mixed_up, method="incidence")


def test_events_of_special_interest_have_a_row_where_nobody_had_one() -> None:
    groups = {"abuse": ["Euphoric mood", "craving"], "heart": "palpitations"}
    rows = pl.DataFrame(
        {
            "participant": ["a", "a", "b", "c", "d"],
            "arm": ["mdma", "mdma", "mdma", "placebo", "placebo"],
            "value": ["euphoric mood", "craving", "headache", None, None],
        }
    )
    abuse, heart = asked(rows, "mdma - placebo", method="special_interest", groups=groups)
    assert (abuse.label, abuse.estimate, heart.label, heart.estimate) == ("abuse", 0.5, "heart", 0.0)


def test_events_by_day() -> None:
    """On two of three days of dosing it begins in one arm, and on one of 57 between them."""
    rows = pl.DataFrame(
        {
            "participant": ["a", "a", "b", "c", "d"],
            "arm": ["mdma", "mdma", "mdma", "placebo", "placebo"],
            "value": ["nausea", "nausea", "nausea", "nausea", None],
            "day": [0, 9, 7, 20, None],
            "dosing": [True, False, True, False, None],
            "dose days": [1, 1, 2, 1, 1],
            "days": [30, 30, 30, 30, 6],
        }
    )
    rates = asked(
        rows, "mdma - placebo", method="dose_day_rates", dose_day="dosing", dose_days="dose days", days="days"
    )
    assert [one.estimate for one in rates][:2] == pytest.approx([2 / 3, 0.0])
    assert [one.estimate for one in rates][3:5] == pytest.approx([1 / 57, 1 / 34])
    course = asked(rows, "mdma - placebo", method="time_course", day="day", days="days", ends=[7, 28])
    assert [(one.label, one.estimate) for one in course] == [
        ("nausea, mdma, from day 0 to 7", 1.0),
        ("nausea, mdma, after day 7 to 28", 0.5),
        ("nausea, placebo, from day 0 to 7", 0.0),
        ("nausea, placebo, after day 7 to 28", 1.0),  # the other one was not watched any more
    ]
    [first] = asked(rows, "mdma - placebo", method="volcano")
    assert (first.label, first.estimate, first.p) == ("nausea", 0.5, 1.0)


def test_vital_signs_of_a_session() -> None:
    rows = pl.DataFrame(
        {
            "participant": ["a", "a", "b", "c"],
            "arm": ["mdma", "mdma", "mdma", "placebo"],
            "session": ["first"] * 4,
            "sign": ["systolic"] * 4,
            "value": [150.0, 182.0, 140.0, 130.0],
            "before": [120.0, 120.0, None, 128.0],
        }
    )
    columns = {"session": "session", "parameter": "sign", "before": "before"}
    peaks = asked(rows, "mdma - placebo", method="dose_day_peaks", **columns)
    assert [(one.measure, one.estimate) for one in peaks] == [
        ("mean peak", 161.0),
        ("greatest peak", 182.0),
        ("mean rise", 62.0),
        ("mean peak", 130.0),
        ("greatest peak", 130.0),
        ("mean rise", 2.0),
    ]
    limits = {"systolic": {"at_least": 180, "rise": 60}}
    beyond = asked(rows, "mdma - placebo", method="vital_outliers", limits=limits, **columns)
    assert [(one.label, one.estimate) for one in beyond] == [
        ("systolic, first, mdma, at least 180", 0.5),
        ("systolic, first, placebo, at least 180", 0.0),
        ("systolic, first, mdma, rise of at least 60", 1.0),  # of the other it cannot be told
        ("systolic, first, placebo, rise of at least 60", 0.0),
    ]
    pulse = {"pulse": {"rise": 60}}
    assert "the rows have: systolic" in refused(rows, method="vital_outliers", limits=pulse, **columns)


def test_categories_that_are_great_numbers_stay_apart() -> None:
    rows = pl.DataFrame(
        {"participant": list("abcd"), "value": [1234567.0, 1234568.0] * 2, "second": [1234567, 1234568] * 2}
    )
    one = asked(rows, "mdma - placebo", method="kappa", second="second")[0]
    assert one.estimate == 1.0
    rows = rows.with_columns(second=pl.col("second").reverse())
    assert asked(rows, "mdma - placebo", method="kappa", second="second")[0].estimate == -1.0


def test_livers_and_suicidality() -> None:
    rows = pl.DataFrame(
        {
            "participant": ["a", "a", "b", "c"],
            "arm": ["mdma", "mdma", "mdma", "placebo"],
            "value": [4.0, 1.0, 1.0, 3.0],
            "bilirubin": [1.0, 2.5, 1.0, 1.0],
            "behaviour": [False, False, False, True],
            "when": ["before", "after", "after", "after"],
        }
    )
    livers = asked(rows, "mdma - placebo", method="edish", bilirubin="bilirubin")
    assert [(one.label, one.estimate) for one in livers if one.estimate] == [
        ("mdma, possible Hy's Law", 0.5),  # whenever each was raised
        ("mdma, normal", 0.5),
        ("placebo, normal", 1.0),
    ]
    own = rows.filter(arm="mdma")
    shift = asked(own, "mdma - placebo", method="suicidality_shift", behaviour="behaviour", time="when")
    assert [(one.label, one.estimate) for one in shift] == [
        ("mdma", 0.0),
        ("mdma: severe ideation to ideation", 1.0),
        ("mdma: unknown to ideation", 1.0),
    ]
    assert "true or false" in refused(rows, method="suicidality_shift", behaviour="bilirubin", time="when")


def _low(found: Estimates) -> float | None:
    return found[0].low


def _high(found: Estimates) -> float | None:
    return found[0].high


def test_times_by_words() -> None:
    """Of 4 people one has the event at 1, one dies at 2: S(3) = 3/4 x 1, incidence at 3 is 1/4."""
    rows = pl.DataFrame(
        {
            "participant": list("abcd"),
            "value": [1.0, 2.0, 4.0, 5.0],
            "ended": [True, False, True, False],
            "died": [False, True, False, False],
        }
    )
    plan = {
        "analyses": {
            "left": {"method": "kaplan_meier", "ended": "ended", "at_times": [0.5, 3]},
            "risk": {"method": "competing_risks", "ended": "ended", "competing": "died", "until": 3},
        }
    }
    found = analyse(plan, rows)
    left, risk = found["left"].result, found["risk"].result
    assert left is not None
    assert risk is not None
    assert [one.estimate for one in left] == [1.0, 0.75]
    theirs = cumulative_incidence(rows["value"].to_numpy(), np.array([1, 2, 1, 0]), 3)
    assert (
        (risk[0].estimate, risk[0].low) == (theirs.estimate, theirs.low) == (0.25, pytest.approx(theirs.low))
    )
    wrong = analyse(plan, rows.with_columns(died=pl.lit(True)))["risk"]
    assert "is ended by ended and died" in (wrong.why or "")


def test_agreement_by_words() -> None:
    ratings = [[9, 2], [6, 1], [8, 4], [7, 1], [10, 5], [6, 2]]
    rows = pl.DataFrame(
        [
            (f"p{n}", rater, float(one[place]))
            for n, one in enumerate(ratings)
            for place, rater in enumerate("xy")
        ],
        schema=["participant", "rater", "value"],
        orient="row",
    )
    plan = {"analyses": {"one": {"method": "icc", "rater": "rater", "form": "3,1"}}}
    found = analyse(plan, rows)["one"].result
    assert found is not None
    assert found[0].estimate == icc(np.array(ratings, dtype=float), "3,1").estimate
    graded = pl.DataFrame(
        {"participant": list("abcde"), "value": [0, 1, 2, 2, 1], "other": [0.0, 1, 1, 2, 2]}
    )
    said = {"method": "kappa", "second": "other", "weights": "linear"}
    weighted = analyse({"analyses": {"one": said}}, graded)["one"].result
    assert weighted is not None
    theirs = kappa([0, 1, 2, 2, 1], [0, 1, 1, 2, 2], weights="linear")
    assert (weighted[0].estimate, weighted[0].se) == (theirs.estimate, theirs.se)
    strange = analyse(
        {"analyses": {"one": {**said, "weights": "none"}}}, graded.with_columns(other=pl.lit("x"))
    )
    assert "no category in common" in (strange["one"].why or "")


def test_a_constrained_longitudinal_analysis_by_a_plan() -> None:
    """Arms are equal at the baseline visit: the difference there is nought, as that of `equal_at`."""
    from entact.analysis.mmrm import mmrm

    said = {"method": "mmrm", "fixed": "arm * visit", "equal_at": "V1"}
    one, *means = asked(ROWS, **said)
    assert [mean.label for mean in means] == [f"{arm} at {visit}" for visit in ("V1", "V2") for arm in PAIR]
    assert means[0].estimate == pytest.approx(means[1].estimate)
    fit = mmrm(
        "value ~ arm * visit",
        ROWS.with_columns(pl.col("visit").cast(pl.Enum(["V1", "V2"]))),
        subject="participant",
        visit="visit",
        equal_at={"arm": "V1"},
    )
    row = (
        fit.lsmeans("arm", by="visit")
        .at(visit="V2")
        .contrast("mdma - placebo")
        .to_polars()
        .row(0, named=True)
    )
    assert (one.estimate, one.se, one.df) == pytest.approx((row["estimate"], row["se"], row["df"]))
    assert "arms equal at V1" in one.method
    assert one.se != asked(ROWS, method="mmrm", fixed="arm * visit")[0].se


def test_retrieved_drop_outs_after_an_event_of_the_plan() -> None:
    rng = np.random.default_rng(8)
    rows = []
    for place in range(60):
        stops, mood = place // 2 < 12, rng.normal(0, 4)
        for number, visit in enumerate(("V1", "V2", "V3")):
            lost = stops and visit == "V3" and place // 2 % 3 == 0
            value = mood - 4 * (number + 1) + rng.normal(0, 3)
            rows.append(
                (f"p{place}", PAIR[place % 2], visit, None if lost else value, "V2" if stops else None)
            )
    frame = pl.DataFrame(rows, schema=["participant", "arm", "visit", "value", "stop"], orient="row")
    plan: dict[str, Any] = {
        "visits": ["V1", "V2", "V3"],
        "intercurrent": {"stopped": {"visit": "stop"}},
        "estimands": {"policy": {"strategies": {"stopped": "treatment_policy"}}},
        "analyses": {
            "by_event": {"after": "stopped", "estimand": "policy"},
            "by_column": {"event_visit": "stop", "estimand": "policy"},
        },
    }
    for one in plan["analyses"].values():
        one |= {"method": "retrieved_dropouts", "fixed": "arm * visit", "contrast": "mdma - placebo at V3"}
    frame = frame.with_columns(baseline=pl.lit(40.0) + pl.int_range(pl.len()) // 3 % 7)
    found = analyse(plan, frame)
    event, column = found["by_event"].result, found["by_column"].result
    assert event is not None
    assert column is not None
    assert numbers(event) == numbers(column)
    assert event[0].notes[0] == "retrieved at V3: 8 of 12 in mdma, 8 of 12 in placebo; imputed from them"
    plan["analyses"]["by_event"]["after"] = "stoped"
    with pytest.raises(PlanError, match="no intercurrent event 'stoped'; did you mean 'stopped'"):
        read_plan(plan)
    del plan["analyses"]["by_event"]["after"]
    assert "who was retrieved is told by the visit" in (analyse(plan, frame)["by_event"].why or "")


def test_several_arms_by_dunnett_and_by_their_doses() -> None:
    from entact.analysis.mmrm import mmrm

    rng = np.random.default_rng(6)
    doses = {"placebo": 0.0, "low": 40.0, "full": 120.0}
    rows = pl.DataFrame(
        [
            (f"p{n}", list(doses)[n % 3], visit, 40 - n % 3 * 2 * place + rng.normal(0, 3))
            for n in range(45)
            for place, visit in enumerate(("V1", "V2"))
        ],
        schema=["participant", "arm", "visit", "value"],
        orient="row",
    )
    fit = mmrm(
        "value ~ arm * visit",
        rows.with_columns(pl.col("visit").cast(pl.Enum(["V1", "V2"]))),
        subject="participant",
        visit="visit",
    )
    means = fit.lsmeans("arm", by="visit").at(visit="V2")
    theirs = means.contrast("reference", reference="placebo").adjusted("dunnett").to_polars()
    found = asked(rows, "full - placebo at V2", method="dunnett", fixed="arm * visit")
    assert {one.label: one.p for one in found} == pytest.approx(
        {f"{row['contrast']} at V2": row["p"] for row in theirs.iter_rows(named=True)}
    )
    [slope] = asked(rows, "full - placebo at V2", method="dose_trend", fixed="arm * visit", doses=doses)
    row = means.trend(doses).to_polars().row(0, named=True)
    assert (slope.estimate, slope.low, slope.p) == pytest.approx((row["estimate"], row["low"], row["p"]))
    short = {"method": "dose_trend", "fixed": "arm * visit", "doses": {"placebo": 0, "low": 40}}
    assert "'full' has none" in refused(rows, **{**short, "contrast": "low - placebo at V2"})


@pytest.mark.parametrize(
    ("said", "place", "message"),
    [
        ({"method": "subgroups", "fixed": "arm"}, "", "subgroups needs 'by'"),
        ({"method": "subgroups", "fixed": "arm", "by": 3}, ".by", "3 is no name of a column"),
        (
            {"method": "durability", "fixed": "arm * visit", "follow_up": ["V1"]},
            ".follow_up",
            "'V1' comes no later than 'V2', from which it counts",
        ),
        (
            {"method": "durability", "fixed": "arm * visit", "follow_up": ["V9"]},
            ".follow_up",
            "there is no visit 'V9'",
        ),
        (
            {"method": "anchor", "anchor": "a", "improved": {"over": 2}, "a_little": 1},
            ".improved.over",
            "there is no key of event 'over'",
        ),
        ({"method": "distribution", "cuts": "ten"}, ".cuts", "'ten' is no list of numbers"),
        (
            {"method": "concentration_qtc", "concentration": "c", "concentrations": [180]},
            ".concentrations",
            "is no block of names with numbers",
        ),
        ({"method": "icc", "rater": "r", "form": "4,1"}, ".form", "there is no form '4,1'"),
        ({"method": "shift", "before": "b", "grades": [None]}, ".grades", "is no name, and no list of them"),
        *(
            ({"method": "special_interest", "groups": groups}, ".groups", "is no block of groups")
            for groups in ({}, {"abuse": []}, {"abuse": [1]}, ["abuse"])
        ),
        *(
            (
                {
                    "method": "vital_outliers",
                    "session": "s",
                    "parameter": "p",
                    "before": "b",
                    "limits": limits,
                },
                ".limits",
                said,
            )
            for limits, said in (
                ({}, "no block of parameters"),
                ({"systolic": 180}, "no block of limits"),
                ({"systolic": {"above": 180}}, "at_least"),
                ({"systolic": {"rise": "60"}}, "is not a number"),
            )
        ),
    ],
)
def test_a_wrong_key_is_named_with_its_place(said: dict[str, Any], place: str, message: str) -> None:
    plan = {"visits": ["V1", "V2"], "analyses": {"one": {"contrast": "mdma - placebo at V2", **said}}}
    with pytest.raises(PlanError) as problem:
        read_plan(plan)
    assert f"analyses.one{place}: " in str(problem.value)
    assert message in str(problem.value)
