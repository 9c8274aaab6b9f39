"""Times within a visit: whatever is planned for one is done at it, and a visit lasts as long as it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.cohort.rehearsals import Rehearsed, template

from entact.cohort import rehearse
from entact.course import findings

FORM = "  vitals:                            # what"
EFFECT = "  effect: {by: therapist, items: {strength: {type: integer, range: 0 .. 100}}}\n"
TIMED = "      - {do: guess, at: [end]}\n"
DOSED = {
    FORM: EFFECT + FORM,
    "single: {initial: 2 x 40 mg, assumption: dose}": (
        "single: {initial: 2 x 40 mg, supplement: {give: 1 x 40 mg, offer: 1 h 30 min .. 2 h after initial}}"
    ),
    TIMED: "      - {do: guess, at: [before initial, initial + 3 h, end]}\n"
    "      - {do: effect, at: [before initial, initial, initial + 30 min, initial + 5 h, end]}\n"
    "      - {do: effect, at: [supplement + 45 min]}\n"
    "      - {do: vital_signs, at: [supplement + 30 min]}\n",
}
PLANNED = ("before initial", "initial", "initial + 30 min", "initial + 5 h", "supplement + 45 min", "end")


@pytest.fixture(scope="module")
def dosed() -> Rehearsed:
    study = template(DOSED)
    return Rehearsed(study, rehearse(study, 6, seed=2))


def test_forms_and_guesses_planned_for_a_time_are_done_at_it(dosed: Rehearsed) -> None:
    seen = set()
    for course in dosed.randomised.values():
        given = {dose.part: dose.at for dose in course.doses if dose.taken}
        for answers in course.answers.get("effect", ()):
            seen.add(answers.timepoint)
            base, _, delay = (answers.timepoint or "").partition(" + ")
            if delay and base in given:
                number, unit = delay.split()
                planned = given[base] + timedelta(**{"hours" if unit == "h" else "minutes": int(number)})
                assert timedelta(0) <= answers.at - planned < timedelta(minutes=30), answers.timepoint
    assert seen == {*PLANNED}
    assert dosed.trial.findings == []


def test_nothing_that_is_planned_for_a_time_is_left_out(dosed: Rehearsed) -> None:
    """But for a reading of vital signs that somebody forgot."""
    left_out = {
        found.item
        for course in dosed.courses.values()
        for found in findings(course, dosed.end(course))
        if found.rule == "reading_missing" and not found.item.startswith("vital_signs")
    }
    assert left_out == set()


def test_what_comes_at_the_end_of_a_visit_without_a_dose_is_done_too() -> None:
    changes = {
        FORM: EFFECT + FORM,
        "do: [c_ssrs, adverse_events]}\n  - {visit: week_4": (
            "do: [c_ssrs, adverse_events], timed: [{do: effect, at: [end]}]}\n  - {visit: week_4"
        ),
    }
    rehearsed = Rehearsed(study := template(changes), rehearse(study, 4, seed=2))
    filled = [one for course in rehearsed.randomised.values() for one in course.answers.get("effect", ())]
    assert filled
    assert {answers.timepoint for answers in filled} == {"end"}
    assert rehearsed.trial.findings == []


@pytest.fixture(scope="module")
def sessions() -> Rehearsed:
    """Therapy sessions of which a form tells how long they lasted."""
    note = "  therapy: {by: therapist, items: {minutes: {type: integer, unit: min, range: 30 .. 180}}}\n"
    changes = {
        FORM: note + FORM,
        "preparatory, lasts: 90 min, do: [": "preparatory, lasts: 90 min, do: [therapy, ",
        "kind: integration, lasts: 90 min, do: [": "kind: integration, do: [therapy, ",
    }
    return Rehearsed(study := template(changes), rehearse(study, 8, seed=2))


def test_no_visit_is_shorter_than_what_took_place_in_it(sessions: Rehearsed) -> None:
    compared = 0
    for course in sessions.courses.values():
        for (form, encounter), answers in course.forms.items():
            if form != "therapy" or answers.values["minutes"] is None:
                continue
            held = course.encounters[encounter or ""]
            assert held.started is not None
            assert held.ended is not None
            assert (held.ended - held.started) / timedelta(minutes=1) >= answers.values["minutes"]
            compared += 1
    assert compared > 10


def test_a_visit_lasts_as_long_as_the_file_says(sessions: Rehearsed, rehearsed: Rehearsed) -> None:
    for one in (sessions, rehearsed):
        visits = one.study.newest.visits
        for course in one.randomised.values():
            for held in course.encounters.values():
                lasts = visits[held.visit].lasts if held.visit in visits else None
                if lasts is not None and held.status == "ended" and held.started and held.ended:
                    assert held.ended - held.started >= lasts, held.id
