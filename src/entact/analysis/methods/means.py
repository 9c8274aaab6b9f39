"""Methods for means: described, compared, adjusted for covariates, and within people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl
from scipy.special import stdtrit

from entact.analysis.continuous import ancova, effect_size, paired_t
from entact.analysis.continuous.ancova import Spread, Weights, t_tail
from entact.analysis.continuous.effect_size import Kind, baseline_effect_size
from entact.analysis.describe import combined_difference, mean_difference, mean_interval, summarise
from entact.analysis.frame import as_categories, of_arm
from entact.analysis.methods.answer import labelled, parts
from entact.analysis.modelled import AdjustedMean, ModelDifference, model_difference, pool_sites
from entact.analysis.planned import Question
from entact.analysis.proportion import proportion
from entact.analysis.result import Estimate, Estimates, Group

Variances = Literal["unequal", "equal"]
Unit = Literal["value", "baseline"]


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
        for key, part in parts(rows, keys):
            label = " at ".join(reversed([str(one) for one in key]))
            found.append(_described(part["value"], label, question.level))
        return Estimates("Description", tuple(found))


@dataclass(frozen=True, slots=True)
class AnalysisOfCovariance:
    """Arms compared at a visit by least squares, adjusted for what `fixed` names."""

    fixed: str
    pool_sites_below: int | None = None
    weights: Weights = "equal"
    variance: Spread = "model"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = as_categories(question.here(rows), "arm")
        found = ancova(
            f"value ~ {self.fixed}",
            pool_sites(here, self.pool_sites_below),
            question.pair(),
            weights=self.weights,
            variance=self.variance,
            level=question.level,
            null=question.null or 0.0,
            side=question.side,
            combination=question.combination,
        )
        return Estimates("", (replace(found[0], label=question.label), *found.rows[1:]))


@dataclass(frozen=True, slots=True)
class TTest:
    """Two means compared without covariates: Welch's test, or Student's for equal variances."""

    variances: Variances = "unequal"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        if question.combination is None:
            found = mean_difference(
                first["value"], second["value"], variances=self.variances, level=question.level
            )
        else:
            arms = {arm: of_arm(question.here(rows), arm)["value"] for arm in question.combination}
            found = combined_difference(
                arms, question.combination, variances=self.variances, level=question.level
            )
        null = question.null or 0.0
        t = (found.difference - null) / found.se
        one = Estimate(
            "mean difference",
            "Welch's t test" if self.variances == "unequal" else "Student's t test",
            found.difference,
            found.low,
            found.high,
            question.level,
            se=found.se,
            df=found.df,
            statistic=t,
            p=t_tail(t, found.df, question.side),
            null=null,
            side=question.side,
            groups=_groups(question, first, second),
        )
        return labelled(one, question)


@dataclass(frozen=True, slots=True)
class PairedT:
    """Changes within people, of each arm or of all, by the paired t test."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = question.here(rows)
        found = []
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            own = paired_t(
                part["value"],
                level=question.level,
                null=question.null or 0.0,
                side=question.side,
                name=name,
            )
            found.append(replace(own, label=name))
        return Estimates("", tuple(found))


@dataclass(frozen=True, slots=True)
class EffectSize:
    """Cohen's d or Hedges' g of two arms, in units of the SD of the values or at baseline."""

    kind: Kind = "hedges"
    sd: Unit = "value"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        if self.sd == "value":
            found = effect_size(
                first["value"],
                second["value"],
                kind=self.kind,
                sd_of="the values analysed",
                level=question.level,
                names=question.pair(),
            )
            return labelled(found, question)
        if "baseline" not in rows.columns:
            raise ValueError("the SD at baseline is asked for, and the rows have no baseline")
        if self.kind == "cohen":
            raise ValueError("in units of the SD at baseline it is Hedges' g; write `kind: hedges`")
        return labelled(
            baseline_effect_size(
                (first["value"], second["value"]),
                (first["baseline"], second["baseline"]),
                level=question.level,
                names=question.pair(),
            ),
            question,
        )


@dataclass(frozen=True, slots=True)
class MixedModel:
    """Arms compared at a visit, or over the mean of several, by a mixed model for repeated measures.

    Attributes:
        average: the visits over whose mean they are compared; the visit of the contrast is one of them.
    """

    fixed: str
    covariance: tuple[str, ...] = ("unstructured",)
    df: str = "kenward_roger"
    pool_sites_below: int | None = None
    equal_at: str | None = None
    average: tuple[str, ...] = ()

    takes_visits = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if question.at is None and self.average:
            raise ValueError(
                f"write 'at {self.average[0]}' into `contrast`, or another of the visits in `average`: both "
                "are wanted where arms are compared over the mean of several visits"
            )
        if question.at is None:
            raise ValueError("a mixed model compares at a visit; write 'at' and the visit into `contrast`")
        if self.average and question.at not in self.average:
            raise ValueError(
                f"the arms are compared over the mean of {', '.join(self.average)}, and `contrast` is at "
                f"{question.at}: name one of them there"
            )
        first, second = question.arms(rows)
        found = model_difference(
            rows,
            fixed=self.fixed,
            contrast=question.pair(),
            at=question.at,
            covariance=self.covariance,
            df=self.df,
            pool_sites_below=self.pool_sites_below,
            combination=question.combination,
            equal_at=self.equal_at,
            average=self.average,
        )
        method = f"mixed model for repeated measures, {self.fixed}; {found.fit}"
        one, *means = _of_model(found, method, question, first, second)
        if self.average:
            pair = " - ".join(question.pair())
            one = replace(one, label=f"{pair}, mean of {', '.join(self.average)}")
        return Estimates("", (one, *means))


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
    if not summary.sd:
        return replace(found_mean, notes=(f"all of {label or 'all'} have the same value: no interval",))
    return replace(found_mean, low=within.low, high=within.high)


def _of_model(
    found: ModelDifference, method: str, question: Question, first: pl.DataFrame, second: pl.DataFrame
) -> Estimates:
    null = question.null or 0.0
    t = (found.difference - null) / found.se
    reach = float(stdtrit(found.df, 0.5 + question.level / 2)) * found.se
    one = Estimate(
        "adjusted mean difference",
        method,
        found.difference,
        found.difference - reach,
        found.difference + reach,
        question.level,
        se=found.se,
        df=found.df,
        statistic=t,
        p=t_tail(t, found.df, question.side),
        null=null,
        side=question.side,
        groups=_groups(question, first, second),
    )
    means = tuple(_mean_of_model(mean, method, question.level) for mean in found.means)
    told = labelled(one, question, f"{found.participants} participants in the model")
    return Estimates("", (*told, *means))


def _mean_of_model(found: AdjustedMean, method: str, level: float) -> Estimate:
    reach = float(stdtrit(found.df, 0.5 + level / 2)) * found.se
    return Estimate(
        "adjusted mean",
        method,
        found.mean,
        found.mean - reach,
        found.mean + reach,
        level,
        se=found.se,
        df=found.df,
        groups=(Group(found.arm, found.n),),
        label=f"{found.arm} at {found.visit}",
    )


def _groups(question: Question, first: pl.DataFrame, second: pl.DataFrame) -> tuple[Group, ...]:
    found = []
    own = dict(zip(question.pair(), (first, second), strict=True))
    if question.combination is not None:
        both = pl.concat([first, second])
        own = {arm: of_arm(both, arm) for arm in question.combination}
    for name, part in own.items():
        summary = summarise(part["value"])
        found.append(Group(name, summary.n, mean=summary.mean, sd=summary.sd))
    return tuple(found)
