"""Randomisation as the basis of inference: how arms were allocated, and the test that does it again."""

from __future__ import annotations

from entact.analysis.randomisation.again import rerandomise
from entact.analysis.randomisation.procedure import Complete, Minimisation, PermutedBlocks, Procedure, Simple

__all__ = ["Complete", "Minimisation", "PermutedBlocks", "Procedure", "Simple", "rerandomise"]
