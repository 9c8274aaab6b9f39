"""Group-sequential designs: looks at data before the end, and an error rate that stays what was promised."""

from __future__ import annotations

from entact.analysis.sequential.boundaries import Boundaries
from entact.analysis.sequential.chart import boundary_frame, power_frame
from entact.analysis.sequential.conditional import (
    conditional_power,
    conditional_type_i_error,
    predictive_power,
)
from entact.analysis.sequential.delayed import (
    DelayedBoundaries,
    DelayedEstimate,
    DelayedPower,
    DelayedResponse,
)
from entact.analysis.sequential.design import GroupSequential
from entact.analysis.sequential.inference import SequentialEstimate, repeated_interval
from entact.analysis.sequential.look import Look
from entact.analysis.sequential.planned import Power
from entact.analysis.sequential.reestimation import (
    PromisingZone,
    ReestimationResult,
    blinded_sd,
    blinded_size,
)
from entact.analysis.sequential.selection import ArmResult, ArmStage, analyse_arms, dunnett_p
from entact.analysis.sequential.shape import HaybittlePeto, OBrienFleming, Pocock, Shape, WangTsiatis
from entact.analysis.sequential.size import SampleSize
from entact.analysis.sequential.small import SmallSample, small_sample, t_critical
from entact.analysis.sequential.spending import (
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    Spending,
    SpendingPoints,
    UserDefined,
)
from entact.analysis.sequential.table import Table

__all__ = [
    "ArmResult",
    "ArmStage",
    "Boundaries",
    "DelayedBoundaries",
    "DelayedEstimate",
    "DelayedPower",
    "DelayedResponse",
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
    "SmallSample",
    "Spending",
    "SpendingPoints",
    "Table",
    "UserDefined",
    "WangTsiatis",
    "analyse_arms",
    "blinded_sd",
    "blinded_size",
    "boundary_frame",
    "conditional_power",
    "conditional_type_i_error",
    "dunnett_p",
    "power_frame",
    "predictive_power",
    "repeated_interval",
    "small_sample",
    "t_critical",
]
