"""Means compared: adjusted for covariates, within people, and in units of a standard deviation."""

from __future__ import annotations

from entact.analysis.continuous.ancova import adjusted_difference, ancova
from entact.analysis.continuous.effect_size import effect_size
from entact.analysis.continuous.paired import paired_t

__all__ = ["adjusted_difference", "ancova", "effect_size", "paired_t"]
