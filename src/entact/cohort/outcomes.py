"""Outcomes of virtual participants: baseline, course and discontinuation, the same draws for one or for many.

Baseline never depends on the arm; the course draws the same numbers for every arm and scenario, and makes of
them what the arm's parameters say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from entact.cohort.baseline import Baseline, answered, diagnosed
from entact.cohort.draws import UNKNOWN, Bools, Floats, Ints, draw
from entact.cohort.guesses import draw_guesses
from entact.cohort.items import companion_item, score_questionnaire, spread_total
from entact.cohort.parameters import Parameters
from entact.cohort.stopping import Stopping


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The course of each participant; axes are participant, then time point (`timepoints`, baseline first).

    `items` are what a rating would show at every time point; `in_study` and `on_treatment` say what is
    observed. Intervals are numbered by the time point that ends them (1 is the first after baseline); −1
    means never.
    """

    baseline: Baseline
    arm: Ints
    total: Ints
    items: Ints
    companions: dict[str, Ints]
    long_enough: Bools
    diagnosis: Bools
    questionnaires: dict[str, Ints]
    scores: dict[str, Floats]
    in_study: Bools
    on_treatment: Bools
    treatment_stopped: Ints
    study_left: Ints
    stop_fraction: Floats
    leave_fraction: Floats
    stop_reason: Ints
    sessions_received: Ints

    @property
    def change(self) -> Ints:
        """Change of the total from baseline (n, time points)."""
        return self.total - self.total[:, :1]


def draw_outcomes(parameters: Parameters, baseline: Baseline, arms: ArrayLike) -> Outcomes:
    """What happens to participants after randomisation: ratings, questionnaires, discontinuation.

    `arms` (n) are positions in `parameters.arms`. The numbers drawn do not depend on them, only what is made
    of them.
    """
    arm = np.asarray(arms, np.int64)
    if arm.shape != baseline.index.shape:
        raise ValueError(
            f"arms has shape {arm.shape}; the baseline has {baseline.index.shape[0]} participants"
        )
    if arm.size and not (arm.min() >= 0 and arm.max() < len(parameters.arms)):
        raise ValueError(f"arms must be positions in {parameters.arms}, so 0 to {len(parameters.arms) - 1}")
    severity, profile = parameters.severity, parameters.severity.items
    n, n_items, intervals = arm.size, profile.count, len(parameters.timepoints) - 1
    n_companions = len(severity.companions)
    u, z = draw(
        baseline.seed, baseline.index, "course", 1 + 6 * intervals, intervals * (1 + n_items + n_companions)
    )
    latent = _latent_course(parameters, baseline, arm, u[:, 0], z[:, :intervals])
    leaves_like = course_arm(parameters, arm, parameters.discontinuation.follows, baseline)
    stopping = Stopping(parameters, baseline.site, leaves_like, u[:, 1:].reshape(n, intervals, 6))
    total = np.empty((n, intervals + 1), np.int64)
    total[:, 0] = baseline.total
    for k in range(intervals):
        stopping.step(k, (total[:, k] - total[:, 0]).astype(np.float64))
        shifted = latent[:, k] + parameters.efficacy.not_at_random * (stopping.treatment != UNKNOWN)
        total[:, k + 1] = np.clip(np.rint(shifted), profile.lowest, profile.maximum)
    occasion = z[:, intervals : intervals * (1 + n_items)].reshape(n, intervals, n_items)
    person = np.broadcast_to(baseline._profile["severity"][:, np.newaxis], occasion.shape)
    items = np.concatenate(
        [baseline.items[:, np.newaxis], spread_total(profile, total[:, 1:], person, occasion)], axis=1
    )
    wobble = z[:, intervals * (1 + n_items) :].reshape(n, intervals, n_companions)
    companions = {
        name: np.concatenate(
            [
                baseline.companions[name][:, np.newaxis],
                companion_item(
                    item,
                    total[:, 1:],
                    n_items,
                    baseline._profile["companions"][:, k, np.newaxis],
                    wobble[:, :, k],
                ),
            ],
            axis=1,
        )
        for k, (name, item) in enumerate(severity.companions.items())
    }
    long_enough = np.repeat(baseline.long_enough[:, np.newaxis], intervals + 1, axis=1)
    answers = {
        name: _questionnaire_course(parameters, name, baseline, (total - total[:, :1]).astype(np.float64))
        for name in parameters.questionnaires
    }
    in_study, on_treatment = stopping.masks()
    return Outcomes(
        baseline=baseline,
        arm=arm,
        total=total,
        items=items,
        companions=companions,
        long_enough=long_enough,
        diagnosis=diagnosed(parameters, items, companions, long_enough, baseline.relation[:, np.newaxis]),
        questionnaires=answers,
        scores={
            name: score_questionnaire(answers[name], q.score, q.items.lowest)
            for name, q in parameters.questionnaires.items()
        },
        in_study=in_study,
        on_treatment=on_treatment,
        treatment_stopped=stopping.treatment,
        study_left=stopping.study,
        stop_fraction=stopping.stop_fraction,
        leave_fraction=stopping.leave_fraction,
        stop_reason=stopping.reason,
        sessions_received=stopping.sessions(len(parameters.sessions)),
    )


def course_arm(parameters: Parameters, arm: Ints, follows: str, baseline: Baseline) -> Ints:
    """Whose course each takes: the assigned arm's, the guess's (reference if unknown), the reference's."""
    reference = np.full_like(arm, parameters.arms.index(parameters.reference))
    if follows == "assigned":
        return arm
    if follows == "reference":
        return reference
    guesses = draw_guesses(parameters, baseline.seed, baseline.index, arm)
    last = guesses.guess[:, 0, -1]
    return np.where(last == UNKNOWN, reference, last)


def _latent_course(parameters: Parameters, baseline: Baseline, arm: Ints, u: Floats, z: Floats) -> Floats:
    """Latent totals after baseline (n, intervals): responders and others around the arm's means."""
    efficacy, intervals = parameters.efficacy, parameters.timepoints[1:]
    taken = course_arm(parameters, arm, efficacy.follows, baseline)
    by_arm = [efficacy.arms[name] for name in parameters.arms]
    responds = u < np.array([item.responders for item in by_arm])[taken]
    deviation = np.empty_like(z)
    deviation[:, 0] = z[:, 0]
    for k in range(1, z.shape[1]):
        deviation[:, k] = (
            efficacy.persistence * deviation[:, k - 1] + np.sqrt(1.0 - efficacy.persistence**2) * z[:, k]
        )
    latent = np.empty_like(z)
    pull = (efficacy.baseline_slope - 1.0) * (baseline.total - parameters.severity.candidates.mean)
    for k, name in enumerate(intervals):
        table = np.array(
            [
                [item.change[name].responders, item.change[name].others, item.change[name].sd]
                for item in by_arm
            ]
        )
        mean = np.where(responds, table[taken, 0], table[taken, 1])
        latent[:, k] = baseline.total + mean + pull + table[taken, 2] * deviation[:, k]
    return latent


def _questionnaire_course(parameters: Parameters, name: str, baseline: Baseline, change: Floats) -> Ints:
    """Answers at every time point (n, time points, items); all −1 where it is not asked."""
    questionnaire, intervals = parameters.questionnaires[name], len(parameters.timepoints) - 1
    count = questionnaire.items.count
    _, z = draw(baseline.seed, baseline.index, f"questionnaire {name} course", 0, intervals * (1 + count))
    n = z.shape[0]
    spread = questionnaire.noise.constant + questionnaire.noise.per_point * np.abs(change[:, 1:])
    pulled = baseline._latent[name] - questionnaire.baseline_pull * (
        baseline._latent[name] - questionnaire.baseline.mean
    )
    moved = questionnaire.change_intercept + questionnaire.change_per_point * change[:, 1:]
    latent = pulled[:, np.newaxis] + moved + spread * z[:, :intervals]
    occasion = z[:, intervals:].reshape(n, intervals, count)
    person = np.broadcast_to(baseline._profile[name][:, np.newaxis], occasion.shape)
    skips = np.broadcast_to(baseline._profile[f"{name} skipped"][:, np.newaxis], occasion.shape)
    answers = np.concatenate(
        [
            baseline.questionnaires[name][:, np.newaxis],
            answered(questionnaire, latent, person, occasion, skips),
        ],
        axis=1,
    )
    for k, timepoint in enumerate(parameters.timepoints):
        if timepoint not in questionnaire.timepoints:
            answers[:, k] = UNKNOWN
    return answers
