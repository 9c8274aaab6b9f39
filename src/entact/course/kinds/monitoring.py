"""Visits of monitors to a site: the report of each, and what has become of the actions that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from entact.course.entry import instant
from entact.course.kinds.kind import Kind
from entact.course.state.monitoring import ActionState, MonitoringVisit

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.setting import SiteFolding


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody is asked to do, by the end of a civil day at the site."""

    text: str
    owner: str
    due: str


class MonitoringReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `monitoring_report` (site): what a monitor saw there, signed by being entered.

    Attributes:
        since, until: what was looked at is of the time between. counts: how many, by what is counted.
        deviations: ids of entries. tells: the classes of data that the monitor sees, of which it may tell.

    Source: ICH E6(R3) 3.11.4.6: monitoring reports, with actions taken, to be taken, or recommended.
    """

    since: str
    until: str
    text: str
    tells: list[str]
    counts: dict[str, int] = {}
    deviations: list[str] = []
    actions: list[Action] = []


class MonitoringAction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `monitoring_action` (site): an action of the report that it is `about`, by its number from 1."""

    action: int
    status: Literal["done", "open"]
    text: str = ""


def reduce_report(site: SiteFolding, effective: Effective, payload: MonitoringReport) -> None:
    """Keeps the report with its actions, all open."""
    try:
        _ = (
            instant(payload.since),
            instant(payload.until),
            [date.fromisoformat(one.due) for one in payload.actions],
        )
    except ValueError as error:
        site.problem("time_unreadable", effective.id, "since", str(error))
        return
    actions = [ActionState(one.text, one.owner, one.due) for one in payload.actions]
    site.monitored[effective.id] = MonitoringVisit(
        effective.id,
        effective.entry.by,
        effective.at,
        payload.since,
        payload.until,
        payload.text,
        frozenset(payload.tells),
        payload.counts,
        tuple(payload.deviations),
        tuple(actions),
    )


def reduce_action(site: SiteFolding, effective: Effective, payload: MonitoringAction) -> None:
    """The latest word on an action; one of no report, or that it does not have, is found."""
    visit = site.monitored.get(effective.entry.about or "")
    if visit is None or not 1 <= payload.action <= len(visit.actions):
        site.problem("about_unknown", effective.id, "action", "there is no such action of a report before")
        return
    actions = list(visit.actions)
    actions[payload.action - 1] = msgspec.structs.replace(
        actions[payload.action - 1],
        is_done=payload.status == "done",
        said=payload.text,
        by=effective.entry.by,
        at=effective.at,
    )
    site.monitored[visit.entry] = msgspec.structs.replace(visit, actions=tuple(actions))


def _what_is_told(data: Mapping[str, Any]) -> frozenset[str]:
    told = data.get("tells")
    return frozenset(one for one in told if isinstance(one, str)) if isinstance(told, list) else frozenset()


MONITORING_REPORT = Kind(
    name="monitoring_report",
    ledger="site",
    title="Report of a monitoring visit",
    ways=("page monitoring_visits",),
    payload=MonitoringReport,
    reduce=reduce_report,
    tells=frozenset({"schedule"}),
    tells_more=_what_is_told,
)
MONITORING_ACTION = Kind(
    name="monitoring_action",
    ledger="site",
    title="Follow-up of a monitoring visit",
    ways=("page monitoring_visits",),
    payload=MonitoringAction,
    reduce=reduce_action,
    tells=frozenset({"schedule"}),
)
