"""Which tracks of visits are a person's, and when what they take part in has ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entact.course.state.state import State
    from entact.protocol.study import Visit


def open_tracks(state: State) -> frozenset[str]:
    """The tracks whose visits a person has: opened by an entry, never by a hidden arm."""
    return frozenset(
        name
        for name, track in state.release.file.tracks.items()
        if any(_opens(state, one) for one in track.openings) and _is_offered(state, track.sites)
    )


def _opens(state: State, opening: tuple[str, str]) -> bool:
    what, name = opening
    if what == "unblinded":
        return state.told is not None and state.told.arm == name
    if what == "assigned":
        return state.assignment is not None and name in state.assignment.arms
    return state.consent is not None and state.consent.scopes.get(name) is True


def _is_offered(state: State, sites: Collection[str] | None) -> bool:
    """Whether the participant is, or was before a transfer, at one of these sites; None are all."""
    return sites is None or any(one.site in sites for one in state.screenings)


def is_at_end(state: State) -> bool:
    """Whether the last visit of what this person takes part in has been held."""
    visits = state.release.visits_of(state.population, state.tracks)
    tracks = state.release.file.tracks
    beside = {name for name, track in tracks.items() if track.arms}  # what arms have within the main one
    ends = {name for name, visit in visits.items() if visit.track is None and visit.kind == "end"}
    # A track that follows the main one ends the study; a sub-study beside it does not.
    following = {
        name: visit
        for name, visit in visits.items()
        if visit.track not in beside and _follows(visit, visits, ends)
    }
    last = following or {name: visit for name, visit in visits.items() if visit.track is None}
    ends = {name for name, visit in last.items() if visit.kind == "end"} or set(list(last)[-1:])
    return any(
        one.visit in ends and one.status == "ended" and one.attempt == state.attempt
        for one in state.encounters.values()
    )


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
