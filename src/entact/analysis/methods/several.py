"""Methods for several arms at once: each against a reference, and the slope over doses, by a mixed model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from entact.analysis.continuous.ancova import fit_once
from entact.analysis.frame import as_categories
from entact.analysis.modelled import model_means, pool_sites
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, Group


@dataclass(frozen=True, slots=True)
class EachAgainst:
    """Every other arm less the second arm of the contrast at a visit, together by Dunnett's test."""

    fixed: str
    covariance: tuple[str, ...] = ("unstructured",)
    df: str = "kenward_roger"
    pool_sites_below: int | None = None

    takes_visits = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if question.at is None and "visit" in rows.columns:
            raise ValueError("a mixed model compares at a visit; write 'at' and the visit into `contrast`")
        question.arms(rows)
        reference = question.pair()[1]
        means, method = _means(self, rows, question)
        made = means.contrast("reference", reference=reference).adjusted("dunnett")
        method = f"{method}; Dunnett's test, joint intervals"
        here = question.here(rows)
        found = []
        for row in made.to_polars().iter_rows(named=True):
            label = _at(f"{row['contrast']}", question)
            arms = (row["contrast"].removesuffix(f" - {reference}"), reference)
            measure = "adjusted mean difference"
            found.append(_estimate(row, measure, method, label, here, arms, question))
        return Estimates(f"Each against {reference}", tuple(found))


@dataclass(frozen=True, slots=True)
class DoseTrend:
    """How much the mean at a visit changes with each unit of a dose, by a mixed model of all arms."""

    fixed: str
    doses: Mapping[str, float]
    covariance: tuple[str, ...] = ("unstructured",)
    df: str = "kenward_roger"
    pool_sites_below: int | None = None

    takes_visits = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if question.at is None and "visit" in rows.columns:
            raise ValueError("a mixed model is asked at a visit; write `at`")
        if "arm" not in rows.columns:
            raise ValueError("the rows have no arm, so that nobody has a dose")
        here = question.here(rows)
        there = here["arm"].cast(pl.String).drop_nulls().unique().sort().to_list()
        if strange := [arm for arm in self.doses if arm not in there]:
            raise ValueError(f"nobody in arm {strange[0]!r} has a value; there are: {', '.join(there)}")
        means, method = _means(self, rows, question)
        [row] = means.trend(self.doses).to_polars().iter_rows(named=True)
        method = f"{method}; slope of the means over doses"
        label = _at("per unit of dose", question)
        return Estimates(
            "", (_estimate(row, "slope over doses", method, label, here, tuple(self.doses), question),)
        )


def _means(self: EachAgainst | DoseTrend, rows: pl.DataFrame, question: Question) -> tuple[Any, str]:
    """Adjusted means of every arm where the question is, and their model in words."""
    pooled = pool_sites(rows, self.pool_sites_below)
    if question.at is None:
        means = fit_once(f"value ~ {self.fixed}", as_categories(pooled, "arm"), level=question.level).lsmeans(
            "arm"
        )
        return means, f"analysis of covariance, value ~ {self.fixed}; least squares"
    means, told = model_means(
        pooled, fixed=self.fixed, covariance=self.covariance, df=self.df, level=question.level
    )
    return means.at(visit=question.at), f"mixed model for repeated measures, {self.fixed}; {told}"


def _at(label: str, question: Question) -> str:
    return label if question.at is None else f"{label} at {question.at}"


def _estimate(
    row: Mapping[str, Any],
    measure: str,
    method: str,
    label: str,
    here: pl.DataFrame,
    arms: tuple[str, ...],
    question: Question,
) -> Estimate:
    if row["estimate"] is None:
        raise ValueError(f"{label} cannot be estimated from these rows")
    own = here["arm"].cast(pl.String)
    return Estimate(
        measure,
        method,
        row["estimate"],
        row["low"],
        row["high"],
        question.level,
        se=row["se"],
        df=row["df"],
        statistic=row["t"],
        p=row["p"],
        null=0.0,
        groups=tuple(Group(arm, int((own == arm).sum())) for arm in arms),
        label=label,
    )
