"""What is verified against the source as it stands: what was changed after that is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.verification import VERIFICATION

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective


class Verified(msgspec.Struct, frozen=True):
    """What is verified of one entry as it stands: items that are, and those that are not."""

    items: frozenset[str]
    rest: frozenset[str]

    @property
    def whole(self) -> bool:
        """Whether all of it is."""
        return bool(self.items) and not self.rest


def verified_in(course: Course) -> dict[str, Verified]:
    """What is verified of each entry that somebody verified; what was changed after that is not.

    Later is what arrived later, whatever time it claims.
    """
    noted = course.noted.get(VERIFICATION.name, ())
    named = {name for one in noted for name in one.said.entries}
    found: dict[str, Verified] = {}
    for effective in course.effective if named else ():
        if effective.id not in named:
            continue
        items = items_of(effective)
        met: set[str] = set()
        for one in noted:
            for name, last in zip(one.said.entries, one.said.last, strict=True):
                if name == effective.id and course.has(last):
                    until = course.arrival_of(last)
                    asked = one.said.items or items
                    met |= {
                        item for item in asked if item in items and course.arrival_of(items[item]) <= until
                    }
        found[effective.id] = Verified(frozenset(met), frozenset(items.keys() - met))
    return found


def items_of(effective: Effective) -> dict[str, str]:
    """Each item of an entry, with the id of the entry that set it last."""
    return dict(_items(effective))


def _items(effective: Effective) -> Iterator[tuple[str, str]]:
    for name, value in effective.data.items():
        if name == "form" and effective.entry.kind == "form":
            continue  # which form it is can't be held against a source, nor asked about
        inner = value if isinstance(value, Mapping) and name in ("items", "scopes", "criteria") else {name: 0}
        yield from ((item, effective.origins.get(item, effective.id)) for item in inner)
