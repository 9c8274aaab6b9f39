"""ADaM (implementation guide 1.3) from the same rows that the analysis reads, each with its row of SDTM."""

from entact.datasets.adam.build import Analysed, Analyser
from entact.datasets.adam.variables import DATASETS, KEYS, SEQUENCE

__all__ = ["DATASETS", "KEYS", "SEQUENCE", "Analysed", "Analyser"]
