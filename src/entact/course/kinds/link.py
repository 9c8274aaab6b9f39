"""Ledgers that belong together: a carer's to a participant's, a person's to that of an earlier study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.link import LinkState
from entact.course.state.person import is_linked

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `link`: this participant belongs to another ledger, as its carer or as the same person."""

    ledger: str
    as_: str = msgspec.field(name="as")  # `carer`, or `earlier_study`


def reduce_link(course: State, effective: Effective, payload: Link) -> None:
    """Keeps each; nobody is linked to themselves, and as one thing to one other ledger alone."""
    if payload.ledger == effective.entry.ledger:
        course.found("linked_to_itself", effective.id, "ledger", "a ledger cannot be linked to itself")
        return
    for known in course.links:
        if known.as_ == payload.as_ and known.ledger != payload.ledger:
            message = f"was already linked as {payload.as_} in {known.entry}"
            course.found("linked_twice", effective.id, "ledger", message)
            return
    course.links.append(LinkState(effective.id, payload.ledger, payload.as_, effective.at))


LINK = Kind(
    name="link",
    title="Link",
    ways=("page link",),
    payload=Link,
    reduce=reduce_link,
    tells=frozenset({"schedule"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    activity="link",
    done=lambda course, encounter: is_linked(course) is not False,
    writes=frozenset({"links"}),
)
