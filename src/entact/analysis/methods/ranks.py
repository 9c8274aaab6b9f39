"""Methods by ranks: two arms, strata, changes within people, and the test by randomisation itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from entact.analysis.methods.answer import cut, labelled, parts
from entact.analysis.planned import Question
from entact.analysis.randomisation import Procedure, rerandomise
from entact.analysis.rank import rank_sum, signed_rank, van_elteren
from entact.analysis.result import Estimate, Estimates


@dataclass(frozen=True, slots=True)
class RankSum:
    """Two arms by Wilcoxon's rank sum test, with the Hodges-Lehmann shift."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        first, second = question.arms(rows)
        null = question.null or 0.0
        found = rank_sum(
            _less(first["value"], null),
            second["value"],
            level=question.level,
            side=question.side,
            names=question.pair(),
        )
        return labelled(_moved(found, null), question)


@dataclass(frozen=True, slots=True)
class VanElteren:
    """Two arms by rank sums within strata."""

    strata: tuple[str, ...]

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        found, notes = cut(rows, question, self.strata)
        pairs = [(one.first, one.second) for one in found]
        own = van_elteren(pairs, level=question.level, side=question.side, names=question.pair())
        return labelled(own, question, *notes)


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Changes within people, of each arm or of all, by Wilcoxon's signed rank test."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = question.here(rows)
        found = []
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            null = question.null or 0.0
            values = _less(part["value"], null)
            own = signed_rank(values, level=question.level, side=question.side, name=name)
            found.append(replace(_moved(own, null), label=name))
        return Estimates("", tuple(found))


@dataclass(frozen=True, slots=True)
class Rerandomisation:
    """Two arms by the allocations that the procedure would have made; rows in the order of allocation."""

    procedure: Procedure
    seed: int
    draws: int = 9999
    covariates: tuple[str, ...] = ()

    takes_missing = True  # who has no value was allocated all the same

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = question.here(rows)
        gone = rows.unique("participant", keep="first", maintain_order=True).filter(
            ~pl.col("participant").is_in(here["participant"].implode())
        )
        if len(gone):  # nobody saw them at the visit
            nothing = gone.with_columns(pl.lit(None, dtype=rows.schema["value"]).alias("value"))
            order = rows["participant"].unique(maintain_order=True)
            whole = pl.concat([here, nothing])
            here = order.to_frame().join(whole, on="participant", how="left", maintain_order="left")
        here = here.filter(pl.col("arm").cast(pl.String).is_in(list(question.pair())))
        found = rerandomise(
            here,
            contrast=question.pair(),
            procedure=self.procedure,
            generator=np.random.default_rng(self.seed),
            draws=self.draws,
            covariates=self.covariates,
            side=question.side,
            level=question.level,
        )
        return labelled(found, question, f"seed {self.seed}")


def _less(values: pl.Series, null: float) -> pl.Series:
    """What is asked is whether values differ by more than the null: it is taken off, and put back on."""
    return values if null == 0 else values.cast(pl.Float64) - null


def _moved(found: Estimate, null: float) -> Estimate:
    if null == 0:
        return found
    ends = [None if one is None else one + null for one in (found.estimate, found.low, found.high)]
    return replace(found, estimate=ends[0], low=ends[1], high=ends[2], null=null)
