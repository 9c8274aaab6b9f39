from __future__ import annotations

import pytest
from tests.datasets.participants import Participant

from entact.course.course import Course
from entact.datasets import build
from entact.protocol.release import Study
from entact.report.consort import consort
from entact.report.flow import Flow, Reason, flow


@pytest.fixture
def told(mini: Study, courses: list[Course], allocation: dict[str, str]) -> Flow:
    return flow(build(mini, courses, allocation))


def test_a_small_trial_by_hand(told: Flow) -> None:
    assert (told.assessed, told.entered) == (6, 5)
    assert told.not_eligible == (Reason("Severe symptoms at baseline", 1),)
    assert told.excluded == ()
    mdma, placebo = told.arms
    assert (mdma.name, mdma.allocated, mdma.treated) == ("mdma", 3, 3)
    assert (placebo.name, placebo.allocated, placebo.treated) == ("placebo", 2, 2)
    assert mdma.sessions == (("Session 1", 3),)
    assert mdma.stopped == (Reason("adverse event", 1),)
    assert [(arm.analysed, arm.with_outcome) for arm in told.arms] == [(2, 2), (2, 2)]


def test_an_outcome_after_treatment_was_stopped_is_not_called_unknown(told: Flow) -> None:
    assert told.on_treatment
    assert "rated on treatment at outcome" in consort(told, width=720)
    assert "outcome known" not in consort(told, width=720)


def test_everyone_is_somewhere(told: Flow) -> None:
    out = sum(reason.n for reason in (*told.not_eligible, *told.excluded))
    assert told.assessed == told.entered + out
    assert told.entered == sum(arm.allocated for arm in told.arms)
    for arm in told.arms:
        assert arm.allocated == arm.treated + arm.not_treated == arm.analysed + arm.not_analysed
        assert all(n <= arm.treated for _, n in arm.sessions)
        assert arm.with_outcome <= arm.analysed


def test_while_blinded_all_stand_together(mini: Study, courses: list[Course]) -> None:
    told = flow(build(mini, courses))
    assert [(arm.name, arm.allocated) for arm in told.arms] == [("all", 5)]


def test_whoever_is_still_in_screening_is_counted(mini: Study) -> None:
    told = flow(build(mini, [Participant(mini, 9).screened().course()]))
    assert told.excluded == (Reason("still in screening", 1),)
