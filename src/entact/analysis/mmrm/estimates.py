"""Linear functions of the coefficients with their tests: what every table of a fit is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np
import polars as pl

from entact.analysis.mmrm.inference import Inference, Joint, p_value, quantile
from entact.analysis.mmrm.multiplicity import (
    ADJUSTMENTS,
    JOINT,
    Adjustment,
    JointT,
    adjust,
    range_p,
    range_quantile,
)
from entact.analysis.mmrm.show import Sheet, Tabular, Write, number, probability
from entact.analysis.mmrm.small import Floats

Alternative = Literal["two-sided", "less", "greater"]


def known(numbers: Mapping[str, Floats]) -> dict[str, pl.Series]:
    """Columns with null for NaN."""
    return {name: pl.Series(name, values, nan_to_null=True) for name, values in numbers.items()}


@dataclass(frozen=True, repr=False)
class Estimates(Tabular):
    """Rows of estimates: `str()`, a notebook and `text(decimals=2)` print them, `to_polars()` has them."""

    title: str
    labels: dict[str, list[str]]
    """columns of words that say what each row is"""
    rows: Floats
    """(r, columns) the linear functions of the coefficients"""
    inference: Inference = field(repr=False)
    level: float = 0.95
    null: float = 0.0
    """the value that each is tested against"""
    alternative: Alternative = "two-sided"
    """what p speaks against `null` for; intervals are two-sided always"""
    adjustment: Adjustment = "none"
    """multiplicity: over all rows of this table"""
    aliased_zero: bool = False
    """whether coefficients left out as aliased count as zero, as in a table of coefficients"""
    sampling: Floats | None = None
    """(r, r) covariance from covariates being a sample, where standard errors are marginal"""

    @cached_property
    def _parts(self) -> tuple[Floats, Floats, Floats]:
        estimate, se, df = self.inference.estimates(self.rows, aliased_zero=self.aliased_zero)
        if self.sampling is not None:
            se = np.sqrt(se**2 + np.diagonal(self.sampling))
        return estimate, se, df

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
        """(r,) p of each row alone, two-sided unless `alternative` says otherwise"""
        return p_value(self.t, self.df, self.alternative)

    @property
    def p(self) -> Floats:
        """(r,) p, adjusted for multiplicity where the table says so"""
        if self.adjustment in JOINT:
            sign = {"two-sided": 0, "less": -1, "greater": 1}[self.alternative]
            return self._joint_t.p(self.t, self.df, sign)
        if self.adjustment == "tukey":
            if self.alternative != "two-sided":
                raise ValueError('"tukey" is two-sided; "multivariate-t" can be one-sided')
            return range_p(self.t, self.df)
        return adjust(self.p_unadjusted, self.adjustment)

    @cached_property
    def _joint_t(self) -> JointT:
        told = np.isfinite(self.estimate)
        covariance = self.covariance[np.ix_(told, told)]
        sd = np.sqrt(np.diagonal(covariance))
        return JointT(covariance / np.outer(sd, sd))

    @cached_property
    def _half_width(self) -> Floats:
        if self.adjustment in JOINT:
            return self._joint_t.quantile(self.level, self.df) * self.se
        if self.adjustment == "tukey":
            return range_quantile(self.level, self.t, self.df) * self.se
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
        """(r,) lower limits; simultaneous for Bonferroni, Sidak and joint t's, else of each row alone"""
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
        return covariance if self.sampling is None else covariance + self.sampling

    @property
    def correlation(self) -> Floats:
        """(r, r) correlation of the estimates"""
        sd = np.sqrt(np.diagonal(self.covariance))
        correlation: Floats = self.covariance / np.outer(sd, sd)
        return correlation

    def joint(self) -> Joint:
        """F test that all rows are zero."""
        return self.inference.joint(self.rows)

    def adjusted(self, adjustment: Adjustment) -> Estimates:
        """The same rows with p for several tests, and simultaneous intervals where the method has them.

        Args:
            adjustment: over all rows of this table. From the p values alone: "bonferroni", "sidak", "holm",
                "hochberg", "benjamini-hochberg". From the joint distribution of the rows: "dunnett" (every
                level against a reference), "tukey" (all pairs), "multivariate-t" (any rows).
        """
        if adjustment not in ADJUSTMENTS:
            raise ValueError(f"adjustment must be one of {', '.join(ADJUSTMENTS)}, not {adjustment!r}")
        return replace(self, adjustment=adjustment)

    def against(self, null: float, alternative: Alternative = "two-sided") -> Self:
        """The same rows tested against another value, such as a margin of non-inferiority.

        Args:
            null: the value. alternative: "greater" and "less" give one-sided p.
        """
        if not np.isfinite(null):
            raise ValueError(f"null must be a number, not {null!r}")
        if alternative not in ("two-sided", "less", "greater"):
            raise ValueError(f'alternative must be "two-sided", "less" or "greater", not {alternative!r}')
        return replace(self, null=float(null), alternative=alternative)

    def combine(self, weights: Mapping[str, Sequence[float]]) -> Estimates:
        """Any linear combinations of the rows.

        Args:
            weights: for each combination its name, and a number for each row of this table in its order
        """
        made = np.array([list(own) for own in weights.values()], dtype=np.float64).reshape(len(weights), -1)
        if not made.size or made.shape[1] != len(self.rows) or not np.isfinite(made).all():
            raise ValueError(
                f"every combination needs {len(self.rows)} numbers, one for each row of this table"
            )
        return Estimates(
            f"Combinations of {self.title}",
            {"combination": list(weights)},
            made @ self.rows,
            self.inference,
            self.level,
            aliased_zero=self.aliased_zero,
            sampling=None if self.sampling is None else made @ self.sampling @ made.T,
        )

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
        words = [
            pl.Series(name, own)
            for own_labels in (self.labels, self._counts())
            for name, own in own_labels.items()
        ]
        return pl.DataFrame([*words, *known(numbers).values()])

    def _counts(self) -> dict[str, list[int]]:
        """Columns of whole numbers that stand beside the labels."""
        return {}

    def _sheet(self, write: Write) -> Sheet:
        counts = self._counts()
        low, high, p = self.low, self.high, self.p
        level = f"{100 * self.level:g} %"
        heads = [*self.labels, *counts, "estimate", "SE", "df", f"{level} interval", "t", "p"]
        rows = [
            [
                *(column[i] for column in self.labels.values()),
                *(str(column[i]) for column in counts.values()),
                write(self.estimate[i]),
                write(self.se[i]),
                number(self.df[i]),
                f"{write(low[i])} to {write(high[i])}",
                write(self.t[i]),
                probability(p[i]),
            ]
            for i in range(self.rows.shape[0])
        ]
        notes = [] if self.adjustment == "none" else [f"p adjusted over {len(rows)} tests: {self.adjustment}"]
        if self.null != 0.0 or self.alternative != "two-sided":
            sign = {"two-sided": "≠", "less": "<", "greater": ">"}[self.alternative]
            sided = "two-sided" if self.alternative == "two-sided" else "one-sided"
            notes.append(f"t and {sided} p for {sign} {number(self.null)}; intervals are two-sided")
        if self.sampling is not None:
            notes.append("marginal standard errors: covariates count as a sample")
        if not np.isfinite(self.estimate).all():
            notes.append("– not estimable from these data")
        return Sheet(self.title, heads, rows, len(self.labels), notes)
