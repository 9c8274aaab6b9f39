"""Reports on the whole study: which wait, and that one was sent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.utils.translation import gettext

from entact.conduct.asking import now_in
from entact.conduct.error import ConductError
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.record.of_study import note_of_study
from entact.course.entry.dates import read_date
from entact.course.kinds.periodic import PERIODIC_REPORT, PeriodicDue, PeriodicReportSent
from entact.store.periodic import periodic_reports

AHEAD: Final = timedelta(days=30)  # so long before its day a report is told of
_LONGEST: Final = 80


def owed(reader: Reader) -> list[PeriodicDue]:
    """Every report up to now and the next of each, sent or not, the earliest first."""
    return periodic_reports(reader.study, reader.at.date())


def enter_sent(reader: Reader, report: str, number: str, sent: str, receipt: str, *, by: Author) -> None:
    """Enters that a report was sent.

    Args:
        number: in its row. sent: the day, as `2026-04-30`. receipt: the receiver's number, or nothing.
    Raises:
        ConductError: when no such report waits, or the day cannot be one.
    """
    waiting = {(one.report, str(one.number)): one for one in owed(reader) if one.sent is None}
    one = waiting.get((report, number))
    if one is None:
        raise ConductError(gettext("no such report waits any more: read the list again"))
    day, read = _day(sent), receipt.strip()
    if day is None or day > reader.at.date() + timedelta(days=1):
        raise ConductError(
            gettext("write the day on which it was sent as 2026-04-30; it cannot be one to come")
        )
    if len(read) > _LONGEST or not read.isprintable():
        raise ConductError(
            gettext("the receiver's number has at most {longest} characters").format(longest=_LONGEST)
        )
    payload = PeriodicReportSent(report, one.number, day.isoformat(), read or None)
    note_of_study(reader, PERIODIC_REPORT.name, payload, now_in(reader), by=by)


def _day(text: str) -> date | None:
    found = read_date(text.strip())
    return found.earliest if found is not None and found.earliest == found.latest else None
