"""Many ledgers become tables: one row per subject and observation, as Polars frames."""

from entact.datasets.build import ARM, FRAMES, Accumulator, Datasets, Part, build
from entact.datasets.codebook import SETS, Codebook, Parameter, PlannedEndpoint, PlannedVisit, Term, codebook
from entact.datasets.model import analysis_frames, counted, model_frame
from entact.datasets.planned import PlannedAnalysis
from entact.datasets.sessions import peaks
from entact.datasets.subjects import POPULATION
from entact.datasets.synopsis import Assumption, Limit, Synopsis, span, synopsis
from entact.datasets.unmeasured import unmeasured
from entact.protocol.words import Activities, VisitRow

__all__ = [
    "ARM",
    "FRAMES",
    "POPULATION",
    "SETS",
    "Accumulator",
    "Activities",
    "Assumption",
    "Codebook",
    "Datasets",
    "Limit",
    "Parameter",
    "Part",
    "PlannedAnalysis",
    "PlannedEndpoint",
    "PlannedVisit",
    "Synopsis",
    "Term",
    "VisitRow",
    "analysis_frames",
    "build",
    "codebook",
    "counted",
    "model_frame",
    "peaks",
    "span",
    "synopsis",
    "unmeasured",
]
