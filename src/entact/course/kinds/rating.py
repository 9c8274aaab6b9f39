"""Assessments by raters apart from the sites: who took which, what they heard, and a call for help.

A rater knows neither the participant nor the visit; both stand in the envelope, put there by the server. What
goes to the site goes one way: nothing that follows from it is shown to the rater.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from entact.course.entry import Entry
from entact.course.kinds.checks import check_basis
from entact.course.kinds.kind import UNSURE, Kind, note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from entact.course.entry.effective import Effective
    from entact.course.state.noted import Noted
    from entact.course.state.state import State

RATE = "rate"  # the act of taking an assessment


class RatingTaken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `rating_taken`: whoever writes it rates the entry's visit, or lets go of what they had taken."""

    status: Literal["taken", "let_go"] = "taken"


class RaterHeard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `rater_heard`: what a rater heard that the site has to know, in the rater's words (sealed)."""

    of: Literal["suicidality", "adverse_event"]
    words: str


class BreakGlass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `break_glass`: somebody was in danger, and a rater was shown whom of the site to call at once.

    By that the rater may know the site: another rates this participant from then on.
    """


class RaterAnswered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `rater_answered`: what the site did about what a rater told, or a call for help (sealed)."""

    done: str


def act_of_taking(course: State, entry: Entry, payload: RatingTaken, at: datetime) -> str | None:
    """Taking is asked of the gate; letting go is a fact."""
    return RATE if payload.status == "taken" else None


def reduce_taken(course: State, effective: Effective, payload: RatingTaken) -> None:
    """Keeps it, and finds what was taken without a yes."""
    check_basis(course, effective, act_of_taking(course, effective.entry, payload, effective.at))
    note(course, effective, payload)


def holder_of(course: State, encounter: str) -> str | None:
    """Who rates a visit now: the last who took it, unless they let go or called for help since; or nobody."""
    holder: str | None = None
    for one in sorted(_said(course, "rating_taken", "break_glass"), key=lambda one: (one.at, one.entry)):
        if one.encounter != encounter:
            continue
        takes = isinstance(one.said, RatingTaken) and one.said.status == "taken"
        if takes:
            holder = one.by
        elif one.by == holder:
            holder = None
    return holder


def found_unanswered(course: State) -> Iterator[tuple[str, str, str, str]]:
    """What a rater told the site and nobody there has answered: rule, entry, item and message."""
    answered = {one.about for one in _said(course, "rater_answered")}
    for one in _said(course, "rater_heard", "break_glass"):
        if one.entry not in answered:
            heard = one.said.of.replace("_", " ") if isinstance(one.said, RaterHeard) else None
            what = (
                f"a rater heard of: {heard}" if heard else "a rater called for help: somebody was in danger"
            )
            yield "rater_unanswered", one.entry, heard or "danger", f"{what}; nobody has answered"


def _said(course: State, *kinds: str) -> Iterator[Noted]:
    for kind in kinds:
        yield from course.noted.get(kind, ())


_EVENTS = frozenset({"adverse_events"})

RATING_TAKEN = Kind(
    name="rating_taken",
    title="Assessment taken by a rater",
    ways=("page rating",),
    payload=RatingTaken,
    reduce=reduce_taken,
    tells=frozenset({UNSURE}),  # who rates whom is for nobody at a site to know
    acts=(RATE,),
    act_of=act_of_taking,
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset({"data_use"}),
    writes=frozenset({"noted", "deviations"}),
)
RATER_HEARD = Kind(
    name="rater_heard",
    title="Heard by a rater",
    ways=("page rating",),
    payload=RaterHeard,
    reduce=note,
    tells=_EVENTS,
    sealed=frozenset({"words"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"noted"}),
)
BREAK_GLASS = Kind(
    name="break_glass",
    title="A rater called for help",
    ways=("page rating",),
    payload=BreakGlass,
    reduce=note,
    tells=_EVENTS,
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"noted"}),
)
RATER_ANSWERED = Kind(
    name="rater_answered",
    title="Answer to what a rater told",
    ways=("page rater_told",),
    payload=RaterAnswered,
    reduce=note,
    tells=_EVENTS,
    sealed=frozenset({"done"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    attests=True,
    writes=frozenset({"noted"}),
)
