"""How often the next arm of a list is foretold by somebody who guesses at the arms before it.

Functional unblinding makes a list of blocks tell what is to come: who believes to know the arms of those
before, and can think of the method, knows what is left in the block. The figure is that of the best guesser
there is: one who knows arms, ratio, sizes of blocks and order, and weighs every past guess by Bayes' rule.
Source: Blackwell and Hodges 1957 (selection bias of balanced designs); here with guesses that err.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEARLY_SURE = 0.9


MOST_STATES = 1500  # of a block: 1500 x 1500 chances for each arm


class Predictability(msgspec.Struct, frozen=True):
    """What the best guesser gets right, and how balanced lists of the method are.

    Attributes:
        right: share of next arms that are foretold, over all rows. error: its Monte Carlo standard error.
        by_chance: the share that is right by naming the arm with the largest share always.
        nearly_sure: share of rows of which the next arm is at least 90 % likely to this guesser.
        off: in 95 of 100 lists no arm is ever further than this from its share of the rows so far, in rows.
        off_at_end: the same after the last row.
        longest_run: in 95 of 100 lists no arm comes more often than this in a row.
    """

    right: float
    error: float
    by_chance: float
    nearly_sure: float
    off: float
    off_at_end: float
    longest_run: int


class Tally:
    """Counts of arms and runs over many lists at once, row by row."""

    def __init__(self, shares: Sequence[int], lists: int) -> None:
        self._share = np.array(shares, dtype=np.float64) / sum(shares)
        self._each = np.arange(lists)
        self._counts = np.zeros((lists, len(shares)))
        self._off, self._off_now = np.zeros(lists), np.zeros(lists)
        self._last, self._run, self._longest = np.full(lists, -1), np.zeros(lists), np.zeros(lists)
        self._rows = 0

    def add(self, arm: NDArray[np.intp]) -> None:
        """One row more, of each list its arm, shape (lists,)."""
        self._rows += 1
        self._counts[self._each, arm] += 1
        self._off_now = np.abs(self._counts - self._share * self._rows).max(axis=1)
        self._off = np.maximum(self._off, self._off_now)
        self._run = np.where(arm == self._last, self._run + 1, 1)
        self._longest = np.maximum(self._longest, self._run)
        self._last = arm

    def of_95(self) -> tuple[float, float, int]:
        """What 95 of 100 lists keep to: off at any row, off at the end, and the longest run."""
        off, end, run = (
            float(np.quantile(one, 0.95, method="higher"))
            for one in (self._off, self._off_now, self._longest)
        )
        return off, end, int(run)


def predictability(
    ratio: Mapping[str, int],
    block_sizes: Sequence[int],
    rows: int,
    guessed_right: float,
    random: np.random.Generator,
    lists: int = 2000,
) -> Predictability:
    """How well the next arm of one stratum is foretold, by simulation of lists of the same method.

    The list itself is not looked at: a figure of its own would tell of it. Guesses are there at once; in a
    study they come weeks later, so that this is the worst case.

    Args:
        ratio: arm -> share. block_sizes: as in `permuted_blocks`. rows: of the stratum.
        guessed_right: how often the arm of somebody before is guessed rightly, 1 / arms to 1.
        random: its source. lists: how many are simulated.
    Raises:
        ValueError: for a share of right guesses that is none, or blocks that do not hold the ratio.
    """
    arms, total = len(ratio), sum(ratio.values())
    if not 1 / arms <= guessed_right <= 1:
        raise ValueError(f"guesses are right between 1 in {arms} and always, not {guessed_right}")
    if not block_sizes or any(size <= 0 or size % total for size in block_sizes):
        raise ValueError(f"block sizes {list(block_sizes)} must be positive multiples of {total}")
    shares = list(ratio.values())
    states = sum(math.prod(size // total * share + 1 for share in shares) for size in set(block_sizes))
    if states > MOST_STATES:
        raise ValueError(f"blocks of {max(block_sizes)} are too large to reckon with: take smaller ones")
    steps, begin = _steps(shares, block_sizes)
    tally = Tally(shares, lists)
    belief = np.tile(begin, (lists, 1))
    state = random.choice(len(begin), size=lists, p=begin)
    right, sure = np.zeros(lists), 0.0
    wrongly = (1 - guessed_right) / (arms - 1) if arms > 1 else 0.0
    for _ in range(rows):
        likely = np.stack([belief @ step.sum(axis=1) for step in steps], axis=1)
        chances = np.stack([step[state].sum(axis=1) for step in steps], axis=1)
        arm = _drawn(chances, random)
        best = likely >= likely.max(axis=1, keepdims=True) - 1e-12
        tally.add(arm)
        right += best[np.arange(lists), arm] / best.sum(axis=1)
        sure += float((likely.max(axis=1) >= NEARLY_SURE).mean())
        state = _drawn(np.stack(steps)[arm, state], random)
        wrong = random.random(lists) >= guessed_right
        guess = np.where(wrong, (arm + random.integers(1, max(arms, 2), lists)) % arms, arm)
        weights = np.where(np.arange(arms)[None, :] == guess[:, None], guessed_right, wrongly)
        belief = np.einsum("la,als->ls", weights, np.stack([belief @ step for step in steps]))
        belief /= belief.sum(axis=1, keepdims=True)
    share = right / rows
    off, off_at_end, longest_run = tally.of_95()
    return Predictability(
        right=float(share.mean()),
        error=float(share.std(ddof=1) / lists**0.5),
        by_chance=max(ratio.values()) / total,
        nearly_sure=sure / rows,
        off=off,
        off_at_end=off_at_end,
        longest_run=longest_run,
    )


def _steps(shares: Sequence[int], block_sizes: Sequence[int]) -> tuple[list[Floats], Floats]:
    """Of each arm the chances to go by it from one state of a block to another; and how a list begins.

    A state is the size of the block under way and how many of each arm it has had.
    """
    total = sum(shares)
    states = [(size, used) for size in sorted(set(block_sizes)) for used in _used(shares, size // total)]
    place = {state: number for number, state in enumerate(states)}
    begin = np.zeros(len(states))
    for size in block_sizes:
        begin[place[size, (0,) * len(shares)]] += 1 / len(block_sizes)
    steps = [np.zeros((len(states), len(states))) for _ in shares]
    for (size, used), number in place.items():
        left = size - sum(used)
        for arm, share in enumerate(shares):
            chance = (share * size // total - used[arm]) / left
            after = tuple(count + (each == arm) for each, count in enumerate(used))
            if chance and left == 1:
                steps[arm][number] += chance * begin
            elif chance:
                steps[arm][number, place[size, after]] += chance
    return steps, begin


def _used(shares: Sequence[int], times: int) -> Iterator[tuple[int, ...]]:
    """Every way in which a block can be used that is not full."""
    full = tuple(share * times for share in shares)
    return (used for used in product(*(range(count + 1) for count in full)) if used != full)


def _drawn(chances: Floats, random: np.random.Generator) -> NDArray[np.intp]:
    """Of each row of chances one place, as likely as it says."""
    upto = np.cumsum(chances, axis=1)
    drawn = random.random(len(chances))[:, None] * upto[:, [-1]]
    places: NDArray[np.intp] = (upto <= drawn).sum(axis=1)
    return places.clip(max=chances.shape[1] - 1)
