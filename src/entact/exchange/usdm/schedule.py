"""The timeline of a document as visits, each after one before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from entact.exchange.names import Names, plain
from entact.exchange.usdm.model import Json, UsdmError

_LENGTH: Final = re.compile(
    r"(-?)P(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?"
)
UNSAID: Final = "unsaid"  # the dose level of a document that says none in whole units
_BEFORE: Final = "C201357"
_FIXED: Final = "C201358"
_TELEPHONE: Final = ("C171537", "C171524")
_VIDEO: Final = "C171525"
_OPEN: Final = timedelta(days=365)  # the window of a visit of which no time is said


def visits_of(
    design: Json, by_id: Mapping[str, Json], of_activity: Mapping[str, str], names: Names
) -> tuple[list[dict[str, Any]], list[str]]:
    """The schedule of the main timeline.

    Args:
        by_id: every object of the document. of_activity: id of an activity -> its form.
    Returns:
        Rows of `schedule:`, and what could not be carried over.
    Raises:
        UsdmError: when there is no timeline with an encounter.
    """
    timelines = design.get("scheduleTimelines") or []
    main = next((one for one in timelines if one["mainTimeline"]), None)
    notes = [
        f"scheduleTimelines[{place}]: {plain(one.get('label') or one['name'])}: not the main one, left out"
        for place, one in enumerate(timelines, start=1)
        if one is not main
    ]
    instances = [] if main is None else _in_order(main, by_id, notes)
    if main is None or not instances:
        raise UsdmError(["scheduleTimelines: there is no main timeline with an encounter, and so no visit"])
    timings = {one["relativeFromScheduledInstanceId"]: one for one in main.get("timings") or ()}
    offsets = _offsets(instances, timings)
    fixed = [place for place, one in enumerate(instances) if _is_fixed(timings.get(one["id"]))]
    entered = fixed[0] if fixed else min(1, len(instances) - 1)  # where days are counted from
    dosed = min(entered + 1, len(instances) - 1)
    rows: list[dict[str, Any]] = []
    of_instance: dict[str, str] = {}
    for place, one in enumerate(instances):
        encounter = by_id.get(one.get("encounterId") or "", one)
        name = names.of(encounter.get("label") or encounter["name"], "visits")
        row: dict[str, Any] = {"visit": name, "title": plain(encounter.get("label") or encounter["name"])}
        if place == 0:
            row |= {"opens": True, "kind": "screening"}
        else:
            before = instances[place - 1]
            row |= _after(one, before, timings.get(one["id"]), offsets, of_instance, notes, name)
        modes = [mode["code"] for mode in encounter.get("contactModes") or ()]
        if any(mode in _TELEPHONE for mode in modes):
            row["contact"] = "telephone"
        elif _VIDEO in modes:
            row["contact"] = "video"
        done = [of_activity[activity] for activity in _activities(one, by_id) if activity in of_activity]
        row["do"] = [*(["consent", "screening"] if place == 0 else []), *dict.fromkeys(done)]
        if place == entered:
            row["do"] += ["eligibility", "enrolment"]
        if place == dosed:
            row |= {
                "kind": "dosing",
                "regimen": UNSAID,
                "lasts": "8 h",
                "assumption": "that a dose is given here",
            }
            row["do"].append("dose")
        for rule in ("transitionStartRule", "transitionEndRule"):
            if encounter.get(rule):
                notes.append(f"{name}: {rule} in words alone: {plain(encounter[rule]['text'])}")
        of_instance[one["id"]] = name
        rows.append(row)
    last = len(instances) - 1
    if last > dosed:  # who stops treatment is assessed as well
        known = [offsets.get(instances[place]["id"]) for place in (entered, last)]
        span = known[1] - known[0] if known[0] is not None and known[1] is not None else _OPEN
        rows[-1]["or"] = f"enrolment + {_written(span if span > timedelta(0) else _OPEN)}"
    return rows, notes


def _is_fixed(timing: Json | None) -> bool:
    return timing is not None and timing["type"]["code"] == _FIXED


def _activities(instance: Json, by_id: Mapping[str, Json]) -> list[str]:
    """All that is done at an instance, what the timelines within it do included."""
    found: list[str] = []
    timelines: list[str] = []
    waiting = [instance]
    while waiting:
        one = waiting.pop(0)
        ids = one.get("activityIds") or []
        found += ids
        within = [by_id[activity].get("timelineId") for activity in ids] + [one.get("timelineId")]
        for timeline in within:
            if timeline and timeline not in timelines:
                timelines.append(timeline)
                waiting += by_id[timeline].get("instances") or []
    return found


def length(text: str) -> timedelta | None:
    """A duration of ISO 8601; None of one in months or years, which are of no one length, or of none."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]) or found[2] or found[3]:
        return None
    weeks, days, hours, minutes, seconds = (int(one or 0) for one in found.groups()[3:])
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if found[1] else span


def _in_order(main: Json, by_id: Mapping[str, Json], notes: list[str]) -> list[Json]:
    """The instances of encounters as they follow each other, those that no other leads to after them."""
    found: list[Json] = []
    seen: set[str] = set()
    at: str | None = main["entryId"]
    listed = main.get("instances") or []
    while at is not None and at in by_id and at not in seen:
        seen.add(at)
        found.append(by_id[at])
        at = by_id[at].get("defaultConditionId")
    found += [one for one in listed if one["id"] not in seen]
    for one in found:
        if one["instanceType"] == "ScheduledDecisionInstance":
            notes.append(
                f"{one['name']}: a decision, whose conditions are words; what follows is taken as usual"
            )
        elif not one.get("encounterId"):
            notes.append(f"{one['name']}: it is at no encounter, and left out")
    return [one for one in found if one.get("encounterId")]


def _offsets(instances: list[Json], timings: Mapping[str, Json]) -> dict[str, timedelta]:
    """How long after the fixed reference each instance is, as far as timings say it."""
    found: dict[str, timedelta] = {}
    for _ in instances:
        for one in instances:
            timing = timings.get(one["id"])
            if one["id"] in found or timing is None:
                continue
            other = timing.get("relativeToScheduledInstanceId")
            span = length(timing["value"])
            if other == one["id"] or other is None:
                found[one["id"]] = timedelta(0)
            elif other in found and span is not None:
                found[one["id"]] = found[other] + (-span if timing["type"]["code"] == _BEFORE else span)
    return found


def _after(
    one: Json,
    before: Json,
    timing: Json | None,
    offsets: Mapping[str, timedelta],
    of_instance: Mapping[str, str],
    notes: list[str],
    name: str,
) -> dict[str, Any]:
    """What a visit is counted from, and its window."""
    anchor, span = before["id"], None
    if timing is not None:
        other = timing.get("relativeToScheduledInstanceId")
        if other in of_instance and other != one["id"] and timing["type"]["code"] != _BEFORE:
            anchor, span = other, length(timing["value"])
        elif one["id"] in offsets and anchor in offsets:
            span = offsets[one["id"]] - offsets[anchor]
    if span is None or span < timedelta(0):
        notes.append(f"{name}: when it is, is not said in days; a year stands in the study file")
        return {"after": of_instance[anchor], "within": f"0 .. {_written(_OPEN)}", "assumption": "window"}
    edges = [
        length((timing or {}).get(edge) or "P0D") or timedelta(0) for edge in ("windowLower", "windowUpper")
    ]
    earliest, latest = max(span - abs(edges[0]), timedelta(0)), span + abs(edges[1])
    return {"after": of_instance[anchor], "within": f"{_written(earliest)} .. {_written(latest)}"}


def _written(span: timedelta) -> str:
    """A duration as study files have it."""
    seconds = int(span.total_seconds())
    if seconds % 86_400 == 0:
        return f"{seconds // 86_400} d"
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"
