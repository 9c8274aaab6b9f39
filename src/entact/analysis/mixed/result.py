"""A fitted model with random effects: what can be asked of it, and how it prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from entact.analysis.mixed.effects import RandomEffect
from entact.analysis.mixed.model import RandomModel
from entact.analysis.mmrm.anova import Anova, Type, anova
from entact.analysis.mmrm.estimates import Estimates
from entact.analysis.mmrm.inference import Inference
from entact.analysis.mmrm.lsmeans import LSMeans, Weighting, lsmeans
from entact.analysis.mmrm.show import Sheet, Tabular, Write, number, to_pandas
from entact.analysis.mmrm.small import Floats


@dataclass(frozen=True, repr=False)
class Variances(Tabular):
    """Variances and covariances of the random effects and of the residual, with their standard errors."""

    model: RandomModel = field(repr=False)

    def to_polars(self) -> pl.DataFrame:
        """parameter, estimate, se (null where the variance is zero)."""
        search = self.model.search
        names = [name for part in search.data.parts for name in part.names()]
        left = search.left_out
        estimates = self.model.theta.tolist()
        ses = np.sqrt(np.diagonal(self.model.w)).tolist()
        return pl.DataFrame(
            {
                "parameter": [*names, *left, "residual"],
                "estimate": [*estimates[:-1], *([0.0] * len(left)), estimates[-1]],
                "se": pl.Series([*ses[:-1], *([None] * len(left)), ses[-1]], dtype=pl.Float64),
            }
        )

    def _sheet(self, write: Write) -> Sheet:
        rows = [
            [name, write(estimate), "–" if se is None else write(se)]
            for name, estimate, se in self.to_polars().iter_rows()
        ]
        return Sheet("Variances", ["parameter", "estimate", "SE"], rows, 1)


@dataclass(frozen=True)
class MixedFit:
    """A fitted linear mixed model: print it, or ask for LS-means, tests, variances, effects."""

    formula: str
    random: tuple[RandomEffect, ...]
    model: RandomModel = field(repr=False)
    inference: Inference = field(repr=False)
    level: float

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the data or the model, and why."""
        model = self.model
        names = model.observations.design.names
        aliased = [name for name, kept in zip(names, model.basis.kept, strict=True) if not kept]
        extra = (f"not estimable beside the others: {', '.join(aliased)}",) if aliased else ()
        zero = tuple(
            f"{name} is zero, at the edge of what a variance can be: the fit is that without it"
            for name in model.search.left_out
        )
        return model.observations.notes + extra + zero

    @cached_property
    def coefficients(self) -> Estimates:
        """The coefficients with their tests."""
        names = self.model.observations.design.names
        rows = np.eye(len(names))
        return Estimates("Coefficients", {"term": names}, rows, self.inference, self.level, aliased_zero=True)

    @property
    def variances(self) -> Variances:
        """Variances and covariances of the random effects, and the residual variance."""
        return Variances(self.model)

    @property
    def sigma(self) -> float:
        """The residual standard deviation."""
        return float(np.sqrt(self.model.theta[-1]))

    def intraclass(self) -> pl.DataFrame:
        """Which share of the variance lies between the groups of each effect: `effect`, `share`.

        Of effects of an intercept, in a model that has no other.
        """
        parts = self.model.search.data.parts
        if any(part.terms != ("1",) for part in parts):
            raise ValueError("with random slopes the share between groups depends on their columns")
        variances = dict(zip((part.name for part in parts), self.model.theta, strict=False))
        total = float(self.model.theta.sum())
        names = [part.name for part in self.model.whole.parts]
        return pl.DataFrame(
            {"effect": names, "share": [float(variances.get(name, 0.0)) / total for name in names]}
        )

    def effects(self) -> pl.DataFrame:
        """Predicted effects of every group (best linear unbiased): `effect`, `group`, `term`, `estimate`."""
        rows = []
        for part, own in zip(self.model.search.data.parts, self.model.effects, strict=True):
            for group, values in zip(part.groups, own.tolist(), strict=True):
                rows += [
                    (part.name, group, term, value) for term, value in zip(part.terms, values, strict=True)
                ]
        names = ["effect", "group", "term", "estimate"]
        return pl.DataFrame(
            rows, schema=dict(zip(names, [pl.String] * 3 + [pl.Float64], strict=True)), orient="row"
        )

    def lsmeans(
        self,
        of: str,
        *,
        by: str | Sequence[str] = (),
        weights: Weighting = "equal",
        at: Mapping[str, float] | None = None,
    ) -> LSMeans:
        """What the model expects at each level of a factor, by others; arguments as in `mmrm`'s
        `Fit.lsmeans`.

        `n` counts rows. Effect sizes of contrasts are in units of the residual standard deviation.
        """
        names = [by] if isinstance(by, str) else list(by)
        return lsmeans(
            self.inference, {"": self.sigma}, "", of, names, weights, dict(at or {}), self.level, False
        )

    def anova(self, type: Type = "III") -> Anova:
        """Joint F tests of every term, by type II or III hypotheses."""
        return anova(self.inference, type)

    def test(self, rows: Floats | Mapping[str, float], null: float = 0.0) -> Estimates:
        """t tests of linear functions of the coefficients: (r, columns), or one as {coefficient: factor}."""
        names = self.model.observations.design.names
        if isinstance(rows, Mapping):
            unknown = [name for name in rows if name not in names]
            if unknown:
                raise ValueError(f"there is no coefficient {unknown[0]!r}; they are {', '.join(names)}")
            rows = np.array([[rows.get(name, 0.0) for name in names]])
        made = np.atleast_2d(np.asarray(rows, dtype=np.float64))
        if made.shape[1] != len(names):
            raise ValueError(f"rows need {len(names)} columns, one for each coefficient, not {made.shape[1]}")
        labels = [str(place + 1) for place in range(len(made))]
        return Estimates("Linear functions", {"function": labels}, made, self.inference, self.level, null)

    @property
    def deviance(self) -> float:
        """-2 log likelihood (restricted for REML)."""
        return self.model.deviance

    @property
    def aic(self) -> float:
        """-2 log likelihood + 2 K, K the number of variances and covariances, as in SAS."""
        return self.deviance + 2.0 * self.model.theta.size

    def glance(self) -> pl.DataFrame:
        """The fit in one row."""
        model = self.model
        return pl.DataFrame(
            {
                "values": [model.n],
                "coefficients": [model.q],
                "random": [" + ".join(effect.title for effect in self.random)],
                "method": ["REML" if model.reml else "ML"],
                "df": [self.inference.freedom.title],
                "sigma": [self.sigma],
                "deviance": [self.deviance],
                "aic": [self.aic],
                "decrement": [model.search.decrement],
                "left_out": [model.observations.total_rows - model.n],
            }
        )

    def to_polars(self) -> pl.DataFrame:
        """The coefficients as a frame."""
        return self.coefficients.to_polars()

    def to_pandas(self) -> Any:
        """The coefficients as a pandas frame."""
        return to_pandas(self.to_polars())

    def text(self, decimals: int | None = None) -> str:
        """All of it as text, with so many decimals instead of four significant digits."""
        model = self.model
        groups = ", ".join(
            f"{len(part.groups)} of {part.name}"
            for part in {part.name: part for part in model.whole.parts}.values()
        )
        lines = [
            f"Mixed model  {self.formula} + {' + '.join(effect.title for effect in self.random)}",
            f"{model.n} values; groups: {groups}",
            f"{'REML' if model.reml else 'ML'}; degrees of freedom {self.inference.freedom.title}, "
            f"{model.information} information",
            f"−2 log likelihood {number(self.deviance, 7)}   AIC {number(self.aic, 7)}",
            f"converged (Newton's method, {model.search.iterations} iterations; "
            f"Newton decrement {model.search.decrement:.1e})",
            *(f"note: {note}" for note in self.notes),
        ]
        return "\n\n".join(
            ["\n".join(lines), self.coefficients.text(decimals), self.variances.text(decimals)]
        )

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        head = "<br>".join(escape(line) for line in self.text().split("\n\n")[0].split("\n"))
        return f"<p>{head}</p>{self.coefficients._repr_html_()}{self.variances._repr_html_()}"
