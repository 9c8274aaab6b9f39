"""Linear functions of the coefficients with their tests: what every table of a fit is made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from entact.analysis.mmrm.inference import Inference, Joint, p_value, quantile
from entact.analysis.mmrm.show import Sheet, number, probability
from entact.analysis.mmrm.small import Floats

Adjustment = Literal["none", "bonferroni", "sidak", "holm", "hochberg", "benjamini-hochberg"]
ADJUSTMENTS = ("none", "bonferroni", "sidak", "holm", "hochberg", "benjamini-hochberg")


@dataclass(frozen=True, repr=False)
class Estimates:
    """Rows of estimates. `str()` and a notebook print them; `to_polars()` gives the numbers."""

    title: str
    labels: dict[str, list[str]]
    """columns of words that say what each row is"""
    rows: Floats
    """(r, columns) the linear functions of the coefficients"""
    inference: Inference = field(repr=False)
    level: float = 0.95
    null: float = 0.0
    """the value that each is tested against"""
    adjustment: Adjustment = "none"
    """multiplicity: over all rows of this table"""
    aliased_zero: bool = False
    """whether coefficients left out as aliased count as zero, as in a table of coefficients"""

    @cached_property
    def _parts(self) -> tuple[Floats, Floats, Floats]:
        return self.inference.estimates(self.rows, aliased_zero=self.aliased_zero)

    @property
    def estimate(self) -> Floats:
        """(r,)"""
        return self._parts[0]

    @property
    def se(self) -> Floats:
        """(r,) standard errors"""
        return self._parts[1]

    @property
    def df(self) -> Floats:
        """(r,) degrees of freedom"""
        return self._parts[2]

    @property
    def t(self) -> Floats:
        """(r,) t statistics against `null`"""
        t: Floats = (self.estimate - self.null) / self.se
        return t

    @property
    def p_unadjusted(self) -> Floats:
        """(r,) two-sided p"""
        return p_value(self.t, self.df)

    @property
    def p(self) -> Floats:
        """(r,) two-sided p, adjusted for multiplicity where the table says so"""
        return adjust(self.p_unadjusted, self.adjustment)

    @property
    def _half_width(self) -> Floats:
        tests = max(int(np.isfinite(self.estimate).sum()), 1)
        level = self.level
        if self.adjustment == "bonferroni":
            level = 1.0 - (1.0 - level) / tests
        elif self.adjustment == "sidak":
            level = level ** (1.0 / tests)
        width: Floats = quantile(self.df, level) * self.se
        return width

    @property
    def low(self) -> Floats:
        """(r,) lower limits; simultaneous for Bonferroni and Sidak, of each alone for stepwise adjustments"""
        return self.estimate - self._half_width

    @property
    def high(self) -> Floats:
        """(r,) upper limits"""
        return self.estimate + self._half_width

    @property
    def covariance(self) -> Floats:
        """(r, r) covariance of the estimates"""
        conditioned = self.inference.model.basis.contrasts(self.rows)
        covariance: Floats = conditioned @ self.inference.covariance @ conditioned.T
        return covariance

    def joint(self) -> Joint:
        """F test that all rows are zero."""
        return self.inference.joint(self.rows)

    def adjusted(self, adjustment: Adjustment) -> Estimates:
        """The same rows with p values (and Bonferroni's or Sidak's intervals) for several tests."""
        if adjustment not in ADJUSTMENTS:
            raise ValueError(f"adjustment must be one of {', '.join(ADJUSTMENTS)}, not {adjustment!r}")
        return replace(self, adjustment=adjustment)

    def to_polars(self) -> pl.DataFrame:
        """Labels, estimate, se, df, t, p, low, high; null where not estimable."""
        numbers = {
            "estimate": self.estimate,
            "se": self.se,
            "df": self.df,
            "t": self.t,
            "p": self.p,
            "low": self.low,
            "high": self.high,
        }
        return pl.DataFrame({**self.labels, **numbers}).with_columns(pl.col(list(numbers)).fill_nan(None))

    def _sheet(self) -> Sheet:
        level = f"{100 * self.level:g} %"
        heads = [*self.labels, "estimate", "SE", "df", f"{level} interval", "t", "p"]
        rows = [
            [
                *(column[i] for column in self.labels.values()),
                number(self.estimate[i]),
                number(self.se[i]),
                number(self.df[i]),
                f"{number(self.low[i])} to {number(self.high[i])}",
                number(self.t[i]),
                probability(self.p[i]),
            ]
            for i in range(self.rows.shape[0])
        ]
        notes = [] if self.adjustment == "none" else [f"p adjusted over {len(rows)} tests: {self.adjustment}"]
        if not np.isfinite(self.estimate).all():
            notes.append("– not estimable from these data")
        return Sheet(self.title, heads, rows, len(self.labels), notes)

    def __str__(self) -> str:
        return self._sheet().text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._sheet().html()

    def __rich__(self) -> object:
        return self._sheet().rich()


def adjust(p: Floats, adjustment: Adjustment) -> Floats:
    """p values for several tests (r,); those not estimable are not counted.

    Source: Holm 1979; Hochberg 1988; Benjamini & Hochberg 1995. Equivalent to R's `p.adjust`.
    """
    finite = np.flatnonzero(np.isfinite(p))
    n = finite.size
    result = np.array(p, dtype=np.float64)
    if adjustment == "none" or n == 0:
        return result
    own = p[finite]
    if adjustment == "bonferroni":
        result[finite] = np.minimum(1.0, n * own)
    elif adjustment == "sidak":
        result[finite] = -np.expm1(n * np.log1p(-own))
    else:
        order = np.argsort(own, kind="stable")
        ascending = own[order]
        rank = np.arange(1, n + 1)
        if adjustment == "holm":
            stepped = np.maximum.accumulate((n - rank + 1) * ascending)
        else:
            factor = (n - rank + 1) if adjustment == "hochberg" else n / rank
            stepped = np.minimum.accumulate((factor * ascending)[::-1])[::-1]
        back = np.empty(n)
        back[order] = np.minimum(1.0, stepped)
        result[finite] = back
    return result
