"""The blinding table as questions."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conduct.record import SEES_ALL, blinded_study
from tests.course.conftest import Story

from entact.conduct.error import ConductError
from entact.conduct.sight import OWNER, SeenCourse, Sight
from entact.course import Entry, Finding, fold
from entact.course.gates.core import ACTS
from entact.course.kinds import KINDS
from entact.protocol import Study, load_study


def test_an_unknown_role_is_refused_with_those_there_are(study: Study) -> None:
    with pytest.raises(ConductError, match="no role 'janitor'; its roles are investigator, medical_monitor,"):
        Sight(study, "janitor")


def test_participants_have_no_pages_that_show_all_participants(study: Study) -> None:
    with pytest.raises(ConductError, match="no pages here"):
        Sight(study, "participant")


def test_nobody_sees_the_allocation(study: Study) -> None:
    for role in ("monitor", SEES_ALL, "investigator"):
        assert not Sight(study, role).sees("allocation")


def test_what_one_release_hides_stays_hidden() -> None:
    def unblind(data: dict[str, Any]) -> None:
        data["release"] = "2.0"
        data["blinding"] = []
        data["forms"]["symptoms"]["data_class"] = "clinical"

    blinded, open_ = blinded_study(), blinded_study(unblind)
    sight = Sight(Study("mini", (*blinded.releases, *open_.releases)), "monitor")
    assert not sight.sees("rater_scores")
    assert not sight.sees_form("symptoms")
    assert Sight(open_, "monitor").sees_form("symptoms")


@pytest.mark.requirement("R10")
def test_r10_a_lock_ends_what_is_hidden_until_it_and_tells_nobodys_arm() -> None:
    def never(data: dict[str, Any]) -> None:
        data["blinding"] += [
            {"role": "therapist", "hidden": ["guesses"], "until": "unblinding"},
            {"role": "investigator", "hidden": ["allocation", "guesses"], "until": "never"},
        ]

    study = blinded_study(never)
    for role in ("monitor", "scheduler", "rater", "pharmacist"):
        assert set(Sight(study, role, "locked").hidden) == {"allocation"}, role
        assert set(Sight(study, role, "unblinded").hidden) == set(), role
    assert not Sight(study, "therapist", "locked").sees("guesses")
    assert Sight(study, "therapist", "unblinded").sees("guesses")
    assert set(Sight(study, "investigator", "unblinded").hidden) == {"allocation", "guesses"}
    assert Sight(study, OWNER, "unblinded").hidden_names >= Sight(study, OWNER, "locked").hidden_names - {
        "class:allocation"
    }
    assert not Sight(study, OWNER, "unblinded").sees_schedule


def test_a_release_that_hides_longer_counts() -> None:
    def longer(data: dict[str, Any]) -> None:
        data["release"] = "2.0"
        data["blinding"] = [{"role": "monitor", "hidden": ["rater_scores"], "until": "never"}]

    study = Study("mini", (*blinded_study().releases, *blinded_study(longer).releases))
    assert set(Sight(study, "monitor", "locked").hidden) == {"allocation", "rater_scores"}


@pytest.mark.parametrize(
    ("activity", "seen"),
    [
        ("symptoms", False),
        ("guess", False),
        ("dose", True),
        ("adverse_events", True),
        ("x", False),
    ],
)
def test_what_is_planned_is_seen_by_its_class(study: Study, activity: str, seen: bool) -> None:
    assert Sight(study, "monitor").sees_activity(activity) is seen


def test_every_role_of_the_shipped_study_keeps_what_the_design_says() -> None:
    mapp1 = load_study("mapp1")
    for role in ("therapist", "investigator", "coordinator", "monitor", "pharmacist"):
        sight = Sight(mapp1, role)
        assert not sight.sees_form("caps5_past_month")
        assert not sight.sees("guesses")
        assert not sight.sees_criteria
    rater = Sight(mapp1, "rater")
    assert rater.sees_form("caps5_past_month")
    assert not rater.sees_schedule
    assert not any(rater.sees_gate(gate) for gate in mapp1.newest.gates)


def test_an_entry_and_its_corrections_are_seen_together_or_not_at_all(study: Study) -> None:
    story = Story(study)
    seen = story.safe(day=1)
    became_hidden = story.correct(seen, {"form": "symptoms", "items": {"total": 50}}, day=2)
    later = story.correct(became_hidden, {"items": {"ideation": 1}}, day=3)
    void = story.void(later, day=4)
    other = story.safe(day=5)
    course = SeenCourse(Sight(study, "monitor"), fold(study, story.entries))
    assert course.entries == {other.id}
    assert {one.id for one in (seen, became_hidden, later, void)} <= SeenCourse(
        Sight(study, SEES_ALL), fold(study, story.entries)
    ).entries


def test_a_correction_of_what_has_not_arrived_is_hidden(study: Study) -> None:
    story = Story(study)
    source = story.rate(40, True, day=1)
    correction = story.correct(source, {"items": {"total": 41}}, day=2)
    course = SeenCourse(Sight(study, "monitor"), fold(study, [correction]))
    assert course.entries == frozenset()


def test_an_id_with_a_hidden_version_is_hidden(study: Study) -> None:
    story = Story(study)
    first = story.safe(day=1)
    story.rate(40, True, day=1, id=first.id)
    course = SeenCourse(Sight(study, "monitor"), fold(study, story.entries))
    assert course.entries == frozenset()


def test_how_a_session_was_left_tells_of_events() -> None:
    def hide_events(data: dict[str, Any]) -> None:
        data["blinding"].append({"role": "monitor", "hidden": ["adverse_events"], "until": "lock"})

    study = blinded_study(hide_events)
    story = Story(study)
    story.begin("session_1#1", day=1)
    gone = story.write(
        "encounter", {"status": "ended", "disposition": "death"}, day=1, minute=90, encounter="session_1#1"
    )
    left = story.end("session_1#2", day=2)
    seen = SeenCourse(Sight(study, "monitor"), fold(study, story.entries)).entries
    assert left.id in seen
    assert gone.id not in seen


def test_an_answer_to_a_hidden_alert_is_hidden() -> None:
    def alarm(data: dict[str, Any]) -> None:
        data["alerts"]["scores"] = {
            "when": "symptoms.total >= 40",
            "title": "x",
            "urgency": "now",
            "tell": ["rater"],
        }

    study = blinded_study(alarm)
    story = Story(study)
    rated = story.rate(40, True, day=1)
    hidden = story.write("alert_answered", {"alert": "scores", "action": "seen"}, day=1, about=rated.id)
    safe = story.form("suicidality", {"ideation": 5, "behaviour": True}, day=2)
    shown = story.write("alert_answered", {"alert": "ideation", "action": "seen"}, day=2, about=safe.id)
    wrong = story.write("alert_answered", {"alert": "ideation", "action": "seen"}, day=2, about=rated.id)
    seen = SeenCourse(Sight(study, "monitor"), fold(study, story.entries)).entries
    assert shown.id in seen
    assert hidden.id not in seen
    assert wrong.id not in seen


def test_a_class_of_the_engines_own_hides_its_kind_of_entry() -> None:
    def hide(data: dict[str, Any]) -> None:
        data["blinding"] = [{"role": "monitor", "hidden": ["allocation", "medication"], "until": "lock"}]

    story = Story(blinded_study(hide))
    story.whole()
    taken = story.write("medication", {"name": "sertraline"}, day=1)
    course = fold(story.study, story.entries)
    sight = Sight(story.study, "monitor")
    assert not sight.sees_activity("medication")
    seen = SeenCourse(sight, course).entries
    assert taken.id not in seen
    assert len(seen) > 10
    assert taken.id in SeenCourse(Sight(story.study, SEES_ALL), course).entries


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if kind.acts])
def test_what_is_found_of_a_gate_is_seen_by_who_sees_all_that_the_gate_asks(kind: str) -> None:
    study = load_study("life-threatening-illness")
    acts = KINDS[kind].acts
    for role in study.newest.file.roles:
        if role == "participant":
            continue
        sight = Sight(study, role)
        course = fold(study, [entry_of(study, kind)])
        seen = SeenCourse(sight, course)
        found = Finding("gate_expired:e", "gate_expired", "e", "", "too late")
        hidden = [act for act in acts if not sight.sees_gate(ACTS[act].gate)]
        assert not (hidden and seen.sees_finding(found)), (role, hidden)


def entry_of(study: Study, kind: str) -> Entry:
    at = "2026-03-02T09:00:00Z"
    return Entry(
        id="e",
        ledger="participant:0a",
        kind=kind,
        release=study.newest.id,
        environment="rehearsal",
        occurred_at=at,
        recorded_at=at,
        by="i-1",
        role="investigator",
    )
