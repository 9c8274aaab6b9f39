"""How often the next arm of minimisation is foretold by somebody who guesses at the arms before.

Whoever knows everybody's levels, the method, and believes their own guesses of the arms before, names the arm
that minimisation would prefer. How often that is right is found by simulation of the same method.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from entact.course.allocation.minimisation import Minimising
from entact.course.allocation.predictability import NEARLY_SURE, Predictability, Tally

Floats = NDArray[np.float64]


def foretold(
    plan: Minimising,
    levels: Mapping[str, int],
    rows: int,
    guessed_right: float,
    random: np.random.Generator,
    lists: int = 1000,
) -> Predictability:
    """How well the next arm is foretold where a study minimises.

    Levels are drawn as likely each: the more even, the fewer of a level, and the less is balanced by itself.

    Args:
        levels: how many each stratum has, in the order of the weights. rows: people.
        guessed_right: how often the arm of somebody before is guessed rightly, 1 / arms to 1.
        random: its source. lists: how many are simulated.
    Raises:
        ValueError: for a share of right guesses that is none.
    """
    arms = len(plan.ratio)
    if not 1 / arms <= guessed_right <= 1:
        raise ValueError(f"guesses are right between 1 in {arms} and always, not {guessed_right}")
    share = np.array(list(plan.ratio.values()), dtype=np.float64)
    counts = [np.zeros((lists, count, arms)) for count in levels.values()]
    guessed = [np.zeros((lists, count, arms)) for count in levels.values()]
    each, tally = np.arange(lists), Tally(list(plan.ratio.values()), lists)
    right, sure = np.zeros(lists), 0.0
    for _ in range(rows):
        own = [random.integers(count, size=lists) for count in levels.values()]
        likely = _chances(plan, share, [one[each, level] for one, level in zip(counts, own, strict=True)])
        thought = _chances(plan, share, [one[each, level] for one, level in zip(guessed, own, strict=True)])
        arm = (likely.cumsum(axis=1) <= random.random(lists)[:, None]).sum(axis=1).clip(max=arms - 1)
        tally.add(arm)
        best = thought >= thought.max(axis=1, keepdims=True) - 1e-12
        right += best[each, arm] / best.sum(axis=1)
        sure += float((thought.max(axis=1) >= NEARLY_SURE).mean())
        wrong = random.random(lists) >= guessed_right
        guess = np.where(wrong, (arm + random.integers(1, max(arms, 2), lists)) % arms, arm)
        for known, believed, level in zip(counts, guessed, own, strict=True):
            known[each, level, arm] += 1
            believed[each, level, guess] += 1
    rate = right / rows
    off, off_at_end, longest_run = tally.of_95()
    return Predictability(
        right=float(rate.mean()),
        error=float(rate.std(ddof=1) / lists**0.5),
        by_chance=float(share.max() / share.sum()),
        nearly_sure=sure / rows,
        off=off,
        off_at_end=off_at_end,
        longest_run=longest_run,
    )


def _chances(plan: Minimising, share: Floats, margins: list[Floats]) -> Floats:
    """Of each list how likely each arm is, as `minimisation.chances` has it of one."""
    arms = len(share)
    imbalance = np.zeros((len(margins[0]), arms))
    for weight, margin in zip(plan.weights, margins, strict=True):
        for arm in range(arms):
            after = (margin + (np.arange(arms) == arm)) / share
            spread = np.ptp(after, axis=1) if plan.measure == "range" else after.var(axis=1, ddof=1)
            imbalance[:, arm] += weight * spread
    preferred = imbalance <= imbalance.min(axis=1, keepdims=True) + 1e-9
    within = np.where(preferred, share, 0.0)
    beside = np.where(preferred, 0.0, share)
    left = beside.sum(axis=1, keepdims=True)
    of_preferred = np.where(left > 0, float(plan.chance), 1.0)
    likely: Floats = of_preferred * within / within.sum(axis=1, keepdims=True)
    return likely + (1 - of_preferred) * beside / np.where(left > 0, left, 1.0)
