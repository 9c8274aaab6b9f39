"""Rows of what a participant's kits went through, and of the sessions that may still need some.

From them the balance of a site follows, and what is to be ordered for it, without anybody's course.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from entact.course import Course
from entact.course.instants import Horizon
from entact.course.kinds.dispensing import CHECKED, unchecked
from entact.course.resupply import is_to_come, needs_of
from entact.course.supply.balance import moved_of
from entact.store.index import storable

ASSIGNED = "assigned"

StepKey = tuple[str, str, str]
SessionKey = tuple[str, datetime]


def step_rows(course: Course) -> dict[StepKey, dict[str, Any]]:
    """Each step of each kit, and that it was assigned."""
    waits = {entry for kind in CHECKED for entry in unchecked(course, kind)}
    by = {one.entry: one.by for kind in CHECKED for one in course.noted.get(kind, ())}
    found = {}
    for number, kit in course.kits.items():
        row = _step(number, kit.entry, ASSIGNED, kit.at, 0)
        found[_key(row)] = row | {"visit": storable(kit.visit or ""), "replaced": kit.replaced_by is not None}
    for one in moved_of(course, ""):
        row = _step(one.kit, one.entry, one.what, one.at, one.units)
        found[_key(row)] = row | {"person": storable(by.get(one.entry, "")), "waits": one.entry in waits}
    return found


def _step(kit: str, entry: str, what: str, at: datetime, units: int) -> dict[str, Any]:
    return {
        "kit": storable(kit),
        "entry": storable(entry),
        "what": what,
        "at": at.astimezone(UTC),
        "units": units,
        "visit": "",
        "replaced": False,
        "person": "",
        "waits": False,
    }


def _key(row: dict[str, Any]) -> StepKey:
    return row["kit"], row["entry"], row["what"]


def session_rows(course: Course, horizon: Horizon) -> dict[SessionKey, dict[str, Any]]:
    """Each session whose kits may still be given, with the instants between which that is so.

    There are none where no release orders kits: nobody asks for them.
    """
    if not any(one.file.supply and one.file.supply.resupply for one in course.study.releases):
        return {}
    found: dict[SessionKey, dict[str, Any]] = {}
    last: dict[str, dict[str, Any]] = {}
    needs = needs_of(course)
    for since, until, dues in horizon.spans:
        for due in dues:
            if due.visit not in needs or not is_to_come(course, due):
                continue
            before = last.get(due.visit)
            if before is not None and (before["until"], before["latest"]) == (since, due.latest):
                before["until"] = until
                continue
            key = storable(due.visit), since
            last[due.visit] = found[key] = {
                "visit": key[0],
                "since": since,
                "until": until,
                "latest": due.latest,
                "needs": [storable("/".join(what)) for what in needs[due.visit]],
            }
    return found
