"""What each trial does to the whole: one left out at a time, and one added at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from entact.analysis.meta.between import Between
from entact.analysis.meta.effect import Effect
from entact.analysis.meta.pooled import Interval, Pooled, pool


@dataclass(frozen=True)
class LeftOut:
    """The others without one trial.

    Attributes:
        label: of the trial. pooled: of the others. residual: of the trial from what the others predict, in
            standard errors (studentised, deleted). distance: Cook's, how far the mean moves, in squared
            standard errors.
    """

    label: str
    pooled: Pooled
    residual: float
    distance: float


def leave_one_out(
    effects: Sequence[Effect],
    between: Between = "REML",
    *,
    interval: Interval | None = None,
    level: float = 0.95,
) -> tuple[LeftOut, ...]:
    """The result without each trial in turn.

    Raises:
        ValueError: for fewer than two trials.
    Source: Viechtbauer & Cheung 2010, Research Synthesis Methods 1:112.
        Equivalent to metafor `leave1out`, `rstudent`, `cooks.distance`.
    """
    if len(effects) < 2:
        raise ValueError(f"{len(effects)} trial: one can be left out of two or more")
    whole = pool(effects, between, interval="normal", level=level)
    told = []
    for place, one in enumerate(effects):
        others = [*effects[:place], *effects[place + 1 :]]
        pooled = pool(others, between, interval=interval, level=level)
        plain = pool(others, between, interval="normal", level=level)
        residual = (one.estimate - plain.estimate) / sqrt(one.variance + (plain.tau2 or 0.0) + plain.se**2)
        distance = ((whole.estimate - plain.estimate) / whole.se) ** 2
        told.append(LeftOut(one.label, pooled, residual, distance))
    return tuple(told)


def cumulative(
    effects: Sequence[Effect],
    between: Between = "REML",
    *,
    interval: Interval | None = None,
    level: float = 0.95,
) -> tuple[Pooled, ...]:
    """What was known after the first trial, the first two, and so on, in the order given.

    Source: Lau et al. 1992, N Engl J Med 327:248. Equivalent to metafor `cumul`. Looking after each trial has
        no
        protected error rate: it tells a story, and tests nothing.
    """
    return tuple(
        pool(effects[: count + 1], between, interval=interval, level=level) for count in range(len(effects))
    )
