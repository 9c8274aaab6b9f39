"""Shares compared: difference, ratio, exact tests, strata, number needed, adjustment by a logistic model."""

from __future__ import annotations

from entact.analysis.binary.arms import Arm, Pair, count
from entact.analysis.binary.difference import MiettinenNurminen, Newcombe, Wald, difference
from entact.analysis.binary.exact import Barnard, Boschloo, Fisher, exact
from entact.analysis.binary.needed import number_needed
from entact.analysis.binary.ratio import LogWald, ScoreRatio, ratio
from entact.analysis.binary.single import ClopperPearson, Wilson, share
from entact.analysis.binary.stratified import (
    Stratum,
    cochran_test,
    mantel_haenszel_difference,
    mantel_haenszel_ratio,
    stratified_difference,
)

__all__ = [
    "Arm",
    "Barnard",
    "Boschloo",
    "ClopperPearson",
    "Fisher",
    "LogWald",
    "MiettinenNurminen",
    "Newcombe",
    "Pair",
    "ScoreRatio",
    "Stratum",
    "Wald",
    "Wilson",
    "cochran_test",
    "count",
    "difference",
    "exact",
    "mantel_haenszel_difference",
    "mantel_haenszel_ratio",
    "number_needed",
    "ratio",
    "share",
    "stratified_difference",
]
