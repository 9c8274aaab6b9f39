"""Differences within people by their signed ranks (Wilcoxon), and the pseudo-median of Hodges and Lehmann."""

from __future__ import annotations

from math import copysign, sqrt

import numpy as np
import polars as pl

from entact.analysis.binary.arms import require_side, tail, z_of
from entact.analysis.frame import public
from entact.analysis.rank.law import (
    EXACT_BELOW,
    Floats,
    exact_p,
    exact_place,
    invert,
    midranks,
    signed_rank_law,
)
from entact.analysis.rank.sums import group, known
from entact.analysis.result import Estimate, Side


@public
def signed_rank(
    differences: pl.Series, *, level: float = 0.95, side: Side = "two_sided", name: str = "all"
) -> Estimate:
    """Whether differences within people lie about nought, and their pseudo-median with its interval.

    Args:
        differences: one of each person; nulls are left out.
    Returns:
        The median of all means of two differences, without those that are nought. Exact where nothing ties
        and there are fewer than 50; else normal with correction for ties and continuity.
    Raises:
        ValueError: when nobody has a value.
    Source: Wilcoxon 1945; Hodges & Lehmann 1963. Equivalent to R `wilcox.test(x, conf.int = TRUE)`.
    """
    require_side(side)
    x = known(differences, name)
    whole, noughts = x, int((x == 0).sum())
    if noughts < x.size:
        x = x[x != 0]
    places = np.triu_indices(x.size)
    walsh = np.sort((x[places[0]] + x[places[1]]) / 2)
    tied = np.unique(np.abs(x)).size < x.size
    p: float | None
    notes = [f"{noughts} without a difference left out"] if noughts else []
    if not tied and x[0] != 0 and x.size < EXACT_BELOW:
        law = signed_rank_law(x.size)
        seen = float(midranks(np.abs(x))[x > 0].sum())
        p = exact_p(law, round(seen), side)
        place, reached = exact_place(law, level)
        low, high = float(walsh[place - 1]), float(walsh[walsh.size - place])
        method = "exact signed rank test, Hodges-Lehmann pseudo-median"
        notes.append(f"the interval covers at least {100 * reached:.2f} %")
        if reached < level:
            notes.append(f"no interval of {100 * level:g} % exists with so few: this is the widest there is")
    else:
        found = _score(x, 0.0, side)
        method = (
            "signed rank test, normal with correction for ties and continuity, Hodges-Lehmann pseudo-median"
        )
        if found is None:
            p, seen = None, 0.0
            notes.append("nobody has a difference: no test")
        else:
            p, seen = tail(found[0], side), found[1]

        def statistic(shift: float) -> float:
            moved = _score(x, shift, "two_sided")
            return 0.0 if moved is None else moved[0]

        low, high = invert(walsh, statistic, z_of(level))
    if alike := walsh[0] == walsh[-1]:
        notes.append("nobody's difference is another than the others': no interval")
    return Estimate(
        "median difference",
        method,
        float(np.median(walsh)),
        None if alike else low,
        None if alike else high,
        level,
        statistic=seen,
        p=p,
        null=0.0,
        side=side,
        groups=(group(whole, name),),
        notes=tuple(notes),
    )


def _score(x: Floats, shift: float, side: Side) -> tuple[float, float] | None:
    """z of the signed ranks less a shift, and their sum; None where nothing is left."""
    moved = x - shift
    moved = moved[moved != 0]
    n = moved.size
    if not n:
        return None
    ranks = midranks(np.abs(moved))
    total = float(ranks[moved > 0].sum())
    away = total - n * (n + 1) / 4
    ties = np.unique(ranks, return_counts=True)[1].astype(float)
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((ties**3 - ties).sum()) / 48
    half = {"two_sided": copysign(0.5, away) if away else 0.0, "greater": 0.5, "less": -0.5}[side]
    return (away - half) / sqrt(variance), total
