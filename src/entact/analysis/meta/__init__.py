"""Meta-analysis: what several trials say together, and how much they differ."""

from __future__ import annotations

from entact.analysis.meta.bayes import Posterior, bayes
from entact.analysis.meta.between import Between
from entact.analysis.meta.binomial_normal import binomial_normal
from entact.analysis.meta.effect import (
    RATIOS,
    Counts,
    Effect,
    Means,
    baseline_standardised,
    combine_counts,
    combine_means,
    from_counts,
    hedges_factor,
    mean_difference,
    standardised_mean_difference,
)
from entact.analysis.meta.pooled import Interval, Pooled, pool
from entact.analysis.meta.rare import Rare, TwoByTwo, cochran_mantel_haenszel, mantel_haenszel, peto
from entact.analysis.meta.regression import Regression, Subgroups, regress, subgroups
from entact.analysis.meta.sensitivity import LeftOut, cumulative, leave_one_out
from entact.analysis.meta.shared import Arms, Dependent, pool_dependent, share_control
from entact.analysis.meta.small_study import Asymmetry, Filled, begg, egger, trim_and_fill

__all__ = [
    "RATIOS",
    "Arms",
    "Asymmetry",
    "Between",
    "Counts",
    "Dependent",
    "Effect",
    "Filled",
    "Interval",
    "LeftOut",
    "Means",
    "Pooled",
    "Posterior",
    "Rare",
    "Regression",
    "Subgroups",
    "TwoByTwo",
    "baseline_standardised",
    "bayes",
    "begg",
    "binomial_normal",
    "cochran_mantel_haenszel",
    "combine_counts",
    "combine_means",
    "cumulative",
    "egger",
    "from_counts",
    "hedges_factor",
    "leave_one_out",
    "mantel_haenszel",
    "mean_difference",
    "peto",
    "pool",
    "pool_dependent",
    "regress",
    "share_control",
    "standardised_mean_difference",
    "subgroups",
    "trim_and_fill",
]
