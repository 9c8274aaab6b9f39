"""Checks of an answer: the numbers are those of the library, and what cannot be done says why."""

from __future__ import annotations

import pytest
from tests.synthesis.files import DATABASE, HEAD, TRIAL

from entact.analysis.meta import Counts, TwoByTwo, leave_one_out, mantel_haenszel, pool
from entact.protocol.problem import StudyError
from entact.synthesis import (
    Evidence,
    NoEvidence,
    NotDone,
    evidence_for,
    read_database,
    read_trials,
    shipped_trials,
    with_checks,
)

MANY = (
    HEAD
    + ";country;mean_age\n"
    + "".join(
        f"Trial {place} {2000 + place};mdma;pcb;NA;NA;msd;caps-5;clinician;1;8;56;1;"
        f"{20 + place};{20 + place % 5},0;10,0;{20 + place};{28 - place % 3},0;11,0;NA;NA;NA;NA;"
        f"Low;Low;Low;Low;Low;Low;{2000 + place};ptsd;NA;NA;NA;NA;"
        f"{'here' if place % 2 else 'there'};{30 + place},5\n"
        for place in range(12)
    )
)


@pytest.fixture(scope="module")
def many() -> Evidence:
    return evidence_for(read_database(MANY.encode(), "many.csv"), "ptsd")


def test_of_enough_trials_every_check_is_done(many: Evidence) -> None:
    """Twelve trials, simulated; the numbers are the library's own, which are held to metafor's."""
    answer = with_checks(many, by="country", on="mean_age").answers[0]
    checks = answer.checks
    assert checks is not None
    effects = [one.effect for one in sorted(answer.included, key=lambda one: one.trial.year)]
    assert [name for name, _ in checks.estimators][:3] == ["REML", "DL", "PM"]
    assert dict(checks.estimators)["PM"].estimate == pool(effects, "PM").estimate
    assert not isinstance(checks.egger, NotDone)
    assert checks.egger.predictor == "√(1/n₁ + 1/n₂)"
    assert not isinstance(checks.filled, NotDone)
    assert not isinstance(checks.left_out, NotDone)
    assert [one.label for one in checks.left_out] == [one.label for one in leave_one_out(effects)]
    assert [one.k for _, one in checks.cumulative] == list(range(1, 13))
    assert checks.cumulative[-1][1].estimate == pytest.approx(answer.pooled.estimate, rel=1e-12)
    assert checks.rare is None
    assert checks.groups is not None
    assert not isinstance(checks.groups, NotDone)
    assert {name: one.k for name, one in checks.groups.groups.items()} == {"here": 6, "there": 6}
    assert checks.slopes is not None
    assert not isinstance(checks.slopes, NotDone)
    assert [one.name for one in checks.slopes.coefficients] == ["intercept", "mean_age"]


def test_of_few_trials_it_says_what_is_not_done_and_why() -> None:
    answers = with_checks(evidence_for(shipped_trials(), "ptsd")).answers
    severity, response = answers[0].checks, answers[1].checks
    assert severity is not None
    assert response is not None
    assert isinstance(severity.egger, NotDone)
    assert "6 trials: Egger's test says next to nothing of fewer than 10" in severity.egger.reason
    assert isinstance(response.filled, NotDone)
    assert severity.groups is None
    assert severity.slopes is None


def test_rare_events_are_pooled_without_adding_to_empty_cells() -> None:
    answer = with_checks(evidence_for(shipped_trials(), "ptsd")).answers[1]
    assert answer.checks is not None
    assert answer.checks.rare is not None
    found = dict(answer.checks.rare)
    trials = []
    for one in answer.included:
        events = one.result.events
        assert events is not None
        first, second = (events[one.trial.of_role(role)[0]] for role in ("experimental", "control"))
        trials.append(TwoByTwo(Counts(first.events, first.n), Counts(second.events, second.n)))
    told = found["Mantel-Haenszel, risk ratio"]
    assert not isinstance(told, NotDone)
    assert told.estimate == pytest.approx(mantel_haenszel(trials, "RR").estimate, rel=1e-12)
    assert list(found)[2:] == ["Peto, odds ratio", "binomial-normal, odds ratio"]


def test_what_is_known_of_no_trial_is_refused_with_what_is_known(many: Evidence) -> None:
    with pytest.raises(NoEvidence, match="did you mean 'country'"):
        with_checks(many, by="countri")
    with pytest.raises(NoEvidence, match=r"there is no number known of trials 'country'"):
        with_checks(many, on="country")


def test_a_trial_of_which_it_is_not_known_is_left_out_by_name() -> None:
    spoilt = MANY.replace(";here;31,5", ";NA;31,5")
    checks = (
        with_checks(evidence_for(read_database(spoilt.encode(), "x.csv"), "ptsd"), by="country")
        .answers[0]
        .checks
    )
    assert checks is not None
    assert checks.without == ("Trial 1 2001",)
    assert checks.groups is not None
    assert not isinstance(checks.groups, NotDone)
    assert checks.groups.groups["here"].k == 5


def test_columns_of_ones_own_become_what_is_known_of_a_trial() -> None:
    trials = read_database(MANY.encode(), "many.csv")
    assert trials[1].characteristics == {"country": "here", "mean_age": 31.5}
    assert all(trial.characteristics == {} for trial in read_database(DATABASE.encode(), "plain.csv"))


def test_a_trials_own_file_says_what_is_known_of_it() -> None:
    said = TRIAL.replace("results:", "characteristics: {country: here, mean_age: 41}\nresults:", 1)
    assert read_trials({"made_up.yaml": said.encode()})[0].characteristics == {
        "country": "here",
        "mean_age": 41,
    }
    with pytest.raises(StudyError, match=r"made_up\.yaml:13:19 characteristics\.Country"):
        read_trials({"made_up.yaml": said.replace("country", "Country").encode()})


def test_risk_of_bias_of_the_file_is_a_subgroup() -> None:
    half = MANY.replace("Low;Low;Low;Low;Low;Low;2004", "Low;Low;High;Low;Low;High;2004")
    checks = (
        with_checks(evidence_for(read_database(half.encode(), "x.csv"), "ptsd"), by="bias").answers[0].checks
    )
    assert checks is not None
    assert checks.groups is not None
    assert not isinstance(checks.groups, NotDone)
    assert {name: one.k for name, one in checks.groups.groups.items()} == {"low": 11, "high": 1}


def test_a_scale_asks_for_the_bayesian_result_of_any_number(many: Evidence) -> None:
    assert many.answers[0].posterior is None
    trials = read_database(MANY.encode(), "many.csv")
    narrow, wide = (evidence_for(trials, "ptsd", scale=scale).answers[0].posterior for scale in (0.05, 1.0))
    assert narrow is not None
    assert wide is not None
    assert narrow.scale == 0.05
    assert narrow.high - narrow.low < wide.high - wide.low
    with pytest.raises(NoEvidence, match="scale"):
        evidence_for(trials, "ptsd", scale=-1.0)
