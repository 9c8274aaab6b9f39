"""LS-means: what the model expects for each level of some factors, averaged over the others; and contrasts of
them.

`equal` weighs all levels of the other factors alike; `proportional` by how often their combinations occur in
the rows used (R emmeans' `weights = "proportional"`); both put numbers at their mean. `observed` sets the
factors in every row used and averages over the rows as they are (SAS `obsmargins`, g-computation).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from numbers import Real
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy.special import nctdtrinc

from entact.analysis.mmrm.columns import Column, Factor, Numeric
from entact.analysis.mmrm.estimates import Estimates
from entact.analysis.mmrm.inference import Inference
from entact.analysis.mmrm.model import Observations
from entact.analysis.mmrm.show import Sheet, number
from entact.analysis.mmrm.small import Floats

Weighting = Literal["equal", "proportional", "observed"]


@dataclass(frozen=True, repr=False)
class EffectSizes:
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
        return pl.DataFrame({**self.labels, **numbers})

    def _sheet(self) -> Sheet:
        heads = [*self.labels, "effect", f"{100 * self.level:g} % interval", "SD"]
        rows = [
            [
                *(column[i] for column in self.labels.values()),
                number(self.effect[i]),
                f"{number(self.low[i])} to {number(self.high[i])}",
                number(self.sd[i]),
            ]
            for i in range(self.effect.size)
        ]
        return Sheet("Effect sizes in residual standard deviations", heads, rows, len(self.labels))

    def __str__(self) -> str:
        return self._sheet().text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._sheet().html()

    def __rich__(self) -> object:
        return self._sheet().rich()


@dataclass(frozen=True, repr=False)
class Contrasts(Estimates):
    """Differences of LS-means."""

    sd: tuple[float, ...] = ()
    """residual standard deviation at the visit of each row"""

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


@dataclass(frozen=True, repr=False)
class LSMeans(Estimates):
    """Least-squares means, by the factors asked for."""

    of: str = ""
    """the factor whose levels contrasts compare"""
    levels: tuple[str, ...] = ()
    sds: tuple[float, ...] = ()
    """residual standard deviation at the visit of each row"""

    def contrast(self, which: str = "pairwise", *, reference: str | None = None) -> Contrasts:
        """Differences between levels, separately at each level of the `by` factors.

        Args:
            which: "a - b" for two levels, "pairwise" for all pairs (later minus earlier), or "reference" for
                every
                other level minus `reference`
            reference: the level that "reference" compares with; the first if None
        """
        pairs = self._pairs(which, reference)
        width = len(self.levels)
        blocks = self.rows.shape[0] // width
        labels: dict[str, list[str]] = {"contrast": []}
        others = [name for name in self.labels if name != self.of]
        labels.update({name: [] for name in others})
        rows, sd = [], []
        for block in range(blocks):
            for plus, minus in pairs:
                a, b = block * width + plus, block * width + minus
                rows.append(self.rows[a] - self.rows[b])
                sd.append(float(np.sqrt(0.5 * (self.sds[a] ** 2 + self.sds[b] ** 2))))
                labels["contrast"].append(f"{self.levels[plus]} - {self.levels[minus]}")
                for name in others:
                    labels[name].append(self.labels[name][a])
        title = f"Contrasts of {self.of}" + (f" by {', '.join(others)}" if others else "")
        return Contrasts(title, labels, np.array(rows), self.inference, self.level, sd=tuple(sd))

    def _pairs(self, which: str, reference: str | None) -> list[tuple[int, int]]:
        place = {level: i for i, level in enumerate(self.levels)}
        if which == "pairwise":
            return [(b, a) for a, b in combinations(range(len(self.levels)), 2)]
        if which == "reference":
            first = self.levels[0] if reference is None else reference
            if first not in place:
                raise ValueError(f"{self.of} has no level {first!r}; it has {', '.join(self.levels)}")
            return [(i, place[first]) for i in range(len(self.levels)) if i != place[first]]
        splits = [
            (which[: match.start()].strip(), which[match.end() :].strip())
            for match in re.finditer(r"[-−]", which)
        ]
        for plus, minus in splits:
            if plus in place and minus in place:
                return [(place[plus], place[minus])]
        raise ValueError(
            f"the contrast {which!r} is not 'level - level' of {self.of} (levels: {', '.join(self.levels)}), "
            "'pairwise' or 'reference'"
        )

    def at(self, **levels: str) -> LSMeans:
        """Only the rows with these levels of the `by` factors, e.g. at(visit="week 18")."""
        keep = np.ones(self.rows.shape[0], dtype=bool)
        for name, level in levels.items():
            if name not in self.labels or name == self.of:
                raise ValueError(f"{name!r} is not a factor these LS-means are given by")
            if level not in self.labels[name]:
                raise ValueError(f"{name!r} has no level {level!r}")
            keep &= np.array([own == level for own in self.labels[name]])
        chosen = np.flatnonzero(keep)
        labels = {name: [column[i] for i in chosen] for name, column in self.labels.items()}
        return replace(self, labels=labels, rows=self.rows[chosen], sds=tuple(self.sds[i] for i in chosen))


def lsmeans(
    inference: Inference,
    visit_sd: Mapping[str, float],
    visit: str,
    of: str,
    by: Sequence[str],
    weights: Weighting,
    at: Mapping[str, Any],
    level: float,
) -> LSMeans:
    """LS-means of a factor, by others; see `Fit.lsmeans`."""
    if weights not in ("equal", "proportional", "observed"):
        raise ValueError(f'weights must be "equal", "proportional" or "observed", not {weights!r}')
    columns = inference.model.observations.columns
    factors: dict[str, Factor] = {name: c for name, c in columns.items() if isinstance(c, Factor)}
    for name in (of, *by):
        if name not in factors:
            hint = f"; it enters as a number: write C({name}) for categories" if name in columns else ""
            raise ValueError(
                f"{name!r} is not a factor of the formula; its factors are "
                f"{', '.join(factors) or 'none'}{hint}"
            )
    if of in by or len(set(by)) < len(by):
        raise ValueError(f"LS-means of {of} by {', '.join(by)}: a factor is named twice")
    for name, value in at.items():
        if not isinstance(columns.get(name), Numeric):
            raise ValueError(f"at={{{name!r}: ...}}: {name!r} is not a number in the formula")
        if not isinstance(value, Real) or not np.isfinite(float(value)):
            raise ValueError(f"at={{{name!r}: {value!r}}} is not a number")
    wanted = [*reversed(by), of]
    combos = list(product(*[range(len(factors[name].levels)) for name in wanted]))
    set_to = [dict(zip(wanted, combo, strict=True)) for combo in combos]
    rows = np.array([_row(inference.model.observations, factors, fixed, weights, at) for fixed in set_to])
    labels = {name: [factors[name].levels[fixed[name]] for fixed in set_to] for name in (of, *by)}
    pooled = float(np.sqrt(np.mean([sd**2 for sd in visit_sd.values()])))
    sds = tuple(visit_sd[labels[visit][i]] if visit in labels else pooled for i in range(len(set_to)))
    title = f"LS-means of {of}" + (f" by {', '.join(by)}" if by else "") + f", {weights} weights"
    return LSMeans(title, labels, rows, inference, level, of=of, levels=factors[of].levels, sds=sds)


def _row(
    observations: Observations,
    factors: Mapping[str, Factor],
    fixed: Mapping[str, int],
    weights: Weighting,
    at: Mapping[str, float],
) -> Floats:
    columns = observations.columns
    n = observations.y.size
    if weights == "observed":
        own: dict[str, Column] = {}
        for name, column in columns.items():
            if name in fixed:
                own[name] = replace(factors[name], codes=np.full(n, fixed[name], dtype=np.int32))
            elif name in at:
                own[name] = Numeric(np.full(n, at[name]))
            else:
                own[name] = column
        return observations.design.matrix(own).mean(axis=0) if own else np.ones(observations.x.shape[1])
    others = [name for name in factors if name not in fixed]
    grid = np.array(list(product(*[range(len(factors[name].levels)) for name in others])), dtype=np.int32)
    share = np.full(len(grid), 1.0 / len(grid))
    if weights == "proportional" and others:
        key = np.zeros(n, dtype=np.int64)
        for name in others:
            key = key * len(factors[name].levels) + factors[name].codes
        share = np.bincount(key, minlength=len(grid)) / n
    values: dict[str, Column] = {}
    for name, column in columns.items():
        if name in fixed:
            values[name] = replace(factors[name], codes=np.full(len(grid), fixed[name], dtype=np.int32))
        elif isinstance(column, Factor):
            values[name] = replace(column, codes=grid[:, others.index(name)])
        else:
            values[name] = Numeric(np.full(len(grid), at.get(name, float(column.values.mean()))))
    row: Floats = share @ observations.design.matrix(values)
    return row
