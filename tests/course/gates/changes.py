"""Single changes of a case, by which a gate is tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from tests.course.cases import Case

MORNING = "2026-03-10T08:{:02}:00-06:00"

Change = Callable[[Case], Any]


def stop(of: str) -> Change:
    data = {"of": of, "decided_by": "participant", "cause": "wish"}
    return lambda case: case.put("stop", "discontinuation", MORNING.format(0), data)


def drop(*names: str) -> Change:
    return lambda case: case.drop(*names)


def change(name: str, **data: Any) -> Change:
    return lambda case: case.change(name, **data)


def put_site(name: str, kind: str, **data: Any) -> Change:
    when = "2026-03-01T09:00:00-07:00"
    return lambda case: case.put(name, kind, when, data, ledger="site:denver", by="i-1", role="investigator")


def activation(status: str) -> Change:
    def change(case: Case) -> None:
        data = {"release": case.study.newest.id, "status": status, "timezone": "America/Denver"}
        put_site("later", "activation", **data)(case)

    return change


def judge(**criteria: bool | None) -> Change:
    def change(case: Case) -> None:
        judged = case.entries["eligibility"].data["criteria"]
        case.change("eligibility", criteria={**judged, **criteria})

    return change


def decided_by(person: str) -> Change:
    def change(case: Case) -> None:
        case.entries["eligibility"] = msgspec.structs.replace(case.entries["eligibility"], by=person)

    return change


def put_study(name: str, kind: str, minute: int, by: str = "pia", **data: Any) -> Change:
    when = f"2026-03-02T09:{minute:02}:00-07:00"
    return lambda case: case.put(name, kind, when, data, ledger="study:mini", by=by, role="committee")
