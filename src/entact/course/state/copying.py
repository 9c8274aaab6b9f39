"""Copies of a state that another goes on from: what later entries may change is copied, the rest shared."""

from __future__ import annotations

from collections.abc import Hashable
from copy import copy
from functools import cache
from typing import Any, cast

import msgspec


def copied(value: Any) -> Any:
    """A copy of all in a part of the state that later entries may change; each holds values of one type."""
    if isinstance(value, dict):
        each = _may_change(next(iter(value.values()), None))
        return {name: copied(one) for name, one in value.items()} if each else dict(value)
    if isinstance(value, list):
        return [copied(one) for one in value] if _may_change(next(iter(value), None)) else list(value)
    if isinstance(value, set):
        return set(value)
    if not _may_change(value):
        return value
    other, struct = copy(value), cast(Hashable, type(value))
    for name in _fields_that_hold(struct):
        setattr(other, name, copied(getattr(value, name)))
    return other


@cache
def _fields_that_hold(struct: Any) -> tuple[str, ...]:
    """The fields of a value that hold several."""
    said = {one.name: str(one.type) for one in msgspec.structs.fields(struct)}
    return tuple(name for name, type_ in said.items() if any(one in type_ for one in ("list", "dict", "set")))


def _may_change(value: Any) -> bool:
    """Whether a value is one that later entries may change in place."""
    if isinstance(value, msgspec.Struct):
        return not value.__struct_config__.frozen
    return isinstance(value, dict | list | set)
