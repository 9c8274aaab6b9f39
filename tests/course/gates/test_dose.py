"""How many sessions with a dose somebody may have."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.protocol.test_populations import couples

from entact.course.gates.dose import doses_left
from entact.protocol.release import Release


@pytest.mark.parametrize("population", ["patient", "partner"])
@pytest.mark.parametrize("said", [1, 2])
def test_a_session_of_the_partner_is_none_of_the_patient(population: str, said: int) -> None:
    """Whatever the file says: both together have two sessions, and each has one."""
    release = couples()
    release = Release(release.text, release.data, release.file.model_copy(update={"doses": said}))
    held = [SimpleNamespace(given=True, session="any")]
    course = SimpleNamespace(doses=held, tracks=(), population=population, release=release)
    question = SimpleNamespace(visit=None, part=None, course=course, release=release)
    [reason] = doses_left(cast(Any, question))
    assert (reason.code, reason.message) == (
        "too_many_doses",
        "1 of at most 1 sessions with a dose have been held.",
    )
