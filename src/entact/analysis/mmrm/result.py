"""A fitted MMRM: what can be asked of it, and how it prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from entact.analysis.mmrm import predict
from entact.analysis.mmrm.anova import Anova, Type, anova
from entact.analysis.mmrm.estimates import Estimates
from entact.analysis.mmrm.inference import Inference, Joint
from entact.analysis.mmrm.lsmeans import LSMeans, Weighting, lsmeans
from entact.analysis.mmrm.model import Model
from entact.analysis.mmrm.picture import residual_plots
from entact.analysis.mmrm.show import Sheet, number, writer
from entact.analysis.mmrm.small import Floats


@dataclass(frozen=True)
class Attempt:
    """A structure that was tried, and what came of it."""

    structure: str
    outcome: str


@dataclass(frozen=True)
class Fit:
    """A fitted mixed model for repeated measures: print it, or ask for LS-means, tests, residuals."""

    formula: str
    model: Model = field(repr=False)
    inference: Inference = field(repr=False)
    level: float
    attempts: tuple[Attempt, ...]
    """the structures tried, in order; the last one is this fit's"""
    subject: str
    visit: str

    @property
    def converged(self) -> bool:
        """Always true: a fit that did not converge is an error, not a result."""
        return self.model.search.converged

    @property
    def status(self) -> str:
        """How the optimum was found, in words, with every structure tried."""
        return "; ".join(f"{attempt.structure}: {attempt.outcome}" for attempt in self.attempts)

    @property
    def decrement(self) -> float:
        """Newton decrement g' H^-1 g at the end, on the scale of -2 log likelihood."""
        return self.model.search.decrement

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out of the data or the model, and why."""
        model = self.model
        names = model.observations.design.names
        aliased = [name for name, kept in zip(names, model.basis.kept, strict=True) if not kept]
        extra = (f"not estimable beside the others: {', '.join(aliased)}",) if aliased else ()
        return model.observations.notes + extra

    @cached_property
    def coefficients(self) -> Estimates:
        """The coefficients with their tests."""
        names = self.model.observations.design.names
        rows = np.eye(len(names))
        return Estimates("Coefficients", {"term": names}, rows, self.inference, self.level, aliased_zero=True)

    @property
    def coefficient_covariance(self) -> Floats:
        """(columns, columns) covariance of the coefficients as `df` and `sandwich` say; NaN where aliased."""
        kept = self.model.basis.kept
        size = kept.size
        covariance = np.full((size, size), np.nan)
        to = self.model.basis.to_conditioned
        covariance[np.ix_(kept, kept)] = to @ self.inference.covariance @ to.T
        return covariance

    @property
    def deviance(self) -> float:
        """-2 log likelihood (restricted for REML)."""
        return self.model.deviance

    @property
    def log_likelihood(self) -> float:
        """Log likelihood (restricted for REML)."""
        return -0.5 * self.model.deviance

    @property
    def aic(self) -> float:
        """-2 log likelihood + 2 K, K the number of covariance parameters, as in R mmrm and SAS for REML."""
        return self.deviance + 2.0 * self.model.theta.size

    @property
    def aicc(self) -> float:
        """AIC corrected for few observations: -2 log likelihood + 2 K n* / (n* - K - 1), n* = max(n - q, K +
        2).

        As in R mmrm; SAS takes n* = n for ML.
        """
        k = self.model.theta.size
        n = max(self.model.n - self.model.q, k + 2)
        return self.deviance + 2.0 * k * n / (n - k - 1.0)

    @property
    def bic(self) -> float:
        """-2 log likelihood + K log(participants)."""
        return self.deviance + self.model.theta.size * float(np.log(self.model.layout.participants))

    @cached_property
    def covariance(self) -> dict[str, Floats]:
        """V of each group ("" where the covariance is not grouped), (m, m) in the order of `visits`.

        Where participants have coordinates of their own there is no common V: it is that of the first one's.
        """
        groups, of_sheet = self.model.observations.groups, self.model.surface.group_of_sheet
        return {g: self.model.matrices[int(np.flatnonzero(of_sheet == i)[0])] for i, g in enumerate(groups)}

    @property
    def correlation(self) -> dict[str, Floats]:
        """The correlations of `covariance`."""
        sds = {group: np.sqrt(np.diagonal(v)) for group, v in self.covariance.items()}
        return {group: v / np.outer(sds[group], sds[group]) for group, v in self.covariance.items()}

    @property
    def visits(self) -> tuple[str, ...]:
        """The visits, in order."""
        return self.model.observations.visits

    @cached_property
    def covariance_parameters(self) -> pl.DataFrame:
        """Covariance parameters, as SAS writes them, with standard errors from the observed information."""
        return pl.DataFrame(
            {
                "parameter": self.model.surface.names(),
                "estimate": self.model.theta,
                "se": np.sqrt(np.diagonal(self.model.w)),
            }
        )

    def lsmeans(
        self,
        of: str,
        *,
        by: str | Sequence[str] = (),
        weights: Weighting = "equal",
        at: Mapping[str, float] | None = None,
        marginal: bool = False,
    ) -> LSMeans:
        """What the model expects at each level of a factor (usually the arm), by others (usually the visit).

        Args:
            of: a factor of the formula (`site` for `C(site)`)
            by: further factors; each combination is a row
            weights: how levels of the other factors are averaged: "equal", "proportional" (as often as they
                occur)
                or "observed" (over the rows as they are)
            at: values of numeric covariates other than their mean
            marginal: with "observed", whether standard errors count that covariates are those of a sample
                (g-computation's; matters where they act differently in the arms)

        "equal" and "proportional" are R's `emmeans(fit, ~ of | by, weights = ..., cov.keep = character(0))`:
        emmeans by itself takes a number with only two values as a factor; here C() does. A function of a
        number is taken at the mean of the number, as there. "observed" is g-computation; SAS `obsmargins` is
        the same where no number is multiplied with another variable than `of`.
        """
        names = [by] if isinstance(by, str) else list(by)
        return lsmeans(
            self.inference,
            self._visit_sd,
            self.visit,
            of,
            names,
            weights,
            dict(at or {}),
            self.level,
            marginal,
        )

    @cached_property
    def _visit_sd(self) -> dict[str, float]:
        variances = np.mean([np.diagonal(v) for v in self.covariance.values()], axis=0)
        return {
            visit: float(np.sqrt(variance)) for visit, variance in zip(self.visits, variances, strict=True)
        }

    def anova(self, type: Type = "III") -> Anova:
        """Joint F tests of every term, by type II or III hypotheses."""
        return anova(self.inference, type)

    def test(self, rows: Floats | Mapping[str, float], null: float = 0.0) -> Estimates:
        """t tests of linear functions of the coefficients.

        Args:
            rows: (r, columns) or (columns,) in the order of `coefficients`, or one row as {coefficient:
                factor}
            null: the value each is tested against
        """
        if not np.isfinite(null):
            raise ValueError(f"null must be a number, not {null!r}")
        names = self.model.observations.design.names
        made = self._rows(rows)
        labels = [_describe(row, names) for row in made]
        return Estimates("Linear functions", {"function": labels}, made, self.inference, self.level, null)

    def joint_test(self, rows: Floats | Sequence[str]) -> Joint:
        """F test that linear functions (r, columns), or the coefficients with these names, are all zero."""
        if isinstance(rows, np.ndarray):
            return self.inference.joint(self._rows(rows))
        return self.inference.joint(np.concatenate([self._rows({name: 1.0}) for name in rows]))

    def _rows(self, rows: Floats | Mapping[str, float]) -> Floats:
        names = self.model.observations.design.names
        if isinstance(rows, Mapping):
            unknown = [name for name in rows if name not in names]
            if unknown:
                raise ValueError(
                    f"there is no coefficient {unknown[0]!r}; the coefficients are {', '.join(names)}"
                )
            return np.array([[rows.get(name, 0.0) for name in names]])
        made = np.atleast_2d(np.asarray(rows, dtype=np.float64))
        if made.shape[1] != len(names):
            raise ValueError(f"rows need {len(names)} columns, one for each coefficient, not {made.shape[1]}")
        return made

    def residuals(self, kind: predict.ResidualKind = "response") -> Floats:
        """Residuals (n,) of `rows_used`: "response", "pearson" or "normalised" (uncorrelated)."""
        return predict.residuals(self.model, kind)

    @property
    def fitted(self) -> Floats:
        """(n,) X beta of the rows used."""
        return self.model.fitted

    @property
    def rows_used(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """(n,) places of the rows used in the frame given, counted from 0."""
        return self.model.observations.row

    def predict(self, data: Any, *, conditional: bool = True) -> pl.DataFrame:
        """Expected outcomes of the rows of a frame: `estimate`, its `se` for the mean, and `prediction`,
        `prediction_se`.

        Args:
            data: a frame with the variables of the formula, participant and visit; the outcome is not needed
            conditional: whether participants who were in the fit are predicted given their observed values
                there

        Equivalent to SAS `outpredm` (estimate) and `outpred` (prediction). Rows with a missing variable get
        null.
        """
        return predict.predicted(self.inference, self.subject, self.visit, data, conditional)

    def simulate(self, rng: np.random.Generator, count: int = 1) -> Floats:
        """Outcomes (count, n) drawn from the fitted model on the rows used."""
        return predict.simulate(self.model, rng, count)

    def residual_plots(self) -> dict[str, Any]:
        """The residuals as a Vega-Lite specification: over expected values, by visit, normal quantiles."""
        return residual_plots(self.model)

    def to_polars(self) -> pl.DataFrame:
        """The coefficients as a frame."""
        return self.coefficients.to_polars()

    def to_pandas(self) -> Any:
        """The coefficients as a pandas frame."""
        return self.coefficients.to_pandas()

    def glance(self) -> pl.DataFrame:
        """The fit in one row: what was used, how it was fitted, how well it fits."""
        model = self.model
        return pl.DataFrame(
            {
                "values": [model.n],
                "participants": [model.layout.participants],
                "visits": [len(self.visits)],
                "coefficients": [model.q],
                "covariance": [model.surface.structure.title],
                "covariance_parameters": [model.theta.size],
                "method": ["REML" if model.reml else "ML"],
                "df": [self.inference.freedom.title],
                "sandwich": pl.Series([self.inference.sandwich], dtype=pl.String),
                "deviance": [self.deviance],
                "aic": [self.aic],
                "aicc": [self.aicc],
                "bic": [self.bic],
                "decrement": [self.decrement],
                "left_out": [model.observations.total_rows - model.n],
            }
        )

    def _summary(self) -> list[str]:
        model = self.model
        method = "REML" if model.reml else "ML"
        structure = model.surface.structure.title
        grouped = (
            f", by {len(model.observations.groups)} groups" if len(model.observations.groups) > 1 else ""
        )
        inference = self.inference.freedom.title
        if self.inference.sandwich is not None:
            inference += f" with empirical covariance {self.inference.sandwich}"
        lines = [
            f"MMRM  {self.formula}",
            f"{model.n} values of {model.layout.participants} participants at {len(self.visits)} visits "
            f"({', '.join(self.visits)})",
            f"covariance {structure}{grouped}; {method}; degrees of freedom {inference}",
            f"−2 log likelihood {number(self.deviance, 7)}   AIC {number(self.aic, 7)}   "
            f"BIC {number(self.bic, 7)}",
            self.status,
        ]
        return [*lines, *(f"note: {note}" for note in self.notes)]

    def text(self, decimals: int | None = None) -> str:
        """All of it as text, with so many decimals instead of four significant digits."""
        write = writer(decimals)
        parts = ["\n".join(self._summary()), self.coefficients.text(decimals)]
        for group, v in self.covariance.items():
            rows = [
                [visit, *(write(value) for value in row)] for visit, row in zip(self.visits, v, strict=True)
            ]
            title = "Covariance between visits" + (f", {group}" if group else "")
            parts.append(Sheet(title, ["", *self.visits], rows, 1).text())
        return "\n\n".join(parts)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        head = "<br>".join(escape(line) for line in self._summary())
        return f"<p>{head}</p>{self.coefficients._repr_html_()}"

    def __rich__(self) -> object:
        from rich.console import Group

        return Group(*self._summary(), self.coefficients.__rich__())  # type: ignore[arg-type]


def _describe(row: Floats, names: Sequence[str]) -> str:
    parts = [f"{number(value)} × {name}" for value, name in zip(row, names, strict=True) if value != 0.0]
    return " + ".join(parts) or "0"
