"""The methods that a plan can name, as objects: each takes rows and a question, and answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from entact.analysis.binary import (
    Barnard,
    Boschloo,
    Fisher,
    LogWald,
    MiettinenNurminen,
    Newcombe,
    Pair,
    ScoreRatio,
    Stratum,
    Wald,
    cochran_test,
    count,
    difference,
    exact,
    mantel_haenszel_difference,
    number_needed,
    ratio,
    stratified_difference,
)
from entact.analysis.binary.difference import DifferenceMethod
from entact.analysis.binary.exact import ExactTest
from entact.analysis.binary.ratio import RatioMethod
from entact.analysis.describe import Summary, mean_interval, summarise
from entact.analysis.plan import ModelDifference, ancova_difference, model_difference
from entact.analysis.planned import Question
from entact.analysis.proportion import proportion
from entact.analysis.result import Estimate, Estimates, Group


@dataclass(frozen=True, slots=True)
class Describe:
    """Number, mean, SD and median of each arm and visit; of a yes or no the share with its exact interval."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if rows.is_empty():
            raise ValueError("nobody has a value")
        if question.at is not None:
            rows = question.here(rows)
        keys: list[str] = [name for name in ("visit", "arm") if name in rows.columns]
        found = []
        for key, part in _parts(rows, keys):
            label = " at ".join(reversed([str(one) for one in key]))
            found.append(_described(part["value"], label, question.level))
        return Estimates("Description", tuple(found))


@dataclass(frozen=True, slots=True)
class AnalysisOfCovariance:
    """Arms compared at a visit by least squares, adjusted for what `fixed` names."""

    fixed: str
    pool_sites_below: int | None = None

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        here = question.here(rows) if question.at else rows.with_columns(pl.lit("end").alias("visit"))
        at = question.at or "end"
        found = ancova_difference(
            here.with_columns(pl.col("visit").cast(pl.String)),
            fixed=self.fixed,
            contrast=question.pair(),
            at=at,
            pool_sites_below=self.pool_sites_below,
        )
        label = f"analysis of covariance, {self.fixed}; {found.fit}"
        return _of_model(found, "adjusted mean difference", label, question, first, second)


@dataclass(frozen=True, slots=True)
class MixedModel:
    """Arms compared at a visit by a mixed model for repeated measures."""

    fixed: str
    covariance: str = "unstructured"
    df: str = "kenward_roger"
    pool_sites_below: int | None = None

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if question.at is None:
            raise ValueError("a mixed model compares at a visit; write 'at' and the visit into `contrast`")
        first, second = question.arms(rows)
        found = model_difference(
            rows,
            fixed=self.fixed,
            contrast=question.pair(),
            at=question.at,
            covariance=self.covariance,
            df=self.df,
            pool_sites_below=self.pool_sites_below,
        )
        label = f"mixed model for repeated measures, {self.fixed}; {found.fit}"
        return _of_model(found, "adjusted mean difference", label, question, first, second)


Measure = Literal["difference", "risk_ratio", "odds_ratio", "number_needed"]

DIFFERENCES: dict[str, DifferenceMethod] = {
    "newcombe": Newcombe(),
    "wald": Wald(),
    "miettinen_nurminen": MiettinenNurminen(),
}
RATIOS: dict[str, RatioMethod] = {"wald": LogWald(), "miettinen_nurminen": ScoreRatio()}
EXACT: dict[str, ExactTest] = {"fisher": Fisher(), "barnard": Barnard(), "boschloo": Boschloo()}


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of two arms compared: their difference, a ratio, or the number needed to treat.

    Attributes:
        strata: columns within which arms are compared; then the difference is that of Miettinen and Nurminen.
    """

    measure: Measure = "difference"
    interval: str | None = None
    strata: tuple[str, ...] = ()

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        level, side = question.level, question.side
        if self.strata:
            strata, notes = _strata(rows, question, self.strata)
            found = stratified_difference(strata, level=level, null=question.null or 0.0, side=side)
            return _one(replace(found, notes=(*found.notes, *notes)), question)
        pair = _pair(rows, question)
        if self.measure in ("difference", "number_needed"):
            method = DIFFERENCES[self.interval or "newcombe"]
            if self.measure == "number_needed":
                return _one(number_needed(pair, method=method, level=level), question)
            return _one(
                difference(pair, method=method, level=level, null=question.null or 0.0, side=side), question
            )
        kind: Literal["risk ratio", "odds ratio"]
        kind = "risk ratio" if self.measure == "risk_ratio" else "odds ratio"
        way = RATIOS[self.interval or "miettinen_nurminen"]
        null = 1.0 if question.null is None else question.null
        return _one(ratio(pair, kind, method=way, level=level, null=null, side=side), question)


@dataclass(frozen=True, slots=True)
class ExactShares:
    """Shares of two arms compared by an exact test: `fisher`, `barnard` or `boschloo`."""

    test: str = "fisher"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        pair = _pair(rows, question)
        return _one(exact(pair, method=EXACT[self.test], level=question.level, side=question.side), question)


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """The common risk difference of strata, or their test by Cochran, Mantel and Haenszel."""

    strata: tuple[str, ...]
    test: bool = False

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        strata, notes = _strata(rows, question, self.strata)
        if self.test:
            found = cochran_test(strata, level=question.level)
        else:
            null = question.null or 0.0
            found = mantel_haenszel_difference(strata, level=question.level, null=null, side=question.side)
        return _one(replace(found, notes=(*found.notes, *notes)), question)


def _one(found: Estimate, question: Question) -> Estimates:
    return Estimates("", (replace(found, label=question.label),))


def _pair(rows: pl.DataFrame, question: Question) -> Pair:
    first, second = question.arms(rows)
    return count(first["value"], second["value"], question.pair())


def _strata(
    rows: pl.DataFrame, question: Question, by: tuple[str, ...]
) -> tuple[list[Stratum], tuple[str, ...]]:
    """The strata that have both arms, and a note of those that have not."""
    for name in by:
        if name not in rows.columns:
            raise ValueError(f"the stratum {name!r} is no column; there are: {', '.join(rows.columns)}")
    here = question.here(rows)
    arms = question.pair()
    known = here.drop_nulls(list(by))
    notes = (
        [f"{len(here) - len(known)} participants of no known stratum left out"]
        if len(known) < len(here)
        else []
    )
    found, alone = [], []
    for key, part in _parts(known, list(by)):
        name = ", ".join(str(one) for one in key)
        own = [part.filter(pl.col("arm").cast(pl.String) == arm)["value"] for arm in arms]
        if min(len(one) for one in own) == 0:
            if sum(len(one) for one in own):
                alone.append(name)
        else:
            found.append(Stratum(name, count(own[0], own[1], arms)))
    if alone:
        notes.append(f"strata with one arm only say nothing: {', '.join(alone)}")
    return found, tuple(notes)


def _parts(rows: pl.DataFrame, keys: list[str]) -> list[tuple[tuple[object, ...], pl.DataFrame]]:
    if not keys:
        return [((), rows)]
    return list(rows.sort(keys).group_by(keys, maintain_order=True))


def _described(values: pl.Series, label: str, level: float) -> Estimate:
    if values.dtype == pl.Boolean:
        found = proportion(int(values.sum()), len(values), level=level)
        group = Group(label or "all", found.n, events=found.events, share=found.share)
        low, high = found.low, found.high
        return Estimate(
            "share", "exact (Clopper-Pearson)", found.share, low, high, level, groups=(group,), label=label
        )
    if not values.dtype.is_numeric():
        raise ValueError(f"the value is {values.dtype}; only numbers and yes or no can be described")
    summary = summarise(values)
    median = values.cast(pl.Float64).median()
    group = Group(
        label or "all",
        summary.n,
        mean=summary.mean,
        sd=summary.sd,
        median=median if isinstance(median, float) else None,
    )
    within = mean_interval(summary, level=level)
    found_mean = Estimate("mean", "t interval", summary.mean, level=level, groups=(group,), label=label)
    if within is None:
        return replace(found_mean, notes=("fewer than two values have no interval",))
    return replace(found_mean, low=within.low, high=within.high)


def _of_model(
    found: ModelDifference,
    measure: str,
    method: str,
    question: Question,
    first: pl.DataFrame,
    second: pl.DataFrame,
) -> Estimates:
    from scipy.special import stdtr, stdtrit

    null = question.null or 0.0
    t = (found.difference - null) / found.se
    reach = float(stdtrit(found.df, 0.5 + question.level / 2)) * found.se
    p = {
        "two_sided": 2 * float(stdtr(found.df, -abs(t))),
        "greater": float(stdtr(found.df, -t)),
        "less": float(stdtr(found.df, t)),
    }[question.side]
    groups = []
    for name, part in zip(question.pair(), (first, second), strict=True):
        summary: Summary = summarise(part["value"])
        groups.append(Group(name, summary.n, mean=summary.mean, sd=summary.sd))
    one = Estimate(
        measure,
        method,
        found.difference,
        found.difference - reach,
        found.difference + reach,
        question.level,
        se=found.se,
        df=found.df,
        statistic=t,
        p=p,
        null=null,
        side=question.side,
        groups=tuple(groups),
        notes=(f"{found.participants} participants in the model",),
    )
    return _one(one, question)
