"""The cells of a list of rows in a form: `drugs[2].name` is what the second row of `drugs` says of `name`.

Where another system repeats a group, each repetition is a row: `drugs.name` is that of the row it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from entact.protocol.study import Item

_CELL: Final = re.compile(r"(\w+)(?:\[([1-9][0-9]{0,2})\])?\.(\w+)")

Lists = dict[str, dict[int, dict[str, Any]]]  # item -> row -> what it says so far


def definition_of(items: Mapping[str, Item], name: str) -> Item | None:
    """The item of this name, or that of a cell of its rows; None where there is none."""
    found = _CELL.fullmatch(name)
    if found is None:
        return items.get(name)
    said = items.get(found[1])
    return said.items.get(found[3]) if said is not None and said.type == "rows" else None


def is_cell(name: str) -> bool:
    """Whether a name is that of a cell."""
    return _CELL.fullmatch(name) is not None


def in_row(name: str, row: int) -> str:
    """The name with its row: that which it says itself, else this one. Of what is no cell the same."""
    found = _CELL.fullmatch(name)
    return name if found is None or found[2] else f"{found[1]}[{row}].{found[3]}"


def add_cell(name: str, answer: Any, lists: Lists) -> str:
    """Puts an answer into the row that its name says; the item of the list."""
    found = _CELL.fullmatch(name)
    assert found is not None
    lists.setdefault(found[1], {}).setdefault(int(found[2]), {})[found[3]] = answer
    return found[1]


def rows_of(rows: Mapping[int, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows in their order, as an entry holds them."""
    return [dict(rows[number]) for number in sorted(rows)]
