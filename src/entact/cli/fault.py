"""What a person can put right: said in words, without the way through the code that led there."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Final

INTERRUPTED: Final = 128 + 2
"""The exit code of who was ended by Ctrl-C, as a shell has it."""


def was_interrupted(error: BaseException | None) -> bool:
    """Whether an error came up while a command was being ended by Ctrl-C.

    A connection that is broken off amid a statement cannot be rolled back in order: what the database's
    driver says of that hides the interruption that led to it.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def in_words(error: BaseException) -> str | None:
    """What to tell a person about an error; None for one that nobody expects, a defect of entact.

    The rooms are not imported for this: an error of a room that was never loaded cannot be here.
    """
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}{error.strerror or error}"
    for module, name in _WORDS:
        if _is_a(error, module, name):
            return str(error)
    if str(getattr(error.__cause__ or error, "sqlstate", "")).startswith("XX"):  # PostgreSQL's class for it
        said = str(error).strip()
        return f"a file of the database is damaged: {said}; `entact verify` names what cannot be read"
    for module, names in _DATABASE:
        if any(_is_a(error, module, name) for name in names):
            return f"the database does not answer: {str(error).strip()}"
    if _is_a(error, "concurrent.futures.process", "BrokenProcessPool"):
        return "a worker process was ended from outside, perhaps for want of memory: try --workers 1"
    return None


_WORDS = (
    ("entact.protocol.problem", "StudyError"),
    ("entact.cohort.scenario", "ParametersError"),
    ("entact.report.published", "PublishedError"),
    ("entact.synthesis.evidence", "NoEvidence"),
    ("entact.store.error", "StoreError"),
    ("entact.exchange.transport", "TransportError"),
    ("entact.conduct.error", "ConductError"),
    ("entact.pharmacology.quantity", "NotAQuantity"),
    ("entact.pharmacology.regimen", "NotARegimen"),
    ("entact.pharmacology.person", "NotAPerson"),
    ("entact.pharmacology.medicine", "NotAMedicine"),
    ("entact.pharmacology.notation", "NotALimit"),
    ("entact.pharmacology.parameters", "ModelError"),
    ("entact.pharmacology.data", "NotData"),
    ("entact.pharmacology.fit", "NotAFit"),
    ("entact.pharmacology.prior", "NotAPrior"),
    ("entact.pharmacology.simulation", "NotASimulation"),
    ("entact.cohort.exceedance", "NotAsked"),
    ("entact.pharmacology.result", "NotConverged"),
    ("entact.pharmacology.sources", "SourcesChanged"),
    ("entact.report.pictures.sheet", "PictureError"),
    ("entact.cli.design", "DesignError"),
    ("entact.cli.analyse", "AnalyseError"),
    ("entact.cli.tables", "TableError"),
)
_DATABASE = (
    ("psycopg", ("OperationalError", "InterfaceError")),
    ("django.db.utils", ("OperationalError", "InterfaceError")),
)


def _is_a(error: BaseException, module: str, name: str) -> bool:
    loaded: ModuleType | None = sys.modules.get(module)
    return loaded is not None and isinstance(error, getattr(loaded, name))
