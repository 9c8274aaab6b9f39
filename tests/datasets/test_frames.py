from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.course.kinds.test_enrolment import again, failed, rated
from tests.datasets.participants import trial

from entact.course.course import Course
from entact.datasets import build, codebook
from entact.protocol.release import Release, Study, canonical


def only(frame: pl.DataFrame, **wanted: Any) -> dict[str, Any]:
    """The one row with these values."""
    (row,) = frame.filter(*(pl.col(column) == value for column, value in wanted.items())).iter_rows(
        named=True
    )
    return row


def test_one_row_for_each_who_consented(mini: Study, courses: list[Course]) -> None:
    subjects = build(mini, courses).subjects
    assert len(subjects) == 6
    row = only(subjects, SUBJID="1-002")
    assert row["STUDYID"] == "mini"
    assert row["SCRNID"] == "S-02"
    assert row["SITEID"] == "denver"
    assert row["ENVIRON"] == "rehearsal"
    assert (row["AGE"], row["SEX"], row["CAN_BE_PREGNANT"]) == (32.0, "female", False)
    assert (row["RFICDT"], row["RANDDT"], row["TRTSDT"]) == (
        date(2026, 3, 2),
        date(2026, 3, 10),
        date(2026, 3, 14),
    )
    assert (row["NDOSED"], row["EOTSTT"], row["EOSSTT"]) == (1, "COMPLETED", "COMPLETED")
    assert row["USUBJID"].startswith("mini-")
    assert "1-002" not in row["USUBJID"]


@pytest.mark.parametrize(
    ("name", "flag"),
    [("itt", "ITTFL"), ("randomised", "RANDOMISEDFL"), ("rand", "RANDSETFL"), ("own", "OWNFL")],
)
def test_a_rule_says_who_belongs_to_a_set_whatever_its_name(mini: Study, name: str, flag: str) -> None:
    data = json.loads(mini.newest.text)
    rule = "person.randomised && demographics.age >= 33"
    data["analysis"]["sets"][name] = {"text": "randomised, and old enough", "rule": rule}
    study = Study.from_texts([canonical(data)])
    subjects = build(study, [one.course() for one in trial(study)]).subjects
    assert codebook(study.newest).flags[name] == flag
    expected = (subjects["RANDFL"] & (subjects["AGE"].fill_null(0) >= 33)).to_list()
    assert any(expected)
    assert subjects[flag].to_list() == expected
    assert subjects["RANDFL"].to_list() != expected


def test_a_set_that_came_with_an_amendment_is_of_those_who_consented_before_it(mini: Study) -> None:
    data = json.loads(mini.newest.text)
    data["analysis"]["sets"]["young"] = {"text": "under 33", "rule": "demographics.age < 33"}
    change = {"change": "analysis.sets.young", "applies": "immediately"}
    data |= {"release": "2.0", "amendment": {"of": "1.0", "reason": "a set was added", "changes": [change]}}
    study = Study(mini.name, (mini.newest, Release.from_text(canonical(data))))
    subjects = build(study, [one.course() for one in trial(study)]).subjects
    assert subjects["YOUNGFL"].to_list() == (subjects["AGE"].fill_null(99) < 33).to_list()


def test_everybody_who_was_randomised_needs_no_flag_of_its_own(mini: Study) -> None:
    data = json.loads(mini.newest.text)
    data["analysis"]["sets"]["itt"] = {"text": "all randomised", "rule": "person.randomised"}
    assert codebook(Study.from_texts([canonical(data)]).newest).flags["itt"] == "RANDFL"


def test_analysis_sets(mini: Study, someone: Any) -> None:
    never_dosed = someone(1).randomised()
    not_rated = someone(2).randomised().dosed()
    rated = someone(3).randomised().dosed()
    rated.rate(20, False, day=40, visit="outcome")
    refused = someone(4).randomised().dosed()
    refused.rate(None, None, day=40, visit="outcome")
    subjects = build(mini, [one.course() for one in (never_dosed, not_rated, rated, refused)]).subjects
    flags = {
        row["SUBJID"]: (row["RANDFL"], row["SAFFL"], row["MITTFL"], row["PPROTFL"])
        for row in subjects.iter_rows(named=True)
    }
    assert flags == {
        "1-001": (True, False, False, False),
        "1-002": (True, True, False, False),
        "1-003": (True, True, True, True),
        "1-004": (True, True, False, False),
    }


def test_screening_failures_and_their_reasons(mini: Study, courses: list[Course]) -> None:
    datasets = build(mini, courses)
    (failure,) = datasets.disposition.filter(DSDECOD="SCREEN FAILURE").iter_rows(named=True)
    assert failure["DSTERM"] == "Severe symptoms at baseline"
    row = only(datasets.subjects, SCRFFL=True)
    assert (row["SUBJID"], row["RANDFL"], row["EOTSTT"]) == ("S-01", False, None)


def test_two_failed_criteria_are_two_rows(mini: Study, someone: Any) -> None:
    person = someone().screened(20)
    judged = {"adult": True, "severe": False, "psychosis": True}
    decided = {"criteria": judged, "decision": "not_eligible", "signed": "decision"}
    person.write("eligibility", decided, day=6, role="investigator")
    rows = build(mini, [person.course()]).disposition.filter(DSDECOD="SCREEN FAILURE")
    assert rows["DSTERM"].to_list() == ["Severe symptoms at baseline", "A psychotic disorder"]


def test_milestones_and_discontinuations(mini: Study, people: list[Any]) -> None:
    rows = build(mini, [people[5].course()]).disposition
    assert rows["DSDECOD"].to_list() == [
        "INFORMED CONSENT OBTAINED",
        "ENROLLED",
        "RANDOMIZED",
        "TREATED",
        "TREATMENT DISCONTINUED",
        "FOLLOW-UP DISCONTINUED",
    ]
    row = only(build(mini, [people[5].course()]).subjects)
    assert (row["DCTREAS"], row["EOSSTT"], row["EOSDT"]) == (
        "adverse_event",
        "DISCONTINUED",
        date(2026, 3, 22),
    )


def test_treatment_stopped_before_all_doses(mini: Study, someone: Any) -> None:
    row = only(build(mini, [someone().randomised().stop("treatment", day=10).course()]).subjects)
    assert (row["EOTSTT"], row["EOTDT"], row["DCTREAS"]) == (
        "DISCONTINUED",
        date(2026, 3, 12),
        "participant_choice",
    )
    assert row["EOSSTT"] == "ONGOING"


def test_death_ends_treatment_and_study(mini: Study, someone: Any) -> None:
    person = someone().randomised()
    person.write("death", {"date": "2026-03-20"}, day=18)
    row = only(build(mini, [person.course()]).subjects)
    assert (row["EOTSTT"], row["DCTREAS"], row["EOSSTT"], row["DCSREAS"], row["DTHFL"]) == (
        "DISCONTINUED",
        "death",
        "DISCONTINUED",
        "death",
        True,
    )


def test_a_death_is_dated_when_it_came_and_takes_nothing_away(mini: Study, someone: Any) -> None:
    person = someone().randomised()
    person.write("adverse_event", {"term": "nausea", "onset": "2026-03-19", "outcome": "fatal"}, day=60)
    person.write("death", {"date": "2026-03-20"}, day=90)
    datasets = build(mini, [person.course()])
    row = only(datasets.subjects)
    assert (row["EOTDT"], row["EOSDT"]) == (date(2026, 3, 20), date(2026, 3, 20))
    assert only(datasets.events)["AEOUT"] == "fatal"
    assert only(datasets.disposition, DSDECOD="DEATH")["DSSTDT"] == date(2026, 3, 20)


def test_who_is_screened_again_has_both_attempts_and_the_baseline_of_the_second() -> None:
    case = rated(again(failed()))
    datasets = build(case.study, [case.course()])
    assert only(datasets.subjects)["SCRFFL"] is False
    assert only(datasets.disposition, DSDECOD="SCREEN FAILURE")["DSSTDT"] == date(2026, 1, 10)
    rows = datasets.questionnaires.filter(PARAMCD="symptoms.total").select("ADT", "AVAL", "ABLFL", "BASE")
    assert rows.rows() == [
        (date(2026, 1, 5), 20.0, False, 40.0),
        (date(2026, 3, 5), 40.0, True, 40.0),
    ]


def test_questionnaires_have_baseline_and_change(mini: Study, courses: list[Course]) -> None:
    datasets = build(mini, courses)
    usubjid = only(datasets.subjects, SUBJID="1-002")["USUBJID"]
    rows = datasets.questionnaires.filter(USUBJID=usubjid, PARAMCD="symptoms.total")
    columns = ["AVISIT", "ADT", "ADY", "AVAL", "ABLFL", "BASE", "CHG", "ANL01FL", "ONTRTFL"]
    assert rows.select(columns).rows() == [
        ("baseline", date(2026, 3, 7), -7, 42.0, True, 42.0, None, True, True),
        ("outcome", date(2026, 4, 11), 29, 20.0, False, 42.0, -22.0, True, True),
    ]
    yes_no = datasets.questionnaires.filter(USUBJID=usubjid, PARAMCD="symptoms.diagnosis")
    assert yes_no["AVAL"].to_list() == [1.0, 0.0]
    assert "symptoms.remarks" not in datasets.questionnaires["PARAMCD"].to_list()


def test_a_correction_is_what_counts_and_a_repeat_is_the_last(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed()
    wrong = person.rate(30, True, day=40, visit="outcome")
    person.write(
        "form",
        {"items": {"total": 20}},
        day=41,
        replaces=wrong.id,
        reason="transcription_error",
        role="rater",
    )
    rows = build(mini, [person.course()]).questionnaires.filter(PARAMCD="symptoms.total", AVISIT="outcome")
    assert rows["AVAL"].to_list() == [20.0]
    person.rate(18, False, day=42, visit="outcome")
    datasets = build(mini, [person.course()])
    rows = datasets.questionnaires.filter(PARAMCD="symptoms.total", AVISIT="outcome")
    assert rows.select("AVAL", "ANL01FL").rows() == [(20.0, False), (18.0, True)]
    assert only(datasets.endpoints, PARAMCD="change")["AVAL"] == -26.0


def test_after_treatment_was_stopped_is_not_on_treatment(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed().stop("treatment", day=30)
    person.rate(20, False, day=40, visit="outcome")
    datasets = build(mini, [person.course()])
    assert datasets.questionnaires.filter(AVISIT="outcome")["ONTRTFL"].unique().to_list() == [False]
    assert datasets.endpoints["ONTRTFL"].unique().to_list() == [False]


def test_endpoints_come_from_the_study_file(mini: Study, courses: list[Course]) -> None:
    datasets = build(mini, courses)
    found = datasets.endpoints.join(datasets.subjects.select("USUBJID", "SUBJID"), on="USUBJID")
    values = {(row["SUBJID"], row["PARAMCD"]): row["AVAL"] for row in found.iter_rows(named=True)}
    assert values == {
        ("1-002", "change"): -22.0,
        ("1-002", "remission"): 0.0,
        ("1-003", "change"): -13.0,
        ("1-003", "remission"): 0.0,
        ("1-004", "change"): -36.0,
        ("1-004", "remission"): 1.0,
        ("1-005", "change"): -5.0,
        ("1-005", "remission"): 0.0,
        ("1-006", "change"): None,
        ("1-006", "remission"): None,
    }


@pytest.mark.parametrize(
    ("total", "diagnosis", "remission"),
    [
        (None, False, None),  # the total decides, and is not there
        (8, None, None),
        (None, True, 0.0),  # whatever the total: Kleene
        (30, None, 0.0),
        (8, False, 1.0),
    ],
)
def test_what_is_missing_is_unknown_not_false(
    mini: Study, someone: Any, total: int | None, diagnosis: bool | None, remission: float | None
) -> None:
    person = someone().randomised().dosed()
    person.rate(total, diagnosis, day=40, visit="outcome")
    row = only(build(mini, [person.course()]).endpoints, PARAMCD="remission")
    assert row["AVAL"] == remission


def test_vital_signs_are_timed_from_the_initial_dose(mini: Study, courses: list[Course]) -> None:
    datasets = build(mini, [courses[1]])
    systolic = datasets.vitals.filter(PARAMCD="systolic")
    assert systolic.select("AVISIT", "ARELTM", "AVAL", "AVALU").rows() == [
        ("session_1", -5.0, 118.0, "mm[Hg]"),
        ("session_1", 90.0, 142.0, "mm[Hg]"),
        ("session_1", 480.0, 125.0, "mm[Hg]"),
    ]
    assert set(datasets.vitals["PARAMCD"]) == {"systolic", "diastolic", "heart_rate"}


def test_doses_say_units_and_level_never_the_content(mini: Study, courses: list[Course]) -> None:
    row = only(build(mini, [courses[1]]).doses)
    assert (row["EXPART"], row["EXLEVEL"], row["KITNUM"], row["DISPENSED"], row["TAKEN"]) == (
        "initial",
        "low",
        "K-2",
        2,
        2,
    )


def test_the_last_guess_of_each_person_is_marked(mini: Study, someone: Any) -> None:
    person = someone().randomised()
    person.guess("mdma", day=12).guess("placebo", day=45).guess("do_not_know", guesser="rater", day=44)
    rows = build(mini, [person.course()]).guesses
    assert rows.select("GUESSER", "GUESS", "CONFID", "ANL01FL").rows() == [
        ("participant", "mdma", 60, False),
        ("rater", "do_not_know", 60, True),
        ("participant", "placebo", 60, True),
    ]


def test_events_keep_favourable_ones_and_say_when_after_the_dose(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed()
    person.event(term="euphoria", severity="moderate", onset="2026-03-14T11:10:00-06:00", serious=False)
    row = only(build(mini, [person.course()]).events)
    assert (row["AEDECOD"], row["VALENCE"], row["AESI"]) == ("Euphoric mood", "favourable", "abuse potential")
    assert (row["SESSION"], row["ARELTM"], row["TRTEMFL"], row["ASTDY"]) == ("session_1", 60.0, True, 1)


@pytest.mark.parametrize(
    ("onset", "emergent", "day"),
    [
        ("2026-03-14", True, date(2026, 3, 14)),  # the day of the dose: it may have been after
        ("2026-03-13", False, date(2026, 3, 13)),
        ("2026-03", True, None),
        ("2026-02", False, None),
        ("2026-03-14T10:00:00-06:00", False, date(2026, 3, 14)),  # ten minutes before the dose
    ],
)
def test_a_partial_onset_counts_as_late_as_it_may_have_been(
    mini: Study, someone: Any, onset: str, emergent: bool, day: date | None
) -> None:
    person = someone().randomised().dosed()
    person.event(term="nausea", onset=onset)
    row = only(build(mini, [person.course()]).events)
    assert (row["TRTEMFL"], row["ASTDT"], row["AESTDTC"]) == (emergent, day, onset)


SEVERE = {"severity": "severe"}


@pytest.mark.parametrize(
    ("told", "worst", "emergent"),
    [
        ([(5, {"severity": "mild"}), (13, SEVERE)], "severe", True),
        ([(5, {"severity": "mild"}), (6, SEVERE), (13, {"severity": "mild"})], "severe", False),
        ([(5, SEVERE), (13, {"severity": "mild", "outcome": "resolved"})], "severe", False),
        ([(5, {"severity": "mild"}), (13, {"severity": "mild"})], "mild", False),
        ([(5, {"severity": "mild"}), (13, {"serious": True})], "mild", True),
        ([(5, {"severity": "mild", "serious": True}), (13, {"serious": True})], "mild", False),
        ([(5, {"severity": "mild"}), (13, {"outcome": "fatal"})], "mild", True),
        ([(5, {}), (13, SEVERE)], "severe", True),  # that it became worse cannot be excluded
        ([(13, SEVERE)], "severe", False),  # begun before, and entered once
        ([(13, {"severity": "mild"}), (14, SEVERE)], "severe", True),
        ([(5, {}), (13, {})], None, False),
    ],
)
def test_what_became_worse_after_the_dose_is_treatment_emergent(
    mini: Study, someone: Any, told: list[tuple[float, dict[str, Any]]], worst: str | None, emergent: bool
) -> None:
    person = someone().randomised().dosed()
    first: str | None = None
    for day, said in told:
        begins = {"term": "nausea", "onset": "2026-03-06"} if first is None else {}
        entry = person.write("adverse_event", begins | said, day=day, about=first)
        first = first or entry.id
    row = only(build(mini, [person.course()]).events)
    assert (row["AESEV"], row["TRTEMFL"]) == (worst, emergent)


def test_an_event_of_somebody_without_a_dose_is_not_treatment_emergent(mini: Study, someone: Any) -> None:
    person = someone().randomised()
    entry = person.write("adverse_event", {"term": "nausea", "severity": "mild"}, day=5)
    person.write("adverse_event", SEVERE, day=13, about=entry.id)
    assert only(build(mini, [person.course()]).events)["TRTEMFL"] is False


def baseline_rows(mini: Study, person: Any) -> list[Any]:
    rows = build(mini, [person.course()]).questionnaires.filter(PARAMCD="symptoms.total")
    return rows.select("AVISIT", "AVAL", "ABLFL", "BASE", "CHG", "ANL01FL").rows()


def test_what_was_not_done_later_wipes_no_baseline(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed()
    undone = {"form": "symptoms", "items": {}, "status": "not_done"}
    person.write("form", undone, day=6, encounter="baseline#1", role="rater", by="rater-1")
    person.rate(20, False, day=40, visit="outcome")
    assert baseline_rows(mini, person) == [
        ("baseline", 44.0, True, 44.0, None, True),
        ("baseline", None, False, 44.0, None, False),
        ("outcome", 20.0, False, 44.0, -24.0, True),
    ]
    assert only(build(mini, [person.course()]).endpoints, PARAMCD="change")["AVAL"] == -24.0


def test_a_rating_after_the_first_dose_is_no_baseline(mini: Study, someone: Any) -> None:
    person = someone().randomised()
    person.entries = [one for one in person.entries if one.encounter != "baseline#1"]
    person.dosed().rate(30, True, day=13, visit="baseline")
    person.rate(20, False, day=40, visit="outcome")
    assert baseline_rows(mini, person) == [
        ("baseline", 30.0, False, None, None, True),
        ("outcome", 20.0, False, None, None, True),
    ]
    assert only(build(mini, [person.course()]).endpoints, PARAMCD="change")["AVAL"] is None


def test_of_two_raters_of_a_visit_the_first_counts(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed()
    for visit, day, total in (("baseline", 6, 60), ("outcome", 40, 20), ("outcome", 41, 2)):
        rated = {"form": "symptoms", "items": {"total": total, "diagnosis": False}}
        by = "rater-2" if total != 20 else "rater-1"
        person.write("form", rated, day=day, encounter=f"{visit}#1", role="rater", by=by)
    assert baseline_rows(mini, person) == [
        ("baseline", 44.0, True, 44.0, None, True),
        ("baseline", 60.0, False, 44.0, 16.0, False),
        ("outcome", 20.0, False, 44.0, -24.0, True),
        ("outcome", 2.0, False, 44.0, -42.0, False),
    ]
    datasets = build(mini, [person.course()])
    assert only(datasets.endpoints, PARAMCD="change")["AVAL"] == -24.0
    assert only(datasets.endpoints, PARAMCD="remission")["AVAL"] == 0.0
    assert sorted(datasets.findings.filter(RULE="rated_by_two")["RULE"].to_list()) == ["rated_by_two"] * 2


@pytest.mark.parametrize("changes", [{"taken": -1}, {"taken": 0, "returned": 2, "outcome": "withheld"}])
def test_who_took_nothing_is_not_in_the_safety_set(
    mini: Study, someone: Any, changes: dict[str, Any]
) -> None:
    person = someone().randomised().dosed()
    person.entries = [
        msgspec.structs.replace(one, data={**one.data, **changes}) if one.kind == "dose" else one
        for one in person.entries
    ]
    row = only(build(mini, [person.course()]).subjects)
    assert (row["SAFFL"], row["NDOSED"], row["TRTSDT"]) == (False, 0, None)


def test_what_departs_from_the_protocol_is_a_row(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed()
    person.write("deviation", {"category": "late", "importance": "minor"}, day=13)
    dose = next(one for one in person.entries if one.kind == "dose")
    basis = {
        "act": "initial_dose",
        "expires": "2026-03-15T00:00:00-06:00",
        "overridden": {"initial_dose.2": {}},
    }
    person.entries[person.entries.index(dose)] = msgspec.structs.replace(dose, basis=basis)
    rows = build(mini, [person.course()]).deviations.drop("USUBJID").rows()
    assert rows == [
        ("gate_overridden", "major", "session_1", date(2026, 3, 14), dose.id),
        ("late", "minor", None, date(2026, 3, 15), person.entries[-1].id),
    ]


def test_alerts_and_findings_are_rows(mini: Study, someone: Any) -> None:
    person = someone().randomised().dosed(peak=185)
    datasets = build(mini, [person.course()])
    alert = only(datasets.alerts, ALERT="hypertension")  # the kit that nobody assigned calls as well
    assert (alert["ALERT"], alert["AVISIT"], alert["UNKNOWN"], alert["OPEN"]) == (
        "hypertension",
        "session_1",
        False,
        True,
    )
    assert "kit_not_assigned" in datasets.findings["RULE"].to_list()


def test_encounters_are_rows(mini: Study, courses: list[Course]) -> None:
    rows = build(mini, [courses[1]]).visits
    session = only(rows, AVISIT="session_1")
    assert (session["STATUS"], session["ADY"], session["MINUTES"]) == ("ended", 1, 500.0)


def test_dates_are_those_of_the_site(mini: Study, someone: Any) -> None:
    """An instant entered in another zone is a day of Denver's calendar."""
    person = someone().randomised().dosed()
    person.event(term="nausea", onset="2026-03-15T04:00:00+00:00")  # 22:00 on the 14th in Denver
    assert only(build(mini, [person.course()]).events)["ASTDT"] == date(2026, 3, 14)
