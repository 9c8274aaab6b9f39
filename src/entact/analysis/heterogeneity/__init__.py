"""Whether the effect is the same everywhere: in subgroups, without each site, and over time."""

from __future__ import annotations

from entact.analysis.heterogeneity.durability import durability
from entact.analysis.heterogeneity.leave_one_out import leave_one_out
from entact.analysis.heterogeneity.subgroups import subgroups

__all__ = ["durability", "leave_one_out", "subgroups"]
