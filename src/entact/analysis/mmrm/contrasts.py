"""Differences of LS-means, in the outcome's units and in residual standard deviations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import nctdtrinc

from entact.analysis.mmrm.estimates import Estimates, known
from entact.analysis.mmrm.multiplicity import Adjustment
from entact.analysis.mmrm.show import Sheet, Tabular, Write
from entact.analysis.mmrm.small import Floats


@dataclass(frozen=True, repr=False)
class EffectSizes(Tabular):
    """Contrasts in units of the residual standard deviation, with intervals by the noncentral t."""

    labels: dict[str, list[str]]
    effect: Floats
    low: Floats
    high: Floats
    sd: Floats
    """the residual standard deviation that each is divided by"""
    level: float

    def to_polars(self) -> pl.DataFrame:
        """Labels, effect, low, high, sd."""
        numbers = {"effect": self.effect, "low": self.low, "high": self.high, "sd": self.sd}
        return pl.DataFrame({**self.labels, **known(numbers)})

    def _sheet(self, write: Write) -> Sheet:
        heads = [*self.labels, "effect", f"{100 * self.level:g} % interval", "SD"]
        rows = [
            [
                *(column[i] for column in self.labels.values()),
                write(self.effect[i]),
                f"{write(self.low[i])} to {write(self.high[i])}",
                write(self.sd[i]),
            ]
            for i in range(self.effect.size)
        ]
        return Sheet("Effect sizes in residual standard deviations", heads, rows, len(self.labels))


@dataclass(frozen=True, repr=False)
class Contrasts(Estimates):
    """Differences of LS-means."""

    sd: tuple[float, ...] = ()
    """residual standard deviation at the visit of each row"""
    which: str = ""
    """"pairwise", "reference", or "" for chosen ones"""
    sets: int = 1
    """how many levels of the `by` factors there are, each with such a set of contrasts"""

    def adjusted(self, adjustment: Adjustment) -> Contrasts:
        """As for all estimates; "dunnett" is of one set against a reference, "tukey" of all its pairs."""
        needed = {"dunnett": "reference", "tukey": "pairwise"}.get(adjustment)
        if needed is not None and self.which != needed and len(self.rows) > 1:
            raise ValueError(
                f'"{adjustment}" is of contrast("{needed}"); "multivariate-t" takes any rows into account'
            )
        if needed is not None and self.sets > 1:
            raise ValueError(
                f'"{adjustment}" is of one set of contrasts, and these are {self.sets}: choose one with '
                'at(...), or "multivariate-t" over all of them'
            )
        made = super().adjusted(adjustment)
        assert isinstance(made, Contrasts)
        return made

    def effect_sizes(self) -> EffectSizes:
        """Each contrast over the residual standard deviation at its visit (all visits pooled where there is
        none).

        The interval inverts the noncentral t distribution of estimate / SE (Hedges & Olkin 1985, section
        5.A).
        """
        sd = np.array(self.sd)
        t, df = self.t, self.df
        tail = 0.5 - self.level / 2.0
        low = np.array([float(nctdtrinc(d, 1.0 - tail, x)) for d, x in zip(df, t, strict=True)])
        high = np.array([float(nctdtrinc(d, tail, x)) for d, x in zip(df, t, strict=True)])
        return EffectSizes(
            self.labels, self.estimate / sd, low * self.se / sd, high * self.se / sd, sd, self.level
        )
