"""Research software: nothing that runs a study reads what the model expects."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import entact

HOUSE = Path(entact.__file__).parent
READERS = {"cohort", "cli"}
"""rooms that may: virtual participants, and the command line"""


def names(module: Path) -> set[str]:
    """What a module imports, at any depth of its code, and what it might import by a name in a text."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            found.add(node.value)
    return found


def readers(house: Path) -> set[str]:
    """The rooms in which a module imports the pharmacology."""
    return {
        path.relative_to(house).parts[0]
        for path in house.rglob("*.py")
        if any(f"{name}.".startswith("entact.pharmacology.") for name in names(path))
    }


def test_no_gate_alert_page_or_store_imports_the_pharmacology() -> None:
    assert readers(HOUSE) - {"pharmacology"} <= READERS


def test_an_import_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "course" / "gate.py").write_text("def may():\n    from entact.pharmacology import simulate\n")
    (tmp_path / "store" / "rows.py").write_text("from entact import (\n    course,\n    pharmacology,\n)\n")
    (tmp_path / "conduct").mkdir()
    (tmp_path / "conduct" / "page.py").write_text("room = import_module('entact.pharmacology.simulation')\n")
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "text.py").write_text(
        '"""Not of entact.pharmacology at all."""\nimport entact.course\n'
    )
    assert readers(tmp_path) == {"course", "store", "conduct"}


def test_the_room_imports_no_other_room() -> None:
    other = re.compile(r"^\s*(from|import)\s+entact\.(?!pharmacology)", re.MULTILINE)
    for path in (HOUSE / "pharmacology").glob("*.py"):
        assert not other.search(path.read_text(encoding="utf-8")), path.name
