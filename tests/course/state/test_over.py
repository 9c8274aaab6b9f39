"""What is made of a diary over days: whole civil days before, the last answer of each, unknown of too few."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.course.conftest import Story

from entact.course import findings
from entact.course.fold import fold
from entact.protocol import Release, Study, StudyError, load_study
from entact.protocol.order import order_of
from entact.protocol.release import canonical
from entact.protocol.words import account

MINI = Path(__file__).parents[2] / "studies" / "mini"
ENCOUNTER = "outcome#1"


def with_diary(**drinking: Any) -> Study:
    """The small study with a diary, and a form that is made of it."""
    data = copy.deepcopy(dict(load_study(MINI).newest.data))
    data["forms"]["diary"] = {
        "by": "participant",
        "items": {
            "drinks": {"type": "integer", "range": "0 .. 60"},
            "heavy": {"type": "boolean", "calculated": "drinks >= 5"},
        },
    }
    data["forms"]["drinking"] = {"items": drinking}
    outcome = next(one for one in data["schedule"] if one["visit"] == "outcome")
    outcome["do"] = [*outcome["do"], "diary", "drinking"]
    del data["order"]
    data["order"] = order_of(data)
    return Study("mini", (Release.from_text(canonical(data)),))


def over(gives: str, of: str, days: int = 7, least: int = 3) -> dict[str, Any]:
    return {"of": of, "gives": gives, "days": days, "least": least}


ALL = {
    "heavy_days": {"type": "decimal", "unit": "%", "over": over("share", "diary.heavy")},
    "many": {"type": "integer", "over": over("days", "diary.heavy")},
    "a_day": {"type": "decimal", "over": over("mean", "diary.drinks")},
    "in_all": {"type": "integer", "over": over("sum", "diary.drinks")},
    "least": {"type": "integer", "over": over("lowest", "diary.drinks")},
    "most": {"type": "integer", "over": over("highest", "diary.drinks")},
}

STUDY = with_diary(**ALL)


@pytest.fixture
def study() -> Study:
    return STUDY


def made(study: Study, drinks: dict[int, list[Any]], day: int = 40) -> dict[str, Any]:
    """What the form says on a day, by what was answered on which days before."""
    story = Story(study)
    for on, several in drinks.items():
        for number, many in enumerate(several):
            answer = many if isinstance(many, int) else {"missing": many}
            story.form("diary", {"drinks": answer}, day=on, minute=600 + number, encounter=f"diary#{on}")
    story.form("drinking", {}, day=day, encounter=ENCOUNTER)
    return fold(study, story.entries).answers["drinking"][0].values


def test_the_days_before_count_and_neither_that_day_nor_older_ones(study: Study) -> None:
    found = made(study, {32: [60], 33: [0], 34: [6], 36: [5], 39: [1], 40: [60]})
    assert found == {"heavy_days": 50.0, "many": 2, "a_day": 3.0, "in_all": 12, "least": 0, "most": 6}


def test_of_a_day_the_last_known_answer_counts_once(study: Study) -> None:
    found = made(study, {34: [9, 2], 35: [3, "refused"], 36: ["refused"], 38: [4]})
    assert (found["in_all"], found["many"], found["a_day"]) == (9, 0, 3.0)


def test_of_too_few_days_nothing_is_known(study: Study) -> None:
    assert set(made(study, {34: [9], 35: [2]}).values()) == {None}


@given(st.dictionaries(st.integers(20, 45), st.integers(0, 60)))
def test_it_is_what_one_reckons_by_hand(drinks: dict[int, int]) -> None:
    found = made(STUDY, {day: [many] for day, many in drinks.items()})
    inside = [many for day, many in drinks.items() if 33 <= day <= 39]
    if len(inside) < 3:
        assert found["in_all"] is None
        return
    assert found["in_all"] == sum(inside)
    assert found["heavy_days"] == pytest.approx(100 * sum(one >= 5 for one in inside) / len(inside))
    assert found["least"] <= found["a_day"] <= found["most"]


def test_an_answer_that_arrives_late_counts_on_its_own_day(study: Study) -> None:
    story = Story(study)
    for day in (34, 35, 36):
        story.form("diary", {"drinks": 5}, day=day, encounter=f"diary#{day}")
    story.form("drinking", {}, day=40, encounter=ENCOUNTER)
    before = fold(study, story.entries).answers["drinking"][0].values
    story.form("diary", {"drinks": 1}, day=38, encounter="diary#38")
    after = fold(study, story.entries).answers["drinking"][0].values
    assert (before["many"], before["in_all"], after["many"], after["in_all"]) == (3, 15, 3, 16)


def test_what_was_entered_all_the_same_is_found(study: Study) -> None:
    story = Story(study)
    for day in (34, 35, 36):
        story.form("diary", {"drinks": 5}, day=day, encounter=f"diary#{day}")
    story.form("drinking", {"in_all": 99}, day=40, encounter=ENCOUNTER)
    course = fold(study, story.entries)
    assert course.answers["drinking"][0].values["in_all"] == 15
    assert ("in_all", "is 99, and the other answers give 15") in {
        (one.item, one.message) for one in findings(course, story.at(41))
    }


def test_a_reader_is_told_how(study: Study) -> None:
    said = [
        f"{line.text}. {' '.join(line.notes)}" for one in account(study.newest).sections for line in one.lines
    ]
    text = (
        "per cent of days with heavy (diary), of the 7 days before, where at least 3 of them have an answer"
    )
    assert any(text in one for one in said), said


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            {"type": "decimal", "unit": "%", "over": over("share", "diary.drunk")},
            "there is no number, or yes or no, of another form 'diary.drunk'; did you mean 'diary.drinks'?",
        ),
        (
            {"type": "decimal", "unit": "%", "over": over("share", "diary.drinks")},
            "diary.drinks is a number; write 'mean', 'sum', 'lowest' or 'highest'",
        ),
        (
            {"type": "decimal", "over": over("mean", "diary.heavy")},
            "diary.heavy is a yes or no; write 'share' or 'days'",
        ),
        ({"type": "decimal", "over": over("share", "diary.heavy")}, "write 'unit: \"%\"'"),
        ({"type": "integer", "over": over("mean", "diary.drinks")}, "mean gives a decimal"),
        ({"type": "text", "over": over("sum", "diary.drinks")}, "sum gives a integer or decimal"),
        (
            {"type": "integer", "over": over("sum", "diary.drinks", days=7, least=8)},
            "'over' needs 8 of 7 days; write at most 7",
        ),
        (
            {"type": "integer", "calculated": "1 + 1", "over": over("sum", "diary.drinks")},
            "one value has one source",
        ),
    ],
)
def test_what_cannot_be_is_refused(item: dict[str, Any], message: str, tmp_path: Path) -> None:
    text = (MINI / "study.yaml").read_text()
    assert text.count("\nforms:\n") == 1
    diary = "{items: {drinks: {type: integer, range: 0 .. 60}, heavy: {type: boolean}}}"
    forms = f"\nforms:\n  diary: {diary}\n  drinking: {{items: {{one: {json.dumps(item)}}}}}\n"
    (tmp_path / "study.yaml").write_text(text.replace("\nforms:\n", forms))
    with pytest.raises(StudyError) as caught:
        load_study(tmp_path)
    assert message in str(caught.value)
