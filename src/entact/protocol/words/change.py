"""What a change between two releases had and has, each part for itself, and the rules in it in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Final

from entact.protocol.amendment import Difference
from entact.protocol.form import CompiledForm
from entact.protocol.release import Release
from entact.protocol.words.label import Labels
from entact.protocol.words.rule import rule_words

_RULES: Final = frozenset({"when", "rearm", "require", "applies_when", "rule", "value", "calculated"})


def members_changed(before: list[Any], after: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """The members of a list that differ, each with its number in the list and, of blocks, what differs."""
    texts = [[value_text(member) for member in side] for side in (before, after)]
    for same, i, i_end, j, j_end in SequenceMatcher(a=texts[0], b=texts[1], autojunk=False).get_opcodes():
        if same == "equal":
            continue
        for old, new in zip_longest(range(i, i_end), range(j, j_end)):
            one, other = None if old is None else before[old], None if new is None else after[new]
            number = f"[{(old if new is None else new) + 1}]"
            if isinstance(one, dict) and isinstance(other, dict):
                for name in dict.fromkeys([*one, *other]):
                    if one.get(name) != other.get(name):
                        yield f"{number}.{name}", one.get(name), other.get(name)
            else:
                yield number, one, other


def rules_in_words(one: Difference, old: Release, new: Release) -> dict[str, str]:
    """Each rule in what a change had and has, in words."""
    found: dict[str, str] = {}
    for release, value in ((old, one.before), (new, one.after)):
        parts = one.field.split(".")
        form = release.forms.get(parts[1]) if parts[0] == "forms" and len(parts) > 1 else None
        own = _own_of(form, parts) if form is not None else {}
        for rule in _rules_in(value, parts[-1].partition("[")[0]):
            try:
                found[rule] = rule_words(rule, Labels(release.forms), own)
            except (KeyError, ValueError):
                continue  # it stands as it is in the file
    return found


def _own_of(form: CompiledForm, parts: list[str]) -> dict[str, CompiledForm]:
    """What a rule within a form names alone; within rows what stands beside it before what stands above."""
    return dict.fromkeys(form.items, form) | {
        name: rows for item, rows in form.rows.items() if item in parts for name in rows.items
    }


def _rules_in(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _rules_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _rules_in(inner, "")
    elif isinstance(value, str) and name in _RULES:
        yield value


def value_text(value: Any) -> str:
    """A value as it would stand in the file, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {value_text(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(value_text, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
