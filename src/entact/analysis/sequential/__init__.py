"""Group-sequential designs: looks at data before the end, and an error rate that stays what was promised."""

from __future__ import annotations

from entact.analysis.sequential.boundaries import Boundaries
from entact.analysis.sequential.conditional import (
    conditional_power,
    conditional_type_i_error,
    predictive_power,
)
from entact.analysis.sequential.design import GroupSequential
from entact.analysis.sequential.inference import Look, SequentialEstimate, repeated_interval
from entact.analysis.sequential.planned import Power
from entact.analysis.sequential.reestimation import PromisingZone, ReestimationResult
from entact.analysis.sequential.shape import HaybittlePeto, OBrienFleming, Pocock, Shape, WangTsiatis
from entact.analysis.sequential.size import SampleSize
from entact.analysis.sequential.spending import (
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    Spending,
    SpendingPoints,
    UserDefined,
)

__all__ = [
    "Boundaries",
    "GroupSequential",
    "HaybittlePeto",
    "HwangShihDeCani",
    "KimDeMets",
    "LanDeMetsOBrienFleming",
    "LanDeMetsPocock",
    "Look",
    "OBrienFleming",
    "Pocock",
    "Power",
    "PromisingZone",
    "ReestimationResult",
    "SampleSize",
    "SequentialEstimate",
    "Shape",
    "Spending",
    "SpendingPoints",
    "UserDefined",
    "WangTsiatis",
    "conditional_power",
    "conditional_type_i_error",
    "predictive_power",
    "repeated_interval",
]
