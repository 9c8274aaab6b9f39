"""Parts of the study file as typed data: what they offer beside their fields."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from entact.protocol.expansion import expand
from entact.protocol.load import load_study
from entact.protocol.meant import duration_hint
from entact.protocol.problem import StudyError
from entact.protocol.study import Item, Report, Span, Supplement, Track, Units, Visit
from entact.protocol.study.base import Duration
from entact.protocol.study.supply import Pace


def visit(**said: object) -> Visit:
    return Visit.model_validate(said, strict=True)


def test_a_window_is_two_durations_or_the_next_morning() -> None:
    assert Span.parse("2 .. 14 d") == Span(earliest=timedelta(days=2), latest=timedelta(days=14))
    assert Span.parse("next morning").next_morning
    with pytest.raises(ValueError, match="ends before it begins"):
        Span.parse("2 d .. 14 h")


def test_a_dose_is_whole_units_of_a_strength() -> None:
    assert Units.parse("2 x 40 mg") == Units(count=2, strength="40 mg")
    for text in ("1.5 x 40 mg", "-1 x 40 mg", "² x 40 mg", "2 x 40"):
        with pytest.raises(ValueError, match="write it as '2 x 40 mg'"):
            Units.parse(text)
    for text in ("0 x 40 mg", "00 x 40 mg", "2 x 0 mg", "2 x 0.0 mg", "2 x -40 mg"):
        with pytest.raises(ValueError, match="is no dose; an arm that is given nothing has `drug: none`"):
            Units.parse(text)
    with pytest.raises(ValueError, match="'80 mg' is not a dose in whole units; write it as '1 x 80 mg'"):
        Units.parse("80 mg")


def test_a_supplement_is_offered_in_a_window_after_the_initial_dose() -> None:
    said = {"give": "1 x 40 mg", "offer": "1 h 30 min .. 2 h after initial"}
    supplement = Supplement.model_validate(said, strict=True)
    assert supplement.window == Span(earliest=timedelta(minutes=90), latest=timedelta(hours=2))


def test_a_visit_knows_its_levels_its_fallback_and_all_its_activities() -> None:
    session = visit(
        visit="session_1",
        after="baseline",
        regimen="full or low",
        do=["dose"],
        timed=[{"do": "vital_signs", "at": ["before initial", "initial + 90 min", "end"]}],
        **{"or": "baseline + 18 wk"},
    )
    assert session.levels == ("full", "low")
    assert session.fallback == ("baseline", timedelta(weeks=18))
    assert session.activities == ("dose", "vital_signs")
    assert visit(visit="screening").levels == ()
    assert visit(visit="screening").fallback is None


def test_a_fallback_has_one_name_in_a_file() -> None:
    with pytest.raises(ValidationError):
        visit(visit="outcome", after="baseline", alternative="baseline + 18 wk")


@pytest.mark.parametrize(
    ("said", "countries"),
    [
        ({}, ["DE", "IL", "US"]),
        ({"jurisdiction": "US"}, ["DE", "IL", "US"]),
        ({"jurisdiction": "US", "local": True}, ["US"]),
        ({"jurisdiction": "EU", "local": True}, ["DE"]),
    ],
)
def test_a_local_report_concerns_sites_of_its_jurisdiction(
    said: dict[str, object], countries: list[str]
) -> None:
    always = {"title": "R", "when": "event.serious", "within": "15 d", "to": "authority"}
    report = Report.model_validate({**always, **said}, strict=True)
    assert [country for country in ("DE", "IL", "US") if report.concerns(country)] == countries


def test_free_text_is_personal_unless_the_file_says_otherwise() -> None:
    assert Item(type="text").is_personal
    assert not Item(type="text", personal=False).is_personal
    assert not Item(type="date").is_personal
    assert Item(type="date", personal=True).is_personal


def test_bounds_are_in_the_unit_of_the_item() -> None:
    item = Item(type="decimal", unit="Cel", range="36.5 .. 38 Cel")
    assert item.bounds == (Decimal("36.5"), Decimal(38))
    assert Item(type="integer").bounds is None
    with pytest.raises(ValidationError, match="write the smaller end first"):
        Item(type="integer", range="9 .. 1")


def test_a_row_of_visits_is_spelled_out_each_after_the_one_before() -> None:
    row = visit(
        visit="integration_4",
        after="session_2",
        within="next morning",
        lasts="90 min",
        then={"times": 2, "every": "7 d", "slack": "3 d"},
        **{"or": "baseline + 9 wk"},
    )
    visits = expand([visit(visit="session_2"), row, visit(visit="end")])
    assert list(visits) == ["session_2", "integration_4", "integration_5", "integration_6", "end"]
    first, second, third = (visits[f"integration_{number}"] for number in (4, 5, 6))
    assert first.within is not None
    assert first.within.next_morning
    assert first.fallback == ("baseline", timedelta(weeks=9))
    for before, after in ((first, second), (second, third)):
        assert after.after == before.visit
        assert after.within == Span(earliest=timedelta(days=4), latest=timedelta(days=10))
        assert after.target == timedelta(days=7)
        assert after.fallback is None
        assert after.lasts == timedelta(minutes=90)
    assert {known.then for known in visits.values()} == {None}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"type": "integer", "range": "0.5 .. 9.5"}, "of whole numbers"),
        ({"type": "integer", "range": "0 .. 99999999999999999999"}, "up to 9007199254740991"),
        ({"type": "rows", "range": "0.5 .. 3", "items": {"a": {"type": "text"}}}, "of whole numbers"),
        ({"type": "rows", "range": "-1 .. 3", "items": {"a": {"type": "text"}}}, "none below 0"),
        ({"type": "file", "accept": ["pdf"]}, "write it as in 'application/pdf'"),
        ({"type": "file", "accept": []}, "lists no type of media"),
        ({"type": "choice", "of": ["", "b"]}, "is no code"),
        ({"type": "choice", "of": ["a", "a "]}, "is no code"),
        ({"type": "boolean", "title": " "}, "has no words"),
        ({"type": "boolean", "title": {"en": "Age", "de": ""}}, "has no words in 'de'"),
    ],
)
def test_what_no_item_can_be_is_refused(said: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Item.model_validate(said, strict=True)


def test_possible_answers_are_not_counted_up() -> None:
    item = Item.model_validate({"type": "integer", "range": "0 .. 9007199254740991"}, strict=True)
    assert item.answers == range(2**53)


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("negative: {type", "in: {type", "forms.pregnancy_test.items.in"),
        ("negative: {type", "true: {type", "forms.pregnancy_test.items.true"),
        ("pregnancy_test: {items", "null: {items", "forms.null"),
        ("pregnancy_test: {items", "import: {items", "forms.import"),
        ("{visit: closing", "{visit: return", "schedule.return.visit"),
    ],
)
def test_a_word_of_the_rules_is_no_name(tmp_path: Path, old: str, new: str, at: str) -> None:
    mini = Path(__file__).parents[1] / "studies" / "mini" / "study.yaml"
    (tmp_path / "study.yaml").write_text(mini.read_text().replace(old, new))
    with pytest.raises(StudyError, match=rf"{re.escape(at)}: '\w+' is a word of the rules"):
        load_study(tmp_path)


def test_a_bare_number_is_told_which_unit_it_may_have_and_yes_is_none() -> None:
    reading = TypeAdapter(Duration)
    with pytest.raises(ValidationError, match=re.escape(duration_hint("90"))):
        reading.validate_python(90)
    with pytest.raises(ValidationError, match="True is not a duration; write a number and its unit"):
        reading.validate_python(True)
    assert reading.validate_python(0) == timedelta(0)


@pytest.mark.parametrize(
    ("opens_on", "unblinds", "tells", "arms"),
    [
        ("consent.more", False, False, set()),
        ("unblinded.placebo", True, True, set()),
        ("consent.more or unblinded.placebo", True, True, set()),
        ("assigned.mdma", False, True, {"mdma"}),
        ("assigned.mdma or assigned.low", False, True, {"mdma", "low"}),
        ("consent.more or assigned.mdma", False, True, {"mdma"}),
    ],
)
def test_a_track_says_what_it_tells_of_the_arm(
    opens_on: str, unblinds: bool, tells: bool, arms: set[str]
) -> None:
    track = Track(title="Later", opens_on=opens_on)
    assert (track.unblinds, track.tells_the_arm, track.arms) == (unblinds, tells, arms)


def test_a_pace_is_of_any_time() -> None:
    pace = TypeAdapter(Pace).validate_python({"participants": 3, "per": "4 wk"})
    assert [pace.within(timedelta(weeks=weeks)) for weeks in (0, 4, 8, 2)] == [0, 3, 6, 1.5]
