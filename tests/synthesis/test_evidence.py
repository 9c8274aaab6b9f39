"""What is pooled and what is not: retractions, overlaps, conventions; and what comes out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.synthesis.files import TRIAL

from entact.analysis.meta import Means, pool, standardised_mean_difference
from entact.analysis.meta.effect import combine_means
from entact.synthesis import (
    CONDITIONS,
    Answer,
    NoEvidence,
    Trial,
    conditions_of,
    evidence_for,
    read_trials,
    shipped_trials,
)

RETRACTED = (
    "{citation: Nobody 2020, doi: 10.1000/made.up, year: 2020, retracted: "
    "{on: '2024-08-10', reason: made up, source: nowhere, confidence: read}}"
)


def made_up(name: str, text: str = TRIAL, more: str = "") -> dict[str, bytes]:
    own = text.replace("made_up", name).replace("NCT00000001", f"NCT_{name}").replace("made.up", name)
    return {f"{name}.yaml": (own + more).encode()}


def answer(trials: list[Trial], domain: str = "severity", **options: object) -> Answer:
    found = evidence_for(trials, "ptsd", **options)  # type: ignore[arg-type]
    return next(one for one in found.answers if one.domain == domain)


def test_of_six_trials_of_ptsd_the_pooled_effect_is_near_a_published_one() -> None:
    # SYPRES published g -0.71 (-0.95 to -0.47) of six trials, I² 0 (F107): other choices, the same size
    own = answer(shipped_trials())
    assert own.pooled.k == 6
    assert own.pooled.estimate == pytest.approx(-0.71, abs=0.05)
    assert own.pooled.tau2 == 0
    assert own.pooled.floor_acted


def test_of_the_one_trial_of_anxiety_g_is_the_published_one() -> None:
    # Wolfson 2020 published g = 1.03 (F113)
    (own,) = evidence_for(shipped_trials(), "life_threatening_illness").answers
    assert own.convention == "change"
    assert own.pooled.estimate == pytest.approx(-1.03, abs=0.005)
    assert own.posterior is None
    assert any("one trial" in note for note in own.notes)


def test_retracted_reports_are_shown_and_never_pooled() -> None:
    found = evidence_for(shipped_trials(), "ptsd")
    assert {"mithoefer_2019_pool", "jerome_2020"} <= {one.trial for one in found.trials}
    for own in found.answers:
        assert not any(one.trial.retracted for one in own.included)
        reasons = {one.trial.trial: one.reason for one in own.left_out}
        assert reasons["mithoefer_2019_pool"] == reasons["jerome_2020"] == "retracted: shown, never pooled"


def test_a_result_from_a_retracted_report_is_not_pooled_though_its_trial_has_another() -> None:
    text = TRIAL.replace(
        "  first: {citation: Nobody 2020, doi: 10.1000/made.up, year: 2020}",
        f"  first: {RETRACTED}\n  second: {{citation: Somebody 2021, year: 2021}}",
    )
    trials = read_trials(made_up("one") | made_up("two", text))
    own = answer(trials)
    assert [one.trial.trial for one in own.included] == ["one"]
    assert [one.reason for one in own.left_out] == ["its report was retracted: shown, never pooled"]


def test_nobody_is_counted_twice_and_it_is_said() -> None:
    overlap = "overlaps:\n  - {trial: one, says: some of its people, source: nowhere, confidence: read}\n"
    pooled = TRIAL.replace("design: randomised", "design: pool")
    for text in (TRIAL, pooled):
        trials = read_trials(made_up("one") | made_up("two", text, overlap))
        own = answer(trials)
        assert [one.trial.trial for one in own.included] == ["one"]
        assert "nobody is counted twice" in own.left_out[0].reason
    # The trials themselves come before a pool of them, however early that was published.
    early = pooled.replace("year: 2020", "year: 1999")
    assert [
        one.trial.trial
        for one in answer(read_trials(made_up("one") | made_up("two", early, overlap))).included
    ] == ["one"]


def test_values_at_the_end_and_changes_are_not_pooled_together() -> None:
    changes = TRIAL.replace("    means: {drug: {n: 18, mean: 20.0", "    changes: {drug: {n: 18, mean: -20.0")
    own = read_trials(made_up("one") | made_up("two") | made_up("three", changes))
    usual = answer(own)
    assert usual.convention == "endpoint"
    assert [(one.trial.trial, one.reason) for one in usual.left_out] == [
        ("three", "published no values at the end")
    ]
    asked = answer(own, convention="change")
    assert [one.trial.trial for one in asked.included] == ["three"]
    assert any("not pooled together" in note for note in asked.notes)


def test_dose_arms_are_put_together_and_also_pooled_each_with_their_covariance() -> None:
    own = answer(shipped_trials())
    one = next(one for one in own.included if one.trial.trial == "mithoefer_2018")
    together = combine_means([Means(12, 45.3, 33.8), Means(7, 24.1, 17.2)])
    assert one.effect.estimate == standardised_mean_difference(together, Means(7, 76.0, 23.4)).estimate
    assert own.by_arm is not None
    assert (own.by_arm.k, own.by_arm.trials) == (8, 6)
    assert any("dose arms are put together" in note for note in own.notes)


def test_two_to_four_trials_have_a_bayesian_result_beside_hartung_and_knapp() -> None:
    own = answer(shipped_trials(), "remission")
    assert own.pooled.k == 2
    assert own.posterior is not None
    assert own.posterior.high - own.posterior.low < own.pooled.high - own.pooled.low
    assert math.exp(own.posterior.low) > 1
    assert "Bayes: τ half-normal, scale 0.5, mean uniform; the scale is an assumption" in own.notes
    assert answer(shipped_trials()).posterior is None


def test_what_is_not_confirmed_is_marked_in_the_answer() -> None:
    own = answer(shipped_trials(), "loss_of_diagnosis")
    assert own.has_assumptions
    assert sum("not confirmed" in note for note in own.notes) == 2
    assert not answer(shipped_trials(), "response").has_assumptions


def test_a_trial_without_a_control_is_shown_and_not_pooled() -> None:
    found = evidence_for(shipped_trials(), "alcohol_use_disorder")
    assert [one.trial for one in found.trials] == ["sessa_2021"]
    assert found.answers == ()


def test_a_condition_without_a_trial_is_said_with_those_that_there_are() -> None:
    with pytest.raises(NoEvidence, match=r"did you mean 'ptsd'"):
        evidence_for(shipped_trials(), "ptds")
    with pytest.raises(NoEvidence, match=r"no trial of 'eating_disorder'; there are some of: ptsd"):
        evidence_for(shipped_trials(), "eating_disorder")
    assert set(conditions_of(shipped_trials())) < set(CONDITIONS)


@given(st.permutations(shipped_trials()))
def test_the_order_of_files_changes_nothing(trials: list[Trial]) -> None:
    assert evidence_for(trials, "ptsd").answers == evidence_for(shipped_trials(), "ptsd").answers


def test_a_trial_more_is_in_the_answer() -> None:
    trials = shipped_trials() + read_trials(made_up("one"))
    own = answer(trials)
    assert own.pooled.k == 7
    assert own.pooled == pool([one.effect for one in own.included])
