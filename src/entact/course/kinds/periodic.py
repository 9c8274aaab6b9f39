"""Reports on the whole study at intervals, as to an authority: which are due, and which were sent."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.schedule import civil_date
from entact.course.state.setting import PeriodicSent, StudyFolding, StudyState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entact.course.entry.effective import Effective
    from entact.protocol.release import Release
    from entact.protocol.study.safety import PeriodicReport


class PeriodicReportSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `periodic_report` (study): one of a row of reports was sent, under the study file's name of it.

    `number` counts from 1, which is due after the first interval; `sent` is the day, `receipt` the
    receiver's number.
    """

    report: str
    number: int
    sent: str
    receipt: str | None = None


class PeriodicDue(msgspec.Struct, frozen=True):
    """One report of a row: by which day it is due, and what was sent of it."""

    report: str
    number: int
    due: date
    sent: PeriodicSent | None = None

    def is_late(self, today: date) -> bool:
        """Whether it was sent after its day, or its day is over and nothing was sent."""
        return (self.sent.sent if self.sent is not None else today) > self.due


def reduce_periodic_report(study: StudyFolding, effective: Effective, payload: PeriodicReportSent) -> None:
    """The first word on each counts; one that the study does not ask for, or of no day, is not followed."""
    known = {name for release in study.study.releases for name in release.file.periodic_reports}
    if payload.report not in known:
        message = f"the study has no periodic report {payload.report!r}"
        study.problem("unknown_report", effective.id, "report", message)
        return
    if payload.number < 1:
        study.problem("item", effective.id, "number", f"{payload.number} is no number: they count from 1")
        return
    try:
        sent = date.fromisoformat(payload.sent)
    except ValueError:
        study.problem("item", effective.id, "sent", f"{payload.sent!r} is no day; write it as 2026-04-30")
        return
    before = study.sent.get((payload.report, payload.number))
    if before is not None:
        message = f"number {payload.number} was entered as sent before, on {before.sent}"
        study.problem("report_sent_twice", effective.id, "number", message)
        return
    study.sent[payload.report, payload.number] = PeriodicSent(effective.id, sent, payload.receipt)


def periodic_reports_due(release: Release, state: StudyState, until: date) -> list[PeriodicDue]:
    """Every periodic report of a release that is due by a day, and the next of each; the earliest first.

    They count from the civil day, at that site, on which the first place of the study was taken. What an
    amendment brings in is owed from then on, not for the time before.
    """
    if state.first_enrolled is None:
        return []
    at, site = state.first_enrolled
    planned = release.file.sites.get(site)
    zone = ZoneInfo(planned.timezone) if planned is not None else UTC
    first = civil_date(at, zone)
    found = []
    for name, report in release.file.periodic_reports.items():
        since = civil_date(state.owed_since.get(name, at), zone)
        for one in _row(name, report, first, until, state):
            if one.due >= since or one.sent is not None:
                found.append(one)
    return sorted(found, key=lambda one: (one.due, one.report, one.number))


def _row(
    name: str, report: PeriodicReport, first: date, until: date, state: StudyState
) -> Iterator[PeriodicDue]:
    """Each number of a row, up to the first whose day is still to come and that was not sent."""
    step = max(report.every // timedelta(days=1), 1)
    number = 0
    while True:
        number += 1
        due = first + timedelta(days=number * step)
        sent = state.sent.get((name, number))
        yield PeriodicDue(name, number, due, sent)
        if due > until and sent is None:
            return


def late_periodic_reports(
    release: Release, state: StudyState, today: date
) -> Iterator[tuple[str, PeriodicDue, str]]:
    """Those that were not sent in time: rule (`report_overdue`, `report_late`), which, and a message."""
    for one in periodic_reports_due(release, state, today):
        if not one.is_late(today):
            continue
        title = release.file.periodic_reports[one.report].title
        said = f"{title}, number {one.number}, was due by {one.due.isoformat()}"
        if one.sent is None:
            yield "report_overdue", one, f"{said} and was not sent"
        else:
            yield "report_late", one, f"{said} and was sent on {one.sent.sent.isoformat()}"


PERIODIC_REPORT = Kind(
    name="periodic_report",
    ledger="study",
    title="Periodic report",
    ways=("page periodic_reports",),
    payload=PeriodicReportSent,
    reduce=reduce_periodic_report,
    free=frozenset({"receipt"}),
    tells=frozenset({"schedule"}),
)
