"""Whether visits can come one after the other: what waits for what, and what has to come first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from typing import Final

from entact.protocol.populations import of_population
from entact.protocol.problem import Fault, Path
from entact.protocol.study import StudyFile, Visit
from entact.protocol.timetable import EVENTS

BROUGHT_ABOUT_BY: Final = {"initial": "dose", "washout_end": "consent"}
"""The activity behind an event that is not called like it."""

FIRST: Final[Mapping[str, tuple[str, ...]]] = {
    "eligibility": ("consent",),
    "enrolment": ("consent", "screening", "eligibility"),
    "randomisation": ("consent", "screening", "eligibility", "enrolment"),
    "dose": ("consent", "screening", "eligibility", "enrolment", "randomisation"),
}
"""What has to be done before an activity of the engine, because its gate asks for it."""

_NOTHING = timedelta(0)
_FOREVER = timedelta.max / 4

Shift = tuple[timedelta, timedelta]


def check_sequence(
    file: StudyFile, visits: Mapping[str, Visit], paths: Mapping[str, Path]
) -> Iterator[Fault]:
    """Visits that can never happen or wait for themselves, and acts that come before what they need.

    Args:
        visits: all of them by name; an anchor that nobody knows is reported elsewhere. paths: where in
            the file each one's row stands.
    """
    waiting = [*_never(visits, paths), *_in_a_ring(visits, paths)]
    waiting += _useless(visits, paths) if not waiting else []
    yield from waiting
    if not waiting:
        yield from _too_early(file, visits, paths)


def reached(visits: Mapping[str, Visit], without: Collection[str] = ()) -> set[str]:
    """Names of visits and events that can happen, be it by a fallback; `without` some visits."""
    return _reached(_follows(visits), visits, without)


def _follows(visits: Mapping[str, Visit]) -> dict[str, list[str]]:
    """Of each visit and event, the visits and events that can happen once it has."""
    follows: dict[str, list[str]] = {}
    for event in EVENTS:
        for name in brought_about_at(event, visits):
            follows.setdefault(name, []).append(event)
    for name, visit in visits.items():
        for anchor in _counted_from(visit):
            follows.setdefault(anchor, []).append(name)
    return follows


def _reached(
    follows: Mapping[str, list[str]], visits: Mapping[str, Visit], without: Collection[str]
) -> set[str]:
    """The same, where what follows on what is known."""
    found: set[str] = set()
    waiting = [name for name, visit in visits.items() if visit.opens]
    while waiting:
        name = waiting.pop()
        if name not in found and name not in without:
            found.add(name)
            waiting += follows.get(name, ())
    return found


def brought_about_at(event: str, visits: Mapping[str, Visit]) -> set[str]:
    """The visits at which an event may happen."""
    activity = BROUGHT_ABOUT_BY.get(event, event)
    return {name for name, visit in visits.items() if activity in visit.activities}


def _never(visits: Mapping[str, Visit], paths: Mapping[str, Path]) -> Iterator[Fault]:
    """Visits that can never happen: they wait for each other, or for an event that no visit brings about."""
    found = reached(visits)
    for name, visit in visits.items():
        after = visit.after
        if name in found or after is None:
            continue
        if after in EVENTS and not brought_about_at(after, visits):
            activity = BROUGHT_ABOUT_BY.get(after, after)
            message = f"can never happen: no visit does {activity!r}; add it to a `do:`, or change `after:`"
            yield Fault((*paths[name], "after"), message)
            continue
        ring = _ring(name, visits)
        if ring and name == next(visit for visit in visits if visit in ring):
            message = f"can never happen: {' waits for '.join([*ring, name])}; change one `after:`"
            yield Fault((*paths[name], "after"), message)


def _ring(name: str, visits: Mapping[str, Visit]) -> list[str]:
    """The visits and events that wait for each other around a visit; empty when it is not one of a ring."""
    ring = [name]
    while True:
        after = (
            visits[ring[-1]].after
            if ring[-1] in visits
            else min(brought_about_at(ring[-1], visits), default=None)
        )
        if after == name:
            return ring
        if after is None or after in ring:
            return []
        ring.append(after)


def _in_a_ring(visits: Mapping[str, Visit], paths: Mapping[str, Path]) -> Iterator[Fault]:
    """Visits that could happen by a fallback, and are in the end counted from themselves all the same."""
    found, told = reached(visits), set[str]()
    for name in visits:
        ring = [] if name in told or name not in found else _way_back(name, visits)
        told |= {*ring}
        if ring:
            following = ring[1] if len(ring) > 1 else name
            key = "after" if visits[name].after == following else "or"
            message = (
                f"waits in the end for itself: {' waits for '.join([*ring, name])}; "
                "change one `after:` or `or:`"
            )
            yield Fault((*paths[name], key), message)


def _way_back(name: str, visits: Mapping[str, Visit]) -> list[str]:
    """The shortest way from a visit over what each is counted from back to it; empty where there is none."""
    ways, seen = [[name]], {name}
    while ways:
        way = ways.pop(0)
        for anchor in _counted_from(visits[way[-1]]):
            if anchor == name:
                return way
            if anchor in visits and anchor not in seen:
                seen.add(anchor)
                ways.append([*way, anchor])
    return []


def _counted_from(visit: Visit) -> list[str]:
    fallback = visit.fallback
    return [one for one in (visit.after, fallback[0] if fallback is not None else None) if one is not None]


def _useless(visits: Mapping[str, Visit], paths: Mapping[str, Path]) -> Iterator[Fault]:
    """Anchors that come about only once the visit itself has taken place."""
    follows = _follows(visits)
    found, told = _reached(follows, visits, ()), set[Path]()
    for name, visit in visits.items():
        fallback = visit.fallback if not visit.opens else None
        after = visit.after if not visit.opens else None
        for key, anchor in (("after", after), ("or", fallback[0] if fallback is not None else None)):
            path = (*paths[name], key)
            if anchor not in found or path in told or anchor in _reached(follows, visits, [name]):
                continue
            told.add(path)
            yield Fault(path, f"{anchor!r} comes about only after {name} itself; name what comes before it")


def _too_early(file: StudyFile, visits: Mapping[str, Visit], paths: Mapping[str, Path]) -> Iterator[Fault]:
    """Acts of the main schedule at visits before which, or at which, what they need is never done."""
    told: set[tuple[Path, str]] = set()
    for population in file.populations:
        own = {name: visit for name, visit in visits.items() if of_population(visit, population)}
        for name, visit in own.items():
            for activity in FIRST if visit.track is None else ():
                if activity not in visit.do or (paths[name], activity) in told:
                    continue
                late = _later(file, own, visit, activity)
                if not late:
                    continue
                told |= {(paths[one], activity) for one in own}  # the first is the cause of all others
                path = (*paths[name], "do", visit.do.index(activity))
                yield Fault(path, _said_of(activity, late, name))


def _later(file: StudyFile, visits: Mapping[str, Visit], visit: Visit, activity: str) -> dict[str, list[str]]:
    """What an activity needs that is done after it alone -> the visits that do it."""
    found = {}
    for needed in FIRST[activity]:
        if needed == "randomisation" and file.randomisation is None:
            continue
        done = [one for one in visits.values() if needed in one.do]
        if done and not any(_may_come_first(one, needed, visit, activity, visits) for one in done):
            found[needed] = [one.visit for one in done]
    return found


def _said_of(activity: str, late: Mapping[str, list[str]], name: str) -> str:
    *more, last = map(repr, late)
    needed = f"{', '.join(more)} and {last}" if more else last
    where = list(dict.fromkeys(visit for done in late.values() for visit in done))
    if where == [name]:
        return f"{activity!r} stands before {needed}, and needs it done; change their order"
    return (
        f"{activity!r} comes before {needed} (at {', '.join(where)}), and is never allowed without; "
        f"do {'it' if len(late) == 1 else 'them'} at an earlier visit"
    )


def _may_come_first(
    one: Visit, needed: str, visit: Visit, activity: str, visits: Mapping[str, Visit]
) -> bool:
    """Whether what an activity needs may have been done at a visit by then, as the file plans it."""
    if one.visit == visit.visit:
        return visit.do.index(needed) < visit.do.index(activity)
    if one.track is not None:
        return False
    mine, theirs = _shifts(visit, visits), _shifts(one, visits)
    return not any(theirs[name][0] > mine[name][1] for name in mine.keys() & theirs.keys()) and (
        visit.visit not in theirs
    )


def _shifts(visit: Visit, visits: Mapping[str, Visit]) -> dict[str, Shift]:
    """What a visit is counted from in the end -> how long after each at least and at most it comes."""
    earliest = latest = _NOTHING
    found: dict[str, Shift] = {visit.visit: (earliest, latest)}
    while visit.after is not None:
        window = visit.within
        earliest += window.earliest if window is not None else _NOTHING
        latest = min(latest + (window.latest if window is not None else _FOREVER), _FOREVER)
        after = visit.after
        if after in found:
            break
        found[after] = (earliest, latest)
        if after in EVENTS:
            bringing = brought_about_at(after, visits)
            if len(bringing) != 1 or after == "washout_end":
                break
            after = min(bringing)
            if after in found:
                break
            found[after] = (earliest, latest)
        if after not in visits:
            break
        visit = visits[after]
    return found
