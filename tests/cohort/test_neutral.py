"""Parameters derived from a study alone: answers that suit it, no effect, an end where nobody suits it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from entact.cohort import ParametersError, rehearse
from entact.cohort.answers import answer_form
from entact.cohort.baseline import draw_baseline
from entact.cohort.neutral import Neutral
from entact.cohort.outcomes import draw_outcomes
from entact.cohort.parameters import Parameters
from entact.cohort.scale import scale_of
from entact.cohort.scenario import load_parameters, require_fit
from entact.cohort.suitable import Suitable
from entact.course import fold, read
from entact.protocol import Study, load_study
from entact.protocol.rule import Unknown

STUDIES = Path(__file__).parents[1] / "studies"
ALL = ["mapp1", "mapp2", "mapp3", "life-threatening-illness", "eating-disorders", "expanded-access"]
OWN = [STUDIES / "mini", STUDIES / "short_course"]


def neutral(name: str | Path) -> tuple[Study, Parameters]:
    study = load_study(name)
    return study, load_parameters(None, release=study.newest)


def written(folder: Path, old: str, new: str) -> Study:
    """The short course with text replaced."""
    text = (STUDIES / "short_course" / "study.yaml").read_text()
    assert old in text
    (folder / "study.yaml").write_text(text.replace(old, new))
    return load_study(folder)


@pytest.mark.parametrize("name", [*ALL, *OWN], ids=str)
def test_whatever_is_derived_fits_and_answers_every_item(name: str | Path) -> None:
    study, parameters = neutral(name)
    require_fit(parameters, study.newest)
    assert {"answers", "efficacy", "severity"} <= set(parameters.neutral)


@pytest.mark.parametrize("name", [*ALL, *OWN], ids=str)
def test_no_arm_does_anything_and_nobody_sees_what_they_have(name: str | Path) -> None:
    _, parameters = neutral(name)
    arms = [parameters.efficacy.arms[arm] for arm in parameters.arms]
    for arm in arms:
        assert arm.change == arms[0].change
        assert all(change.others == change.responders == 0.0 for change in arm.change.values())
    for sign in parameters.vital_signs.signs.values():
        assert all(rise.mean == rise.sd == 0.0 for rise in sign.rise.values())
    for term in parameters.adverse_events.terms:
        assert len(set(term.chance.values())) == 1
    for guesser in parameters.guesses.roles.values():
        for shares in guesser.by_arm.values():
            assert len({shares[arm] for arm in parameters.arms}) == 1


@pytest.mark.parametrize("name", [*ALL, *OWN], ids=str)
def test_nothing_speaks_against_somebody_suitable(name: str | Path) -> None:
    """Every criterion, gate and alert that their answers decide says yes to them."""
    release = load_study(name).newest
    suitable = Suitable(release)
    values = {
        f"{form}.{item}": value
        for form, answers in suitable.answers.items()
        for item, value in release.forms[form].values(answers).items()
    }
    Neutral(release, {}).part("severity")
    decided = 0
    for name_, criterion in release.criteria.items():
        if criterion.rule is not None:
            found = criterion.rule.evaluate(values)
            wanted = criterion.criterion.kind == "inclusion"
            assert isinstance(found, Unknown) or found is wanted, name_
            decided += not isinstance(found, Unknown)
    assert decided >= 2
    for alert in release.alerts.values():
        assert alert.rule.evaluate(values) is not True


def test_drawn_answers_keep_within_what_the_rules_allow() -> None:
    study, parameters = neutral(STUDIES / "short_course")
    form, random = study.newest.forms["c_ssrs"], np.random.Generator(np.random.Philox(3))
    ideation = set()
    for _ in range(200):
        values = form.values(answer_form(form, parameters.answers["c_ssrs"], {}, random))
        assert values["behaviour"] is False
        ideation.add(values["ideation"])
    assert ideation == {0, 1, 2, 3}  # as much freedom as the gate leaves, and no more


def test_what_is_free_in_two_forms_does_not_speak_against_together(tmp_path: Path) -> None:
    """Either answer alone suits; both together would not."""
    text = '  pair: {kind: exclusion, text: x, rule: "participant.psychosis && ready.oriented"}\n  severe:'
    parts = [
        ("  severe:", text),
        ("  psychosis: {kind: exclusion, text: A psychotic disorder, rule: participant.psychosis}\n", ""),
    ]
    source = (STUDIES / "short_course" / "study.yaml").read_text()
    for old, new in [*parts, ("ready.oriented && ready.accompanied", "ready.accompanied")]:
        assert old in source
        source = source.replace(old, new, 1)
    (tmp_path / "study.yaml").write_text(source)
    release = load_study(tmp_path).newest
    suitable = Suitable(release)
    random = np.random.Generator(np.random.Philox(5))
    forms = [release.forms[name] for name in ("participant", "ready")]
    free = [suitable.answers_of(form.name) for form in forms]
    seen = set()
    for _ in range(200):
        drawn = [answer_form(form, one, {}, random) for form, one in zip(forms, free, strict=True)]
        seen.add((drawn[0]["psychosis"], drawn[1]["oriented"]))
    assert (True, True) not in seen
    assert len(seen) == 2


def test_ratings_at_baseline_pass_the_criterion_of_entry_and_keep_their_level() -> None:
    _, parameters = neutral(STUDIES / "short_course")
    baseline = draw_baseline(parameters, 5, range(4000))
    assert (baseline.total >= 33).mean() > 0.98
    assert baseline.total.std() > 4
    outcomes = [draw_outcomes(parameters, baseline, np.full(4000, arm)) for arm in (0, 1)]
    np.testing.assert_array_equal(outcomes[0].total, outcomes[1].total)
    assert np.abs(outcomes[0].change[:, -1].mean()) < 0.5
    assert np.corrcoef(outcomes[0].total[:, 0], outcomes[0].total[:, -1])[0, 1] > 0.6


def test_a_scale_finds_reversed_items_points_and_means() -> None:
    release = load_study("life-threatening-illness").newest
    trait = scale_of(release.forms["stai_trait"], "total")
    assert (trait.lowest, trait.highest, len(trait.items)) == (20.0, 80.0, 20)
    assert trait.items["t22"] == (1, 2, 3, 4)
    assert trait.items["t21"] == (4, 3, 2, 1)  # reversed
    edeq = load_study("eating-disorders").newest.forms["edeq"]
    assert scale_of(edeq, "global_score").is_mean
    assert set(scale_of(edeq, "restraint").items) == {"q1", "q2", "q3", "q4", "q5"}
    pcl5 = load_study(STUDIES / "short_course").newest.forms["pcl5"]
    assert not scale_of(pcl5, "provisional_diagnosis").items
    assert not scale_of(pcl5, "total").is_mean


@pytest.mark.parametrize("steps", [0, 1, 7, 33, 60])
def test_answers_of_a_scale_score_what_they_are_to_score(steps: int) -> None:
    form = load_study("life-threatening-illness").newest.forms["stai_trait"]
    scale = scale_of(form, "total")
    each, more = divmod(steps, 20)
    answers = scale.answer([each + (place < more) for place in range(20)])
    assert form.values(answers)["total"] == 20 + steps


def test_a_file_may_say_some_of_it_and_the_rest_is_named(tmp_path: Path) -> None:
    study = load_study(STUDIES / "short_course")
    path = tmp_path / "cohort.yaml"
    path.write_text(
        "study: short_course\n"
        "rehearsal:\n"
        "  {start: 2027-02-01, enrolment_days: 60, randomised_per_consented: 0.5, assumption: test}\n"
        "answers: {participant: {age: {value: 50}}}\n"
    )
    trial = rehearse(study, 3, seed=2, cohort=path)
    courses = [
        fold(study, [read(line.text) for line in lines])
        for name, lines in trial.ledgers.items()
        if name.startswith("participant:")
    ]
    assert {course.answers["participant"][0].values["age"] for course in courses} <= {50, None, 51, 5}
    assert min(course.effective[0].at.year for course in courses) == 2027
    assert "rehearsal" not in trial.parameters.neutral
    assert "answers.participant" in trial.parameters.neutral
    assert trial.remarks[0].startswith("cohort.yaml says nothing of screening, severity, efficacy,")
    assert "answers to 4 forms; there it is neutral: no effect assumed" in trial.remarks[0]


def test_what_a_file_says_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    study = load_study(STUDIES / "short_course")
    path = tmp_path / "cohort.yaml"
    path.write_text("study: short_course\nconduct: {chance: {late_visit: 2}, assumption: test}\n")
    with pytest.raises(
        ParametersError, match=r"cohort\.yaml:2:32 conduct\.chance\.late_visit: 2 is too large"
    ):
        rehearse(study, 2, cohort=path)


def test_a_study_that_nobody_can_enter_is_given_up_and_said(tmp_path: Path) -> None:
    study = written(tmp_path, "{require: pcl5.total >= 33, within: 30 d,", "{require: doses() >= 1,")
    trial = rehearse(study, 2, seed=1)
    assert trial.randomised == 0
    assert trial.screened > 20
    (finding,) = trial.findings
    assert finding.about == "gate randomise"
    assert finding.message.startswith(
        f"let in 0 of {trial.screened} candidates; 2 were looked for; refused all"
    )
    assert finding.message.endswith("PCL-5 below 33.")


def test_a_gate_that_never_opens_is_found_in_a_neutral_rehearsal_too(tmp_path: Path) -> None:
    study = written(tmp_path, "present('therapist') >= 2", "present('therapist') >= 20")
    found = {finding.about: finding.message for finding in rehearse(study, 3, seed=1).findings}
    assert "Fewer than two therapists" in found["gate initial_dose"]


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("'nuts' in participant.allergies", lambda values: "nuts" in values["allergies"]),
        ("!('nuts' in participant.allergies)", lambda values: "nuts" not in values["allergies"]),
        ("size(participant.allergies) == 3", lambda values: len(values["allergies"]) == 3),
        ("participant.age == 44", lambda values: values["age"] == 44),
    ],
)
def test_whatever_a_criterion_asks_for_somebody_answers(tmp_path: Path, rule: str, holds: object) -> None:
    line = f'  asked: {{kind: inclusion, text: As asked, rule: "{rule}"}}\n  psychosis: {{kind'
    release = written(tmp_path, "  psychosis: {kind", line).newest
    answers = Suitable(release).answers["participant"]
    assert callable(holds)
    assert holds(release.forms["participant"].values(answers))


def test_strata_other_than_the_site_share_one_list(tmp_path: Path) -> None:
    study = written(tmp_path, "strata: [site]", "strata: []")
    trial = rehearse(study, 5, seed=1)
    assert {row.stratum for row in trial.allocation.rows} == {"all"}
    assert trial.randomised == 5


def test_a_study_without_sites_is_held_at_one(tmp_path: Path) -> None:
    trial = rehearse(load_study(STUDIES / "short_course"), 2, seed=1)
    assert [name for name in trial.ledgers if name.startswith("site:")] == ["site:01"]
