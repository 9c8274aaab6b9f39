"""The methods that a plan can name, as objects: each takes rows and a question, and answers it."""

from __future__ import annotations

from entact.analysis.methods.adjusted import FirthOdds, Standardised
from entact.analysis.methods.agree import Intraclass, Kappa, Reliability
from entact.analysis.methods.competing import CompetingRisks, GrayTest
from entact.analysis.methods.events import DoseDayRates, Incidence, SpecialInterest, TimeCourse, Volcano
from entact.analysis.methods.guesses import BlindingIndex, EffectGivenGuess
from entact.analysis.methods.harms import ConcentrationQTc, LiverPeaks, LongQT, Shift, SuicidalityShift
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
from entact.analysis.methods.repeated import CountsOfEvents, EstimatingEquations, OrderedCategories
from entact.analysis.methods.same import Lasting, RandomEffects, Subgroups, WithoutEach
from entact.analysis.methods.several import DoseTrend, EachAgainst
from entact.analysis.methods.shares import ExactShares, MantelHaenszel, Share, Shares
from entact.analysis.methods.times import (
    Hazards,
    LogRank,
    MedianTime,
    RestrictedMean,
    ShareWithout,
)
from entact.analysis.methods.vitals import DoseDayPeaks, VitalOutliers

__all__ = [
    "AnalysisOfCovariance",
    "Anchor",
    "BlindingIndex",
    "CompetingRisks",
    "ConcentrationQTc",
    "CountsOfEvents",
    "Describe",
    "Distribution",
    "DoseDayPeaks",
    "DoseDayRates",
    "DoseTrend",
    "EachAgainst",
    "EffectGivenGuess",
    "EffectSize",
    "EstimatingEquations",
    "ExactShares",
    "FirthOdds",
    "GrayTest",
    "Hazards",
    "Imputed",
    "Incidence",
    "Intraclass",
    "Kappa",
    "Lasting",
    "LiverPeaks",
    "LogRank",
    "LongQT",
    "MantelHaenszel",
    "MedianTime",
    "MixedModel",
    "OrderedCategories",
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
    "SpecialInterest",
    "Standardised",
    "Subgroups",
    "SuicidalityShift",
    "TTest",
    "TimeCourse",
    "TippingPoint",
    "VanElteren",
    "VitalOutliers",
    "Volcano",
    "WithoutEach",
]
