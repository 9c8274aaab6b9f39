"""The statement that appends."""

from __future__ import annotations

from itertools import combinations

from entact.store.tables import NUMBERS, TABLES
from entact.store.writing import _statement, _touched


def test_whatever_changes_is_written_by_one_of_few_statements() -> None:
    """Every connection plans each of them for itself, which takes as long as ten appends."""
    tables = {table.part: table.name for table in (*TABLES, NUMBERS)}
    met = set()
    for count in range(len(tables) + 1):
        for changed in map(frozenset, combinations(tables, count)):
            statement = _statement("", _touched(changed))
            met.add(statement)
            for part in changed:
                assert f"INSERT INTO {tables[part]} " in statement
                assert f"DELETE FROM {tables[part]} " in statement
    assert len(met) <= 5
    assert all(name not in _statement("", _touched(frozenset())) for name in tables.values())
