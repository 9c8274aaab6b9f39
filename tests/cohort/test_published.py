"""Virtual participants of published studies come out as published: means, spreads, completion and guesses."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from entact.cli.published import load_published
from entact.cohort.baseline import Baseline, draw_baseline, draw_characteristics
from entact.cohort.guesses import draw_guesses
from entact.cohort.outcomes import Outcomes, draw_outcomes
from entact.cohort.parameters import Parameters
from entact.cohort.scenario import load_parameters
from entact.cohort.trial import shipped_cohort
from entact.protocol import load_study
from entact.report.published import Published

MEAN, SPREAD = 1.5, 2.0  # points of the instrument; published standard deviations come from rounded errors
N = 8000


@cache
def drawn(name: str, arm: str) -> tuple[Parameters, Baseline, Outcomes, Published]:
    """Many virtual participants, all in one arm."""
    parameters = load_parameters(shipped_cohort(name), release=load_study(name).newest)
    candidates = draw_baseline(parameters, 21, range(N))
    entered = candidates.take(candidates.eligible)
    arms = np.full(entered.index.size, parameters.arms.index(arm))
    published = load_published(name)
    assert published is not None
    return parameters, entered, draw_outcomes(parameters, entered, arms), published


@pytest.mark.parametrize("arm", ["mdma", "placebo"])
def test_mapp2_has_the_published_severity_at_every_visit(arm: str) -> None:
    parameters, _, outcomes, published = drawn("mapp2", arm)
    for visit, said in published.scores["caps5_past_month.total"].items():
        place = parameters.timepoints.index(visit)
        rated = outcomes.on_treatment[:, place]
        total = outcomes.total[rated, place]
        assert abs(total.mean() - said.arms[arm].mean) < MEAN, visit
        assert abs(total.std() - said.arms[arm].sd) < SPREAD, visit
        if said.arms[arm].n is not None:
            randomised = {"mdma": 53, "placebo": 51}[arm]
            assert abs(rated.mean() - said.arms[arm].n / randomised) < 0.04, visit


@pytest.mark.parametrize("arm", ["mdma", "placebo"])
def test_mapp2_has_the_published_responders_at_the_end(arm: str) -> None:
    _, _, outcomes, published = drawn("mapp2", arm)
    rated = outcomes.on_treatment[:, -1]
    total, change = outcomes.total[rated, -1], outcomes.change[rated, -1]
    found = {
        "response": (change <= -10).mean(),
        "remission": ((total <= 11) & ~outcomes.diagnosis[rated, -1]).mean(),
        "loss_of_diagnosis": (~outcomes.diagnosis[rated, -1]).mean(),
    }
    for name, share in found.items():
        said = published.shares[name]["assessment_4"].arms[arm]
        assert said.n is not None
        assert abs(share - said.events / said.n) < 0.09, (name, share)


def test_people_of_mapp2_are_as_old_and_guess_as_well_as_published() -> None:
    parameters, entered, _, published = drawn("mapp2", "mdma")
    people = draw_characteristics(parameters, 21, entered.index)
    assert abs(people["age"].mean() - 39.1) < 0.5  # F086
    assert abs(people["age"].std() - 10.3) < 0.5
    assert (
        abs((people["sex"] == list(parameters.characteristics["sex"].shares).index("female")).mean() - 0.712)
        < 0.02
    )
    for number, arm in enumerate(parameters.arms):
        guesses = draw_guesses(parameters, 21, entered.index, np.full(entered.index.size, number))
        own = list(parameters.guesses.roles).index("participant")
        said = published.guesses["participant"].arms[arm]
        right = (guesses.guess[:, own, -1] == number).mean()
        assert abs(right - said.correct / (said.correct + said.wrong + said.unknown)) < 0.03


@pytest.mark.parametrize("arm", ["mdma", "placebo"])
def test_anxiety_falls_as_published_in_the_study_of_life_threatening_illness(arm: str) -> None:
    parameters, entered, outcomes, published = drawn("life-threatening-illness", arm)
    place = parameters.timepoints.index("outcome")
    said = published.changes["stai_change"]["outcome"].arms[arm]
    change = outcomes.change[:, place]
    assert abs(change.mean() - said.mean) < MEAN
    assert abs(change.std() - said.sd) < SPREAD
    assert entered.total.min() >= 45
    assert outcomes.total.min() >= 20


def test_after_the_crossover_people_of_the_control_arm_are_as_those_who_had_the_drug() -> None:
    parameters, _, control, _ = drawn("life-threatening-illness", "placebo")
    _, _, active, _ = drawn("life-threatening-illness", "mdma")
    crossed = control.change[:, parameters.timepoints.index("crossover_outcome")].mean()
    opened = active.change[:, parameters.timepoints.index("open_outcome")].mean()
    assert crossed < control.change[:, parameters.timepoints.index("outcome")].mean() - 8
    assert abs(crossed - opened) < 4
