"""What is wrong with the night after a session: a hand-over that nobody took, looks that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.noted import Noted

HAND_OVER, LOOK = "hand_over", "night_check"
AT_NIGHT = frozenset({HAND_OVER, LOOK})
# What is noted of a session that is over: in its night somebody is called and treated too; a recording has
# its hash when it is known, and what was seen its words when there is time for them.
AFTERWARDS = AT_NIGHT | {"call", "emergency_treated", "rescue_medication", "recording", "observation"}
LATE = timedelta(minutes=30)  # assumption: until a look that is due counts as missed


def found_at_night(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Hand-overs that whoever has the participant did not take, and looks that are missing.

    Looks are asked as long as something follows: a later look, the hand-over of the next morning, or the
    next visit. Rule, entry, item and message.
    """
    noted = [one for one in course.noted.get("session_note", ()) if one.said.what in AT_NIGHT]
    taken = {(one.about, one.by) for one in noted if one.said.what == HAND_OVER and one.said.state == "yes"}
    for one in noted:
        if not _gives(one):
            continue
        if (one.entry, one.said.person) not in taken:
            message = f"{one.said.person} has not said that they took over, as {one.by} entered"
            yield "hand_over_not_taken", one.entry, "", message
        yield from _looks_missing(course, one, noted)


def _gives(one: Noted) -> bool:
    return one.said.what == HAND_OVER and one.said.state is None and one.said.person is not None


def _looks_missing(course: Course, given: Noted, noted: list[Noted]) -> Iterator[tuple[str, str, str, str]]:
    plan = course.site_release(given.at).file.session
    if plan is None or plan.night_checks is None:
        return
    of_night = [one for one in noted if one.encounter == given.encounter and one.at > given.at]
    over = next(
        (one.at for one in of_night if one.said.what == HAND_OVER and one.said.state == "ended"), None
    )
    begun = [one.started for one in course.encounters.values() if one.started is not None]
    following = min((at for at in begun if at > given.at), default=None)
    until = min((at for at in (over, following) if at is not None), default=None)
    before = given.at
    looks = [one.at for one in of_night if one.said.what == LOOK and (until is None or one.at <= until)]
    for at in (*looks, *([until] if until is not None else ())):
        if at - before > plan.night_checks + LATE:
            message = f"nobody looked in between {_time(before)} and {_time(at)}"
            yield "night_check_missing", given.entry, before.isoformat(), message
        before = at


def _time(at: datetime) -> str:
    return at.strftime("%H:%M")
