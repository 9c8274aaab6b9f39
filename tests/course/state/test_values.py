"""What rules see: the latest value of the current encounter, older ones only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from entact.course.fold import fold
from entact.course.kinds.calls import open_alerts

NewStory = Callable[[], Any]
SESSION = "session_1#1"


def test_a_name_means_the_current_encounter(new_story: NewStory) -> None:
    story = new_story().whole()
    course = fold(story.study, story.entries)
    at = story.at(12, 200)
    assert course.values(SESSION, at)["vitals.systolic"] == 150.0
    assert course.values("session_2#1", at).get("vitals.systolic") is None
    assert course.values("session_2#1", at, ever=True)["vitals.systolic"] == 150.0
    assert course.values("session_2#1", at, within=timedelta(minutes=100))["vitals.systolic"] == 150.0
    assert "vitals.systolic" not in course.values("session_2#1", at, within=timedelta(minutes=99))


def test_lasting_facts_are_seen_from_anywhere(new_story: NewStory) -> None:
    story = new_story().whole()
    values = fold(story.study, story.entries).values("session_2#1", story.at(30))
    assert values["demographics.age"] == 40
    assert set(values) == {"demographics.age", "demographics.sex", "demographics.can_be_pregnant"}
    assert len(values) == 3


def test_nothing_from_the_future_is_seen(new_story: NewStory) -> None:
    story = new_story().whole()
    course = fold(story.study, story.entries)
    assert course.values(SESSION, story.at(12, 99))["vitals.systolic"] == 120.0
    assert course.values(SESSION, story.at(12, 6)).get("vitals.systolic") is None


def test_a_value_of_a_visit_by_its_name(new_story: NewStory) -> None:
    story = new_story().whole()
    values = fold(story.study, story.entries).values("outcome#1", story.at(41))
    assert values["symptoms.total"] == 12
    assert values["baseline.symptoms.total"] == 46
    assert values.get("screening.symptoms.total") is None
    assert values.get("a.b.c.d") is values.get("total") is values.get("horoscope.moon") is None


def test_what_was_said_to_be_missing_hides_what_was_known(new_story: NewStory) -> None:
    story = new_story()
    story.vitals(120, 80, minute=1)
    story.write("vital_signs", {"diastolic": "85 mm[Hg]"}, minute=2)  # systolic is not spoken of
    values = fold(story.study, story.entries).values(None, story.at(1))
    assert (values["vitals.systolic"], values["vitals.diastolic"]) == (120.0, 85.0)
    story.form("vitals", {"systolic": {"missing": "refused"}}, minute=3)
    values = fold(story.study, story.entries).values(None, story.at(1))
    assert (values["vitals.systolic"], values["vitals.diastolic"]) == (None, 85.0)
    story.write("form", {"form": "vitals", "status": "not_done"}, minute=4)
    values = fold(story.study, story.entries).values(None, story.at(1))
    assert (values["vitals.systolic"], values["vitals.diastolic"]) == (None, None)


def test_facts_of_the_session(new_story: NewStory) -> None:
    story = new_story().whole()
    story.write(
        "presence",
        {"person": "therapist-2", "role": "therapist", "state": "out"},
        day=12,
        minute=30,
        encounter=SESSION,
    )
    course = fold(story.study, story.entries)
    assert [
        course.facts(SESSION, story.at(12, minute)).present("therapist") for minute in (-1, 0, 1, 30)
    ] == [0, 1, 2, 1]
    assert course.facts("session_2#1", story.at(12, 2)).present("therapist") == 0
    before, after = course.facts(SESSION, story.at(12, 9)), course.facts(SESSION, story.at(12, 70))
    assert (before.given("initial"), before.elapsed("initial"), before.doses()) == (False, None, 0)
    assert (after.given("initial"), after.elapsed("initial"), after.doses()) == (True, timedelta(hours=1), 1)
    assert not after.given("supplement")
    assert not course.facts("session_2#1", story.at(30)).given("initial")


def test_a_dose_that_was_not_taken_was_not_given(new_story: NewStory) -> None:
    story = new_story()
    withheld = {"part": "initial", "kit": "K-1", "level": "low", "dispensed": 2, "taken": 0, "returned": 2}
    story.write("dose", {**withheld, "outcome": "withheld"}, encounter=SESSION)
    facts = fold(story.study, story.entries).facts(SESSION, story.at(1))
    assert (facts.given("initial"), facts.elapsed("initial"), facts.doses()) == (False, None, 0)


def test_alerts_fire_when_they_hold_and_are_open_until_answered(new_story: NewStory) -> None:
    story = new_story().whole()
    high = story.vitals(181, 80, day=12, minute=50, encounter=SESSION)
    course = fold(story.study, story.entries)
    assert [(one.alert, one.entry) for one in open_alerts(course)] == [("hypertension", high.id)]
    story.write(
        "alert_answered", {"alert": "hypertension", "action": "monitored"}, day=12, minute=51, about=high.id
    )
    course = fold(story.study, story.entries)
    assert course.alerts
    assert open_alerts(course) == []


def test_an_alert_that_cannot_be_evaluated_fires_and_says_what_is_missing(new_story: NewStory) -> None:
    story = new_story()
    half = story.write("vital_signs", {"systolic": "150 mm[Hg]"})
    decided = story.write("vital_signs", {"diastolic": "112 mm[Hg]"}, encounter="session_1#1")
    story.write("vital_signs", {"heart_rate": "80 /min"})  # says nothing about blood pressure
    story.form("pregnancy_test", {"negative": True})
    refused = story.write("form", {"form": "suicidality", "status": "not_done"}, minute=9)
    alerts = fold(story.study, story.entries).alerts
    assert [(one.alerts, one.entry, one.missing) for one in alerts] == [
        (("hypertension",), half.id, ("vitals.diastolic",)),
        (("hypertension",), decided.id, ()),
        (("ideation",), refused.id, ("suicidality.behaviour", "suicidality.ideation")),
    ]


def test_an_absurd_number_makes_an_alert_unknown_and_refuses_nothing(new_story: NewStory) -> None:
    story = new_story()
    absurd = story.form("suicidality", {"ideation": 10**30, "behaviour": False})
    (raised,) = fold(story.study, story.entries).alerts
    assert (raised.entry, raised.cannot_evaluate) == (absurd.id, True)


def test_an_alert_of_a_withdrawn_reading_is_gone(new_story: NewStory) -> None:
    story = new_story()
    high = story.vitals(200, 80)
    assert len(fold(story.study, story.entries).alerts) == 1
    story.void(high, day=1)
    assert fold(story.study, story.entries).alerts == []


def raised(story: Any) -> list[tuple[str, str, bool]]:
    return [(one.alert, one.entry, one.cannot_evaluate) for one in fold(story.study, story.entries).alerts]


@pytest.mark.parametrize("systolic", ["14", "0", "-148", "49.9"])
def test_a_reading_that_cannot_be_true_leaves_an_alert_unknown(new_story: NewStory, systolic: str) -> None:
    story = new_story()
    low = story.vitals(systolic, 80)
    assert raised(story) == [("hypertension", low.id, True)]


@pytest.mark.parametrize(("systolic", "diastolic"), [("418", 80), ("14", 120), ("120", 999), ("-5", 201)])
def test_one_that_is_too_high_to_be_true_calls_all_the_same(
    new_story: NewStory, systolic: str, diastolic: int
) -> None:
    story = new_story()
    high = story.vitals(systolic, diastolic)
    assert raised(story) == [("hypertension", high.id, False)]


@pytest.mark.parametrize(("ideation", "unknown"), [(-1, True), (6, False), (5, False)])
def test_so_it_is_with_every_number(new_story: NewStory, ideation: int, unknown: bool) -> None:
    story = new_story()
    asked = story.form("suicidality", {"ideation": ideation, "behaviour": False})
    assert raised(story) == [("ideation", asked.id, unknown)]


def test_to_a_rule_it_is_unknown_and_the_form_keeps_it(new_story: NewStory) -> None:
    story = new_story()
    story.vitals(14, 80, encounter=SESSION)
    course = fold(story.study, story.entries)
    assert course.values(SESSION, story.at(1))["vitals.systolic"] is None
    [answers] = course.vitals
    assert (answers.items["systolic"], answers.beyond) == ("14 mm[Hg]", {"systolic": 14.0})
