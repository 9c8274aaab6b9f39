"""A plan run on frames: every result by its id, who entered it, and what it was made of."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from entact.analysis.analyse import analyse, dummy_allocation
from entact.analysis.planned import Plan
from entact.analysis.vocabulary import PlanError, read_plan

GOLDEN = Path(__file__).parents[1] / "golden" / "mmrm"
COLUMNS = {
    "participant": "USUBJID",
    "arm": "ARMCD",
    "visit": "AVISIT",
    "value": "FEV1",
    "baseline": "FEV1_BL",
}
SAID: dict[str, Any] = {
    "columns": COLUMNS,
    "visits": ["VIS1", "VIS2", "VIS3", "VIS4"],
    "arms": ["PBO", "TRT"],
    "sets": {"women": {"SEX": "Female"}},
    "analyses": {
        "primary": {"method": "mmrm", "fixed": "RACE + SEX + arm * visit", "contrast": "TRT - PBO at VIS4"},
        "women": {
            "method": "ancova",
            "fixed": "arm + baseline",
            "contrast": "TRT - PBO at VIS4",
            "set": "women",
        },
        "seen": {"method": "describe"},
    },
}


@pytest.fixture(scope="module")
def fev() -> pl.DataFrame:
    with gzip.open(GOLDEN / "fev_data.csv.gz") as file:
        return pl.read_csv(file.read())


def test_a_plan_gives_every_result_by_its_id(fev: pl.DataFrame) -> None:
    found = analyse(SAID, fev)
    assert list(found) == ["primary", "women", "seen"]
    assert found["primary"].result is not None
    primary = found["primary"].result[0]
    assert primary.label == "TRT - PBO at VIS4"
    # copied from R output of mmrm 0.3.18 and emmeans 1.8.4-1, with a polished optimum (tests/golden/mmrm):
    # > fit <- mmrm(FEV1 ~ RACE + SEX + ARMCD * AVISIT + us(AVISIT | USUBJID), fev_data,
    # +             method = "Kenward-Roger", vcov = "Kenward-Roger-Linear")
    # > pairs(emmeans(fit, ~ ARMCD | AVISIT), reverse = TRUE)
    with gzip.open(GOLDEN / "fev_results.json.gz") as file:
        golden = json.load(file)["us_reml_krl"]["polished"]["contrasts"]
    theirs = next(one for one in golden if one["AVISIT"] == "VIS4")
    assert primary.estimate == pytest.approx(theirs["estimate"], rel=1e-8)
    assert primary.se == pytest.approx(theirs["SE"], rel=1e-8)
    assert primary.p == pytest.approx(theirs["p.value"], rel=1e-6)
    assert found["seen"].result is not None
    assert len(found["seen"].result) == 8
    assert "TRT - PBO at VIS4" in str(found)


def test_everybody_is_accounted_for(fev: pl.DataFrame) -> None:
    found = analyse(SAID, fev)["women"].entered
    lost = {step.why: step.rows for step in found.left_out}
    assert lost["value unknown"] > 0
    assert found.rows + sum(lost.values()) == len(fev)
    women = fev.filter(pl.col("SEX") == "Female", pl.col("FEV1").is_not_null(), AVISIT="VIS4")
    assert sum(found.participants.values()) == women["USUBJID"].n_unique()


def test_digests_say_what_a_result_was_made_of(fev: pl.DataFrame) -> None:
    once, again = analyse(SAID, fev), analyse(SAID, fev)
    assert once.digests == again.digests
    assert set(once.digests) == {"data", "plan", "code", "allocation"}
    other = analyse(SAID, fev.with_columns(FEV1=pl.col("FEV1") + 1e-9))
    assert other.digests["data"] != once.digests["data"]
    assert other.digests["allocation"] == once.digests["allocation"]
    swapped = fev.with_columns(ARMCD=pl.col("ARMCD").replace({"TRT": "PBO", "PBO": "TRT"}))
    assert analyse(SAID, swapped).digests["allocation"] != once.digests["allocation"]
    assert other.digests["plan"] == once.digests["plan"]


def test_what_was_added_or_changed_after_the_plan_was_committed_says_so(fev: pl.DataFrame) -> None:
    before = read_plan(SAID)
    later = json.loads(json.dumps(SAID))
    later["analyses"]["women"]["fixed"] = "arm"
    later["analyses"]["found_later"] = {"method": "describe", "set": "women"}
    found = analyse(later, fev, committed={one.id: one.digest for one in before.analyses})
    standing = {name: one.standing for name, one in found.items()}
    assert standing == {
        "primary": "as planned",
        "women": "changed",
        "seen": "as planned",
        "found_later": "post hoc",
    }
    assert "post hoc" in str(found["found_later"])


def test_a_dry_run_takes_made_up_arms_and_says_so(fev: pl.DataFrame) -> None:
    blind = fev.drop("ARMCD")
    people = blind["USUBJID"].unique().to_list()
    arms = dummy_allocation(people, ["TRT", "PBO"], seed=3)
    found = analyse(SAID, blind, allocation=arms, dry=True)
    assert found["primary"].result is not None
    assert str(found).startswith("DRY RUN")
    assert "allocation" in found.digests
    assert abs(sum(arm == "TRT" for arm in arms.values()) - len(people) / 2) <= 1
    assert dummy_allocation(people, ["TRT", "PBO"], seed=4) != arms


def test_one_analysis_that_fails_says_why_and_the_others_are_done(fev: pl.DataFrame) -> None:
    said = json.loads(json.dumps(SAID))
    said["analyses"]["primary"]["fixed"] = "arm * visit + wieght"
    found = analyse(said, fev)
    assert found["primary"].result is None
    assert "wieght" in (found["primary"].why or "")
    assert found["seen"].result is not None
    ard = found.to_ard().filter(analysis="primary", statistic="estimate")
    assert "wieght" in ard["text"].item()


def test_pandas_and_polars_give_the_same(fev: pl.DataFrame) -> None:
    import pandas

    theirs = pandas.DataFrame(fev.to_dict(as_series=False))
    one, other = analyse(SAID, fev), analyse(SAID, theirs)
    assert_frame_equal(one.to_ard(), other.to_ard())


def test_analysis_results_data_hold_one_row_a_statistic(fev: pl.DataFrame) -> None:
    ard = analyse(SAID, fev).to_ard()
    assert ard.columns[:4] == ["analysis", "estimand", "set", "standing"]
    row = ard.filter(analysis="primary", statistic="p")
    assert row["value"].item() < 0.05
    assert ard.filter(analysis="seen", statistic="mean").height == 8
    assert ard.filter(analysis="women", statistic="participants").height == 2


@pytest.mark.parametrize(
    ("where", "value", "message"),
    [
        (("columns", "value"), "FEV2", r"columns.value is column 'FEV2'"),
        (("sets", "women"), {"SEKS": "Female"}, r"sets.women is column 'SEKS'"),
        (("visits",), ["VIS1", "VIS2"], r"visits \['VIS3', 'VIS4'\] are none of the plan's"),
    ],
)
def test_what_the_data_lack_is_said(
    fev: pl.DataFrame, where: tuple[str, ...], value: Any, message: str
) -> None:
    said = json.loads(json.dumps(SAID))
    for one in said["analyses"].values():
        one.pop("contrast", None)
        one["method"] = "describe"
        one.pop("fixed", None)
    inner = said
    for step in where[:-1]:
        inner = inner[step]
    inner[where[-1]] = value
    with pytest.raises(ValueError, match=message):
        analyse(said, fev)


def test_two_rows_of_one_person_are_refused(fev: pl.DataFrame) -> None:
    found = analyse(SAID, pl.concat([fev, fev.head(2)]))
    assert "has 2 rows here" in (found["women"].why or "") or "PT1" in (found["primary"].why or "")
    assert found["primary"].result is None


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ({"method": "mmmr"}, ("analyses", "primary", "method"), "did you mean 'mmrm'"),
        ({"covariance": "banded"}, ("analyses", "primary", "covariance"), "write one of"),
        ({"fixde": "arm"}, ("analyses", "primary", "fixde"), "did you mean 'fixed'"),
        ({"contrast": "TRT vs PBO"}, ("analyses", "primary", "contrast"), "no contrast"),
        ({"contrast": "TRT - TRT at VIS4"}, ("analyses", "primary", "contrast"), "with itself"),
        ({"contrast": "TRT - PBO at VIS9"}, ("analyses", "primary", "contrast"), "no contrast"),
        ({"set": "men"}, ("analyses", "primary", "set"), "no analysis set 'men'"),
        ({"alpha": 5}, ("analyses", "primary", "alpha"), "between 0 and 1"),
        ({"side": "up"}, ("analyses", "primary", "side"), "no side 'up'"),
    ],
)
def test_a_word_that_is_none_is_refused_with_its_place(
    change: dict[str, Any], place: tuple[str, ...], message: str
) -> None:
    said = json.loads(json.dumps(SAID))
    said["analyses"]["primary"] |= change
    with pytest.raises(PlanError, match=message) as caught:
        read_plan(said)
    assert caught.value.faults[0][0] == place


def test_every_fault_of_a_plan_is_told_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        read_plan({"colums": {}, "analyses": {"a": {"method": "ancova"}, "b": {}}})
    assert len(caught.value.faults) == 4


def test_names_of_arms_may_hold_a_dash_and_visits_a_space() -> None:
    plan = read_plan(
        {
            "arms": ["MDMA - high", "Placebo"],
            "visits": ["Week 4", "Week 18"],
            "analyses": {"one": {"method": "fisher", "contrast": "MDMA - high - Placebo at Week 18"}},
        }
    )
    assert isinstance(plan, Plan)
    assert plan.analyses[0].question.contrast == ("MDMA - high", "Placebo")
    assert plan.analyses[0].question.at == "Week 18"


def test_a_set_that_says_something_else_than_before_changes_its_analyses_alone(fev: pl.DataFrame) -> None:
    later = json.loads(json.dumps(SAID))
    later["sets"]["women"] = {"SEX": ["Female", "Male"]}
    committed = {one.id: one.digest for one in read_plan(SAID).analyses}
    standing = {name: one.standing for name, one in analyse(later, fev, committed=committed).items()}
    assert standing == {"primary": "as planned", "women": "changed", "seen": "as planned"}


@pytest.mark.parametrize("change", ["absolute", "percent"])
def test_a_change_is_from_the_baseline_of_the_same_row(fev: pl.DataFrame, change: str) -> None:
    said = {
        "columns": COLUMNS,
        "analyses": {"one": {"method": "describe", "at": "VIS1", "change": change}},
    }
    found = analyse(said, fev)["one"].result
    assert found is not None
    rows = fev.filter(AVISIT="VIS1", ARMCD="PBO").drop_nulls("FEV1")
    away = rows["FEV1"] - rows["FEV1_BL"]
    expected = away if change == "absolute" else 100 * away / rows["FEV1_BL"]
    assert found[0].estimate == pytest.approx(expected.mean())
    zero = analyse(said, fev.with_columns(FEV1_BL=pl.lit(0.0)))["one"]
    assert (zero.why is None) == (change == "absolute")
    assert change == "absolute" or "baseline of 0" in (zero.why or "")
