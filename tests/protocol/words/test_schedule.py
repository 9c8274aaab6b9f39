"""The schedule of activities: windows in words, days by hand, marks and footnotes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from entact.protocol import load_study, shipped_studies
from entact.protocol.words import Activities, VisitRow, activities
from entact.protocol.words.schedule import letter, planned_days

MINI = Path(__file__).parents[2] / "studies" / "mini"


@pytest.fixture(scope="module")
def mini() -> Activities:
    return activities(load_study(MINI).newest)


def visit(schedule: Activities, name: str) -> VisitRow:
    return next(one for one in schedule.visits if one.name == name)


def test_windows_in_words(mini: Activities) -> None:
    assert [(one.title, one.when, one.fallback) for one in mini.visits] == [
        ("screening", "opens the study", ""),
        ("preparation 1", "within 30 days of consent", ""),
        ("baseline", "within 14 days of the end of the washout", ""),
        ("preparation 2", "1 to 10 days after baseline", ""),
        ("session 1", "1 to 7 days after preparation 2", ""),
        ("integration 1", "the next morning after session 1, 06:00 to 12:00", ""),
        ("integration 2", "4 to 10 days after integration 1, best 7 days", ""),
        ("outcome", "18 to 34 days after session 1", "else 8 weeks ± 7 days after baseline"),
        ("closing", "within 14 days of outcome", ""),
    ]


def test_days_are_counted_from_the_first_session(mini: Activities) -> None:
    """Middles of windows, on whole days: baseline 7 days after consent, then 6 (5.5 rounded), then 4."""
    days = {one.name: (one.earliest, one.day, one.latest) for one in mini.visits}
    assert [group.since for group in mini.groups] == ["session 1"]
    assert days["session_1"] == (-3, 0, 3)
    assert days["preparation_2"] == (-9, -4, 0)
    assert days["baseline"] == (-17, -10, -3)
    assert days["screening"] == (-17, -17, -17)
    assert days["outcome"] == (18, 26, 34)
    assert days["closing"] == (26, 33, 40)
    assert days["integration_2"] == (4.62, 7.62, 10.62)


def test_marks_say_what_is_done_and_how_often(mini: Activities) -> None:
    session = visit(mini, "session_1")
    assert mini.mark(session, "dose") == "●"
    assert mini.mark(session, "vital_signs") == "3a"
    assert mini.mark(session, "symptoms") == ""
    assert mini.footnotes == {
        "a": "vitals: before the initial dose, 90 min after the initial dose, at the end"
    }
    assert list(mini.rows)[:4] == ["consent", "screening", "demographics", "suicidality"]


def test_letters_go_on_after_z() -> None:
    assert [letter(place) for place in (0, 25, 26, 27)] == ["a", "z", "aa", "bb"]


@pytest.mark.parametrize("name", shipped_studies())
def test_every_visit_of_a_study_has_its_day_and_every_mark_its_row(name: str) -> None:
    release = load_study(name).newest
    schedule = activities(release)
    assert [one.name for one in schedule.visits] == list(release.visits)
    for one in schedule.visits:
        assert one.day is not None, one.name
        assert one.earliest is not None
        assert one.latest is not None
        assert one.earliest <= one.day <= one.latest
        assert set(one.marks) <= set(schedule.rows)
        said = {activity for activity in schedule.rows if schedule.mark(one, activity)}
        assert said == set(release.visits[one.name].activities)


def edited(tmp_path: Path, study: str, **edits: str) -> dict[str, VisitRow]:
    """The visits of a study of the tests, with some things written otherwise."""
    text = (MINI.parent / study / "study.yaml").read_text(encoding="utf-8")
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return {one.name: one for one in activities(load_study(path).newest).visits}


def test_visits_that_two_populations_share_are_counted_in_both(tmp_path: Path) -> None:
    edits = {
        "{visit: screening, for: patient,": "{visit: screening, for: patient and partner,",
        "visit: p_month_1, for: partner, epoch: later, after: enrolment, within: 40 .. 70 d": (
            "visit: p_month_1, for: partner, epoch: later, after: screening, within: 40 .. 70 d"
        ),
    }
    shared = edited(tmp_path, "with_partner", **edits)
    assert (shared["p_month_1"].populations, shared["p_month_1"].day) == (("partner",), 55)


def test_a_visit_is_counted_from_the_title_of_another(tmp_path: Path) -> None:
    titled = {"{visit: baseline, ": "{visit: baseline, title: First rating, "}
    told = edited(tmp_path, "mini", **titled)
    assert told["preparation_2"].when == "1 to 10 days after first rating"
    assert told["outcome"].fallback == "else 8 weeks ± 7 days after first rating"


def test_a_visit_may_stand_before_the_one_that_it_is_counted_from() -> None:
    visits = load_study(MINI).newest.visits
    turned = {name: visits[name] for name in reversed(visits)}
    days = planned_days(turned, is_track=False)
    assert days == planned_days(visits, is_track=False)
    assert days.keys() == visits.keys()
    alone = {name: visits[name] for name in ("outcome", "closing")}  # counted from a visit that is not there
    assert planned_days(alone, is_track=False) == {}
    assert planned_days(alone, is_track=True)["outcome"] == timedelta(days=26)
