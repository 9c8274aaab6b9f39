"""Research software: nothing that runs a study reads what the model expects."""

from __future__ import annotations

import re
from pathlib import Path

import entact

HOUSE = Path(entact.__file__).parent
READERS = {"cohort", "cli"}
"""rooms that may: virtual participants, and the command line"""
MENTION = re.compile(r"^\s*(from|import)\s+entact(\.pharmacology|\s+import\s+.*\bpharmacology)", re.MULTILINE)


def readers(house: Path) -> set[str]:
    """The rooms in which a module imports the pharmacology."""
    return {
        path.relative_to(house).parts[0]
        for path in house.rglob("*.py")
        if MENTION.search(path.read_text(encoding="utf-8"))
    }


def test_no_gate_alert_page_or_store_imports_the_pharmacology() -> None:
    assert readers(HOUSE) - {"pharmacology"} <= READERS


def test_an_import_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "course" / "gate.py").write_text("def may():\n    from entact.pharmacology import simulate\n")
    (tmp_path / "store" / "rows.py").write_text("from entact import course, pharmacology\n")
    assert readers(tmp_path) == {"course", "store"}


def test_the_room_imports_no_other_room() -> None:
    other = re.compile(r"^\s*(from|import)\s+entact\.(?!pharmacology)", re.MULTILINE)
    for path in (HOUSE / "pharmacology").glob("*.py"):
        assert not other.search(path.read_text(encoding="utf-8")), path.name
