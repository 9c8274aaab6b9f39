"""A role that is not told of which arms visits are sees nothing of those that differ, nor the entry."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import rehearse
from entact.conduct.sight import SeenCourse, Sight
from entact.protocol import load_study

WAITING = Path(__file__).parents[1] / "studies" / "shapes" / "waiting_list"


@pytest.fixture(scope="module")
def found() -> Rehearsed:
    study = load_study(WAITING)
    return Rehearsed(study, rehearse(study, 2, seed=1))


def test_who_rates_blind_sees_no_visit_that_differs_by_arm(found: Rehearsed) -> None:
    for name in ("session_1", "day_after_1", "session_later"):
        assert Sight(found.study, "therapist").sees_visit(name)
        assert not Sight(found.study, "rater").sees_visit(name)
    assert Sight(found.study, "rater").sees_visit("week_6")


def test_the_entry_that_tells_the_arms_is_on_no_page(found: Rehearsed) -> None:
    told = 0
    for course in found.courses.values():
        own = [one for one in course.entries if one.kind == "assignment"]
        sessions = {one.id for one in course.entries if (one.encounter or "").startswith("session_1#")}
        told += len(own)
        for role in ("therapist", "rater"):
            seen = SeenCourse(Sight(found.study, role), course).entries
            assert seen.isdisjoint(one.id for one in own)
        assert seen.isdisjoint(sessions)  # of the rater
    assert told == 2
