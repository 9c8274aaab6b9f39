"""Arms without a drug, and visits that differ by arm: what does not fit is said, where, and what would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study, warnings

SHAPES = Path(__file__).parents[1] / "studies" / "shapes"
NOTHING = "an arm that is given nothing has `drug: none` and no sessions with a dose"
CASES = {
    "no unit": (
        "initial: 2 x 60 mg",
        "initial: 0 x 60 mg",
        f"regimens.session.initial: '0 x 60 mg' is no dose; {NOTHING}",
    ),
    "of nothing": (
        "initial: 2 x 60 mg",
        "initial: 2 x 0 mg",
        f"regimens.session.initial: '2 x 0 mg' is no dose; {NOTHING}",
    ),
    "no strength": (
        "strengths: [60 mg]",
        "strengths: [60 mg, 0 mg]",
        f"products.capsule.strengths[2]: '0 mg' is no strength; {NOTHING}",
    ),
    "placebo": (
        "role: active_comparator, drug: none",
        "role: placebo, drug: none",
        "arms.therapy.role: contradicts `drug: none`: placebo is taken; write `role: no_intervention`",
    ),
    "nothing without the word": (
        "role: active_comparator, drug: none",
        "role: no_intervention",
        "arms.therapy.role: is given nothing; write `drug: none` as well, or another role",
    ),
    "session of everybody": (
        "visit: session_1, track: with_capsules,",
        "visit: session_1,",
        "schedule.session_1.visit: gives a dose, and the arm 'therapy' has `drug: none`; put it into a track "
        "with `opens_on: assigned.mdma or assigned.placebo`",
    ),
    "session of the arm": (
        "opens_on: assigned.mdma or assigned.placebo",
        "opens_on: assigned.mdma or assigned.placebo or assigned.therapy",
        "tracks.with_capsules.opens_on: session_1 gives a dose, and the arm 'therapy' has `drug: none`",
    ),
    "session of whoever consents": (
        "opens_on: assigned.mdma or assigned.placebo",
        "opens_on: consent.participation",
        "tracks.with_capsules.opens_on: session_1 gives a dose to whoever consents, and the arm 'therapy'",
    ),
    "opened for some arms and for all": (
        "opens_on: assigned.therapy}",
        "opens_on: assigned.therapy or consent.participation}",
        "tracks.alone.opens_on: 'consent.participation' opens it for people of every arm",
    ),
    "arm that there is not": (
        "opens_on: assigned.therapy}",
        "opens_on: assigned.therapi}",
        "tracks.alone.opens_on: there is no arm 'therapi'; did you mean 'therapy'?",
    ),
    "own dose": (
        "session: {initial: 2 x 60 mg}",
        "session: {initial: 2 x 60 mg, arms: {therapy: {initial: 2 x 60 mg}}}",
        "regimens.session.arms.therapy: the arm 'therapy' has `drug: none`; take this dose out",
    ),
    "told nowhere": (
        "randomisation, assignment]",
        "randomisation]",
        "schedule: visits differ by arm, and no visit does 'assignment', which tells whose they are",
    ),
    "told before": (
        "randomisation, assignment]",
        "assignment, randomisation]",
        "schedule.baseline.do[5]: is told before anybody is randomised; put it behind 'randomisation'",
    ),
    "told to nobody": (
        ", tells: [participant, coordinator, therapist, investigator, pharmacist, medical_monitor]}",
        "}",
        "randomisation: visits differ by arm, and whoever has them knows it; write `tells:` with participant",
    ),
    "told to a stranger": (
        "tells: [participant, coordinator,",
        "tells: [participant, coordinatr,",
        "randomisation.tells[2]: there is no role 'coordinatr'; did you mean 'coordinator'?",
    ),
    "rated by who is not told": (
        "visit: long_day_1, track: alone, after: baseline,",
        "visit: long_day_1, track: alone, by: rater, after: baseline,",
        "schedule.long_day_1.visit: rater would know the arm by this visit, and is not told it",
    ),
    "no dose anywhere": (
        "kind: dosing, regimen: session, lasts: 8 h, do: [c_ssrs, dose, leaving",
        "kind: preparatory, lasts: 8 h, do: [c_ssrs, leaving",
        "doses: no session gives a dose, here or in a track; add one with `kind: dosing`",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_does_not_fit_an_arm_without_a_drug_is_said(
    case: str, problems_of: Callable[[str], list[str]]
) -> None:
    old, new, message = CASES[case]
    text = (SHAPES / "therapy_alone" / "study.yaml").read_text(encoding="utf-8")
    text = text.replace("pharmacist: keeps kits,", "pharmacist: keeps kits, rater: rates,")
    assert text.count(old) == 1
    found = problems_of(text.replace(old, new))
    assert any(message in one for one in found), found


def test_who_knows_of_an_arm_without_a_drug_is_said_where_the_allocation_is_hidden() -> None:
    found = [one for one in warnings(SHAPES / "therapy_alone") if one.field == "arms.therapy.drug"]
    (said,) = found
    assert said.message.startswith("who is of therapy is plain to participant, coordinator, therapist")
    assert "nobody is blinded to it" in said.message
    assert not [one for one in warnings(SHAPES / "waiting_list") if one.field.startswith("arms")]


def test_no_more_is_told_than_visits_tell() -> None:
    told = load_study(SHAPES / "therapy_alone").newest.file.told_apart
    assert told == {"mdma": ("mdma", "placebo"), "placebo": ("mdma", "placebo"), "therapy": ("therapy",)}
    assert load_study(SHAPES / "active_comparator").newest.file.told_apart == {}


def test_where_visits_are_the_same_nothing_is_told(edit_gives: Callable[[str, str, str], None]) -> None:
    edit_gives(
        "do: [eligibility, enrolment, randomisation]",
        "do: [eligibility, enrolment, randomisation, §assignment]",
        "schedule.preparation_2.do[4]: every arm has the same visits, so that nobody is to be told of "
        "theirs; take it out",
    )
