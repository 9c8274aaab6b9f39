"""The rules of a form's items, compiled: when each is asked, and what it is where a rule gives its value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from entact.protocol.rule import Kind, Rule
from entact.protocol.study import Over

KINDS: Final[Mapping[str, Kind]] = {
    "boolean": "bool",
    "integer": "int",
    "decimal": "double",
    "choice": "string",
    "choices": "list[string]",
    "rows": "int",  # how many there are
}
"""What a rule knows of an item, by its type; it knows no text, dates, times or files."""


@dataclass(frozen=True)
class ItemRules:
    """The rules of a form's items.

    Attributes:
        conditions: by item, all that must hold for it to be asked, that of its section first.
        calculations: by item, in an order in which each finds what it needs.
        rows: the rules of the items within rows. over: by item, what is made of another form over days; its
            calculation names that form's item.
    """

    conditions: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    calculations: Mapping[str, Rule] = field(default_factory=dict)
    rows: Mapping[str, ItemRules] = field(default_factory=dict)
    over: Mapping[str, Over] = field(default_factory=dict)

    @cached_property
    def elsewhere(self) -> frozenset[str]:
        """Names of other forms' items that these rules need."""
        own = [*(rule for rules in self.conditions.values() for rule in rules), *self.calculations.values()]
        names = {name for rule in own for name in rule.names if "." in name}
        names |= {over.name for over in self.over.values()}
        return frozenset(names.union(*(inner.elsewhere for inner in self.rows.values())))
