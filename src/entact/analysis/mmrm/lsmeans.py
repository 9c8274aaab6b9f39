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

from entact.analysis.mmrm.columns import Column, Factor, Numeric
from entact.analysis.mmrm.contrasts import Contrasts
from entact.analysis.mmrm.estimates import Estimates
from entact.analysis.mmrm.inference import Inference
from entact.analysis.mmrm.model import Fitted, Observations
from entact.analysis.mmrm.small import Flags, Floats, Ints

Weighting = Literal["equal", "proportional", "observed"]
# Rows of the model matrix that are made at once.
AT_ONCE = 20_000


@dataclass(frozen=True, repr=False)
class LSMeans(Estimates):
    """Least-squares means, by the factors asked for."""

    of: str = ""
    """the factor whose levels contrasts compare"""
    levels: tuple[str, ...] = ()
    sds: tuple[float, ...] = ()
    """residual standard deviation at the visit of each row"""

    n: tuple[int, ...] = ()
    """participants with a value behind each row"""

    def _counts(self) -> dict[str, list[int]]:
        return {"n": list(self.n)}

    def contrast(
        self, which: str | Mapping[str, float] = "pairwise", *, reference: str | None = None
    ) -> Contrasts:
        """Differences between levels, separately at each level of the `by` factors.

        Args:
            which: "a - b" for two levels, "pairwise" for all pairs (later minus earlier), "reference" for
                every other level minus `reference`, or a factor for each level, such as
                {"high": 0.5, "low": 0.5, "placebo": -1}
            reference: the level that "reference" compares with; the first if None
        """
        if isinstance(which, str):
            made = {
                f"{self.levels[plus]} - {self.levels[minus]}": self._factors({plus: 1.0, minus: -1.0})
                for plus, minus in self._pairs(which, reference)
            }
            kind = which if which in ("pairwise", "reference") else ""
        else:
            made, kind = {_written(which): self._factors(self._places(which))}, ""
        return self._contrasts(made, f"Contrasts of {self.of}", kind)

    def trend(self, doses: Mapping[str, float]) -> Contrasts:
        """How much the mean changes with each unit of a dose: the slope of the means over it, unweighted.

        Args:
            doses: the dose of each level, such as {"placebo": 0, "40 mg": 40, "120 mg": 120}
        """
        places = self._places(doses)
        if len(places) < len(self.levels):
            missing = [level for level in self.levels if level not in doses]
            raise ValueError(f"a trend needs a dose for every level of {self.of}; {missing[0]!r} has none")
        centred = self._factors(places) - np.mean(list(places.values()))
        if not (centred**2).sum() > 0.0:
            raise ValueError("a trend needs doses that differ")
        return self._contrasts({"per unit": centred / (centred**2).sum()}, f"Trend over {self.of}", "")

    def average(self, over: str, weights: Mapping[str, float] | None = None) -> LSMeans:
        """The means averaged over a `by` factor, such as all visits together.

        Args:
            over: the factor. weights: of its levels, of which those not named count nothing; equal if None
        """
        if over not in self.labels or over == self.of:
            raise ValueError(f"{over!r} is not a factor these LS-means are given by")
        levels = list(dict.fromkeys(self.labels[over]))
        own = dict.fromkeys(levels, 1.0) if weights is None else dict(weights)
        unknown = [level for level in own if level not in levels]
        total = sum(own.values())
        if unknown or not total > 0.0 or min(own.values()) < 0.0:
            told = f"{over!r} has no level {unknown[0]!r}" if unknown else "weights are positive"
            raise ValueError(f"{told}; the levels are {', '.join(levels)}")
        rest = [name for name in self.labels if name != over]
        keys = list(zip(*(self.labels[name] for name in rest), strict=True))
        distinct = list(dict.fromkeys(keys))
        mix = np.array(
            [
                [
                    own.get(level, 0.0) / total if key == one else 0.0
                    for key, level in zip(keys, self.labels[over], strict=True)
                ]
                for one in distinct
            ]
        )
        labels = {name: [one[place] for one in distinct] for place, name in enumerate(rest)}
        counted = [self.inference.model.observations.columns[over]]
        assert isinstance(counted[0], Factor)
        used = [code for code, level in enumerate(counted[0].levels) if own.get(level, 0.0) > 0.0]
        rows_in = np.isin(counted[0].codes, used)
        return replace(
            self,
            title=f"{self.title}, averaged over {over}",
            labels=labels,
            rows=mix @ self.rows,
            sds=tuple(np.sqrt(mix @ np.square(self.sds))),
            n=_count(self.inference.model.observations, labels, rows_in),
            sampling=None if self.sampling is None else mix @ self.sampling @ mix.T,
        )

    def _factors(self, places: Mapping[int, float]) -> Floats:
        """(levels,)"""
        return np.array([places.get(place, 0.0) for place in range(len(self.levels))])

    def _places(self, by_level: Mapping[str, float]) -> dict[int, float]:
        unknown = [level for level in by_level if level not in self.levels]
        if unknown:
            raise ValueError(f"{self.of} has no level {unknown[0]!r}; it has {', '.join(self.levels)}")
        return {self.levels.index(level): float(value) for level, value in by_level.items()}

    def _contrasts(self, made: Mapping[str, Floats], title: str, kind: str) -> Contrasts:
        """Each combination of levels, separately at each level of the `by` factors."""
        width = len(self.levels)
        blocks = self.rows.shape[0] // width
        others = [name for name in self.labels if name != self.of]
        mix = np.zeros((blocks * len(made), self.rows.shape[0]))
        for block in range(blocks):
            for place, factors in enumerate(made.values()):
                mix[block * len(made) + place, block * width : (block + 1) * width] = factors
        labels = {"contrast": list(made) * blocks}
        for name in others:
            labels[name] = [self.labels[name][block * width] for block in range(blocks) for _ in made]
        share = np.abs(mix) / np.maximum(np.abs(mix).sum(axis=1, keepdims=True), 1e-300)
        title += f" by {', '.join(others)}" if others else ""
        return Contrasts(
            title,
            labels,
            mix @ self.rows,
            self.inference,
            self.level,
            sampling=None if self.sampling is None else mix @ self.sampling @ mix.T,
            sd=tuple(np.sqrt(share @ np.square(self.sds))),
            which=kind,
            sets=blocks,
        )

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
        return replace(
            self,
            labels=labels,
            rows=self.rows[chosen],
            sds=tuple(self.sds[i] for i in chosen),
            n=tuple(self.n[i] for i in chosen),
            sampling=None if self.sampling is None else self.sampling[np.ix_(chosen, chosen)],
        )


def lsmeans(
    inference: Inference,
    visit_sd: Mapping[str, float],
    visit: str,
    of: str,
    by: Sequence[str],
    weights: Weighting,
    at: Mapping[str, Any],
    level: float,
    marginal: bool,
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
    observations = inference.model.observations
    rows = _rows(observations, factors, set_to, weights, at)
    labels = {name: [factors[name].levels[fixed[name]] for fixed in set_to] for name in (of, *by)}
    pooled = float(np.sqrt(np.mean([sd**2 for sd in visit_sd.values()])))
    sds = tuple(visit_sd[labels[visit][i]] if visit in labels else pooled for i in range(len(set_to)))
    title = f"LS-means of {of}" + (f" by {', '.join(by)}" if by else "") + f", {weights} weights"
    return LSMeans(
        title,
        labels,
        rows,
        inference,
        level,
        of=of,
        levels=factors[of].levels,
        sds=sds,
        n=_count(observations, labels),
        sampling=_sampling(inference.model, factors, set_to, weights, at) if marginal else None,
    )


def _written(factors: Mapping[str, float]) -> str:
    """{"high": 0.5, "low": 0.5, "placebo": -1} as 0.5 × high + 0.5 × low − 1 × placebo."""
    parts = [f"{'−' if value < 0 else '+'} {abs(value):g} × {level}" for level, value in factors.items()]
    return " ".join(parts).removeprefix("+ ")


def _count(
    observations: Observations, labels: Mapping[str, list[str]], within: Flags | None = None
) -> tuple[int, ...]:
    """Participants with a value used at the levels of each row."""
    key: Ints = np.zeros(observations.y.size, dtype=np.int64)
    place: Ints = np.zeros(len(next(iter(labels.values()))), dtype=np.int64)
    size = 1
    for name, levels in labels.items():
        column = observations.columns[name]
        assert isinstance(column, Factor)
        code_of = {level: code for code, level in enumerate(column.levels)}
        key = key * len(code_of) + column.codes
        place = place * len(code_of) + np.array([code_of[level] for level in levels])
        size *= len(code_of)
    pairs = observations.participant * size + key
    distinct = np.unique(pairs if within is None else pairs[within])
    return tuple(np.bincount(distinct % size, minlength=size)[place].tolist())


def _sampling(
    model: Fitted,
    factors: Mapping[str, Factor],
    set_to: Sequence[Mapping[str, int]],
    weights: Weighting,
    at: Mapping[str, float],
) -> Floats:
    """(r, r) covariance of the averages of what is expected, the covariates being those of a sample.

    Each row is an average over all rows used with the factors set; its variance over participants, each of
    whom brings the sum of his own, is that of a ratio estimator with their number of rows below.
    """
    if weights != "observed" or at:
        raise ValueError('marginal standard errors are of weights="observed", without at={...}')
    observations = model.observations
    beta = np.where(model.basis.kept, model.beta, 0.0)
    people = len(observations.participants)
    size = np.bincount(observations.participant, minlength=people)
    parts = []
    for fixed in set_to:
        own = {
            name: replace(column, codes=np.full(observations.y.size, fixed[name], dtype=np.int32))
            if name in fixed and isinstance(column, Factor)
            else column
            for name, column in observations.columns.items()
        }
        expected = observations.design.matrix(own) @ beta
        centred = expected - expected.mean()
        parts.append(np.bincount(observations.participant, centred, minlength=people) / size.mean())
    each = np.array(parts)
    sampling: Floats = each @ each.T / (people * (people - 1.0))
    return sampling


def _rows(
    observations: Observations,
    factors: Mapping[str, Factor],
    set_to: Sequence[Mapping[str, int]],
    weights: Weighting,
    at: Mapping[str, float],
) -> Floats:
    """(r, columns) what is averaged for each row of the table."""
    columns = observations.columns
    n = observations.y.size
    if weights == "observed":
        return np.array([_observed(observations, factors, fixed, at) for fixed in set_to])
    others = [name for name in factors if name not in set_to[0]]
    grid = np.array(list(product(*[range(len(factors[name].levels)) for name in others])), dtype=np.int32)
    share = np.full(len(grid), 1.0 / len(grid))
    if weights == "proportional" and others:
        key = np.zeros(n, dtype=np.int64)
        for name in others:
            key = key * len(factors[name].levels) + factors[name].codes
        share = np.bincount(key, minlength=len(grid)) / n
    mean = {
        name: at.get(name, float(column.values.mean()))
        for name, column in columns.items()
        if isinstance(column, Numeric)
    }
    step = max(1, AT_ONCE // len(grid))
    rows = []
    for begin in range(0, len(set_to), step):
        some = set_to[begin : begin + step]
        values: dict[str, Column] = {
            name: Numeric(np.full(len(some) * len(grid), value)) for name, value in mean.items()
        }
        for name, factor in factors.items():
            if name in some[0]:
                codes = np.array([fixed[name] for fixed in some], dtype=np.int32).repeat(len(grid))
            else:
                codes = np.tile(grid[:, others.index(name)], len(some))
            values[name] = replace(factor, codes=codes)
        rows.append(share @ observations.design.matrix(values).reshape(len(some), len(grid), -1))
    return np.concatenate(rows)


def _observed(
    observations: Observations,
    factors: Mapping[str, Factor],
    fixed: Mapping[str, int],
    at: Mapping[str, float],
) -> Floats:
    n = observations.y.size
    own: dict[str, Column] = {}
    for name, column in observations.columns.items():
        if name in fixed:
            own[name] = replace(factors[name], codes=np.full(n, fixed[name], dtype=np.int32))
        elif name in at:
            own[name] = Numeric(np.full(n, at[name]))
        else:
            own[name] = column
    return observations.design.matrix(own).mean(axis=0) if own else np.ones(observations.x.shape[1])
