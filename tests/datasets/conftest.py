"""What the tests of the frames share: the small study and its trial."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.participants import Participant, arms, trial

from entact.course.course import Course
from entact.protocol.load import load_study
from entact.protocol.release import Study


@pytest.fixture(scope="session")
def mini() -> Study:
    """The small study of the tests."""
    return load_study(str(Path(__file__).parents[1] / "studies" / "mini"))


@pytest.fixture
def someone(mini: Study) -> Callable[..., Participant]:
    """Makes a participant of the small study, by number."""
    return lambda number=1, environment="rehearsal": Participant(mini, number, environment)


@pytest.fixture
def people(mini: Study) -> list[Participant]:
    """The participants of the small trial."""
    return trial(mini)


@pytest.fixture
def courses(people: list[Participant]) -> list[Course]:
    """Their courses."""
    return [person.course() for person in people]


@pytest.fixture
def allocation() -> dict[str, str]:
    """Randomisation number -> arm of the small trial."""
    return arms()
