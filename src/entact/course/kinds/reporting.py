"""Safety reports: which are due for an event, from when the site knew of it, and which were sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.schedule import civil_date, last_second
from entact.course.state.person import RELATED
from entact.course.state.progress import zone_of
from entact.course.state.reporting import ReportDue
from entact.course.state.values import ask
from entact.protocol.rule import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entact.course.entry.effective import Effective
    from entact.course.state.safety import AdverseEventState
    from entact.course.state.state import State
    from entact.protocol.study import Report

CIVIL = timedelta(days=2)  # from so long on, a clock counts civil days; shorter ones are elapsed time


class SafetyReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `safety_report`: a report of the event in `about` was sent, under the study file's name of it."""

    report: str
    number: str | None = None  # the receiver's


def reduce_safety_report(course: State, effective: Effective, payload: SafetyReport) -> None:
    """Stops the clock of the report; the first one sent counts."""
    about = effective.entry.about
    if payload.report not in course.site_release(effective.at).rules.reports:
        message = f"the study has no safety report {payload.report!r}"
        course.found("unknown_report", effective.id, "report", message)
    if about is None or about not in course.adverse_events:
        message = "a safety report has to name the event that it is about"
        course.found("about_missing", effective.id, "about", message)
        return
    course.sent_reports.setdefault((payload.report, about), (effective.id, effective.at))


def start_clocks(course: State, event: AdverseEventState, at: datetime) -> None:
    """Starts the clock of every report that an event makes due with what is known at a time.

    What is not known does not stop a clock. A later judgement that the event is none of those takes it back.
    """
    values: dict[str, Any] | None = None
    for name, ruled in course.site_release(at).rules.reports.items():
        if not _concerns(course, ruled.said):
            continue
        if values is None:
            values = event_values(course, event)
        key = name, event.entry
        known = course.clocks.get(key)
        held = ask(ruled.rule, values, course.facts(None, at))
        if held is False:
            course.clocks.pop(key, None)
            continue
        missing = tuple(sorted(held.missing)) if isinstance(held, Unknown) else ()
        aware = at if known is None else known.aware
        course.clocks[key] = ReportDue(name, event.entry, aware, _due(course, ruled.said, aware), missing)


def reports_due(course: State) -> list[ReportDue]:
    """Every report that an event has made due, sent or not, the earliest first."""
    found = []
    for key, clock in course.clocks.items():
        sent, sent_at = course.sent_reports.get(key, (None, None))
        found.append(msgspec.structs.replace(clock, sent=sent, sent_at=sent_at))
    return sorted(found, key=lambda one: (one.due, one.report, one.event))


def late_reports(course: State) -> Iterator[tuple[datetime, str, str, str, str]]:
    """Reports not sent in time: from when on it is so, rule, entry, item and message."""
    for one in reports_due(course):
        message = f"the safety report {one.report} was due by {one.due.isoformat()}"
        if one.sent is None:
            yield one.due.astimezone(UTC), "report_overdue", one.event, one.report, message
        elif one.sent_at is not None and one.sent_at > one.due:
            yield one.due.astimezone(UTC), "report_late", one.sent, one.report, f"{message} and sent later"


def event_values(course: State, event: AdverseEventState) -> dict[str, Any]:
    """What a rule about an adverse event sees; None is unknown."""
    term = course.release.file.adverse_events.terms.get(event.term or "")
    grounds = event.seriousness
    if event.serious is not True:
        grounds = grounds or ([] if event.serious is False else None)
    return {
        "event.term": event.term,
        "event.special_interest": (term.special_interest or "") if term is not None else "",
        "event.serious": event.serious,
        "event.related": None if event.related is None else event.related in RELATED,
        "event.expected": event.expected,
        "event.fatal": True if event.is_fatal else None if grounds is None else False,
        "event.life_threatening": None if grounds is None else "life_threatening" in grounds,
        "event.severe": None if event.severity is None else event.severity == "severe",
    }


def _concerns(course: State, report: Report) -> bool:
    """Whether a report is asked for of events at the participant's site; of an unknown site it is."""
    site = course.release.file.sites.get(course.site or "")
    return site is None or report.concerns(site.country)


def _due(course: State, report: Report, aware: datetime) -> datetime:
    if report.within < CIVIL:
        return aware + report.within
    zone = zone_of(course, aware)
    return last_second(civil_date(aware, zone) + report.within, zone).astimezone(zone)


SAFETY_REPORT = Kind(
    name="safety_report",
    title="Safety report",
    ways=("page add",),
    payload=SafetyReport,
    reduce=reduce_safety_report,
    free=frozenset({"number", "report"}),
    tells=frozenset({"adverse_events"}),
    needs_consent=False,
    in_encounter=False,
    with_participant=False,
    ended_by=frozenset(),
    writes=frozenset({"sent_reports"}),
)
