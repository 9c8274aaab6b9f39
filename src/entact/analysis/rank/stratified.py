"""Rank sums within strata, put together with van Elteren's weights."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import polars as pl

from entact.analysis.binary.arms import require_side, tail
from entact.analysis.frame import public
from entact.analysis.rank.law import midranks
from entact.analysis.rank.sums import group, known
from entact.analysis.result import Estimate, Side


@public
def van_elteren(
    strata: Sequence[tuple[pl.Series, pl.Series]],
    *,
    level: float = 0.95,
    side: Side = "two_sided",
    names: tuple[str, str] = ("first", "second"),
) -> Estimate:
    """Whether the first group tends to be greater within strata, such as sites.

    Args:
        strata: values of both groups in each; nulls are left out, and strata with one group say nothing.
    Returns:
        The weighted share of pairs within strata in which the first is greater (ties count a half), and the
        normal test without continuity correction.
    Raises:
        ValueError: when no stratum has both groups.
    Source: van Elteren 1960, Bull Int Stat Inst 37:351; Lehmann 1975. Equivalent to SAS `proc freq`, CMH2
        with modified ridit scores.
    """
    require_side(side)
    away = variance = share = weights = 0.0
    ones, twos, used = [], [], 0
    for first, second in strata:
        if not (first.drop_nulls().len() and second.drop_nulls().len()):
            continue
        used += 1
        x, y = known(first, names[0]), known(second, names[1])
        ones.append(x)
        twos.append(y)
        m, n, total = x.size, y.size, x.size + y.size
        ranks = midranks(np.concatenate([x, y]))
        weight = 1 / (total + 1)
        own = float(ranks[:m].sum())
        away += weight * (own - m * (total + 1) / 2)
        spread = float(((ranks - ranks.mean()) ** 2).sum()) / (total - 1)
        variance += weight**2 * m * n / total * spread
        share += weight * (own - m * (m + 1) / 2)
        weights += weight * m * n
    if not used:
        raise ValueError("no stratum has both groups: there is nothing to compare within")
    z = away / sqrt(variance) if variance > 0 else None
    notes = [f"{used} of {len(strata)} strata have both groups"]
    if z is None:
        notes.append("all values are equal: no test")
    return Estimate(
        "probability of a greater value",
        "van Elteren's test",
        share / weights,
        level=level,
        statistic=z,
        p=None if z is None else tail(z, side),
        null=0.5,
        side=side,
        groups=tuple(
            group(np.concatenate(values), name) for values, name in zip((ones, twos), names, strict=True)
        ),
        notes=tuple(notes),
    )
