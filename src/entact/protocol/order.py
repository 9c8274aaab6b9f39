"""The order of named things in a study file, which canonical bytes alone would lose.

People see the order of a form's items, of criteria or of arms, so it belongs to a release. The order of
settings within a block (`type` before `unit`) says nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# `*` stands for any name.
_NAMED = (
    ("populations",),
    ("sites",),
    ("arms",),
    ("roles",),
    ("consent",),
    ("sources",),
    ("products",),
    ("regimens",),
    ("randomisation", "ratio"),
    ("forms",),
    ("forms", "*", "sections"),
    ("forms", "*", "items"),
    ("forms", "*", "items", "*", "items"),
    ("instruments",),
    ("instruments", "*", "scores"),
    ("eligibility",),
    ("quotas",),
    ("holds",),
    ("epochs",),
    ("tracks",),
    ("stopping",),
    ("reports",),
    ("periodic_reports",),
    ("adverse_events", "checklists"),
    ("adverse_events", "special_interest"),
    ("analysis", "windows"),
    ("analysis", "intercurrent"),
    ("analysis", "estimands"),
    *(("session", block) for block in ("telephones", "rescue", "emergencies", "arrival")),
    ("gates",),
    ("alerts",),
    ("adverse_events", "terms"),
    ("washout", "classes"),
    ("endpoints",),
    ("analysis", "sets"),
    ("analysis", "secondary"),
)


def order_of(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names of each block of named things, by its path, where they do not stand in alphabetical order."""
    return {
        ".".join(path): list(block)
        for pattern in _NAMED
        for path, block in _blocks(data, pattern)
        if list(block) != sorted(block)
    }


def in_order(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with named things in the order that its `order` gives; names that it leaves out come last."""
    order = data.get("order")
    arranged = dict(data)
    for pattern in _NAMED:
        for path, block in _blocks(arranged, pattern):
            said = order.get(".".join(path)) if isinstance(order, Mapping) else None
            first = [name for name in said if name in block] if isinstance(said, list) else []
            names = dict.fromkeys([*first, *sorted(block)])
            arranged = _replaced(arranged, path, {name: block[name] for name in names})
    return arranged


def _blocks(
    data: Any, pattern: tuple[str, ...], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    if not isinstance(data, Mapping):
        return
    if not pattern:
        yield path, data
        return
    for name in list(data) if pattern[0] == "*" else [pattern[0]]:
        if name in data:
            yield from _blocks(data[name], pattern[1:], (*path, name))


def _replaced(data: Mapping[str, Any], path: tuple[str, ...], block: Mapping[str, Any]) -> dict[str, Any]:
    inner = block if len(path) == 1 else _replaced(data[path[0]], path[1:], block)
    return {**data, path[0]: inner}
