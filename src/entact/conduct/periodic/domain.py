"""Reports on the whole study: which wait, and that one was sent."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from typing import Final

import msgspec

from entact.conduct.error import ConductError
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.course import Entry, uuid7
from entact.course.entry.dates import read_date
from entact.course.kinds.periodic import PERIODIC_REPORT, PeriodicDue, PeriodicReportSent
from entact.store import door
from entact.store.periodic import periodic_reports

AHEAD: Final = timedelta(days=30)  # so long before its day a report is told of
_NEXT: Final = timedelta(milliseconds=1)
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
        raise ConductError("no such report waits any more: read the list again")
    day, read = _day(sent), receipt.strip()
    if day is None or day > reader.at.date() + timedelta(days=1):
        raise ConductError("write the day on which it was sent as 2026-04-30; it cannot be one to come")
    if len(read) > _LONGEST or not read.isprintable():
        raise ConductError(f"the receiver's number has at most {_LONGEST} characters")
    payload = PeriodicReportSent(report, one.number, day.isoformat(), read or None)
    at = reader.at + (_NEXT if reader.environment == "rehearsal" else timedelta(0))
    entry = Entry(
        id=uuid7(at, secrets.randbits(80)),
        ledger=f"study:{reader.study.name}",
        kind=PERIODIC_REPORT.name,
        release=reader.study.newest.id,
        environment=reader.environment,  # type: ignore[arg-type]  # as the installation says it
        occurred_at=at.isoformat(timespec="milliseconds"),
        recorded_at=at.isoformat(timespec="milliseconds"),
        by=by.identity,
        role=by.role,
        data=msgspec.to_builtins(payload),
    )
    door.note(entry, received_at=entry.recorded_at, authenticated=by.authenticated)


def _day(text: str) -> date | None:
    found = read_date(text.strip())
    return found.earliest if found is not None and found.earliest == found.latest else None
