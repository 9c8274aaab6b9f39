"""Methods for repeated yes or no, categories and counts: marginal models, and events over time at risk."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
import polars as pl
from scipy.special import ndtri, stdtrit

from entact.analysis.adjustment.model import Rows
from entact.analysis.binary.arms import tail
from entact.analysis.continuous.ancova import t_tail
from entact.analysis.frame import as_categories
from entact.analysis.methods.answer import categories as as_text
from entact.analysis.methods.answer import labelled
from entact.analysis.mmrm.columns import Factor
from entact.analysis.planned import Question
from entact.analysis.repeated import FAMILIES, gee, negative_binomial, ordinal_gee
from entact.analysis.repeated.association import Association
from entact.analysis.repeated.gee import Correction, Correlation, Floats
from entact.analysis.result import Estimate, Estimates, Group


@dataclass(frozen=True, slots=True)
class EstimatingEquations:
    """Arms compared at a visit by a marginal model of all visits: odds ratio, rate ratio or difference."""

    fixed: str
    family: str = "binomial"
    correlation: Correlation = "exchangeable"
    correction: Correction = "mancl_derouen"

    takes_visits = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        once = _once(rows, question)
        first, second = question.arms(rows)
        if (
            not once
            and not isinstance(rows.schema["visit"], pl.Enum)
            and self.correlation
            not in (
                "independence",
                "exchangeable",
            )
        ):
            raise ValueError("this correlation needs the order of the visits; write the plan's `visits`")
        own = as_categories(rows.with_columns(pl.col("value").cast(pl.Float64)), "arm")
        fit = gee(
            f"value ~ {self.fixed}",
            own,
            subject="participant",
            visit=None if once else "visit",
            family=self.family,
            correlation=self.correlation,
            correction=self.correction,
        )
        here = _where(own, question)[fit.rows.used]
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
class OrderedCategories:
    """Arms compared at a visit by a marginal model of all visits: the odds of a higher category.

    Attributes:
        categories: from the lowest to the highest; needed where they are text without an order.
    """

    fixed: str
    correction: Correction = "mancl_derouen"
    categories: tuple[str, ...] = ()
    correlation: Association = "independence"

    takes_text = True
    takes_visits = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        once = _once(rows, question)
        question.arms(rows)
        order, codes = ordered(rows["value"], self.categories)
        own = as_categories(rows.with_columns(value=codes), "arm")
        fit = ordinal_gee(
            f"value ~ {self.fixed}",
            own,
            subject="participant",
            visit=None if once else "visit",
            correlation=self.correlation,
            correction=self.correction,
        )
        here = _where(own, question)[fit.rows.used]
        slopes = _along(fit.rows, question, here)[1:]
        along = np.concatenate([np.zeros(fit.beta.size - slopes.size), slopes])
        found, se = float(along @ fit.beta), float(np.sqrt(along @ fit.covariance @ along))
        one = _effect(
            "odds ratio", fit.title, found, se, float(fit.clusters - fit.beta.size), question, logged=True
        )
        first, second = question.arms(own)
        groups = tuple(
            Group(name, len(part)) for name, part in zip(question.pair(), (first, second), strict=True)
        )
        seen = [
            f"{name}: " + ", ".join(f"{(part['value'] == k).sum()} {told}" for k, told in enumerate(order))
            for name, part in zip(question.pair(), (first, second), strict=True)
        ]
        notes = (*fit.notes, f"{fit.clusters} participants, {fit.rows.n} values in the model")
        return labelled(_with(one, groups), question, "odds of a higher category", *seen, *notes)


@dataclass(frozen=True, slots=True)
class CountsOfEvents:
    """Arms compared by the rate of their events: negative binomial, over each one's time at risk."""

    fixed: str
    exposure: str | None = None

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        here = as_categories(question.here(rows).with_columns(pl.col("value").cast(pl.Float64)), "arm")
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


def ordered(values: pl.Series, categories: tuple[str, ...]) -> tuple[list[str], pl.Series]:
    """The categories from the lowest to the highest, and each value as its place among them.

    Raises:
        ValueError: for text of which no order is known, and for a value that is none of the categories.
    """
    text = as_text(values)
    known = list(values.dtype.categories) if isinstance(values.dtype, pl.Enum) else []
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        known = as_text(values.drop_nulls().unique().sort()).to_list()
    order = list(categories) or known
    if not order:
        raise ValueError("the order of the categories is not known; write `categories`, the lowest first")
    strange = [one for one in text.drop_nulls().unique(maintain_order=True) if one not in order]
    if strange:
        raise ValueError(f"{strange[0]!r} is none of the categories: {', '.join(order)}")
    return order, text.replace_strict(order, list(range(len(order))), return_dtype=pl.Float64)


def _once(rows: pl.DataFrame, question: Question) -> bool:
    """Whether each participant has one row, of no visit.

    Raises:
        ValueError: where there are visits, and none is asked for.
    """
    if question.at is None and "visit" in rows.columns:
        raise ValueError("estimating equations compare at a visit; write 'at' and the visit into `contrast`")

    return question.at is None


def _where(rows: pl.DataFrame, question: Question) -> np.ndarray:
    """(n,) whether each row is of the visit that is asked for."""
    if question.at is None:
        return np.ones(len(rows), dtype=bool)
    return (rows["visit"].cast(pl.String) == question.at).to_numpy()


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
        notes=("SE is of the logarithm",) if logged else (),
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
