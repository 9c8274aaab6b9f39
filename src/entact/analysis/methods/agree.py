"""Methods for agreement of raters, and for whether items belong together."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from entact.analysis.agreement import alpha, icc, kappa, omega
from entact.analysis.agreement.kappa import Weights
from entact.analysis.frame import held
from entact.analysis.methods.answer import categories, labelled
from entact.analysis.planned import Question
from entact.analysis.result import Estimates


@dataclass(frozen=True, slots=True)
class Intraclass:
    """How far raters agree on numbers: one row for each participant and rater."""

    rater: str
    form: str = "2,1"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        _need(rows, self.rater)
        here = rows if question.at is None else rows.filter(pl.col("visit").cast(pl.String) == question.at)
        twice = here.filter(pl.struct("participant", self.rater).is_duplicated())
        if len(twice):
            who, rater = twice["participant"][0], twice[self.rater][0]
            raise ValueError(f"participant {who} was rated twice by {rater}; say at which visit")
        if here.is_empty():
            raise ValueError("nobody has a value")
        table = here.with_columns(pl.col("value").cast(pl.Float64)).pivot(
            on=self.rater, index="participant", values="value"
        )
        return labelled(icc(table.drop("participant").to_numpy(), self.form, level=question.level), question)


@dataclass(frozen=True, slots=True)
class Kappa:
    """How far two raters agree on categories: the value is the one's, `second` the column of the other's."""

    second: str
    weights: Weights = "none"
    categories: tuple[str, ...] = ()

    takes_text = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        _need(rows, self.second)
        here = question.here(rows)
        order: list[str | None] | None = list(self.categories) or None
        one, other = (categories(here[name]).to_list() for name in ("value", self.second))
        apart = [{name for name in own if name is not None} for own in (one, other)]
        if all(apart) and not apart[0] & apart[1]:
            raise ValueError(
                f"the raters have no category in common: {min(apart[0])!r} and {min(apart[1])!r} may be "
                "written differently"
            )
        if order is None and self.weights != "none":
            kinds = {here.schema[name].is_numeric() for name in ("value", self.second)}
            if kinds != {True}:
                raise ValueError("weights need the order of the categories; write `categories`")
            numbers = pl.concat(
                [here[name].cast(pl.Float64).alias("category") for name in ("value", self.second)]
            )
            order = categories(numbers.drop_nulls().unique().sort()).to_list()
        found = kappa(one, other, categories=order, weights=self.weights, level=question.level)
        return labelled(found, question)


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether the items of a scale belong together: Cronbach's alpha or McDonald's omega."""

    items: tuple[str, ...]
    omega: bool = False

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        _need(rows, *self.items)
        here = question.here(rows)
        for name in self.items:
            if not here.schema[name].is_numeric():
                raise ValueError(f"item {name!r} holds {held(here.schema[name])}; numbers are needed")
        table = here.select(pl.col(name).cast(pl.Float64) for name in self.items).to_numpy()
        return labelled((omega if self.omega else alpha)(table, level=question.level), question)


def _need(rows: pl.DataFrame, *names: str) -> None:
    for name in names:
        if name not in rows.columns:
            raise ValueError(f"there is no column {name!r}; there are: {', '.join(rows.columns)}")
