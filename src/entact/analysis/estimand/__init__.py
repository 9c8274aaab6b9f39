"""Estimands: what is done with what was seen after an intercurrent event, and how often it was done."""

from __future__ import annotations

from entact.analysis.estimand.apply import EVENT_VISIT, Handled, apply, visit_after
from entact.analysis.estimand.estimand import STRATEGIES, Estimand, Intercurrent, Strategy

__all__ = [
    "EVENT_VISIT",
    "STRATEGIES",
    "Estimand",
    "Handled",
    "Intercurrent",
    "Strategy",
    "apply",
    "visit_after",
]
