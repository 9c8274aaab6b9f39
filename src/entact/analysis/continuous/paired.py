"""Change within people: the paired t test."""

from __future__ import annotations

from math import sqrt

import polars as pl
from scipy.special import stdtrit

from entact.analysis.continuous.ancova import t_tail
from entact.analysis.describe import summarise
from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group, Side


@public
def paired_t(
    differences: pl.Series,
    *,
    level: float = 0.95,
    null: float = 0.0,
    side: Side = "two_sided",
    name: str = "all",
) -> Estimate:
    """Whether a mean change differs from a null, with its t interval.

    Args:
        differences: one change of each person; nulls are left out.
    Returns:
        The mean change; no test where nobody's differs from another's.
    Raises:
        ValueError: when fewer than two have a value.
    Equivalent to R `t.test(x)` and `t.test(after, before, paired = TRUE)`.
    """
    found = summarise(differences)
    if found.n < 2 or found.mean is None or found.sd is None:
        raise ValueError(f"a t test needs at least two changes; {name} has {found.n}")
    se, df = found.sd / sqrt(found.n), found.n - 1
    own = (Group(name, found.n, mean=found.mean, sd=found.sd),)
    if se == 0:
        notes = ("nobody's change differs from another's: no interval and no test",)
        return Estimate("mean change", "paired t test", found.mean, level=level, groups=own, notes=notes)
    reach = float(stdtrit(df, 0.5 + level / 2)) * se
    t = (found.mean - null) / se
    return Estimate(
        "mean change",
        "paired t test",
        found.mean,
        found.mean - reach,
        found.mean + reach,
        level,
        se=se,
        df=float(df),
        statistic=t,
        p=t_tail(t, df, side),
        null=null,
        side=side,
        groups=own,
    )
