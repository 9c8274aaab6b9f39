"""The small trial of tests/datasets/participants.py, for reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.datasets.participants import arms, trial

from entact.course.course import Course
from entact.protocol.load import load_study
from entact.protocol.release import Study


@pytest.fixture(scope="session")
def mini() -> Study:
    """The small study of the tests."""
    return load_study(str(Path(__file__).parents[1] / "studies" / "mini"))


@pytest.fixture(scope="session")
def courses(mini: Study) -> list[Course]:
    """The courses of its six participants."""
    return [person.course() for person in trial(mini)]


@pytest.fixture(scope="session")
def allocation() -> dict[str, str]:
    """Randomisation number -> arm."""
    return arms()
