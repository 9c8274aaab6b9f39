"""Recordings of a session that its participant had not agreed to when they began."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from entact.course.course import Course

SCOPE: Final = "recording"  # of consent, in a study file that asks for it


def agrees_to_recording(course: Course, at: datetime) -> bool | None:
    """Whether the participant had agreed to recordings by a time; None in a study that does not ask."""
    if SCOPE not in course.release.file.consent:
        return None
    before = [one for one in course.consents if one.since <= at]
    return bool(before) and before[-1].scopes.get(SCOPE) is True


def found_recordings(course: Course) -> Iterator[tuple[str, str, str, str]]:
    """Recordings that began without the participant's consent to them: rule, entry, item and message."""
    for one in course.noted.get("session_note", ()):
        begins = one.said.what == "recording" and one.about is None
        if begins and agrees_to_recording(course, one.at) is False:
            message = "the participant had not agreed to recordings when this one began"
            yield "recording_not_agreed", one.entry, "what", message
