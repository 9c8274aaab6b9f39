"""Frames become estimates; a library in its own right, usable on anyone's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entact.analysis.blinding import Guesses, Index, bang, count_guesses, james
from entact.analysis.describe import (
    MeanDifference,
    MeanInterval,
    StandardisedDifference,
    Summary,
    change_from_baseline,
    describe,
    mean_difference,
    mean_interval,
    standardised_difference,
    summarise,
)
from entact.analysis.proportion import (
    Proportion,
    RiskDifference,
    count_events,
    proportion,
    risk_difference,
    score_interval,
)

if TYPE_CHECKING:
    from entact.analysis.mmrm import (
        ML,
        REML,
        AnteDependence,
        AutoRegressive,
        BetweenWithin,
        CompoundSymmetry,
        KenwardRoger,
        NotConverged,
        Residual,
        Satterthwaite,
        SpatialExponential,
        SpatialGaussian,
        Toeplitz,
        TrialDesign,
        Unstructured,
        mmrm,
    )

__all__ = [
    "ML",
    "REML",
    "AnteDependence",
    "AutoRegressive",
    "BetweenWithin",
    "CompoundSymmetry",
    "Guesses",
    "Index",
    "KenwardRoger",
    "MeanDifference",
    "MeanInterval",
    "NotConverged",
    "Proportion",
    "Residual",
    "RiskDifference",
    "Satterthwaite",
    "SpatialExponential",
    "SpatialGaussian",
    "StandardisedDifference",
    "Summary",
    "Toeplitz",
    "TrialDesign",
    "Unstructured",
    "bang",
    "change_from_baseline",
    "count_events",
    "count_guesses",
    "describe",
    "james",
    "mean_difference",
    "mean_interval",
    "mmrm",
    "proportion",
    "risk_difference",
    "score_interval",
    "standardised_difference",
    "summarise",
]


def __getattr__(name: str) -> Any:
    """Mixed models are loaded when they are first asked for."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("entact.analysis.mmrm"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
