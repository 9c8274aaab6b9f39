"""A study held against a list: what is met stands where it is told, what is not says what would meet it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.protocol.requirements.known import STUDIES, answers_of, kept

from entact.protocol import StudyError, load_study
from entact.protocol.measures import read_measures
from entact.protocol.requirements.compare import Place, compare, compare_release, known_lists, read_list
from entact.protocol.requirements.timeline import Timeline

SHAPES = Path(__file__).parents[2] / "studies" / "shapes"

# What the review of 2024 named of the published study: each fails the check that a file can answer.
NAMED = {
    *("abuse_events_asked", "abuse_events_after"),  # favourable events
    *("control_with_effect", "dose_response", "effect_given_guess"),  # functional unblinding
    *("expectancy_therapist", "expectancy_analysed"),
    *("laboratory_midpoint", "laboratory_sessions", "ecg_sessions", "qtcf"),  # missing laboratory and ECG
    *("durability", "durability_endpoint", "outside_treatment", "outside_use", "outside_treatment_estimand"),
    *("selection", "prior_use_analysed"),  # selection and earlier use
    *("adherence", "misconduct_asked", "misconduct_told"),  # therapy and misconduct
    *("blood_pressure_dense", "impairment", "impairment_gate", "sensitivity", "race", "ethnicity"),
}


def test_the_published_study_fails_what_the_review_named() -> None:
    assert {one.item.id for one in compare("mapp1", "crl2024").of("not_met")} == NAMED


def test_what_is_met_stands_in_the_line_that_is_told() -> None:
    lines = (load_study("mapp1").folder / "study.yaml").read_text().splitlines()  # type: ignore[operator]
    met = {one.item.id: one.places for one in compare("mapp1", "crl2024").of("met")}
    assert "euphoric_mood" in lines[met["favourable_events"][0].line - 1]
    assert "do: guess" in lines[met["guess_each_session"][0].line - 1]
    assert "elapsed('initial') >= duration('8h')" in lines[met["observation"][0].line - 1]
    assert all(place.file == "mapp1/study.yaml" for places in met.values() for place in places)


def test_what_is_not_met_says_what_is_missing_and_what_would_meet_it() -> None:
    missing = {one.item.id: one for one in compare("mapp1", "crl2024").of("not_met")}
    assert missing["durability"].said == (
        "the primary outcome: last 56 days after it, and 330 days after session_3 are asked for",
    )
    assert all(one.said and one.meets for one in missing.values())
    assert len(missing["laboratory_sessions"].said) == 3  # one for each session


def test_what_a_person_has_to_judge_is_asked() -> None:
    asked = compare("mapp1", "crl2024").of("not_decidable")
    assert {"same_therapy", "audit"} <= {one.item.id for one in asked}
    assert all(one.said[0].startswith("a person has to judge: ") for one in asked)


def test_a_release_without_its_file_is_held_against_a_list_by_its_fields() -> None:
    release = load_study("mapp1").newest
    found = compare_release(release, read_list("crl2024"))
    assert [one.status for one in found.judged] == [one.status for one in compare("mapp1", "crl2024").judged]
    assert all(not place.line and place.field for one in found.of("met") for place in one.places)
    assert str(Place("", 0, 0, "gates.dose")) == "gates.dose"
    assert str(Place("mapp1/study.yaml", 12, 3, "gates.dose")) == "mapp1/study.yaml:12 gates.dose"


def test_a_list_that_there_is_not_is_named_with_the_nearest() -> None:
    with pytest.raises(StudyError, match="did you mean 'crl2024'"):
        read_list("crl2023")


def test_where_visits_differ_by_arm_those_count_of_who_is_dosed() -> None:
    found = Timeline(load_study(SHAPES / "waiting_list").newest, read_measures())
    assert len(found.sessions) == 1
    assert found.release.file.tracks["treated"].openings == (("assigned", "mdma"),)
    assert {found.visits[name].track for name in found.sessions} == {"treated"}  # not of who waited
    judged = {one.item.id: one.status for one in compare(str(SHAPES / "waiting_list"), "ema2025").judged}
    assert judged["third_arm"] == "not_met"


@pytest.mark.parametrize("name", known_lists())
def test_every_list_can_be_read_and_names_its_sources(name: str) -> None:
    found = read_list(name)
    assert found.name == name
    assert all(item.source and item.section for item in found.items)


@pytest.mark.parametrize("name", known_lists())
@pytest.mark.parametrize("study", STUDIES)
def test_every_list_answers_for_any_study_as_it_is_known_to(study: str, name: str) -> None:
    """Where a list or an answer was meant to change, look at which others did, and write them anew."""
    assert answers_of(study, name).splitlines() == kept(study, name).read_text(encoding="utf-8").splitlines()
    for one in compare(STUDIES[study], name).judged:
        assert one.places or one.said or one.status == "met"
