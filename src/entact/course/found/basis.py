"""What the basis of an act says: when its gate said yes, and what it relied on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from entact.course.entry import instant

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective


def inputs_of(act: Effective) -> frozenset[str]:
    """The entries that a gate relied on, as its basis names them."""
    if not act.entry.basis:
        return frozenset()
    inputs = act.entry.basis.get("inputs")
    return (
        frozenset(name for name in inputs if isinstance(name, str))
        if isinstance(inputs, list)
        else frozenset()
    )


def decided_at(act: Effective) -> datetime:
    """When a gate said yes to an act, as its basis has it."""
    said = (act.entry.basis or {}).get("decided_at")
    try:
        return instant(said) if isinstance(said, str) else act.at
    except ValueError:
        return act.at
