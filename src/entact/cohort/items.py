"""From a total score to its items, and from items to a diagnosis, over any number of ratings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from entact.cohort.draws import UNKNOWN, Bools, Floats, Ints
from entact.cohort.ratings import Cluster, Companion, ItemProfile


def spread_total(profile: ItemProfile, total: Ints, person: Floats, occasion: Floats) -> Ints:
    """Which item scores make up each total, given a participant's symptom profile.

    Every item has one threshold per score, lowered by its ease and by the person's and the occasion's
    deviation; as many of the lowest thresholds of all items are passed as the total is above its lowest. So
    the items add up to the total exactly, and rise with it. `total` (…) in the profile's lowest to maximum;
    `person`, `occasion` (…, items) standard normal. Returns (…, items).
    """
    ease = np.zeros(profile.count)
    for number, value in profile.ease.items():
        ease[number - 1] = value
    deviation = ease + profile.between_people * person + profile.between_occasions * occasion
    thresholds = np.asarray(profile.levels) - deviation[..., np.newaxis]
    above = total - profile.lowest
    ranked = np.sort(thresholds.reshape(*total.shape, profile.maximum - profile.lowest), axis=-1)
    last = np.take_along_axis(ranked, np.maximum(above - 1, 0)[..., np.newaxis], axis=-1)[..., np.newaxis]
    passed = (thresholds <= last) & (above > 0)[..., np.newaxis, np.newaxis]
    return np.asarray(passed.sum(axis=-1), dtype=np.int64)


def companion_item(companion: Companion, total: Ints, items: int, person: Floats, occasion: Floats) -> Ints:
    """The score of an item outside the total, rising with the mean item (`total` / `items`); arrays (…)."""
    latent = companion.intercept + companion.slope * (total / items)
    latent = latent + companion.between_people * person + companion.between_occasions * occasion
    return np.clip(np.rint(latent), 0, companion.maximum).astype(np.int64)


def meets_diagnosis(
    items: Ints, clusters: Iterable[Cluster], present_at: int, long_enough: Bools, distress: Ints | None
) -> Bools:
    """Who meets the diagnostic algorithm: enough of each cluster, long enough, with distress or impairment.

    `items` (…, items); `clusters` with item numbers from 1; `present_at` the lowest score at which an item
    counts; `long_enough` (…); `distress` (…, distress and impairment items), None where it is not asked.
    Returns (…). Source: F150 (DSM-5 criteria B to G).
    """
    present = items >= present_at
    met = long_enough if distress is None else long_enough & (distress >= present_at).any(axis=-1)
    for cluster in clusters:
        met = met & (present[..., [number - 1 for number in cluster.items]].sum(axis=-1) >= cluster.at_least)
    return np.asarray(met, dtype=np.bool_)


def score_questionnaire(items: Ints, score: str, lowest: int = 0) -> Floats:
    """The score of each row of `items` (…, items; −1 is skipped): their sum, or the mean of those answered.

    `items` count from the lowest score, which adds up to `lowest`. A sum with a skipped item, and a mean of
    none, are unknown: not-a-number.
    """
    answered = items != UNKNOWN
    number = answered.sum(axis=-1)
    total = np.where(answered, items, 0).sum(axis=-1).astype(np.float64)
    if score == "mean":
        return np.where(number > 0, total / np.maximum(number, 1) + lowest / items.shape[-1], np.nan)
    return np.where(number == items.shape[-1], total + lowest, np.nan)
