"""Forms in a course: conditions, calculated values, rows, unusual answers and earlier values."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.course.conftest import Story

from entact.course import Course, Ledger, findings, fold
from entact.course.entry.sealing import is_sealed
from entact.course.fact import record
from entact.course.personal import seal_entry, unsealed
from entact.course.state.values import earlier_answers
from entact.protocol import Study, load_study

KEY = bytes(range(32))
AT = "2026-03-02T16:00:01+00:00"
BODY = {"weight": "81 kg", "measured_at": "08:00", "smokes": False, "pain": 0}


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(Path(__file__).parents[2] / "studies" / "forms")


@pytest.fixture
def story(study: Study) -> Story:
    story = Story(study)
    story.begin("screening#1")
    story.write("consent", {"version": "1", "scopes": {"participation": True}}, minute=1)
    return story


def found(course: Course) -> set[tuple[str, str]]:
    at = course.effective[-1].at + timedelta(minutes=1)
    return {
        (one.rule, one.item) for one in findings(course, at) if one.rule in ("item", "unusual") and one.holds
    }


def participant(story: Story, minute: float = 2, **items: Any) -> None:
    said = {"age": 40, "sex": "female", "can_be_pregnant": True, "height": "1.8 m", **items}
    story.form("participant", said, minute=minute, encounter="screening#1")


def test_a_calculated_value_comes_from_what_other_forms_say(story: Story, study: Study) -> None:
    participant(story)
    story.form("body", BODY, minute=3, encounter="screening#1")
    course = fold(study, story.entries)
    assert course.values("screening#1", course.effective[-1].at)["body.bmi"] == pytest.approx(25.0)
    story.form("body", {**BODY, "bmi": "24.0 kg/m2"}, minute=4, encounter="screening#1")
    course = fold(study, story.entries)
    assert [one.values["bmi"] for one in course.answers["body"]] == [pytest.approx(25.0)] * 2
    assert found(course) == {("item", "bmi")}


def test_a_correction_of_what_it_is_calculated_from_changes_it(story: Story, study: Study) -> None:
    participant(story)
    story.form("body", BODY, minute=3, encounter="screening#1")
    height = next(entry for entry in story.entries if entry.data.get("form") == "participant")
    story.correct(height, {"items": {"height": "2.0 m"}}, day=2)
    assert fold(study, story.entries).answers["body"][0].values["bmi"] == pytest.approx(20.25)


@pytest.mark.parametrize("can_be_pregnant", [True, False, None])
@pytest.mark.parametrize("tested", [True, False])
@pytest.mark.parametrize("first", [True, False])
def test_an_answer_contradicts_a_condition_in_whatever_order_forms_are_filled(
    story: Story, study: Study, can_be_pregnant: bool | None, tested: bool, first: bool
) -> None:
    said = {"missing": "refused"} if can_be_pregnant is None else can_be_pregnant
    if first:
        participant(story, can_be_pregnant=said)
    items = {"done": True, "negative": True} if tested else {}
    story.form("pregnancy_test", items, minute=5, encounter="screening#1")
    if not first:
        participant(story, minute=9, can_be_pregnant=said)
    expected = {("item", "done")} if can_be_pregnant is not None and can_be_pregnant is not tested else set()
    assert found(fold(study, story.entries)) == expected


def test_a_condition_on_the_session_is_judged_by_the_session(story: Story, study: Study) -> None:
    story.begin("session_1#1", day=12)
    story.form("after_session", {"slept": True, "mood": "usual"}, day=12, minute=5, encounter="session_1#1")
    assert found(fold(study, story.entries)) == {("item", "slept")}
    given = {"part": "initial", "kit": "K-1", "level": "single", "dispensed": 2, "taken": 2}
    story.write("dose", given, day=12, minute=4, encounter="session_1#1")
    assert found(fold(study, story.entries)) == set()


def test_what_is_unusual_is_a_finding_that_a_correction_mends(story: Story, study: Study) -> None:
    participant(story)
    entry = story.form("body", {**BODY, "weight": "140 kg"}, minute=3, encounter="screening#1")
    assert found(fold(study, story.entries)) == {("unusual", "weight"), ("unusual", "bmi")}
    story.correct(entry, {"items": {"weight": "80 kg"}}, day=1)
    assert found(fold(study, story.entries)) == set()


def rows(**cells: Any) -> dict[str, Any]:
    row = {
        "kind": "medicine",
        "name": "sertraline for the divorce",
        "begun": "2019",
        "weeks": 12,
        "helped": True,
    }
    return {"treatments": [{**row, **cells}, {"kind": "psychotherapy", "begun": "2020-05", "weeks": 2}]}


def test_personal_cells_are_sealed_and_the_rest_of_a_row_is_not(story: Story, study: Study) -> None:
    scan = {"file": "ab" * 32, "media": "application/pdf", "size": 9}
    plain = story.form("history", {**rows(), "letter": scan}, minute=3, encounter="screening#1")
    sealed = seal_entry(study, plain, KEY).data["items"]
    assert is_sealed(sealed["treatments"][0]["name"])
    assert {**sealed["treatments"][0], "name": ""} == {**rows()["treatments"][0], "name": ""}
    assert (sealed["treatments"][1], sealed["letter"]) == (rows()["treatments"][1], scan)
    assert unsealed(sealed["treatments"], KEY, plain.id, "treatments") == rows()["treatments"]
    assert seal_entry(study, seal_entry(study, plain, KEY), KEY) == seal_entry(study, plain, KEY)


def test_what_does_not_belong_into_a_row_is_sealed(story: Story, study: Study) -> None:
    secret = "lives in Denver with Alex"
    for cells in (
        {"weeks": secret},
        {"kind": secret},
        {"begun": secret},
        {"note": secret},
        {"helped": [secret]},
    ):
        entry = story.form("history", rows(**cells), minute=3, encounter="screening#1")
        assert secret not in str(seal_entry(study, entry, KEY))
    for nonsense in (secret, [secret], {"name": secret}, [[secret]], {"file": secret}):
        entry = story.form("history", {"treatments": nonsense, "letter": nonsense}, minute=3)
        assert secret not in str(seal_entry(study, entry, KEY))


def test_rows_are_found_wrong_cell_by_cell(story: Story, study: Study) -> None:
    ledger, course = Ledger(story.write("note").ledger), Course(study)
    story.entries.pop()
    story.form("history", rows(weeks="twelve", helped=False), minute=3, encounter="screening#1")
    for entry in story.entries:
        record(study, ledger, course, entry, received_at=AT, key=KEY)
    assert found(course) == {("item", "treatments[1].weeks"), ("unusual", "treatments[2].weeks")}
    assert course.answers["history"][0].values == {"treatments": 2, "many": False, "letter": None}


def test_a_value_of_an_earlier_visit_is_shown(story: Story, study: Study) -> None:
    story.form("body", {**BODY, "weight": "79 kg"}, minute=3, encounter="screening#1")
    story.form("body", {**BODY, "weight": "81 kg"}, day=8, encounter="entry#1")
    story.form("body", {**BODY, "weight": {"missing": "refused"}}, day=9, encounter="entry#2")
    course = fold(study, story.entries)

    def shown(name: str, encounter: str, day: float) -> Any:
        answers = earlier_answers(course, name, encounter, story.at(day, 30))
        return None if answers is None else answers.items["weight"]

    assert shown("screening.body.weight", "entry#1", 8) == "79 kg"
    assert shown("body.weight", "entry#1", 8) == "79 kg"
    assert shown("body.weight", "screening#1", 0) is None  # its own is no earlier one
    assert shown("baseline.body.weight", "entry#1", 8) is None
    assert shown("body.weight", "outcome#1", 20) == {"missing": "refused"}


def test_the_order_of_arrival_changes_nothing(story: Story, study: Study) -> None:
    participant(story)
    story.form("body", BODY, minute=3, encounter="screening#1")
    story.form("pregnancy_test", {}, minute=4, encounter="screening#1")
    for entries in (story.entries, story.entries[::-1]):
        course = Course(study)
        for entry in entries:
            course.add(entry)
        assert found(course) == {("item", "done")}
        assert course.answers["body"][0].values["bmi"] == pytest.approx(25.0)
