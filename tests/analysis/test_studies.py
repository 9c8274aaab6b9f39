"""The plan of every shipped study runs on its rehearsal."""

from __future__ import annotations

import pytest

from entact.analysis.analyse import analyse
from entact.analysis.plan import plan_of, read_study_plan
from entact.cohort import rehearse
from entact.course import fold, read
from entact.datasets import analysis_frames, build
from entact.protocol import load_study

STUDIES = {
    "eating-disorders": 10,
    "expanded-access": 6,
    "life-threatening-illness": 18,
    "mapp1": 40,
    "mapp2": 40,
    "mapp3": 60,
}
"""Participants of each."""


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_the_plan_of_a_study_runs_on_its_rehearsal(name: str) -> None:
    study = load_study(name)
    trial = rehearse(study, STUDIES[name], seed=2)
    courses = [
        fold(study, [read(line.text) for line in lines])
        for ledger, lines in trial.ledgers.items()
        if ledger.startswith("participant:")
    ]
    datasets = build(study, courses, trial.allocation.arms())
    frames = analysis_frames(datasets)
    plan = plan_of(study.newest.file, list(study.newest.visits))
    assert plan.digest == read_study_plan(datasets.book.plan).digest
    found = analyse(plan, frames)
    assert set(found) == {one.name for one in datasets.book.analyses}
    for one in found.values():
        assert one.result is not None, one.why
        left_out = sum(step.rows for step in one.entered.left_out)
        assert one.entered.rows + left_out == len(frames[one.id])
        assert {event.event for event in one.entered.events} == set(plan.events)
        assert one.planned.estimand == next(a.estimand for a in datasets.book.analyses if a.name == one.id)
