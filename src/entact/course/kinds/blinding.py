"""Blinding is measured: guesses of the treatment, by everyone who could have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.blinding import DO_NOT_KNOW, GuessState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.state import State


class Guess(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `guess`: which arm somebody believes it is, how surely (0 to 100 %), and why (sealed text)."""

    guesser: Literal["participant", "therapist", "rater"]
    arm: str  # a name of the study's arms, or `do_not_know`
    confidence: int | None = None
    why: str | None = None


def reduce_guess(course: State, effective: Effective, payload: Guess) -> None:
    """Keeps every guess, in order of time."""
    if payload.arm != DO_NOT_KNOW and payload.arm not in course.release.file.arms:
        course.found("unknown_arm", effective.id, "arm", f"the study has no arm {payload.arm!r}")
    if payload.confidence is not None and not 0 <= payload.confidence <= 100:
        course.found("item", effective.id, "confidence", f"{payload.confidence} is not between 0 and 100 %")
    course.guesses.append(
        GuessState(
            effective.id,
            effective.entry.encounter,
            effective.at,
            effective.entry.by,
            payload.guesser,
            payload.arm,
            payload.confidence,
            payload.why,
            effective.origins.get("why", effective.id),
        )
    )


GUESS = Kind(
    name="guess",
    is_held=True,
    title="Guess of treatment",
    payload=Guess,
    reduce=reduce_guess,
    tells=frozenset({"guesses"}),
    sealed=frozenset({"why"}),
    needs_consent=True,
    in_encounter=True,
    with_participant=True,
    ended_by=frozenset({"procedures", "follow_up", "data_use"}),
    activity="guess",
    done=lambda course, encounter: any(one.encounter == encounter for one in course.guesses),
    writes=frozenset({"guesses"}),
)
