"""Guesses of treatment by the participant, the therapists and the raters, with confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from entact.cohort.draws import UNKNOWN, Floats, Ints, draw, quantile
from entact.cohort.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Guesses:
    """`guess` (n, roles, occasions): the guessed arm, −1 for don't know; `confidence`: from 1 up."""

    guess: Ints
    confidence: Ints


def draw_guesses(parameters: Parameters, seed: ArrayLike, indices: ArrayLike, arms: ArrayLike) -> Guesses:
    """Who guesses what at each occasion, in the parameters' order of roles and occasions.

    `seed` one number or one per participant; `indices` and `arms` (n), arms as positions in
    `parameters.arms`.
    """
    rules, arm = parameters.guesses, np.asarray(arms, np.int64)
    n, roles, occasions = arm.size, len(rules.roles), len(rules.occasions)
    _, z = draw(seed, indices, "guesses", 0, roles * (1 + 2 * occasions))
    steady = z[:, :roles].reshape(n, roles, 1)
    fresh, sureness = z[:, roles:].reshape(n, 2, roles, occasions).transpose(1, 0, 2, 3)
    latent = np.sqrt(rules.steadiness) * steady + np.sqrt(1.0 - rules.steadiness) * fresh
    cuts, meaning = _tables(parameters)
    category = (latent[..., np.newaxis] > cuts[arm]).sum(axis=-1)
    guess = np.take_along_axis(
        meaning[arm][:, np.newaxis, np.newaxis, :], category[..., np.newaxis], axis=-1
    )[..., 0]
    correct = guess == arm[:, np.newaxis, np.newaxis]
    confidence = (
        rules.confidence.mean + rules.confidence_if_correct * correct + rules.confidence.sd * sureness
    )
    return Guesses(guess, np.clip(np.rint(confidence), 1, rules.confidence_levels).astype(np.int64))


def _tables(parameters: Parameters) -> tuple[Floats, Ints]:
    """Cuts on the latent scale (arms, roles, occasions, categories − 1), and what a category means in an arm.

    Categories run from correct over don't know to wrong in every arm, so that one number means one clarity of
    mind.
    """
    rules, names = parameters.guesses, parameters.arms
    cuts = np.empty((len(names), len(rules.roles), len(rules.occasions), len(names)))
    meaning = np.empty((len(names), len(names) + 1), np.int64)
    for a, arm in enumerate(names):
        others = [other for other in names if other != arm]
        meaning[a] = [a, UNKNOWN, *(names.index(other) for other in others)]
        for r, guesser in enumerate(rules.roles.values()):
            shares = guesser.by_arm[arm]
            for o, clarity in enumerate(rules.occasions.values()):
                known = [clarity * shares[other] for other in others]
                steps = [clarity * shares[arm], 1.0 - sum(known)]
                for other in known[:-1]:
                    steps.append(steps[-1] + other)
                cuts[a, r, o] = [quantile(min(max(step, 0.0), 1.0)) for step in steps]
    return cuts, meaning
