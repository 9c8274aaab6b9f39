"""A dictionary of the user's own: a CSV file in the folder `ENTACT_DICTIONARIES`, such as `medicines.csv`.

Its first line names the columns: `name`, and where there are any `code` and `class` (of the study's washout).
No dictionary comes with entact: those that are in use belong to others.
"""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

FOLDER: Final = "ENTACT_DICTIONARIES"
MOST: Final = 12  # that are shown
SHORTEST: Final = 2  # letters that are looked for
_LARGEST: Final = 64 * 1024 * 1024  # bytes of a file
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True)
class Term:
    """One line of a dictionary."""

    name: str
    code: str = ""
    class_: str = ""

    @property
    def said(self) -> str:
        """As it is entered."""
        return f"{self.name} ({self.code})" if self.code else self.name


def is_there(name: str) -> bool:
    """Whether there is a dictionary of this name."""
    return _path(name) is not None


def search(name: str, text: str) -> list[Term]:
    """The terms in which a word begins so, or the code does; those that begin with it first."""
    wanted, path = text.strip().casefold(), _path(name)
    if path is None or len(wanted) < SHORTEST:
        return []
    found: list[Term] = []
    later: list[Term] = []
    for plain, term in _terms(path, path.stat().st_mtime_ns):
        if plain.startswith(wanted) or term.code.casefold().startswith(wanted):
            found.append(term)
        elif f" {wanted}" in plain and len(later) < MOST:
            later.append(term)
        if len(found) == MOST:
            break
    return [*found, *later][:MOST]


def _path(name: str) -> Path | None:
    folder = os.environ.get(FOLDER, "")
    if not folder or _NAME.fullmatch(name) is None:
        return None
    path = Path(folder) / f"{name}.csv"
    return path if path.is_file() and path.stat().st_size <= _LARGEST else None


@lru_cache(maxsize=8)
def _terms(path: Path, changed: int) -> list[tuple[str, Term]]:
    """Every term in the order of the file; of one that lacks its name nothing."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        return [
            (name.casefold(), Term(name, (row.get("code") or "").strip(), (row.get("class") or "").strip()))
            for row in rows
            if (name := (row.get("name") or "").strip())
        ]
