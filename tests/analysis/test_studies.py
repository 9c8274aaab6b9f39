"""The plan of every shipped study runs on its rehearsal."""

from __future__ import annotations

import pytest

from entact.analysis.analyse import analyse
from entact.cohort import rehearse
from entact.course import fold, read
from entact.datasets import build, model_frame
from entact.protocol import load_study

STUDIES = {
    "eating-disorders": 10,
    "expanded-access": 6,
    "life-threatening-illness": 18,
    "mapp1": 40,
    "mapp2": 40,
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
    frames = {one.name: model_frame(datasets, one) for one in datasets.book.analyses}
    found = analyse(study.newest.file.analysis, frames)
    assert set(found) == {one.name for one in datasets.book.analyses}
    for one in found.values():
        assert one.result is not None, one.why
        assert one.entered.rows == len(frames[one.id])
        assert one.planned.estimand == next(a.estimand for a in datasets.book.analyses if a.name == one.id)
