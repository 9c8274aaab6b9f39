"""Frames become estimates; a library in its own right, usable on anyone's data."""

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

__all__ = [
    "Guesses",
    "Index",
    "MeanDifference",
    "MeanInterval",
    "Proportion",
    "RiskDifference",
    "StandardisedDifference",
    "Summary",
    "bang",
    "change_from_baseline",
    "count_events",
    "count_guesses",
    "describe",
    "james",
    "mean_difference",
    "mean_interval",
    "proportion",
    "risk_difference",
    "score_interval",
    "standardised_difference",
    "summarise",
]
