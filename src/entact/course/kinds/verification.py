"""Source data verification: a monitor held entries, or items of one, against the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import Kind, note

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Verification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `verification`: entries agree with the source, as far as their last correction then.

    Attributes:
        entries: their ids. last: of each the last correction that was looked at; its own id where there was
            none. items: of one entry, those alone that were looked at.
    Source: ICH E6(R3) 3.11.4.
    """

    entries: list[str]
    last: list[str]
    items: list[str] = []


def reduce_verification(course: State, effective: Effective, payload: Verification) -> None:
    """Keeps it; one that names nothing, or items of several entries, verifies nothing."""
    count = len(payload.entries)
    if not count or count != len(payload.last) or (payload.items and count != 1):
        course.found("verifies_nothing", effective.id, "entries", "one last correction for each entry")
        return
    note(course, effective, payload)


VERIFICATION = Kind(
    name="verification",
    title="Verified against the source",
    ways=("page verify",),
    payload=Verification,
    reduce=reduce_verification,
    tells=frozenset({"schedule"}),  # who shows it leaves out what it names of the entries that are hidden
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
