"""ADaM (implementation guide 1.3) from the same rows that the analysis reads, each with its row of SDTM."""

from entact.datasets.adam.build import Analysed, Analyser

__all__ = ["Analysed", "Analyser"]
