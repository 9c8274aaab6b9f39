"""Three studies written from the documentation alone: nothing is found in them, and each planted fault is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from entact.cohort import rehearse
from entact.protocol import Study, StudyError, load_study

STUDIES = Path(__file__).parents[1] / "studies"
SIZES = {"social_anxiety": 15, "three_arms": 15, "with_partner": 16}
PATIENT_QUOTA = "when: phq9.total < 10.0"

# Study, what stands there and what shall; the field and what the check says of it.
CHECKED: dict[str, tuple[str, dict[str, str], str, str]] = {
    "a session that waits for itself": (
        "social_anxiety",
        {"    after: session_1\n    within: 24 .. 38 d\n": "    after: session_2\n    within: 24 .. 38 d\n"},
        "schedule.session_2.after",
        "session_2 waits for session_2",
    ),
    "its own fallback": (
        "social_anxiety",
        {"or: baseline + 12 wk": "or: outcome + 12 wk"},
        "schedule.outcome.or",
        "waits in the end for itself",
    ),
    "ten times the dose": (
        "social_anxiety",
        {
            "strengths: [25 mg]": "strengths: [25 mg, 250 mg]",
            "second: {initial: 5 x 25 mg}": "second: {initial: 5 x 250 mg}",
        },
        "regimens.second",
        "an overdose kills",
    ),
    "randomised when all is over": (
        "social_anxiety",
        {
            "eligibility, enrolment, randomisation]": "eligibility, enrolment]",
            "do: [social_anxiety_scale, guess]": "do: [social_anxiety_scale, guess, randomisation]",
        },
        "schedule.session_1.do[2]",
        "'dose' comes before 'randomisation' (at outcome)",
    ),
    "a score beyond its scale": (
        "social_anxiety",
        {"social_anxiety_scale.total >= 60": "social_anxiety_scale.total >= 160"},
        "eligibility.marked.rule",
        "160 is beyond what social_anxiety_scale.total can be, 0 to 144",
    ),
    "an arm that can be told by counting": (
        "three_arms",
        {"arms: {low: {initial: 2 x 20 mg}}": "arms: {low: {initial: 1 x 20 mg}}"},
        "regimens.session.arms.low.initial",
        "would unblind",
    ),
    "sessions that contradict the interval": (
        "three_arms",
        {"dose_interval: 18 .. 45 d": "dose_interval: 60 .. 90 d"},
        "schedule.session_2.within",
        "contradicts `dose_interval`",
    ),
    "enrolled before eligibility is decided": (
        "three_arms",
        {"eligibility, enrolment, randomisation]": "enrolment, eligibility, randomisation]"},
        "schedule.baseline.do[4]",
        "'enrolment' stands before 'eligibility'",
    ),
    "a visit of somebody else": (
        "with_partner",
        {"later, after: enrolment, within: 40": "later, after: entry, within: 40"},
        "schedule.p_month_1.after",
        "entry is no visit of partner",
    ),
}

# Study, what stands there and what shall; what the one finding is about, and what it says.
REHEARSED: dict[str, tuple[str, dict[str, str], str, str]] = {
    "fever at body temperature": (
        "social_anxiety",
        {"when: vitals.temperature >= 39.0": "when: vitals.temperature >= 36.0"},
        "alert heat",
        "was raised for 15 of 15 participants",
    ),
    "a pulse that few have": (
        "social_anxiety",
        {"vitals.heart_rate <= 100.0": "vitals.heart_rate <= 60.0"},
        "gate initial_dose at session_1",
        "Blood pressure or pulse too high",
    ),
    "nobody goes home": (
        "social_anxiety",
        {"vitals.systolic <= 160.0": "vitals.systolic <= 61.0"},
        "gate discharge",
        "Blood pressure not settled",
    ),
    "a call while the session still lasts": (
        "social_anxiety",
        {"call_1, after: session_1, within: 2 .. 3 d,": "call_1, after: session_1, within: 1 .. 2 h,"},
        "visit call_1",
        "never took place; its window passed",
    ),
    "sodium of the healthy": (
        "three_arms",
        {"when: labs.sodium < 130.0": "when: labs.sodium < 150.0"},
        "alert sodium",
        "participants",
    ),
    "oxygen of the healthy": (
        "three_arms",
        {"when: vitals.oxygen_saturation < 92": "when: vitals.oxygen_saturation < 99"},
        "alert oxygen",
        "15 of 15 participants",
    ),
    "liver values that few have": (
        "three_arms",
        {"labs.alt <= 100.0, within: 90 d": "labs.alt <= 3.0, within: 90 d"},
        "gate randomise",
        "Laboratory values not in order",
    ),
    "a range of another unit": (
        "three_arms",
        {
            "range: 60 .. 260}": "range: 8 .. 35}",
            "vitals.systolic <= 145": "vitals.systolic <= 19",
            "vitals.systolic >= 185": "vitals.systolic >= 25",
        },
        "item vitals.systolic",
        "outside its range, 8 .. 35",
    ),
    "a pulse that nobody has at a supplement": (
        "with_partner",
        {"vitals.pulse < 140": "vitals.pulse < 35"},
        "gate supplement",
        "Vital signs too high for a supplement",
    ),
    "an alert in the wrong unit": (
        "with_partner",
        {"vitals.systolic >= 25.3": "vitals.systolic >= 12.3"},
        "alert pressure",
        "8 of 8 participants",
    ),
    "a quota for everybody": (
        "with_partner",
        {PATIENT_QUOTA: "when: phq9.total < 27.0", "mild: {most: 6": "mild: {most: 3"},
        "eligibility",
        "most often a quota was full",
    ),
}


def changed(folder: Path, name: str, changes: dict[str, str]) -> Study:
    text = (STUDIES / name / "study.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return replace(load_study(folder), folder=None)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_found_where_nothing_was_planted(name: str, seed: int) -> None:
    study = load_study(STUDIES / name)
    for participants in (SIZES[name], 2):
        trial = rehearse(study, participants, seed, sink=lambda name, lines: None)
        assert trial.findings == []
        assert trial.randomised == participants


@pytest.mark.parametrize("case", CHECKED)
def test_what_the_check_can_see_it_says_and_nothing_else(case: str, tmp_path: Path) -> None:
    name, changes, field, said = CHECKED[case]
    with pytest.raises(StudyError) as caught:
        changed(tmp_path, name, changes)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert said in problem.message


@pytest.mark.parametrize("case", REHEARSED)
def test_what_a_rehearsal_can_see_it_says_and_nothing_else(case: str, tmp_path: Path) -> None:
    name, changes, about, said = REHEARSED[case]
    trial = rehearse(changed(tmp_path, name, changes), SIZES[name], seed=1, sink=lambda name, lines: None)
    assert [finding.about for finding in trial.findings] == [about], trial.findings
    assert said in trial.findings[0].message
