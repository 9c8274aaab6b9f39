"""Which files the machine code of the model is made of, and whether they still are the ones that run here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

SOURCES: Final = (
    "equations.py", "variables.py", "layout.py", "lanes.py", "elementary.py", "runge_kutta.py", "solve.py",
    "kernel.py", "machine.py",
)  # fmt: skip


class SourcesChanged(RuntimeError):
    """The program was changed while it ran: what is in memory and what is on disk are two models."""


def digest() -> str:
    """A digest of the source of everything that goes into the machine code."""
    found = hashlib.sha256()
    for name in SOURCES:
        found.update(Path(__file__).with_name(name).read_bytes())
    return found.hexdigest()[:16]


AT_FIRST: Final = digest()
"""as the files were when this process imported the room, before any of them"""


def unchanged() -> str:
    """The digest, for who is about to use or to keep machine code.

    Code that was compiled of files which have been replaced since would be kept under the digest of the new
    ones: another process would take it for theirs, and compute with equations that nobody can read any more.

    Raises:
        SourcesChanged: when the files are no longer those that this process imported.
    """
    now = digest()
    if now != AT_FIRST:
        raise SourcesChanged("entact was changed while this was running: start it again")
    return now
