"""Blinding is measured: guesses of the treatment, by everyone who could have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.blinding import DO_NOT_KNOW, GuessState

Guesser = Literal["participant", "therapist", "rater"]
Clear = Literal[
    "not_clear", "before_dose", "first_hour", "second_hour", "later_that_day", "next_days", "at_this_visit"
]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entact.course.entry.effective import Effective
    from entact.course.state.encounter import EncounterState
    from entact.course.state.state import State
    from entact.protocol.study import Visit


class Guess(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `guess`: which arm somebody believes it is, how surely (0 to 100 %), and why (sealed text).

    Attributes:
        arm: a name of the study's arms, or `do_not_know`. clear: since when it was clear to them.
        told: whether they had been told it, so that it is no guess; None where it was not asked.
    """

    guesser: Guesser
    arm: str
    confidence: int | None = None
    why: str | None = None
    clear: Clear | None = None
    told: bool | None = None


def reduce_guess(course: State, effective: Effective, payload: Guess) -> None:
    """Keeps every guess, in order of time."""
    if payload.arm != DO_NOT_KNOW and payload.arm not in course.release.file.arms:
        course.found("unknown_arm", effective.id, "arm", f"the study has no arm {payload.arm!r}")
    if payload.confidence is not None and not 0 <= payload.confidence <= 100:
        course.found("item", effective.id, "confidence", f"{payload.confidence} is not between 0 and 100 %")
    if payload.told or _was_told(course, payload.guesser):
        message = f"the {payload.guesser} had been told the arm: it is no guess, and measures no blinding"
        course.found("guess_after_told", effective.id, "arm", message)
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
            payload.clear,
            bool(payload.told) or _was_told(course, payload.guesser),
        )
    )


def _was_told(course: State, guesser: str) -> bool:
    """Whether whoever guesses had been told: by the planned unblinding, or by visits of one arm alone."""
    if course.told is not None and guesser in course.told.told:
        return True
    plan, assigned = course.release.file.randomisation, course.assignment
    return plan is not None and assigned is not None and len(assigned.arms) == 1 and guesser in plan.tells


def guessers_at(by: str | None, kind: str | None) -> tuple[Guesser, ...]:
    """Who is asked for a guess at a visit.

    Args:
        by, kind: of the visit, as the study file says. A rater's own visit asks the rater alone; a dosing
            session the participant and each therapist, who sees it as long; any other the participant.
    """
    if by == "rater":
        return ("rater",)
    return ("participant", "therapist") if kind == "dosing" else ("participant",)


def guesses_missing(course: State, encounter: EncounterState, visit: Visit) -> Iterator[str]:
    """Whose guess a visit asked for and nobody entered: participant, rater, and each therapist by name.

    Of therapists those who were in the room; where nobody entered who was, at least one. Who had been told by
    then, or has no treatment drawn, is not asked.
    """
    for guesser in guessers_at(visit.by, visit.kind):
        if guesser not in {*course.release.file.roles, "participant"}:
            continue
        told, began = course.told, encounter.started
        if told is not None and began is not None and guesser in told.told and told.at <= began:
            continue
        if course.randomisation is None and guesser != "rater":
            continue
        by = {one.by for one in course.guesses if one.encounter == encounter.id and one.guesser == guesser}
        there = {
            one.person for one in course.presence.get(encounter.id, ()) if guesser == one.role == "therapist"
        }
        if there:
            yield from (f"therapist {person}" for person in sorted(there - by))
        elif not by:
            yield guesser


CLEAR: tuple[str, ...] = get_args(Clear)


GUESS = Kind(
    name="guess",
    is_held=True,
    title="Guess of treatment",
    ways=("page guess", "page handed"),
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
