"""What kits a row of the list may need, and for how long: as the schedule says it, whatever the arm is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, Literal

from entact.protocol.study import StudyFile, Visit

RANDOMISED: Final = "randomisation"
_AT_MOST_THEN: Final = ("enrolment", "consent")  # what is over when somebody is randomised


def is_hidden(file: StudyFile, visit: Visit) -> bool:
    """Whether what is given in a session is hidden: not where the arm was told before."""
    track = file.tracks.get(visit.track or "")
    return visit.kind == "dosing" and (track is None or not (track.unblinds or track.arms))


def kits_of_a_row(file: StudyFile, visits: Mapping[str, Visit]) -> dict[tuple[str, str], int]:
    """(Level, part) -> how many kits a row needs when all goes well, whoever gets it.

    Args:
        visits: of the study by name, rows of like ones spelled out.
    """
    most: dict[tuple[str, str], int] = {}
    for population in file.populations:
        needs: Counter[tuple[str, str]] = Counter()
        for visit in visits.values():
            if is_hidden(file, visit) and (not visit.populations or population in visit.populations):
                needs.update(kits_of_a_session(file, visit))
        most |= {what: max(count, most.get(what, 0)) for what, count in needs.items()}
    return most


def kits_of_a_session(
    file: StudyFile, visit: Visit
) -> Iterator[tuple[str, Literal["initial", "supplement"]]]:
    """(Level, part) of each kit that a session may need: of every level that may be decided for it."""
    for level in visit.levels:
        yield level, "initial"
        if file.regimens[level].supplement is not None:
            yield level, "supplement"


def longest_use(file: StudyFile, visits: Mapping[str, Visit]) -> timedelta | None:
    """How long after randomisation the last hidden session may be; None where the windows do not say it.

    Args:
        visits: of the study by name, rows of like ones spelled out.
    """
    sessions = [one.visit for one in visits.values() if is_hidden(file, one)]
    found = [_latest(visits, name, ()) for name in sessions]
    known = [one for one in found if one is not None]
    return max(known) if known and len(known) == len(found) else None


def _latest(visits: Mapping[str, Visit], name: str, before: tuple[str, ...]) -> timedelta | None:
    """How long after randomisation a visit may be at the latest."""
    visit = visits.get(name)
    if name in (RANDOMISED, *_AT_MOST_THEN) or (visit is not None and RANDOMISED in visit.activities):
        return timedelta(0)
    if visit is None or visit.after is None or visit.within is None or name in before:
        return None
    since = _latest(visits, visit.after, (*before, name))
    return None if since is None else since + visit.within.latest
