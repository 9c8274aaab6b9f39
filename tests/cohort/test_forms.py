"""Virtual staff fill in forms as the study file says: conditions, rows, ranges, calculated values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cohort.rehearsals import Rehearsed

from entact.cohort import rehearse
from entact.cohort.rows import MOMENTS, free_rows, moments
from entact.course import findings
from entact.course.state.form import Answers
from entact.protocol import load_study
from entact.protocol.answer import limits_of, reader_of
from entact.protocol.study import Item

FORMS = Path(__file__).parents[1] / "studies" / "forms"


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """A rehearsal in which nobody forgets anything or mistypes."""
    study = load_study(FORMS)
    careful = tmp_path_factory.mktemp("careful") / "careful.yaml"
    careful.write_text(
        "scenario: careful\nassumption: a test\noverride:\n"
        "  conduct: {chance: {item_skipped: 0.0, entry_error: 0.0, form_not_done: 0.0}}\n"
    )
    return Rehearsed(study, rehearse(study, participants=24, seed=5, scenario=careful))


def answers(rehearsed: Rehearsed, form: str) -> Iterator[Answers]:
    for course in rehearsed.courses.values():
        yield from course.answers.get(form, ())


def test_nothing_is_wrong_with_the_study_or_its_answers(rehearsed: Rehearsed) -> None:
    assert rehearsed.trial.findings == []
    for course in rehearsed.courses.values():
        assert [one for one in findings(course, course.effective[-1].at) if one.rule == "item"] == []


def test_an_item_is_answered_if_and_only_if_it_is_asked(rehearsed: Rehearsed) -> None:
    asked = {True: 0, False: 0}
    for one in answers(rehearsed, "body"):
        smokes = one.items["smokes"]
        assert ("cigarettes" in one.items) is smokes
        assert ("pain_where" in one.items) is (one.items["pain"] > 0)
        asked[smokes] += 1
    assert min(asked.values()) > 3
    for course in rehearsed.courses.values():
        (who,) = course.answers["participant"]
        assert ("can_be_pregnant" in who.items) is (who.items["sex"] == "female")
        for test in course.answers.get("pregnancy_test", ()):
            assert ("done" in test.items) is (who.items.get("can_be_pregnant") is True)
            assert ("negative" in test.items) is (test.items.get("done") is True)


def test_calculated_values_are_entered_by_nobody_and_known_to_all(rehearsed: Rehearsed) -> None:
    for one in answers(rehearsed, "body"):
        assert "bmi" not in one.items
        assert one.values["bmi"] is not None


def test_rows_are_as_many_as_is_usual_and_each_respects_its_conditions(rehearsed: Rehearsed) -> None:
    counts = [one.values["treatments"] for one in answers(rehearsed, "history")]
    assert set(counts) <= {*range(6)}
    assert len(set(counts)) > 2
    rows = [row for one in answers(rehearsed, "history") for row in one.items["treatments"]]
    assert {row["kind"] for row in rows} == {"psychotherapy", "medicine"}
    for row in rows:
        assert ("name" in row) is (row["kind"] == "medicine")
        assert ("helped" in row) is (row["weeks"] >= 4)
        assert row.get("name", "sealed:2:").startswith("sealed:2:")


def test_most_answers_are_usual(rehearsed: Rehearsed) -> None:
    unusual = sum(
        one.rule == "unusual"
        for course in rehearsed.courses.values()
        for one in findings(course, course.effective[-1].at)
    )
    assert unusual < len(list(answers(rehearsed, "body")))


@pytest.mark.parametrize("kind", MOMENTS)
@pytest.mark.parametrize("key", ["range", "expected"])
@pytest.mark.parametrize("place", range(3))
def test_moments_lie_in_the_range(kind: str, key: str, place: int) -> None:
    said = {
        "date": ["2020-01-01 .. 2020-01-02", "1999-12-31 .. 2030-01-01", "2020-02-29 .. 2020-02-29"],
        "partial_date": ["2019 .. 2019", "2019-02 .. 2021", "1950 .. 2020-06-30"],
        "time": ["00:00 .. 23:59", "08:00 .. 08:01", "12:00 .. 12:00"],
        "datetime": [
            "2026-01-01T00:00Z .. 2026-01-02T00:00Z",
            "2026-01-01T00:00+02:00 .. 2026-12-31T00:00-07:00",
            "2026-01-01T00:00Z .. 2026-01-01T00:00Z",
        ],
    }[kind][place]
    item = Item.model_validate({"type": kind, key: said}, strict=True)
    for text in moments(item):
        value = reader_of(item)(text)
        assert all(limit.beyond(text, value)[0] == "" for limit in limits_of(item)), text


def test_rows_of_which_nothing_is_said_are_few() -> None:
    item = Item.model_validate({"type": "rows", "items": {"what": {"type": "text"}}}, strict=True)
    answer = free_rows(item)
    assert (answer.mean, answer.items) == (1.5, {})
