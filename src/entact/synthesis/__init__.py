"""Published trials as data with their sources, and their synthesis by condition."""

from __future__ import annotations

from entact.synthesis.checks import Checks, NotDone
from entact.synthesis.comparisons import DatabaseError
from entact.synthesis.database import read_database
from entact.synthesis.evidence import (
    Answer,
    Evidence,
    LeftOut,
    conditions_of,
    evidence_for,
    with_checks,
)
from entact.synthesis.included import Included, NoEvidence
from entact.synthesis.reading import load_trials, read_trials, shipped_trials
from entact.synthesis.trial import BIAS, CONDITIONS, DOMAINS, Trial

__all__ = [
    "BIAS",
    "CONDITIONS",
    "DOMAINS",
    "Answer",
    "Checks",
    "DatabaseError",
    "Evidence",
    "Included",
    "LeftOut",
    "NoEvidence",
    "NotDone",
    "Trial",
    "conditions_of",
    "evidence_for",
    "load_trials",
    "read_database",
    "read_trials",
    "shipped_trials",
    "with_checks",
]
