"""Which tracks of visits are a person's, and when what they take part in has ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from entact.course.state.assignment import AssignmentState
from entact.course.state.consent import ConsentState
from entact.course.state.unblinding import PlannedUnblindingState

if TYPE_CHECKING:
    from entact.protocol.study import Track, Visit


def open_tracks(
    tracks: Mapping[str, Track],
    told: PlannedUnblindingState | None,
    assignment: AssignmentState | None,
    consent: ConsentState | None,
    sites: Collection[str],
) -> frozenset[str]:
    """The tracks whose visits a person has: opened by an entry, never by a hidden arm.

    Args:
        tracks: of the study file. told, assignment, consent: what was entered of the person. sites: where the
            person is, and was before a transfer.
    """

    def is_open(opening: tuple[str, str]) -> bool:
        what, name = opening
        if what == "unblinded":
            return told is not None and told.arm == name
        if what == "assigned":
            return assignment is not None and name in assignment.arms
        return consent is not None and consent.scopes.get(name) is True

    return frozenset(
        name
        for name, track in tracks.items()
        if any(map(is_open, track.openings)) and (track.sites is None or {*track.sites} & {*sites})
    )


def last_visits(visits: Mapping[str, Visit], tracks: Mapping[str, Track]) -> set[str]:
    """The visits with which what a person takes part in ends.

    Args:
        visits: of the person, those of open tracks among them. tracks: of the study file.
    """
    beside = {name for name, track in tracks.items() if track.arms}  # what arms have within the main one
    ends = {name for name, visit in visits.items() if visit.track is None and visit.kind == "end"}
    # A track that follows the main one ends the study; a sub-study beside it does not.
    following = {
        name: visit
        for name, visit in visits.items()
        if visit.track not in beside and _follows(visit, visits, ends)
    }
    last = following or {name: visit for name, visit in visits.items() if visit.track is None}
    return {name for name, visit in last.items() if visit.kind == "end"} or set(list(last)[-1:])


def _follows(visit: Visit, visits: Mapping[str, Visit], ends: Collection[str]) -> bool:
    """Whether a visit of a track comes after the main one, not beside it, by what it is counted from."""
    if visit.track is None:
        return False
    root = visit.after
    if not ends:  # the main track names no end
        return True
    while root is not None and root in visits and visits[root].track == visit.track:
        root = visits[root].after
    return root not in visits or root in ends
