"""Every analysis of the plan in the report: estimand, rows, events, standing and hashes; its shell."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from entact.analysis.analyse import analyse, code_digest, dummy_allocation
from entact.analysis.plan import plan_of_release
from entact.course.course import Course
from entact.datasets import Datasets, analysis_frames, build
from entact.protocol.plan_data import plan_digests
from entact.protocol.release import Study
from entact.report.outcomes import outcome_table


@pytest.fixture(scope="module")
def datasets(mini: Study, courses: list[Course], allocation: dict[str, str]) -> Datasets:
    return build(mini, courses, allocation)


def test_an_analysis_says_what_it_estimates_in_whom_and_its_hashes(mini: Study, datasets: Datasets) -> None:
    digest = plan_digests(mini.newest.file, list(mini.newest.visits))["primary"]
    committed = replace(datasets, committed={"primary": digest})
    [one] = outcome_table(committed).analyses
    assert one.asked == "Change of the total, mdma − placebo, outcome"
    assert one.estimand == "If taken as assigned; Treatment stopped early: hypothetical"
    assert one.set == "mitt: Randomised, dosed, and rated at least once after the dose"
    assert one.standing == "as planned"
    assert one.entered == "4 rows of 2 mdma, 2 placebo"
    assert [event.partition(":")[0] for event in one.events] == ["stopped, hypothetical"]
    assert set(one.digests) == {"data", "plan", "code", "allocation"}
    assert (one.digests["plan"], one.digests["code"]) == (digest, code_digest())


def test_what_was_not_or_otherwise_committed_is_told(datasets: Datasets) -> None:
    for committed, said in (({}, "post hoc"), ({"primary": "0"}, "changed")):
        [one] = outcome_table(replace(datasets, committed=committed)).analyses
        assert one.standing == said


def test_the_hash_of_the_data_follows_a_value_and_that_of_the_allocation_an_arm(
    mini: Study, courses: list[Course], allocation: dict[str, str], datasets: Datasets
) -> None:
    [one] = outcome_table(datasets).analyses
    moved = datasets.endpoints.with_columns(AVAL=pl.col("AVAL") + 1)
    [other] = outcome_table(replace(datasets, endpoints=moved)).analyses
    [swapped] = outcome_table(
        build(mini, courses, {who: {"mdma": "placebo"}.get(arm, "mdma") for who, arm in allocation.items()})
    ).analyses
    assert other.digests["data"] != one.digests["data"]
    assert swapped.digests["allocation"] != one.digests["allocation"]
    assert swapped.digests["plan"] == other.digests["plan"] == one.digests["plan"]


def test_a_blinded_report_holds_the_places_open(mini: Study, courses: list[Course]) -> None:
    table = outcome_table(build(mini, courses))
    [one] = table.analyses
    assert (one.entered, one.shell) == ("4 participants", "xx.x (xx.x to xx.x); p = 0.xxx")
    assert set(one.digests) == {"plan"}
    assert (one.standing, one.events, one.left_out) == ("", (), ())
    assert table.to_dict()["analyses"][0]["shell"] == one.shell


def test_the_plan_is_tried_on_blinded_frames_with_made_up_arms(mini: Study, courses: list[Course]) -> None:
    blinded = build(mini, courses)
    people = blinded.subjects["USUBJID"].to_list()
    dummy = dummy_allocation(people, ["mdma", "placebo"], seed=4)
    found = analyse(mini.newest, analysis_frames(blinded), allocation=dummy, dry=True)
    assert str(found).startswith("DRY RUN: arms are made up")
    assert found.digests["plan"] == plan_of_release(mini.newest).digest
    assert sum(found["primary"].entered.participants.values()) == 4
