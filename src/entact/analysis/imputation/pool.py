"""Fourth step: many estimates become one, with its error."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from entact.analysis.imputation.trial import Floats


@dataclass(frozen=True, slots=True)
class Pooled:
    """An estimate with its standard error; df infinite where it is normal.

    Attributes:
        between, within: variances of Rubin's rules; `missing`: the fraction of missing information.
    """

    estimate: float
    se: float
    df: float
    between: float | None = None
    within: float | None = None
    missing: float | None = None

    def limits(self, level: float) -> tuple[float, float]:
        """Of the interval."""
        quantile = ndtri(0.5 + level / 2) if self.df == inf else stdtrit(self.df, 0.5 + level / 2)
        return self.estimate - float(quantile) * self.se, self.estimate + float(quantile) * self.se

    def p(self, null: float, side: str) -> float:
        """Against a null."""
        t = (self.estimate - null) / self.se

        def below(value: float) -> float:
            return float(ndtr(value) if self.df == inf else stdtr(self.df, value))

        return 2 * below(-abs(t)) if side == "two_sided" else below(-t if side == "greater" else t)


def rubin(estimates: Floats, errors: Floats, complete_df: float) -> Pooled:
    """Rubin's rules, with the degrees of freedom of Barnard and Rubin.

    Args:
        estimates, errors: (M,) of each completed trial. complete_df: if nothing were missing.
    Raises:
        ValueError: for fewer than two.
    Sources: Rubin 1987; Barnard & Rubin 1999, Biometrika 86:948. Equivalent to R rbmi and mice.
    """
    m = len(estimates)
    if m < 2:
        raise ValueError("Rubin's rules need at least two imputations")
    within, between = float((errors**2).mean()), float(estimates.var(ddof=1))
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total if total > 0 else 0.0
    seen_df = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    old = (m - 1) / share**2 if share > 0 else inf
    df = seen_df if old == inf else old * seen_df / (old + seen_df)
    missing = None if total == 0 else share + (1 - share) * 2 / (df + 3)
    return Pooled(float(estimates.mean()), sqrt(total), df, between, within, missing)


def jackknife_error(estimates: Floats) -> Pooled:
    """The first estimate, of everybody, and the error by those that leave one out."""
    others = estimates[1:]
    n = len(others)
    variance = (n - 1) / n * float(((others - others.mean()) ** 2).sum())
    return Pooled(float(estimates[0]), sqrt(variance), inf)


def bootstrap_error(estimates: Floats) -> Pooled:
    """The first estimate, of everybody, and the SD of those of samples."""
    return Pooled(float(estimates[0]), float(np.std(estimates[1:], ddof=1)), inf)
