"""Which change means something to a person: reliable, anchored to what they say, and how many reach it."""

from __future__ import annotations

from entact.analysis.meaningful.anchor import anchored, distribution
from entact.analysis.meaningful.reliable import reliable_change

__all__ = ["anchored", "distribution", "reliable_change"]
