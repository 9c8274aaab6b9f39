"""Methods for the time to an event, which is the `value`: medians, log-rank, hazards, restricted mean."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from entact.analysis.frame import held
from entact.analysis.methods.answer import labelled, other_arms, parts
from entact.analysis.planned import Event, Question
from entact.analysis.result import Estimate, Estimates, strata_told
from entact.analysis.survival import (
    Times,
    hazard_ratio,
    kaplan_meier,
    logrank,
    median_time,
    restricted_mean_difference,
)


@dataclass(frozen=True, slots=True)
class Ended:
    """A column that says how a time ended, and what in it is the event."""

    column: str
    event: Event


@dataclass(frozen=True, slots=True)
class MedianTime:
    """The median time of each arm, or of all. `ended`: the column that is true where the event came."""

    ended: str | Ended

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = with_events(question.here(rows), self.ended)
        found = []
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            times = Times.of(part["value"], part[column_of(self.ended)], name)
            found.append(replace(median_time(times, level=question.level), label=name))
        return Estimates("", tuple(found))


@dataclass(frozen=True, slots=True)
class ShareWithout:
    """The share of each arm, or of all, that has not had the event by some times, by Kaplan and Meier."""

    ended: str | Ended
    at_times: tuple[float, ...]

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = with_events(question.here(rows), self.ended)
        found = []
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            times = Times.of(part["value"], part[column_of(self.ended)], name)
            curve = kaplan_meier(times, level=question.level)
            for time in self.at_times:
                share, low, high = curve.at(time)
                found.append(
                    Estimate(
                        f"share without the event at {time:g}",
                        "Kaplan-Meier, log-log interval",
                        share,
                        low,
                        high,
                        question.level,
                        groups=(times.group(),),
                        notes=()
                        if low is not None
                        else (f"{'nobody' if share == 1 else 'everybody'} has had it by then: no interval",),
                        label=f"{name} at {time:g}",
                    )
                )
        return Estimates("", tuple(found))


@dataclass(frozen=True, slots=True)
class LogRank:
    """Two arms by the log-rank test, within strata where they are named."""

    ended: str | Ended
    strata: tuple[str, ...] = ()

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = with_events(question.here(rows), self.ended, *self.strata)
        pairs, alone = [], 0
        for _, part in parts(here.drop_nulls(list(self.strata)), list(self.strata)):
            own = [part.filter(pl.col("arm").cast(pl.String) == arm) for arm in question.pair()]
            if min(len(one) for one in own):
                one, two = (
                    Times.of(rows["value"], rows[column_of(self.ended)], name)
                    for rows, name in zip(own, question.pair(), strict=True)
                )
                pairs.append((one, two))
            else:
                alone += 1
        notes = (f"{strata_told(alone)} with one arm only, of no use here",) if alone else ()
        return labelled(logrank(pairs, level=question.level, side=question.side), question, *notes)


@dataclass(frozen=True, slots=True)
class Hazards:
    """Two arms by proportional hazards, adjusted for covariates, numbers or categories, with strata."""

    ended: str | Ended
    covariates: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = with_events(question.here(rows), self.ended, *self.covariates, *self.strata)
        pair = question.pair()
        own = here.filter(pl.col("arm").cast(pl.String).is_in(list(pair)))
        whole = own.drop_nulls([column_of(self.ended), *self.covariates, *self.strata])
        for name in self.covariates:
            kind = whole.schema[name]
            if not (kind.is_numeric() or kind in (pl.String, pl.Enum, pl.Categorical, pl.Boolean)):
                raise ValueError(f"covariate {name!r} holds {held(kind)}; numbers or categories are needed")
        times = Times.of(whole["value"], whole[column_of(self.ended)])
        first = (whole["arm"].cast(pl.String) == pair[0]).cast(pl.Float64).to_numpy()
        x = np.column_stack([first, *(one for name in self.covariates for one in _measured(whole[name]))])
        stratum = None
        if self.strata:
            stratum = whole.select(pl.struct(self.strata).rank("dense")).to_series().cast(pl.Int64).to_numpy()
        said = [*self.covariates, *(f"stratified by {name}" for name in self.strata)]
        found = hazard_ratio(
            times.time,
            times.event,
            x,
            stratum=stratum,
            names=pair,
            level=question.level,
            null=1.0 if question.null is None else question.null,
            side=question.side,
            model=", ".join(said),
        )
        lost = len(own) - len(whole)
        notes = [f"{lost} participants without a covariate left out"] if lost else []
        return labelled(found, question, *notes, *other_arms(here, question))


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Two arms by the mean time without the event up to a time."""

    ended: str | Ended
    until: float

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        one, two = (
            Times.of(part["value"], with_events(part, self.ended)[column_of(self.ended)], name)
            for part, name in zip((first, second), question.pair(), strict=True)
        )
        found = restricted_mean_difference(
            one, two, self.until, level=question.level, null=question.null or 0.0, side=question.side
        )
        return labelled(found, question)


def _measured(column: pl.Series) -> list[np.ndarray]:
    """A covariate as numbers: of categories whether it is each but the first one."""
    if column.dtype.is_numeric():
        return [column.cast(pl.Float64).to_numpy()]
    text = column.cast(pl.String)
    return [(text == level).cast(pl.Float64).to_numpy() for level in text.unique().sort().to_list()[1:]]


def with_events(rows: pl.DataFrame, *names: str | Ended) -> pl.DataFrame:
    """The rows, all columns of which are there, with one that says whether each time ended with an event."""
    for one in names:
        column = one if isinstance(one, str) else one.column
        if column not in rows.columns:
            raise ValueError(f"there is no column {column!r}; there are: {', '.join(rows.columns)}")
        if isinstance(one, Ended):
            rows = rows.with_columns(one.event.of(rows[column]).alias(column_of(one)))
    return rows


def column_of(one: str | Ended) -> str:
    """The column that `with_events` has for it."""
    return one if isinstance(one, str) else f"{one.column}: {', '.join(map(str, one.event.values))}"
