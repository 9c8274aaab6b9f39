"""Two groups compared by the sum of ranks (Wilcoxon, Mann-Whitney), and the shift of Hodges and Lehmann."""

from __future__ import annotations

from math import copysign, sqrt

import numpy as np
import polars as pl

from entact.analysis.binary.arms import require_side, tail, z_of
from entact.analysis.frame import public
from entact.analysis.rank.law import EXACT_BELOW, Floats, exact_p, exact_place, invert, midranks, rank_sum_law
from entact.analysis.result import Estimate, Group, Side


@public
def rank_sum(
    first: pl.Series,
    second: pl.Series,
    *,
    level: float = 0.95,
    side: Side = "two_sided",
    names: tuple[str, str] = ("first", "second"),
) -> Estimate:
    """Whether one group tends to be greater, and by how much: the Hodges-Lehmann shift with its interval.

    Args:
        first, second: values; nulls are left out. level: of the interval, at least which is covered if exact.
    Returns:
        The median of all differences of a first and a second value. Exact where nothing ties and both groups
        are smaller than 50; else normal with correction for ties and continuity.
    Raises:
        ValueError: when a group has nobody.
    Source: Wilcoxon 1945; Hodges & Lehmann 1963; Bauer 1972. Equivalent to R `wilcox.test(conf.int = TRUE)`.
    """
    require_side(side)
    x, y = known(first, names[0]), known(second, names[1])
    m, n = x.size, y.size
    shifts = np.sort(np.subtract.outer(x, y).ravel())
    seen = float((shifts > 0).sum() + 0.5 * (shifts == 0).sum())
    tied = np.unique(np.concatenate([x, y])).size < m + n
    notes = []
    alike = shifts[0] == shifts[-1]
    if alike:
        notes.append("nobody differs within a group: no interval")
    if not tied and max(m, n) < EXACT_BELOW:
        law = rank_sum_law(m, n)
        p: float | None = exact_p(law, int(seen), side)
        place, reached = exact_place(law, level)
        low, high = float(shifts[place - 1]), float(shifts[m * n - place])
        method, statistic = "exact rank sum test, Hodges-Lehmann shift", seen
        if not alike:
            notes.append(f"the interval covers at least {100 * reached:.2f} %")
        if not alike and reached < level:
            notes.append(f"no interval of {100 * level:g} % exists with so few: this is the widest there is")
    else:
        z = _score(x, y, 0.0, side)
        method = "rank sum test, normal with correction for ties and continuity, Hodges-Lehmann shift"
        p = None if z is None else tail(z, side)
        if z is None:
            notes.append("all values are equal: no test")
        statistic = seen
        low, high = invert(shifts, lambda shift: _score(x, y, shift, "two_sided") or 0.0, z_of(level))
    return Estimate(
        "location shift",
        method,
        float(np.median(shifts)),
        None if alike else low,
        None if alike else high,
        level,
        statistic=statistic,
        p=p,
        null=0.0,
        side=side,
        groups=tuple(group(values, name) for values, name in zip((x, y), names, strict=True)),
        notes=tuple(notes),
    )


def known(values: pl.Series, name: str) -> Floats:
    """The values that are there; a ValueError where there is none."""
    found = values.drop_nulls().cast(pl.Float64).to_numpy()
    if not found.size:
        raise ValueError(f"nobody in {name} has a value: ranks need somebody")
    if not np.isfinite(found).all():
        raise ValueError(f"a value in {name} is no finite number")
    return found


def group(values: Floats, name: str) -> Group:
    """A group with its median, mean and SD."""
    sd = float(values.std(ddof=1)) if values.size > 1 else None
    return Group(name, values.size, mean=float(values.mean()), sd=sd, median=float(np.median(values)))


def _score(x: Floats, y: Floats, shift: float, side: Side) -> float | None:
    """z of the rank sum when the first group is moved back by a shift; None where all values are equal."""
    m, n = x.size, y.size
    ranks = midranks(np.concatenate([x - shift, y]))
    away = float(ranks[:m].sum()) - m * (m + n + 1) / 2
    ties = np.unique(ranks, return_counts=True)[1].astype(float)
    variance = m * n / 12 * (m + n + 1 - float((ties**3 - ties).sum()) / ((m + n) * (m + n - 1)))
    if variance <= 0:
        return None
    half = {"two_sided": copysign(0.5, away) if away else 0.0, "greater": 0.5, "less": -0.5}[side]
    return (away - half) / sqrt(variance)
