"""The methods that a plan can name, as objects: each takes rows and a question, and answers it."""

from __future__ import annotations

from entact.analysis.methods.adjusted import FirthOdds, Standardised
from entact.analysis.methods.agree import Intraclass, Kappa, Reliability
from entact.analysis.methods.guesses import BlindingIndex, EffectGivenGuess
from entact.analysis.methods.harms import ConcentrationQTc, Incidence, LongQT, Shift
from entact.analysis.methods.imputed import Imputed, RetrievedDropouts, TippingPoint
from entact.analysis.methods.meaning import Anchor, Distribution, ReliableChange
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
from entact.analysis.methods.same import Lasting, RandomEffects, Subgroups, WithoutEach
from entact.analysis.methods.several import DoseTrend, EachAgainst
from entact.analysis.methods.shares import ExactShares, MantelHaenszel, Share, Shares
from entact.analysis.methods.times import (
    CompetingRisks,
    Hazards,
    LogRank,
    MedianTime,
    RestrictedMean,
    ShareWithout,
)

__all__ = [
    "AnalysisOfCovariance",
    "Anchor",
    "BlindingIndex",
    "CompetingRisks",
    "ConcentrationQTc",
    "CountsOfEvents",
    "Describe",
    "Distribution",
    "DoseTrend",
    "EachAgainst",
    "EffectGivenGuess",
    "EffectSize",
    "EstimatingEquations",
    "ExactShares",
    "FirthOdds",
    "Hazards",
    "Imputed",
    "Incidence",
    "Intraclass",
    "Kappa",
    "Lasting",
    "LogRank",
    "LongQT",
    "MantelHaenszel",
    "MedianTime",
    "MixedModel",
    "PairedT",
    "RandomEffects",
    "RankSum",
    "Reliability",
    "ReliableChange",
    "Rerandomisation",
    "RestrictedMean",
    "RetrievedDropouts",
    "Share",
    "ShareWithout",
    "Shares",
    "Shift",
    "SignedRank",
    "Standardised",
    "Subgroups",
    "TTest",
    "TippingPoint",
    "VanElteren",
    "WithoutEach",
]
