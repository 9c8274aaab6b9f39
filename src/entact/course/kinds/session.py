"""What is done in and after a dosing session beside doses, readings and forms: each a fact of a tap."""

from __future__ import annotations

from typing import Literal

import msgspec

from entact.course.kinds.kind import Kind, note


class SessionNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `session_note`: a fact of the session.

    `what`: something was looked at on arrival; rescue medication was given; an emergency was treated; music,
    touch or a break began or ended; a recording was made; somebody was rung, and reached or not; something
    was seen or heard, in words that may come later in an entry that is `about` it; the participant was
    handed over to whoever attends at night, or looked after there. `name` is as the study file has it;
    `person` the one to whom it was handed over, who says so in an entry of their own that is `about` it
    (`yes`); the next morning it has `ended`. `reference` and `digest` those of a recording.
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


SESSION_NOTE = Kind(
    name="session_note",
    title="Note of the session",
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
