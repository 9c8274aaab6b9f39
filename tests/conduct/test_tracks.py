"""A role that is not told the arm sees nothing of the visits that open with it."""

from __future__ import annotations

from tests.course.cases import before, told_one_by_one

from entact.conduct.sight import SeenCourse, Sight
from entact.protocol.release import Study

STUDY = Study("mini", (told_one_by_one(),))


def test_only_who_is_told_sees_the_visits_of_the_track() -> None:
    assert Sight(STUDY, "therapist").sees_visit("open_session")
    for role in ("investigator", "medical_monitor"):
        assert not Sight(STUDY, role).sees_visit("open_session")
        assert Sight(STUDY, role).sees_visit("much_later")  # of a track that a consent opens


def test_the_entry_that_names_the_arm_is_on_no_page_and_what_follows_from_it_on_few() -> None:
    case = before("unblind", STUDY)
    data = {"arm": "placebo", "told": ["therapist"]}
    case.put("telling", "planned_unblinding", "2026-06-02T09:05:00-06:00", data, encounter="telling#1")
    begun = {"status": "started"}
    case.put("opens", "encounter", "2026-06-20T09:00:00-06:00", begun, encounter="open_session#1")
    seen = {
        role: SeenCourse(Sight(STUDY, role), case.course()).entries for role in ("therapist", "investigator")
    }
    assert not any("telling" in entries for entries in seen.values())
    assert "opens" in seen["therapist"]
    assert "opens" not in seen["investigator"]
