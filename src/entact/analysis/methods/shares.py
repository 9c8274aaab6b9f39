"""Methods for shares: of two arms, by difference, ratio or exact test, within strata, or of one arm."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from entact.analysis.binary import (
    Arm,
    Barnard,
    Boschloo,
    ClopperPearson,
    Fisher,
    LogWald,
    MiettinenNurminen,
    Newcombe,
    Pair,
    ScoreRatio,
    Stratum,
    Wald,
    Wilson,
    cochran_test,
    count,
    difference,
    exact,
    mantel_haenszel_difference,
    number_needed,
    ratio,
    share,
    stratified_difference,
)
from entact.analysis.binary.difference import DifferenceMethod
from entact.analysis.binary.exact import ExactTest
from entact.analysis.binary.ratio import RatioMethod
from entact.analysis.binary.single import ShareMethod
from entact.analysis.methods.answer import cut, labelled, parts
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates

Measure = Literal["difference", "risk_ratio", "odds_ratio", "number_needed"]

DIFFERENCES: dict[str, DifferenceMethod] = {
    "newcombe": Newcombe(),
    "wald": Wald(),
    "miettinen_nurminen": MiettinenNurminen(),
}
RATIOS: dict[str, RatioMethod] = {"wald": LogWald(), "miettinen_nurminen": ScoreRatio()}
SHARES: dict[str, ShareMethod] = {"clopper_pearson": ClopperPearson(), "wilson": Wilson()}
EXACT: dict[str, ExactTest] = {"fisher": Fisher(), "barnard": Barnard(), "boschloo": Boschloo()}


@dataclass(frozen=True, slots=True)
class Share:
    """The share of each arm, or of all where there are none, with its interval and a test against a null."""

    interval: str | None = None

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        here = question.here(rows)
        found = []
        for key, part in parts(here, ["arm"] if "arm" in here.columns else []):
            name = str(key[0]) if key else "all"
            arm = count(part["value"], part["value"], (name, name)).first
            method = SHARES[self.interval or "clopper_pearson"]
            one = share(arm, method=method, level=question.level, null=question.null, side=question.side)
            found.append(replace(one, label=name))
        return Estimates("", tuple(found))


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
            return labelled(found, question, *notes)
        pair = _pair(rows, question)
        if self.measure in ("difference", "number_needed"):
            method = DIFFERENCES[self.interval or "newcombe"]
            if self.measure == "number_needed":
                return labelled(number_needed(pair, method=method, level=level), question)
            return labelled(
                difference(pair, method=method, level=level, null=question.null or 0.0, side=side), question
            )
        kind: Literal["risk ratio", "odds ratio"]
        kind = "risk ratio" if self.measure == "risk_ratio" else "odds ratio"
        way = RATIOS[self.interval or "miettinen_nurminen"]
        null = 1.0 if question.null is None else question.null
        return labelled(ratio(pair, kind, method=way, level=level, null=null, side=side), question)


@dataclass(frozen=True, slots=True)
class ExactShares:
    """Shares of two arms compared by an exact test: `fisher`, `barnard` or `boschloo`."""

    test: str = "fisher"

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        pair = _pair(rows, question)
        return labelled(
            exact(pair, method=EXACT[self.test], level=question.level, side=question.side), question
        )


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """The common risk difference of strata, or their test by Cochran, Mantel and Haenszel."""

    strata: tuple[str, ...]
    test: bool = False

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        strata, notes = _strata(rows, question, self.strata)
        null = question.null or 0.0
        try:
            if self.test:
                found = cochran_test(strata, level=question.level)
            else:
                found = mantel_haenszel_difference(
                    strata, level=question.level, null=null, side=question.side
                )
        except ValueError as problem:  # in words of a meta-analysis
            raise ValueError(re.sub(r"\btrial\b", "stratum", str(problem))) from problem
        return labelled(found, question, *notes)


def _pair(rows: pl.DataFrame, question: Question) -> Pair:
    first, second = question.arms(rows)
    return count(first["value"], second["value"], question.pair())


def _strata(
    rows: pl.DataFrame, question: Question, by: tuple[str, ...]
) -> tuple[list[Stratum], tuple[str, ...]]:
    found, notes = cut(rows, question, by)
    arms = question.pair()
    return [Stratum(one.name, count(one.first, one.second, arms)) for one in found], notes


def share_known(many: int, known: int, arm: str, *, level: float, label: str, else_note: str) -> Estimate:
    """The share of an arm with its interval; of nobody it is none, and a note says so."""
    if not known:
        return Estimate("share", "counted", None, notes=(else_note,), label=label)
    return replace(share(Arm(many, known, arm), level=level), label=label)
