"""Tests of ranks, and shifts that they do not reject: rank sum, signed rank, and rank sums within strata."""

from __future__ import annotations

from entact.analysis.rank.signed import signed_rank
from entact.analysis.rank.stratified import van_elteren
from entact.analysis.rank.sums import rank_sum

__all__ = ["rank_sum", "signed_rank", "van_elteren"]
