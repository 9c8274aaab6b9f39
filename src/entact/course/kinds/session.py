"""What is done in and after a dosing session beside doses, readings and forms: each a fact of a tap."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.entry.sealing import is_sealed
from entact.course.kinds.kind import Kind, note

if TYPE_CHECKING:
    from entact.course.state.state import State


class SessionNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `session_note`: a fact of the session.

    `what`: something was looked at on arrival; rescue medication was given; an emergency was treated; music,
    touch or a break began or ended; a recording was made; somebody was rung, and reached or not; something
    was seen or heard, in words that may come later in an entry that is `about` it; the participant was
    handed over to whoever attends at night, or looked after there. `name` is as the study file has it;
    `person` the one to whom it was handed over, who says so in an entry of their own that is `about` it
    (`yes`); the next morning it has `ended`. `reference` and `digest` (SHA-256) are those of a recording:
    what is said of it later, its end too, in notes that are `about` its first, stands.
    """

    what: Literal[
        "arrival",
        "rescue_medication",
        "emergency_treated",
        "music",
        "touch",
        "break",
        "recording",
        "call",
        "hand_over",
        "night_check",
        "observation",
    ]
    name: str | None = None
    state: Literal["yes", "no", "begun", "ended"] | None = None
    person: str | None = None
    reference: str | None = None
    digest: str | None = None
    words: str | None = None  # sealed


class Recording(msgspec.Struct, frozen=True):
    """A recording of a session: under which name it is found, and its SHA-256; empty until entered."""

    begun: datetime
    ended: datetime | None
    reference: str
    digest: str


def recordings_of(course: State, encounter: str) -> tuple[Recording, ...]:
    """The recordings of a session, in order of time; of a name that is sealed nothing is said."""
    notes = [
        one
        for one in course.noted.get("session_note", ())
        if one.encounter == encounter and one.said.what == "recording"
    ]
    found = []
    for first in notes:
        if first.about is not None:
            continue
        own = [first, *(one for one in notes if one.about == first.entry)]
        names = [
            one.said.reference for one in own if one.said.reference and not is_sealed(one.said.reference)
        ]
        digests = [one.said.digest for one in own if one.said.digest and not is_sealed(one.said.digest)]
        ended = next((one.at for one in own if one.said.state == "ended"), None)
        found.append(Recording(first.at, ended, (names or [""])[-1], (digests or [""])[-1]))
    return tuple(found)


SESSION_NOTE = Kind(
    name="session_note",
    title="Note of the session",
    ways=("console",),
    payload=SessionNote,
    reduce=note,
    tells=frozenset({"dosing", "adverse_events"}),
    sealed=frozenset({"words"}),
    small=True,
    needs_consent=False,
    in_encounter=True,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"noted"}),
)
