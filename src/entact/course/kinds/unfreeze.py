"""A freeze is taken back: that of a visit by one person, that of a participant by two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.kind import Kind, note

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Unfreeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `unfreeze`: the freeze that it is `about` is asked to be taken back, or is taken back.

    That of a participant is taken back by who did not ask for it. The entry's reason says why.
    """

    said: Literal["asked", "taken_back"]


def reduce_unfreeze(course: State, effective: Effective, payload: Unfreeze) -> None:
    """Ends the freeze, where the persons for it are there."""
    about = effective.entry.about
    place = next((n for n, one in enumerate(course.freezes) if one.entry == about), None)
    if place is None:
        course.found("about_unknown", effective.id, "about", f"{about} is no freeze")
        return
    freeze = course.freezes[place]
    if payload.said == "taken_back" and freeze.encounter is None:
        asking = [one for one in course.noted.get(UNFREEZE.name, ()) if one.about == about]
        if not any(one.said.said == "asked" and one.by != effective.entry.by for one in asking):
            message = "the freeze of a participant is taken back by two persons: nobody else has asked for it"
            course.found("taken_back_by_one", effective.id, "said", message)
            return
    if payload.said == "taken_back" and freeze.taken_back is None:
        course.freezes[place] = msgspec.structs.replace(freeze, taken_back=effective.id)
    note(course, effective, payload)


def asked_to_unfreeze(course: State, freeze: str) -> str | None:
    """Who has asked that a freeze be taken back, and nobody has confirmed it yet."""
    for one in reversed(course.noted.get(UNFREEZE.name, ())):
        if one.about == freeze:
            return str(one.by) if one.said.said == "asked" else None
    return None


UNFREEZE = Kind(
    name="unfreeze",
    title="Freeze taken back",
    ways=("page lock",),
    payload=Unfreeze,
    reduce=reduce_unfreeze,
    tells=frozenset({"schedule"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
)
