"""What is to be held against the source and is not yet: what is critical, and what was drawn of the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from entact.course.found.verified import Verified, items_of, verified_in
from entact.course.kinds import KINDS

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective
    from entact.protocol.study import Verification

Draw = Callable[[str], float]
"""Of a visit, or "" of the participant: a number from 0 to 1, the same each time."""


class ToVerify(msgspec.Struct, frozen=True):
    """One entry of which something is to be verified; `critical`: not only because it was drawn."""

    effective: Effective
    items: frozenset[str]
    critical: bool


def to_verify(course: Course, plan: Verification | None, draw: Draw) -> list[ToVerify]:
    """What is to be verified as it stands, in order of time; what changed after it was verified is there.

    Args:
        plan: of the release in force at the site; None: everything. draw: by a secret of who monitors.
    """
    known = verified_in(course)
    found = []
    for one in course.effective:
        kind = KINDS.get(one.entry.kind)
        form = kind.form(one.data) if kind is not None and kind.form is not None else None
        if kind is None or kind.attests or (form is None and kind.activity is None):
            continue
        items = frozenset(items_of(one))
        critical = _critical(plan, {form, kind.activity}, items)
        asked = items if _is_drawn(plan, one, draw) else critical
        left = asked - known.get(one.id, Verified(frozenset(), items)).items
        if left:
            found.append(ToVerify(one, left, not critical.isdisjoint(left)))
    return found


def _critical(plan: Verification | None, names: set[str | None], items: frozenset[str]) -> frozenset[str]:
    if plan is None:
        return frozenset()
    if not names.isdisjoint(plan.critical):
        return items
    return frozenset(item for item in items if any(f"{name}.{item}" in plan.critical for name in names))


def _is_drawn(plan: Verification | None, one: Effective, draw: Draw) -> bool:
    if plan is None:
        return True
    return draw((one.entry.encounter or "") if plan.drawn == "visits" else "") < plan.others
