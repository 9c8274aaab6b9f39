"""Whether a schedule makes sense: every visit can happen, in its window, with all it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from entact.protocol.expansion import expand, names_in_row
from entact.protocol.names import RESERVED
from entact.protocol.populations import miscounted
from entact.protocol.problem import Fault, Path, unknown
from entact.protocol.quantity import parse_duration
from entact.protocol.study import StudyFile, Visit

ACTIVITIES = frozenset(
    {
        "consent",
        "screening",
        "eligibility",
        "enrolment",
        "randomisation",
        "medication",
        "vital_signs",
        "guess",
        "adverse_events",
        "safety_call",
        "dose",
        "link",
        "unblinding",
        "assignment",
    }
)
"""What the engine itself does at a visit; everything else in `do:` is a form of the study."""

EVENTS = frozenset(
    {"consent", "washout_end", "enrolment", "randomisation", "assignment", "initial", "unblinding"}
)
"""What a visit may be counted from, besides other visits."""

_TAKEN = EVENTS | RESERVED | {"unscheduled"}  # encounters outside the schedule are `unscheduled#1`, …
_ONCE = ("enrolment", "randomisation", "assignment", "link", "unblinding")  # to one person
_NOTHING = timedelta(0)


def spell_out(file: StudyFile) -> tuple[dict[str, Visit], dict[str, Path], list[Fault]]:
    """Every visit that can be named, the path of its row in the file, and what is wrong with names."""
    faults: list[Fault] = []
    rows: list[Visit] = []
    paths: dict[str, Path] = {}
    for place, visit in enumerate(file.schedule):
        path: Path = ("schedule", place)
        try:
            names = names_in_row(visit)
        except ValueError as error:
            faults.append(Fault((*path, "visit"), str(error)))
            continue
        twice = [name for name in names if name in paths]
        if twice:
            faults.append(
                Fault((*path, "visit"), f"there are two visits {twice[0]!r}; give each its own name")
            )
            continue
        if visit.then is not None and visit.then.slack > visit.then.every:
            message = "is longer than `every`: a visit could come before the one it follows; make it shorter"
            faults.append(Fault((*path, "then", "slack"), message))
        rows.append(visit)
        paths |= dict.fromkeys(names, path)
    return expand(rows), paths, faults


def check_schedule(
    file: StudyFile, visits: Mapping[str, Visit], paths: Mapping[str, Path]
) -> Iterator[Fault]:
    """What is wrong with the schedule; `paths` says where in the file each visit's row stands."""
    for visit in file.schedule:
        if visit.visit in paths:
            path = paths[visit.visit]
            yield from _anchors(file, visit, visits, path)
            yield from _windows(file, visit, visits, path)
            yield from _session(file, visit, path)
            yield from _activities(file, visit, path)
            taken = (
                "a form" if visit.visit in file.all_forms else "an event" if visit.visit in _TAKEN else None
            )
            if taken:
                message = f"{taken} is called {visit.visit!r} too; give the visit another name"
                yield Fault((*path, "visit"), message)
    yield from _after_the_end(visits, paths)
    yield from _once(visits, paths)
    yield from _without_which_nothing(file, visits)


def _anchors(file: StudyFile, visit: Visit, visits: Mapping[str, Visit], path: Path) -> Iterator[Fault]:
    known = {*visits, *EVENTS}
    if visit.opens and visit.after is not None:
        yield Fault(
            (*path, "after"), "this visit opens the study and waits for nothing; take one of the two out"
        )
    if not visit.opens and visit.after is None:
        yield Fault(
            (*path, "visit"), "this visit can never happen; write what it comes `after:`, or `opens: true`"
        )
    if visit.after is not None and visit.after not in known:
        yield Fault((*path, "after"), unknown("visit or event", visit.after, known))
    if visit.fallback is not None and visit.after is None:
        yield Fault((*path, "or"), "this visit waits for nothing that could fail; take it out")
    elif visit.fallback is not None and visit.fallback[0] not in known:
        yield Fault((*path, "or"), unknown("visit or event", visit.fallback[0], known))
    if "washout_end" in (visit.after, *(visit.fallback or ())[:1]) and file.washout is None:
        yield Fault((*path, "after"), "the study does not say when a washout ends; add a `washout:` block")


def _windows(file: StudyFile, visit: Visit, visits: Mapping[str, Visit], path: Path) -> Iterator[Fault]:
    window = visit.within
    if visit.slack is not None and visit.alternative is None:
        yield Fault((*path, "slack"), "belongs to an alternative; write `or:` as well, or take it out")
    if window is None:
        return
    if visit.after is None:
        yield Fault((*path, "within"), "a window needs what it is counted from; write `after:` as well")
    if window.earliest < _NOTHING:
        yield Fault((*path, "within"), "begins before what the visit waits for; begin it at 0 or later")
    if visit.target is not None and window.next_morning:
        yield Fault((*path, "target"), "'next morning' has its own target; take this one out")
    elif visit.target is not None and not window.earliest <= visit.target <= window.latest:
        yield Fault((*path, "target"), "lies outside the window; choose a target within it")
    before = visits.get(visit.after or "")
    if before is None or before.kind != "dosing" or visit.kind != "dosing" or file.dose_interval is None:
        return
    if window.latest < file.dose_interval.earliest or window.earliest > file.dose_interval.latest:
        yield Fault((*path, "within"), "contradicts `dose_interval`: no day lies in both; change one of them")


def _session(file: StudyFile, visit: Visit, path: Path) -> Iterator[Fault]:
    if visit.kind != "dosing":
        if visit.regimen is not None:
            yield Fault(
                (*path, "regimen"), "belongs to a dosing session; write `kind: dosing`, or take it out"
            )
        if "dose" in visit.activities:
            yield Fault(
                (*path, "do"),
                "a dose is given in dosing sessions alone; write `kind: dosing`, or take it out",
            )
    elif visit.regimen is None:
        yield Fault((*path, "visit"), "a dosing session needs its `regimen:`")
    elif "dose" not in visit.activities:
        yield Fault((*path, "visit"), "a dosing session gives a dose; add 'dose' to `do:`")
    for level in visit.levels:
        if level not in file.regimens:
            yield Fault((*path, "regimen"), unknown("regimen", level, file.regimens))
    for place, readings in enumerate(visit.timed):
        for number, time in enumerate(readings.at):
            yield from _timepoint(file, visit, time, (*path, "timed", place, "at", number))
    yield from _at_once(visit, path)


def _at_once(visit: Visit, path: Path) -> Iterator[Fault]:
    """Times that are one and the same however they are written: the same thing would be asked for twice."""
    known: dict[tuple[str, str, timedelta], str] = {}
    for place, readings in enumerate(visit.timed):
        for number, time in enumerate(readings.at):
            base, _, offset = time.partition(" + ")
            moment = (readings.do, base, parse_duration(offset or "0"))
            first = known.get(moment)
            if first is not None:
                message = f"{time!r} stands there already{'' if first == time else f', as {first!r}'}"
                yield Fault((*path, "timed", place, "at", number), f"{message}; take one of them out")
            known.setdefault(moment, time)


def _timepoint(file: StudyFile, visit: Visit, time: str, path: Path) -> Iterator[Fault]:
    base, _, offset = time.removeprefix("before ").partition(" + ")
    if base != "end" and visit.kind != "dosing":
        yield Fault(path, f"{time!r} is counted from a dose, and this visit gives none; write 'end'")
    known = [file.regimens[level] for level in visit.levels if level in file.regimens]
    if base == "supplement" and known and not any(regimen.supplement for regimen in known):
        yield Fault(path, f"{time!r} is counted from a supplement, and the session's regimen has none")
    if offset and visit.lasts is not None and parse_duration(offset) > visit.lasts:
        yield Fault(
            path, f"{time!r} is after the end of the session; write an earlier time, or let it last longer"
        )


def _activities(file: StudyFile, visit: Visit, path: Path) -> Iterator[Fault]:
    known = {*ACTIVITIES, *file.all_forms}
    at: list[tuple[Path, str]] = [((*path, "do", place), done) for place, done in enumerate(visit.do)]
    at += [((*path, "timed", place, "do"), readings.do) for place, readings in enumerate(visit.timed)]
    for where, activity in at:
        if activity not in known:
            yield Fault(where, unknown("form or activity", activity, known))
        elif activity == "vital_signs" and "vitals" not in file.forms:
            yield Fault(
                where, "vital signs are items of a form 'vitals', and there is none; add it to `forms:`"
            )
    for place, activity in enumerate(visit.do):
        if activity in visit.do[:place]:
            yield Fault((*path, "do", place), f"{activity!r} stands twice; write it once")


def _after_the_end(visits: Mapping[str, Visit], paths: Mapping[str, Path]) -> Iterator[Fault]:
    """Treatment that can only come once the study is over for a person."""
    spans = {name: _since(visit, visits) for name, visit in visits.items()}
    told: set[str] = set()
    for name, visit in visits.items():
        if visit.kind not in ("dosing", "integration") or str(paths[name]) in told:
            continue
        for end in visits.values():
            if end.kind != "end" or end.track != visit.track or not _share(end, visit):
                continue
            own, other = spans[name], spans[end.visit]
            later = any(
                (latest := other[anchor][1]) is not None and earliest > latest
                for anchor, (earliest, _) in own.items()
                if anchor in other
            )
            if later or end.visit in _anchors_of(visit, visits):
                told.add(str(paths[name]))
                what = "gives a dose" if visit.kind == "dosing" else "is treatment"
                message = (
                    f"{name} {what} after {end.visit}, of `kind: end`, with which the study is over for "
                    "them; move one of them, give the other its kind, or make a track of what follows"
                )
                yield Fault((*paths[name], "visit"), message)
                break


def _anchors_of(visit: Visit, visits: Mapping[str, Visit]) -> list[str]:
    """What a visit is counted from, what that is counted from, and so on."""
    found: list[str] = []
    after = visit.after
    while after is not None and after not in found:
        found.append(after)
        after = visits[after].after if after in visits else None
    return found


def _since(visit: Visit, visits: Mapping[str, Visit]) -> dict[str, tuple[timedelta, timedelta | None]]:
    """How long a visit is after each that it is counted from, and these from, at the earliest and latest."""
    found: dict[str, tuple[timedelta, timedelta | None]] = {}
    earliest = _NOTHING
    latest: timedelta | None = _NOTHING
    for one in [visit, *(visits[name] for name in _anchors_of(visit, visits) if name in visits)]:
        if one.after is None:
            break
        earliest += one.within.earliest if one.within is not None else _NOTHING
        latest = latest + one.within.latest if latest is not None and one.within is not None else None
        found[one.after] = earliest, latest
    return found


def _once(visits: Mapping[str, Visit], paths: Mapping[str, Path]) -> Iterator[Fault]:
    """What happens to a person once, done at a second visit of the same person."""
    for activity in _ONCE:
        done = [visit for visit in visits.values() if activity in visit.activities]
        for place, visit in enumerate(done):
            first = next((before for before in done[:place] if _share(before, visit)), None)
            if first is None:
                continue
            path = paths[visit.visit]
            if path == paths[first.visit]:
                message = f"{activity!r} happens to a person once, and this visit is repeated; move it"
            else:
                message = f"{activity!r} happens to a person once, and is done at {first.visit}; take it out"
            where = (*path, "do", visit.do.index(activity)) if activity in visit.do else (*path, "timed")
            yield Fault(where, message)
            break


def _share(one: Visit, other: Visit) -> bool:
    """Whether the same person can have both visits."""
    same_track = None in (one.track, other.track) or one.track == other.track
    populations = set(one.populations) & set(other.populations)
    return same_track and bool(populations or not one.populations or not other.populations)


def _without_which_nothing(file: StudyFile, visits: Mapping[str, Visit]) -> Iterator[Fault]:
    done = {activity for visit in visits.values() for activity in visit.activities}
    needed = ["consent", "eligibility", "enrolment"] + (["randomisation"] if file.randomisation else [])
    for activity in needed:
        if activity not in done:
            message = f"no visit does {activity!r}, and without it no dose may be given; add it to a `do:`"
            yield Fault(("schedule",), message)
    of_everybody = [visit for visit in visits.values() if visit.track is None]
    wrong = miscounted(file, file.doses, of_everybody, "the schedule")
    if wrong is not None:
        yield Fault(("doses",), wrong)
    elif not file.doses and not any(visit.kind == "dosing" for visit in visits.values()):
        message = "no session gives a dose, here or in a track; add one with `kind: dosing` and a `regimen:`"
        yield Fault(("doses",), message)
