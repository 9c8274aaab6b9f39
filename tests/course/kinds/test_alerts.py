"""One cause is one episode: it calls once, again when it is worse or an answer is old, and ends some time."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.conftest import Story
from tests.course.test_instants import require_equal

from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.instants import outlook
from entact.course.kinds.calls import calls_of, open_alerts, open_call, told
from entact.protocol.load import load_study, shipped_studies
from entact.protocol.release import Release, Study, canonical

SESSION = "session_1#1"
PLAIN: dict[str, Any] = {
    "when": "vitals.systolic >= 180.0 || vitals.diastolic >= 110.0",
    "title": "Blood pressure very high",
    "urgency": "now",
    "tell": ["therapist", "investigator"],
}
SAID = PLAIN | {
    "confirm": "5 min",
    "rearm": "vitals.systolic < 170.0 && vitals.diastolic < 100.0",
    "again": "20 min",
    "escalate": [
        {"after": "10 min", "tell": ["medical_monitor"]},
        {"when": "vitals.systolic >= 200.0", "tell": ["medical_monitor"]},
    ],
}
OTHERS: dict[str, Any] = {
    "heart_rate": {
        "when": "vitals.heart_rate >= 140.0",
        "title": "x",
        "urgency": "today",
        "tell": ["therapist"],
    },
    "heat": {"when": "vitals.temperature >= 39.0", "title": "x", "urgency": "now", "tell": ["therapist"]},
}


def study_with(**alerts: Any) -> Study:
    """The small study with these alerts."""
    data = copy.deepcopy(dict(load_study("tests/studies/mini/study.yaml").newest.data))
    data["alerts"] = alerts
    return Study("mini", (Release.from_text(canonical(data)),))


PLAINLY, WELL = study_with(pressure=PLAIN, **OTHERS), study_with(pressure=SAID, **OTHERS)


class Day(Story):
    """A session: readings and answers by the minute."""

    def __init__(self, study: Study = PLAINLY) -> None:
        super().__init__(study)
        self.write("consent", {"version": "1", "scopes": {"participation": True}}, day=-1)
        self.begin(SESSION)

    def read(self, minute: float, systolic: Any, encounter: str | None = SESSION) -> Any:
        """A reading; None for a systolic that was refused, with all the others."""
        missing = {"missing": "refused"}
        items: dict[str, Any] = {"diastolic": "80 mm[Hg]", "heart_rate": "70 /min", "temperature": "37 Cel"}
        items = dict.fromkeys(items, missing) if systolic is None else items
        items["systolic"] = missing if systolic is None else f"{systolic} mm[Hg]"
        return self.write("form", {"form": "vitals", "items": items}, minute=minute, encounter=encounter)

    def answer(self, minute: float, about: Any, alert: str = "pressure") -> Any:
        said = {"alert": alert, "action": "assessed"}
        return self.write("alert_answered", said, minute=minute, about=about.id, encounter=SESSION)

    def course(self) -> Any:
        return fold(self.study, self.entries)

    def open(self) -> list[tuple[str, ...]]:
        return [one.alerts for one in open_alerts(self.course())]

    def calls(self) -> list[tuple[str, float]]:
        """Why and in which minute people were called."""
        course = self.course()
        found = [call for one in course.alerts for call in calls_of(course, one)]
        return [(call.why, (call.at - self.at(0)).total_seconds() / 60) for call in found]

    def told(self, minute: float) -> tuple[str, ...]:
        course = self.course()
        return told(course, course.alerts[-1], self.at(0, minute))

    def found(self, minute: float) -> list[str]:
        seen = findings(self.course(), self.at(0, minute))
        return [one.rule for one in seen if one.holds and one.rule.startswith("alert_")]


def test_one_refused_reading_is_one_call_whatever_it_leaves_unknown() -> None:
    day = Day()
    refused = day.read(10, None)
    assert day.open() == [("heat", "pressure", "heart_rate")]  # the urgent ones first
    (episode,) = day.course().alerts
    assert episode.cannot_evaluate
    assert episode.missing == (
        "vitals.diastolic",
        "vitals.heart_rate",
        "vitals.systolic",
        "vitals.temperature",
    )
    day.read(15, None)
    assert len(day.open()) == 1
    day.answer(16, refused, alert="heart_rate")  # who answers one has answered the cause
    assert day.open() == []
    day.read(20, None)
    assert day.open() == []
    day.read(46, None)
    assert day.calls() == [("raised", 10), ("again", 46)]


def test_what_can_be_evaluated_again_is_over_and_the_next_refusal_calls_anew() -> None:
    day = Day()
    day.answer(12, day.read(10, None))
    day.read(20, 120)
    assert day.course().alerts[0].ended is not None
    day.read(25, None)
    assert day.calls() == [("raised", 10), ("raised", 25)]


def test_what_is_partly_unknown_ends_when_all_of_it_is_known() -> None:
    day = Day()
    day.read(10, None)
    day.write("vital_signs", {"heart_rate": "70 /min"}, minute=15, encounter=SESSION)
    assert day.course().alerts[0].ended is None
    day.read(20, 120)
    assert day.course().alerts[0].ended is not None


def test_alerts_of_other_forms_are_another_cause() -> None:
    other = {"when": "vitals.systolic >= 180.0 && suicidality.ideation >= 4", "title": "x", "urgency": "now"}
    day = Day(study_with(pressure=PLAIN, both={**other, "tell": ["investigator"]}))
    day.read(10, None)
    assert day.open() == [("both",), ("pressure",)]  # not everybody may see both


def test_three_high_readings_in_ten_minutes_are_one_call() -> None:
    day = Day()
    first = day.read(10, 182)
    day.read(15, 185)
    day.read(20, 183)
    assert day.open() == [("pressure",)]
    assert [one.entry for one in day.course().alerts] == [first.id]
    assert [one.entry for one in open_alerts(day.course())] == [first.id]
    day.answer(21, first)
    assert day.open() == []
    day.read(30, 184)
    assert day.open() == []


def test_it_ends_when_it_no_longer_holds_and_the_next_one_calls() -> None:
    day = Day()
    day.answer(11, day.read(10, 182))
    day.read(15, 179)
    day.read(20, 181)
    assert day.calls() == [("raised", 10), ("raised", 20)]
    assert day.open() == [("pressure",)]


def test_an_answer_lasts_for_a_while() -> None:
    day = Day()
    day.answer(12, day.read(10, 182))
    day.read(41, 182)
    assert day.open() == []
    last = day.read(42, 182)
    assert day.open() == [("pressure",)]
    assert day.calls() == [("raised", 10), ("again", 42)]
    day.answer(44, last)
    assert day.open() == []


def test_an_answer_to_any_reading_of_it_counts_and_one_from_before_it_does_not_reach_further() -> None:
    day = Day()
    first, second = day.read(10, 182), day.read(15, 183)
    day.answer(16, second)
    assert day.open() == []
    other = Day()
    other.answer(5, other.read(10, first and 182))  # a clock that was slow
    assert other.open() == []


def test_another_visit_calls_anew() -> None:
    day = Day()
    day.answer(12, day.read(10, 182))
    day.begin("integration_1#1", day=1)
    day.read(24 * 60 + 5, 182, encounter="integration_1#1")
    assert day.calls() == [("raised", 10), ("raised", 1445)]
    day.read(24 * 60 + 6, 182, encounter=None)
    assert len(day.open()) == 2


def test_a_reading_that_cannot_be_true_is_one_cause_and_a_far_too_high_one_calls() -> None:
    day = Day()
    day.read(10, 14)
    assert day.open() == [("pressure",)]
    assert day.course().alerts[0].cannot_evaluate
    day.read(12, 999)
    assert [one.cannot_evaluate for one in day.course().alerts] == [True, False]


# What the study file says of an episode.


def test_it_goes_on_until_it_is_below_the_limit_for_that() -> None:
    day = Day(WELL)
    day.answer(11, day.read(10, 182))
    day.read(15, 175)
    day.read(20, 182)
    assert day.calls() == [("raised", 10)]  # it never was below 170
    day.read(25, 169)
    day.read(28, 182)
    assert day.calls() == [("raised", 10), ("raised", 28)]


def test_what_becomes_worse_calls_through_an_answer() -> None:
    day = Day(WELL)
    day.answer(11, day.read(10, 182))
    worse = day.read(15, 201)
    assert day.calls() == [("raised", 10), ("worse", 15)]
    assert day.told(15) == ("therapist", "investigator", "medical_monitor")
    day.answer(16, worse)
    day.read(18, 205)
    assert day.open() == []
    day.read(36, 184)
    assert day.calls() == [("raised", 10), ("worse", 15), ("again", 36)]


def test_an_answer_does_not_close_what_became_worse_after_what_it_is_about() -> None:
    day = Day(WELL)
    first, worse = day.read(10, 182), day.read(15, 205)
    day.answer(16, first)  # from another screen, where the second reading had not arrived
    assert day.open() == [("pressure",)]
    assert open_call(day.course(), day.course().alerts[0]).entry == worse.id
    day.answer(17, worse)
    assert day.open() == []


def test_a_first_reading_that_is_far_too_high_calls_everybody_at_once() -> None:
    day = Day(WELL)
    day.read(10, 205)
    assert day.told(10) == ("therapist", "investigator", "medical_monitor")


def test_the_first_role_is_called_alone_until_it_is_confirmed() -> None:
    day = Day(WELL)
    first = day.read(10, 182)
    assert day.told(10) == ("therapist",)
    assert day.told(15) == ("therapist",)
    assert day.told(15.1) == ("therapist", "investigator")  # nobody took a second reading in time
    assert day.found(15) == []
    assert day.found(15.1) == ["alert_not_confirmed"]
    day.read(14, 183)
    assert day.told(13) == ("therapist",)
    assert day.told(14) == ("therapist", "investigator")
    day.answer(16, first)
    assert day.found(60) == []


def test_what_a_second_reading_did_not_confirm_called_nobody_else() -> None:
    day = Day(WELL)
    day.answer(11, day.read(10, 182))
    day.read(13, 140)
    assert day.told(60) == ("therapist",)
    assert day.found(60) == []


def test_what_nobody_answers_calls_others_and_is_found() -> None:
    day = Day(WELL)
    first = day.read(10, 182)
    day.read(12, 183)
    assert day.told(20) == ("therapist", "investigator")
    assert day.found(20) == []
    assert day.told(20.1) == ("therapist", "investigator", "medical_monitor")
    assert day.found(20.1) == ["alert_unanswered"]
    day.answer(40, first)
    assert day.found(60) == ["alert_unanswered"]  # it was answered too late
    for in_time in (19, 20):
        early = Day(WELL)
        early.answer(in_time, early.read(10, 182))
        assert "alert_unanswered" not in early.found(60)


@pytest.mark.parametrize(("minute", "expected"), [(15, []), (15.1, ["alert_not_confirmed"])])
def test_a_second_reading_confirms_to_the_last_instant(minute: float, expected: list[str]) -> None:
    day = Day(WELL)
    first = day.read(10, 182)
    day.read(minute, 183)
    day.answer(16, first)
    assert day.found(60) == expected


def test_all_of_it_stands_in_the_lists_too() -> None:
    day = Day(WELL)
    day.read(10, 182)
    day.read(30, 205)
    day.read(35, None)
    moments = [day.at(0, minute) for minute in (0, 10, 15, 15.01, 20, 20.01, 40, 40.01, 600)]
    require_equal(day.course(), outlook(day.course()), moments)


READINGS = st.lists(
    st.tuples(
        st.integers(1, 300),
        st.sampled_from(["answer", None, 120, 165, 172, 178, 182, 195, 201, 240]),
    ),
    max_size=12,
    unique_by=lambda one: one[0],
)


@given(READINGS, st.sampled_from([PLAINLY, WELL]))
def test_nobody_is_called_twice_for_one_thing_and_no_danger_is_silent(said: list[Any], study: Study) -> None:
    """Of a cause one call is open; what holds is open, or was answered lately, and is no worse than then."""
    day = Day(study)
    lasts = 20 if study is WELL else 30
    readings: list[Any] = []
    answered: list[float] = []
    for minute, what in sorted(said, key=lambda one: one[0]):
        if what == "answer":
            for reading in readings[-1:]:
                day.answer(minute, reading)
                answered.append(minute)
            continue
        reading = day.read(minute, what)
        if what is None or what < 180:
            continue
        readings.append(reading)
        course = day.course()
        (going,) = [one for one in course.alerts if one.held[-1].entry == reading.id]
        if going not in open_alerts(course):
            assert answered
            assert minute - answered[-1] < lasts
            seen = [one for one in going.held if one.at <= day.at(0, answered[-1])]
            assert what < 200 or study is PLAINLY or any(one.worse for one in seen)
    course = day.course()
    assert course == fold(day.study, reversed(day.entries))
    assert len([one for one in open_alerts(course) if one.ended is None]) <= 2  # too high, and not known
    for episode in course.alerts:
        calls = calls_of(course, episode)
        assert calls[0].why == "raised"
        for before, after in pairwise(calls):
            assert after.why == "worse" or (before.answered_at is not None and before.answered_at <= after.at)


@pytest.mark.parametrize("name", shipped_studies())
def test_an_alert_on_a_score_hears_the_items_that_the_score_is_made_of(name: str) -> None:
    story = Story(load_study(name))
    release = story.study.newest
    story.write("consent", {"version": "1", "scopes": dict.fromkeys(release.file.consent, True)})
    for yes, encounter in ((False, "baseline#1"), (True, "session_1#1")):
        items = {item: yes for item, said in release.forms["c_ssrs"].items.items() if said.type == "boolean"}
        story.form("c_ssrs", items, minute=5 + yes, encounter=encounter)
    [episode] = fold(story.study, story.entries).alerts
    assert (episode.alert, episode.encounter, episode.cannot_evaluate) == (
        "suicidality",
        "session_1#1",
        False,
    )


def test_an_alert_on_a_calculated_value_hears_what_it_is_calculated_from() -> None:
    data = copy.deepcopy(dict(load_study("tests/studies/forms").newest.data))
    data["alerts"] = {"bmi": {"when": "body.bmi >= 40.0", "title": "x", "urgency": "now", "tell": ["rater"]}}
    story = Story(Study("forms", (Release.from_text(canonical(data)),)))
    story.write("consent", {"version": "1", "scopes": {"participation": True}})
    story.form("participant", {"height": "1.6 m"}, minute=1, encounter="screening#1")
    story.form("body", {"smokes": False}, minute=2, encounter="screening#1")  # says nothing of it
    for minute, weight in ((3, "60 kg"), (4, "120 kg"), (5, "?")):
        story.form("body", {"weight": weight}, minute=minute, encounter="screening#1")
    told = [(one.alert, one.cannot_evaluate) for one in fold(story.study, story.entries).alerts]
    assert told == [("bmi", False), ("bmi", True)]


@pytest.mark.parametrize("systolic", [190, 190.5, ["190 mm[Hg]"], {"value": 190}, True])
def test_a_reading_of_which_nothing_can_be_made_calls_too(systolic: Any) -> None:
    day = Day()
    read = {"systolic": systolic, "diastolic": "80 mm[Hg]", "heart_rate": "70 /min"}
    entry = day.write("vital_signs", read, minute=5, encounter=SESSION)
    [episode] = day.course().alerts
    assert (episode.alert, episode.cannot_evaluate) == ("pressure", True)
    assert f"item:{entry.id}:systolic" in day.course().findings
    assert day.course().values(SESSION, day.at(0, 6))["vitals.heart_rate"] == 70.0


def test_an_answer_to_nothing_is_found() -> None:
    def found(minute: float, alert: str, about: str | None = None) -> set[str]:
        day = Day()
        high = day.read(30, 190)
        said = {"alert": alert, "action": "assessed"}
        day.write("alert_answered", said, minute=minute, about=about or high.id, encounter=SESSION)
        at = day.at(0, 60)
        rules = {"unknown_alert", "about_unknown", "answered_before"}
        return {one.rule for one in findings(day.course(), at) if one.rule in rules}

    assert found(31, "pressure") == set()
    assert found(29, "pressure") == set()  # clocks differ by some minutes
    assert found(25, "pressure") == set()  # by no more than that
    assert found(24.9, "pressure") == {"answered_before"}
    assert found(24, "pressure") == {"answered_before"}
    assert found(31, "presure") == {"unknown_alert"}
    assert found(31, "pressure", "nothing") == {"about_unknown"}
