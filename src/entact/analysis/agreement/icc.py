"""Intraclass correlations: the six forms of Shrout and Fleiss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entact.analysis.frame import public
from entact.analysis.result import Estimate, Group

Floats = NDArray[np.float64]

FORMS = {
    "1,1": "each target by raters of its own, one rating",
    "2,1": "raters drawn from many, absolute agreement, one rating",
    "3,1": "these raters alone, consistency, one rating",
    "1,k": "each target by raters of its own, mean rating",
    "2,k": "raters drawn from many, absolute agreement, mean rating",
    "3,k": "these raters alone, consistency, mean rating",
}
"""Forms by their names in Shrout & Fleiss 1979."""


@public
def icc(ratings: Any, form: str, *, level: float = 0.95) -> Estimate:
    """How much of the variance of ratings is between those rated.

    Args:
        ratings: (n, k) of n targets by k raters, as an array; targets with a rating missing are left out.
        form: one of FORMS.
    Returns:
        The correlation with its interval and the F test that it is nought.
    Raises:
        ValueError: for a form that is none, fewer than two targets or raters, or ratings that do not vary.
    Source: Shrout & Fleiss 1979, Psychological Bulletin 86:420; intervals: McGraw & Wong 1996. Equivalent to
        R `psych::ICC(lmer = FALSE)` and `irr::icc`.
    """
    if form not in FORMS:
        raise ValueError(f"form {form!r} is none; write one of: {', '.join(FORMS)}")
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("ratings are a table: one row a target, one column a rater")
    whole = table[np.isfinite(table).all(1)]
    n, k = whole.shape
    if n < 2 or k < 2:
        raise ValueError(f"{n} targets rated by {k}: at least two of both are needed")
    from scipy.special import fdtrc

    middle = whole.mean()
    rows, columns = whole.mean(1), whole.mean(0)
    between = k * float(((rows - middle) ** 2).sum()) / (n - 1)
    judges = n * float(((columns - middle) ** 2).sum()) / (k - 1)
    within = float(((whole - rows[:, None]) ** 2).sum()) / (n * (k - 1))
    rest = float(((whole - rows[:, None] - columns + middle) ** 2).sum()) / ((n - 1) * (k - 1))
    noise = within if form[0] == "1" else rest
    if between == 0 and noise == 0:
        raise ValueError("the ratings do not vary: there is nothing to correlate")
    lost = len(table) - n
    notes = [FORMS[form]] + ([f"{lost} targets without all ratings left out"] if lost else [])
    df = float(n * (k - 1) if form[0] == "1" else (n - 1) * (k - 1))
    if noise == 0:
        notes.append("raters agree to the letter: no interval")
        at: float = 1.0 if form[0] != "2" else _two(between, judges, rest, n, k, form)
        return Estimate(
            f"ICC({form})",
            "Shrout and Fleiss",
            at,
            level=level,
            groups=(Group("targets", n),),
            notes=tuple(notes),
        )
    f = between / noise
    if form[0] == "2":
        low, high = _two_limits(between, judges, rest, n, k, form, level)
        at = _two(between, judges, rest, n, k, form)
    else:
        low_f, high_f = f / _quantile(n - 1, df, level), f * _quantile(df, n - 1, level)
        single = form.endswith("1")
        at, low, high = ((x - 1) / (x + k - 1) if single else 1 - 1 / x for x in (f, low_f, high_f))
    return Estimate(
        f"ICC({form})",
        "Shrout and Fleiss",
        at,
        low,
        high,
        level,
        df=df,
        statistic=f,
        p=float(fdtrc(n - 1, df, f)),
        null=0.0,
        side="greater",
        groups=(Group("targets", n),),
        notes=(*notes, f"{k} raters"),
    )


def _two(between: float, judges: float, rest: float, n: int, k: int, form: str) -> float:
    if form == "2,1":
        return (between - rest) / (between + (k - 1) * rest + k * (judges - rest) / n)
    return (between - rest) / (between + (judges - rest) / n)


def _two_limits(
    between: float, judges: float, rest: float, n: int, k: int, form: str, level: float
) -> tuple[float, float]:
    one = _two(between, judges, rest, n, k, "2,1")
    ratio = judges / rest
    above = (k - 1) * (n - 1) * (k * one * ratio + n * (1 + (k - 1) * one) - k * one) ** 2
    below = (n - 1) * k**2 * one**2 * ratio**2 + (n * (1 + (k - 1) * one) - k * one) ** 2
    v = above / below
    f_low, f_high = _quantile(n - 1, v, level), _quantile(v, n - 1, level)
    low = n * (between - f_low * rest) / (f_low * (k * judges + (k * n - k - n) * rest) + n * between)
    high = n * (f_high * between - rest) / (k * judges + (k * n - k - n) * rest + n * f_high * between)
    if form == "2,1":
        return low, high
    return low * k / (1 + low * (k - 1)), high * k / (1 + high * (k - 1))


def _quantile(df_1: float, df_2: float, level: float) -> float:
    from scipy.special import fdtri

    return float(fdtri(df_1, df_2, 0.5 + level / 2))
