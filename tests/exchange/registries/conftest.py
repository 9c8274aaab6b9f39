"""The small trial with opened arms, as summary results."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.datasets.participants import arms, trial

from entact.datasets import build
from entact.datasets.posted import PostedResults
from entact.protocol.load import load_study
from entact.protocol.release import Release, Study
from entact.report.posted import posted_results


@pytest.fixture(scope="session")
def small() -> Study:
    return load_study(str(Path(__file__).parents[2] / "studies" / "mini"))


@pytest.fixture(scope="session")
def release(small: Study) -> Release:
    return small.newest


@pytest.fixture(scope="session")
def results(small: Study) -> PostedResults:
    people = trial(small)
    said = {"serious": True, "related": "probable", "outcome": "fatal", "onset": "2026-03-15"}
    people[1].event(term="nausea", severity="severe", **said)
    return posted_results(build(small, [person.course() for person in people], arms()), threshold=0)
