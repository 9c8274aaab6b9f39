"""Methods for repeated yes or no and for counts: estimating equations, and events over time at risk."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
import polars as pl
from scipy.special import ndtri, stdtrit

from entact.analysis.adjustment.model import Rows
from entact.analysis.binary.arms import tail
from entact.analysis.continuous.ancova import t_tail
from entact.analysis.methods.answer import labelled
from entact.analysis.mmrm.columns import Factor
from entact.analysis.planned import Question
from entact.analysis.repeated import FAMILIES, gee, negative_binomial
from entact.analysis.repeated.gee import Correction, Correlation, Floats
from entact.analysis.result import Estimate, Estimates, Group


@dataclass(frozen=True, slots=True)
class EstimatingEquations:
    """Arms compared at a visit by a marginal model of all visits: odds ratio, rate ratio or difference."""

    fixed: str
    family: str = "binomial"
    correlation: Correlation = "exchangeable"
    correction: Correction = "mancl_derouen"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if question.at is None:
            raise ValueError(
                "estimating equations compare at a visit; write 'at' and the visit into `contrast`"
            )
        first, second = question.arms(rows)
        if not isinstance(rows.schema["visit"], pl.Enum) and self.correlation not in (
            "independence",
            "exchangeable",
        ):
            raise ValueError("this correlation needs the order of the visits; write the plan's `visits`")
        own = rows.with_columns(pl.col("arm").cast(pl.String), pl.col("value").cast(pl.Float64))
        fit = gee(
            f"value ~ {self.fixed}",
            own,
            subject="participant",
            visit="visit",
            family=self.family,
            correlation=self.correlation,
            correction=self.correction,
        )
        here = (own["visit"].cast(pl.String) == question.at).to_numpy()[fit.rows.used]
        along = _along(fit.rows, question, here)
        found, se = float(along @ fit.beta), float(np.sqrt(along @ fit.covariance @ along))
        df = float(fit.clusters - fit.beta.size)
        measure = FAMILIES[self.family].measure
        one = _effect(measure, fit.title, found, se, df, question, logged=measure != "mean difference")
        groups = tuple(
            _group(name, part["value"], yes_no=self.family == "binomial")
            for name, part in zip(question.pair(), (first, second), strict=True)
        )
        notes = (*fit.notes, f"{fit.clusters} participants, {fit.rows.n} values in the model")
        return labelled(_with(one, groups), question, *notes)


@dataclass(frozen=True, slots=True)
class CountsOfEvents:
    """Arms compared by the rate of their events: negative binomial, over each one's time at risk."""

    fixed: str
    exposure: str | None = None

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        here = question.here(rows).with_columns(
            pl.col("arm").cast(pl.String), pl.col("value").cast(pl.Float64)
        )
        if self.exposure is not None and self.exposure not in here.columns:
            raise ValueError(
                f"the exposure {self.exposure!r} is no column; there are: {', '.join(here.columns)}"
            )
        for name, part in zip(question.pair(), (first, second), strict=True):
            if not part["value"].sum():
                raise ValueError(f"nobody in arm {name!r} had an event: its rate has no logarithm")
        fit = negative_binomial(f"value ~ {self.fixed}", here, exposure=self.exposure)
        along = _along(fit.rows, question, np.ones(fit.rows.n, dtype=bool))
        found, se = float(along @ fit.beta), float(np.sqrt(along @ fit.covariance @ along))
        one = _effect("rate ratio", "negative binomial regression", found, se, None, question, logged=True)
        groups = tuple(
            Group(name, len(part), events=int(part["value"].sum()))
            for name, part in zip(question.pair(), (first, second), strict=True)
        )
        spread = "none" if np.isinf(fit.theta) else f"{1 / fit.theta:.4g}"
        return labelled(_with(one, groups), question, *fit.notes, f"overdispersion: {spread}")


def _along(rows: Rows, question: Question, here: np.ndarray) -> Floats:
    """The combination of coefficients that compares the arms, averaged over the rows where they are."""
    factor = rows.columns.get("arm")
    if not isinstance(factor, Factor):
        raise ValueError("the arms are not in the model, so nothing compares them; add 'arm' to `fixed`")
    places = []
    for arm in question.pair():
        if arm not in factor.levels:
            raise ValueError(f"nobody in arm {arm!r} is in the model; there are: {', '.join(factor.levels)}")
        places.append(factor.levels.index(arm))
    if not here.any():
        raise ValueError(f"nobody has a value at {question.at}")
    one, two = (rows.at("arm", place)[here] for place in places)
    along: Floats = (one - two).mean(0)
    return along


def _effect(
    measure: str, method: str, found: float, se: float, df: float | None, question: Question, *, logged: bool
) -> Estimate:
    """An effect with its interval, back from the logarithm where it is one."""
    null = (1.0 if logged else 0.0) if question.null is None else question.null
    if logged and not null > 0:
        raise ValueError(f"a null of {null:g} is no {measure}; it lies above 0")
    if not se > 0:
        raise ValueError(f"the {measure} has no standard error: the values do not determine it")
    statistic = (found - (log(null) if logged else null)) / se
    quantile = 0.5 + question.level / 2
    reach = float(ndtri(quantile) if df is None else stdtrit(df, quantile)) * se
    ends = (found, found - reach, found + reach)
    estimate, low, high = (exp(min(one, 700.0)) for one in ends) if logged else ends
    p = tail(statistic, question.side) if df is None else t_tail(statistic, df, question.side)
    return Estimate(
        measure,
        method,
        estimate,
        low,
        high,
        question.level,
        se=se,
        df=df,
        statistic=statistic,
        p=p,
        null=null,
        side=question.side,
        notes=("the standard error is of the logarithm",) if logged else (),
    )


def _with(one: Estimate, groups: tuple[Group, ...]) -> Estimate:
    from dataclasses import replace

    return replace(one, groups=groups)


def _group(name: str, values: pl.Series, *, yes_no: bool) -> Group:
    if yes_no:
        events = int(values.cast(pl.Float64).sum())
        return Group(name, len(values), events=events, share=events / len(values))
    mean = values.cast(pl.Float64).mean()
    return Group(name, len(values), mean=mean if isinstance(mean, float) else None)
