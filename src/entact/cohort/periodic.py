"""Reports on the whole study that fall due at intervals, as a sponsor sends them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from entact.cohort.admission import Notice
from entact.cohort.draws import stream
from entact.cohort.setting_ledgers import NotedHeads
from entact.course.kinds.periodic import periodic_reports_due
from entact.course.state.setting import StudyState
from entact.protocol import Study

REPORTED = 8  # at most so many days before its day, less one, a report is sent


def report_at_intervals(study: Study, heads: NotedHeads, notices: Sequence[Notice], seed: int) -> None:
    """The sponsor sends what is owed at intervals, some days before its day, up to the last visit."""
    places = [one for one in notices if one.kind == "enrolled"]
    if not places:
        return
    first = min(places, key=lambda one: one.at)
    state = StudyState(first_enrolled=(first.at, first.data["site"]))
    random = stream(seed, 0, "periodic reports")
    for one in periodic_reports_due(study.newest, state, heads.last.date()):
        sent = one.due - timedelta(days=int(random.integers(1, REPORTED)))
        at = datetime.combine(sent, time(12), UTC)
        if at > heads.last:
            continue
        data = {"report": one.report, "number": one.number, "sent": sent.isoformat()}
        heads.add(at, "periodic_report", data, "sponsor", "sponsor")
