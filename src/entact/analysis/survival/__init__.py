"""Time to an event: curves, log-rank tests, proportional hazards, restricted means, competing risks."""

from __future__ import annotations

from entact.analysis.survival.competing import cumulative_incidence, incidence_difference
from entact.analysis.survival.cox import hazard_ratio
from entact.analysis.survival.curve import Curve, kaplan_meier, median_time, restricted_mean_difference
from entact.analysis.survival.gray import Causes, gray
from entact.analysis.survival.logrank import logrank
from entact.analysis.survival.times import Times

__all__ = [
    "Causes",
    "Curve",
    "Times",
    "cumulative_incidence",
    "gray",
    "hazard_ratio",
    "incidence_difference",
    "kaplan_meier",
    "logrank",
    "median_time",
    "restricted_mean_difference",
]
