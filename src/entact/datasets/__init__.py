"""Many ledgers become tables: one row per subject and observation, as Polars frames."""

from entact.datasets.build import ARM, FRAMES, Accumulator, Datasets, build
from entact.datasets.codebook import SETS, Codebook, Parameter, PlannedEndpoint, PlannedVisit, Term, codebook
from entact.datasets.sessions import peaks

__all__ = [
    "ARM",
    "FRAMES",
    "SETS",
    "Accumulator",
    "Codebook",
    "Datasets",
    "Parameter",
    "PlannedEndpoint",
    "PlannedVisit",
    "Term",
    "build",
    "codebook",
    "peaks",
]
