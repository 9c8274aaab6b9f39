"""Methods for whether the effect is the same everywhere: in subgroups, without each site, over time."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from entact.analysis.continuous.ancova import t_tail
from entact.analysis.entered import FEW
from entact.analysis.frame import as_categories
from entact.analysis.heterogeneity import durability, leave_one_out, subgroups
from entact.analysis.methods.answer import labelled
from entact.analysis.modelled import freedom, pool_sites
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, Group


@dataclass(frozen=True, slots=True)
class Subgroups:
    """Arms compared at a visit in each subgroup, and whether subgroups differ."""

    fixed: str
    by: tuple[str, ...]
    pool_sites_below: int | None = None

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = pool_sites(question.here(rows), self.pool_sites_below)
        for name in self.by:
            if name in here.columns and here.schema[name].is_numeric():
                seen = here[name].drop_nulls().n_unique()
                if seen > min(FEW, len(here) / 2):
                    raise ValueError(
                        f"{name} holds {seen} different numbers, each a subgroup; cut it into a few first"
                    )
        return subgroups(here, self.fixed, question.pair(), self.by, level=question.level)


@dataclass(frozen=True, slots=True)
class WithoutEach:
    """Arms compared at a visit, of everybody and again without each group in turn."""

    fixed: str
    without: str
    pool_sites_below: int | None = None

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        question.arms(rows)
        here = pool_sites(question.here(rows), self.pool_sites_below)
        return leave_one_out(here, self.fixed, question.pair(), self.without, level=question.level)


@dataclass(frozen=True, slots=True)
class Lasting:
    """Arms compared at the end of treatment and at later visits, and how the difference changes."""

    fixed: str
    follow_up: tuple[str, ...]

    takes_visits = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if question.at is None:
            raise ValueError(
                "durability is counted from a visit; write 'at' and the end of treatment into `contrast`"
            )
        question.arms(rows)
        visits = (question.at, *self.follow_up)
        return durability(rows, self.fixed, question.pair(), visits, level=question.level)


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """Arms compared at a visit with random effects of groups, as of therapist pairs or sites.

    Attributes:
        random: columns that name groups, each with an effect of its own.
    """

    fixed: str
    random: tuple[str, ...]
    df: str = "kenward_roger"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        from entact.analysis.mixed import RandomEffect, mixed
        from entact.analysis.mmrm import NotConverged

        first, second = question.arms(rows)
        here = as_categories(question.here(rows), "arm")
        here = here.with_columns(pl.col(name).cast(pl.String) for name in self.random if name in here.columns)
        try:
            fit = mixed(
                f"value ~ {self.fixed}",
                here,
                random=[RandomEffect(name) for name in self.random],
                df=freedom(self.df),
                level=question.level,
            )
        except NotConverged as problem:
            raise ValueError(str(problem)) from problem
        null = question.null or 0.0
        one, other = question.pair()
        row = fit.lsmeans("arm").contrast({one: 1.0, other: -1.0}).to_polars().row(0, named=True)
        if row["estimate"] is None:
            raise ValueError("the difference cannot be estimated from these rows")
        t = (row["estimate"] - null) / row["se"]
        groups = tuple(
            Group(name, len(part), mean=_mean(part))
            for name, part in zip(question.pair(), (first, second), strict=True)
        )
        between = " + ".join(f"(1 | {name})" for name in self.random)
        found = Estimate(
            "adjusted mean difference",
            f"linear mixed model, {self.fixed} + {between}; REML, {self.df.replace('_', '-').title()}",
            row["estimate"],
            row["low"],
            row["high"],
            question.level,
            se=row["se"],
            df=row["df"],
            statistic=t,
            p=t_tail(t, row["df"], question.side),
            null=null,
            side=question.side,
            groups=groups,
            notes=fit.notes,
        )
        shares = [
            Estimate(
                "share of the variance",
                f"between groups of {effect}, of what the fixed effects leave",
                share,
                label=f"between {effect}",
                groups=(Group(effect, here[effect].n_unique()),),
            )
            for effect, share in fit.intraclass().iter_rows()
        ]
        return Estimates("", (*labelled(found, question), *shares))


def _mean(rows: pl.DataFrame) -> float | None:
    mean = rows["value"].cast(pl.Float64).mean()
    return mean if isinstance(mean, float) else None
