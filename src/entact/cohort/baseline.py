"""What virtual candidates bring to screening: it never depends on the arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from entact.cohort.draws import UNKNOWN, Bools, Floats, Ints, draw, quantile
from entact.cohort.items import companion_item, meets_diagnosis, spread_total
from entact.cohort.parameters import Characteristic, Parameters
from entact.cohort.ratings import Questionnaire


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
    diagnosis = diagnosed(parameters, items, companions, long_enough, relation)
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
        answers[name] = answered(questionnaire, latent[name], noise[:, :count], noise[:, count:], skips)
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


def draw_characteristics(parameters: Parameters, seed: ArrayLike, indices: ArrayLike) -> dict[str, Floats]:
    """Characteristics by name (n each): a number in its unit, or the position of a choice in its `shares`."""
    _, z = draw(seed, indices, "characteristics", 0, 4 * len(parameters.characteristics))
    return {
        name: _characteristic(item, z[:, 4 * k : 4 * k + 4])
        for k, (name, item) in enumerate(parameters.characteristics.items())
    }


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


def diagnosed(
    parameters: Parameters,
    items: Ints,
    companions: dict[str, Ints],
    long_enough: Bools,
    relation: Ints,
) -> Bools:
    """Who has the diagnosis, by ratings of items and companions that may be judged to have other causes."""
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


def answered(
    questionnaire: Questionnaire, latent: Floats, person: Floats, occasion: Floats, skips: Floats
) -> Ints:
    """Answers to a questionnaire whose total is a latent value, with the items that each person skips."""
    profile = questionnaire.items
    scale = profile.count if questionnaire.score == "mean" else 1
    total = np.clip(np.rint(latent * scale), profile.lowest, profile.maximum).astype(np.int64)
    items = spread_total(profile, total, person, occasion)
    for number, chance in questionnaire.skipped.items():
        items[..., number - 1] = np.where(skips[..., number - 1] < chance, UNKNOWN, items[..., number - 1])
    return items


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
