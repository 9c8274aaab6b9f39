"""That a list was asked for at a visit, and there was nothing to enter: no event, no medicine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.kind import Kind

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class AskedNone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `asked_none`: of a list that an entry is only made for when there is one, that there was none.

    Without it a list in which nothing stands says nothing: nobody knows whether somebody asked.
    """

    of: Literal["adverse_events", "medication"]


def reduce_asked_none(course: State, effective: Effective, payload: AskedNone) -> None:
    """Changes nothing: what it says is said of its visit alone."""


ASKED_NONE = Kind(
    name="asked_none",
    title="Asked: none",
    ways=("page add",),
    payload=AskedNone,
    reduce=reduce_asked_none,
    tells=frozenset({"adverse_events"}),  # that there were none tells of them too
    tells_more=lambda data: frozenset({"medication"}) if data.get("of") == "medication" else frozenset(),
    small=True,
    needs_consent=False,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset(),
    writes=frozenset(),
)
