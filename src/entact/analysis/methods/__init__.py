"""The methods that a plan can name, as objects: each takes rows and a question, and answers it."""

from __future__ import annotations

from entact.analysis.methods.adjusted import Standardised
from entact.analysis.methods.guesses import BlindingIndex, EffectGivenGuess
from entact.analysis.methods.imputed import Imputed, TippingPoint
from entact.analysis.methods.means import (
    AnalysisOfCovariance,
    Describe,
    EffectSize,
    MixedModel,
    PairedT,
    TTest,
)
from entact.analysis.methods.ranks import RankSum, Rerandomisation, SignedRank, VanElteren
from entact.analysis.methods.repeated import CountsOfEvents, EstimatingEquations
from entact.analysis.methods.shares import ExactShares, MantelHaenszel, Share, Shares
from entact.analysis.methods.times import Hazards, LogRank, MedianTime, RestrictedMean

__all__ = [
    "AnalysisOfCovariance",
    "BlindingIndex",
    "CountsOfEvents",
    "Describe",
    "EffectGivenGuess",
    "EffectSize",
    "EstimatingEquations",
    "ExactShares",
    "Hazards",
    "Imputed",
    "LogRank",
    "MantelHaenszel",
    "MedianTime",
    "MixedModel",
    "PairedT",
    "RankSum",
    "Rerandomisation",
    "RestrictedMean",
    "Share",
    "Shares",
    "SignedRank",
    "Standardised",
    "TTest",
    "TippingPoint",
    "VanElteren",
]
