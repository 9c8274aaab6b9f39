"""Outcomes of virtual participants: baseline, course and discontinuation, the same draws for one or for many.

Baseline never depends on the arm; the course draws the same numbers for every arm and scenario, and makes of
them what the arm's parameters say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from entact.cohort.draws import UNKNOWN, Bools, Floats, Ints, draw, quantile
from entact.cohort.guesses import draw_guesses
from entact.cohort.items import companion_item, meets_diagnosis, score_questionnaire, spread_total
from entact.cohort.parameters import Characteristic, Parameters, Questionnaire
from entact.cohort.stopping import Stopping


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known of each candidate before randomisation; every array's first axis is the candidate."""

    seed: Ints
    index: Ints
    site: Ints
    failure: Ints
    total: Ints
    items: Ints
    companions: dict[str, Ints]
    long_enough: Bools
    relation: Ints
    diagnosis: Bools
    questionnaires: dict[str, Ints]
    _latent: dict[str, Floats]
    _profile: dict[str, Floats]

    @property
    def eligible(self) -> Bools:
        """Who passes screening, entry threshold included."""
        return np.asarray(self.failure == UNKNOWN, dtype=np.bool_)

    def take(self, rows: ArrayLike) -> Baseline:
        """The candidates at these positions (or where a mask is true)."""
        picked = np.asarray(rows)

        def part(value: object) -> object:
            if isinstance(value, dict):
                return {name: array[picked] for name, array in value.items()}
            assert isinstance(value, np.ndarray)
            return value[picked]

        return Baseline(*(part(getattr(self, name)) for name in self.__slots__))  # type: ignore[arg-type]


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


def draw_baseline(parameters: Parameters, seed: ArrayLike, indices: ArrayLike) -> Baseline:
    """What candidates bring to screening, whatever the arm will be: site, reasons to fail, baseline ratings.

    `seed` one number or one per candidate; `indices` (n) number the candidates from 0. Deterministic in both.
    """
    severity, profile = parameters.severity, parameters.severity.items
    names, n_items = list(parameters.questionnaires), profile.count
    n_companions = len(severity.companions)
    u, z = draw(
        seed,
        indices,
        "baseline",
        3 + len(parameters.screening.reasons),
        1 + 2 * n_items + 3 * n_companions + len(names),
    )
    total = np.clip(
        np.rint(severity.candidates.mean + severity.candidates.sd * z[:, 0]), profile.lowest, profile.maximum
    ).astype(np.int64)
    person, occasion = z[:, 1 : 1 + n_items], z[:, 1 + n_items : 1 + 2 * n_items]
    rest = z[:, 1 + 2 * n_items :]
    companion_person = _companion_people(parameters, rest[:, : 2 * n_companions])
    companions = {
        name: companion_item(item, total, n_items, companion_person[:, k], rest[:, 2 * n_companions + k])
        for k, (name, item) in enumerate(severity.companions.items())
    }
    items = spread_total(profile, total, person, occasion)
    long_enough = u[:, 0] < severity.long_enough
    relation = _relation(parameters, seed, indices)
    diagnosis = _diagnosis(parameters, items, companions, long_enough, relation)
    latent: dict[str, Floats] = {}
    answers: dict[str, Ints] = {}
    profiles = {"severity": person, "companions": companion_person}
    for k, (name, questionnaire) in enumerate(parameters.questionnaires.items()):
        own = rest[:, 3 * n_companions + k]
        # The correlation is among candidates, so before the cut by severity.
        shared = questionnaire.correlation * z[:, 0] + np.sqrt(1.0 - questionnaire.correlation**2) * own
        latent[name] = questionnaire.baseline.mean + questionnaire.baseline.sd * shared
        count = questionnaire.items.count
        skips, noise = draw(seed, indices, f"questionnaire {name} baseline", count, 2 * count)
        profiles[name] = noise[:, :count]
        profiles[f"{name} skipped"] = skips
        answers[name] = _answers(questionnaire, latent[name], noise[:, :count], noise[:, count:], skips)
    numbers, seeds = np.broadcast_arrays(np.asarray(indices, np.int64), np.asarray(seed, np.int64))
    return Baseline(
        seed=seeds.copy(),
        index=numbers.copy(),
        site=_site(parameters, u[:, 1]),
        failure=_failure(parameters, u[:, 3:], total, diagnosis),
        total=total,
        items=items,
        companions=companions,
        long_enough=long_enough,
        relation=relation,
        diagnosis=diagnosis,
        questionnaires=answers,
        _latent=latent,
        _profile=profiles,
    )


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
        diagnosis=_diagnosis(parameters, items, companions, long_enough, baseline.relation[:, np.newaxis]),
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


def draw_characteristics(parameters: Parameters, seed: ArrayLike, indices: ArrayLike) -> dict[str, Floats]:
    """Characteristics by name (n each): a number in its unit, or the position of a choice in its `shares`."""
    _, z = draw(seed, indices, "characteristics", 0, 4 * len(parameters.characteristics))
    return {
        name: _characteristic(item, z[:, 4 * k : 4 * k + 4])
        for k, (name, item) in enumerate(parameters.characteristics.items())
    }


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


def _companion_people(parameters: Parameters, z: Floats) -> Floats:
    """Standard normal person effects of the companions (n, companions); a `shared` factor ties some."""
    companions = list(parameters.severity.companions.values())
    count, factors = len(companions), list(dict.fromkeys(item.shared for item in companions if item.shared))
    effects = z[:, :count].copy()
    for k, item in enumerate(companions):
        if item.shared:
            effects[:, k] = (
                np.sqrt(0.5) * effects[:, k] + np.sqrt(0.5) * z[:, count + factors.index(item.shared)]
            )
    return effects


def _relation(parameters: Parameters, seed: ArrayLike, indices: ArrayLike) -> Ints:
    """How each item is judged to be related to the event, at every rating (n, items); −1 is not at all."""
    count, relation = parameters.severity.items.count, parameters.severity.relation
    drawn, _ = draw(seed, indices, "relation", count if relation else 0, 0)
    judged = np.full((drawn.shape[0], count), UNKNOWN, np.int64)
    if relation is not None:
        asked = [number - 1 for number in relation.items]
        steps = np.cumsum(list(relation.shares.values()))[:-1]
        judged[:, asked] = np.searchsorted(steps, drawn[:, asked], side="right")
    return judged


def _diagnosis(
    parameters: Parameters,
    items: Ints,
    companions: dict[str, Ints],
    long_enough: Bools,
    relation: Ints,
) -> Bools:
    severity = parameters.severity
    asked = [companions[name] for name in severity.distress]
    distress = np.stack(asked, axis=-1) if asked else None
    if severity.relation is not None:
        codes = list(severity.relation.shares)
        counted = [UNKNOWN, *(codes.index(name) for name in severity.relation.counts)]
        items = np.where(np.isin(relation, counted), items, 0)
    return meets_diagnosis(items, severity.clusters.values(), severity.present_at, long_enough, distress)


def _site(parameters: Parameters, u: Floats) -> Ints:
    weights = np.array([site.weight for site in parameters.sites.by_id.values()])
    steps = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(steps, u, side="right"), weights.size - 1).astype(np.int64)


def _failure(parameters: Parameters, u: Floats, total: Ints, diagnosis: Bools) -> Ints:
    """Position of the first reason to fail (n): `screening.reasons` in order, too mild, no diagnosis."""
    reasons, entry = parameters.screening.reasons, parameters.severity.entry
    failure = np.full(total.size, UNKNOWN, np.int64)
    if entry.diagnosis:
        failure[~diagnosis] = len(reasons) + 1
    if entry.minimum_total is not None:
        failure[total < entry.minimum_total] = len(reasons)
    for k in reversed(range(len(reasons))):
        failure[u[:, k] < reasons[k].chance] = k
    return failure


def failure_reasons(parameters: Parameters) -> list[str]:
    """The reasons that `Baseline.failure` counts into."""
    return [
        *(item.reason for item in parameters.screening.reasons),
        "severity below entry",
        "diagnosis not met",
    ]


def _answers(
    questionnaire: Questionnaire, latent: Floats, person: Floats, occasion: Floats, skips: Floats
) -> Ints:
    profile = questionnaire.items
    scale = profile.count if questionnaire.score == "mean" else 1
    total = np.clip(np.rint(latent * scale), profile.lowest, profile.maximum).astype(np.int64)
    items = spread_total(profile, total, person, occasion)
    for number, chance in questionnaire.skipped.items():
        items[..., number - 1] = np.where(skips[..., number - 1] < chance, UNKNOWN, items[..., number - 1])
    return items


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
            _answers(questionnaire, latent, person, occasion, skips),
        ],
        axis=1,
    )
    for k, timepoint in enumerate(parameters.timepoints):
        if timepoint not in questionnaire.timepoints:
            answers[:, k] = UNKNOWN
    return answers


def _characteristic(item: Characteristic, z: Floats) -> Floats:
    if item.shares is not None:
        cuts = [quantile(float(step)) for step in np.cumsum(list(item.shares.values()))[:-1]]
        return np.searchsorted(np.array(cuts), z[:, 0], side="right").astype(np.float64)
    assert item.mean is not None
    assert item.sd is not None
    if item.shape == "lognormal":
        sigma = np.sqrt(np.log1p((item.sd / item.mean) ** 2))
        values = np.exp(np.log(item.mean) - sigma**2 / 2 + sigma * z)
    else:
        values = item.mean + item.sd * z
    low = -np.inf if item.minimum is None else item.minimum
    high = np.inf if item.maximum is None else item.maximum
    # The first of four tries inside the limits: a fixed number of draws, and few pile up at a limit.
    inside = (values >= low) & (values <= high)
    picked = np.take_along_axis(values, inside.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    return np.asarray(np.round(np.clip(picked, low, high), item.decimals), dtype=np.float64)
