"""Kappa: agreement of two raters beyond chance, with weights for how far they are apart."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr

from entact.analysis.binary.arms import z_of
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group

ALIKE = 1e-9
"""A standard error that is rounding alone."""
Weights = Literal["none", "linear", "quadratic"]


@public
def kappa(
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    categories: Sequence[Any] | None = None,
    weights: Weights = "none",
    level: float = 0.95,
) -> Estimate:
    """Agreement beyond chance of two raters of the same targets.

    Args:
        first, second: a category of each target; None where a rater gave none, which leaves the target out.
        categories: in their order, which weights need; else those that occur, sorted.
        weights: none, or falling with the distance of categories, linearly or as its square.
    Returns:
        Kappa with the interval by its own variance, and the test that it is nought by that under chance.
    Raises:
        ValueError: when nobody was rated twice, or a category is unknown.
    Source: Cohen 1968; Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72:323; as SAS `agree`.
    """
    if weights not in ("none", "linear", "quadratic"):
        raise ValueError(f"weights {weights!r} are none; write none, linear or quadratic")
    if len(first) != len(second):
        raise ValueError(f"{len(first)} ratings and {len(second)}: both raters rate the same targets")
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if not pairs:
        raise ValueError("no target was rated by both")
    known = list(categories) if categories is not None else sorted({one for pair in pairs for one in pair})
    strange = {one for pair in pairs for one in pair} - set(known)
    if strange:
        raise ValueError(
            f"{sorted(map(str, strange))[0]!r} is none of the categories: {', '.join(map(str, known))}"
        )
    n, size = len(pairs), len(known)
    place = {one: k for k, one in enumerate(known)}
    share = np.zeros((size, size))
    for a, b in pairs:
        share[place[a], place[b]] += 1 / n
    away = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / max(size - 1, 1)
    weight = np.eye(size) if weights == "none" else 1 - (away if weights == "linear" else away**2)
    rows, columns = share.sum(1), share.sum(0)
    seen, chance = float((weight * share).sum()), float(rows @ weight @ columns)
    groups = (Group("targets", n),)
    title = "Cohen's kappa" if weights == "none" else f"weighted kappa, {weights} weights"
    lost = len(first) - n
    notes = (f"{lost} targets without both ratings left out",) if lost else ()
    if chance >= 1 - 1e-12:
        why = "both raters gave one category to all: agreement beyond chance is not defined"
        return Estimate("kappa", title, None, level=level, groups=groups, notes=(*notes, why))
    at = (seen - chance) / (1 - chance)
    by_row, by_column = weight @ columns, rows @ weight
    inner = weight - (by_row[:, None] + by_column[None, :]) * (1 - at)
    spread = float((share * inner**2).sum()) - (at - chance * (1 - at)) ** 2
    se = sqrt(max(spread, 0.0) / n) / (1 - chance)
    by_chance = np.outer(rows, columns)
    under = float((by_chance * (weight - by_row[:, None] - by_column[None, :]) ** 2).sum()) - chance**2
    z = at / (sqrt(under / n) / (1 - chance)) if under > 0 else None
    reach = z_of(level) * se
    if se <= ALIKE:
        notes = (*notes, "the ratings leave kappa no standard error: no interval")
    return Estimate(
        "kappa",
        title,
        at,
        at - reach if se > ALIKE else None,
        min(at + reach, 1.0) if se > ALIKE else None,
        level,
        se=se if se > ALIKE else None,
        statistic=z,
        p=None if z is None else 2 * float(ndtr(-abs(z))),
        null=None if z is None else 0.0,
        groups=groups,
        notes=notes,
    )
