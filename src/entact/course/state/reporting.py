"""Safety reports that an event has made due."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


class ReportDue(msgspec.Struct, frozen=True):
    """One report of one event.

    Attributes:
        event: the entry that began it. aware: when the site knew what makes it due. due: the last instant.
        missing: what was not known of the event; then it is taken to be due.
        sent, sent_at: the entry that says that it was sent, and when; None so far.
    """

    report: str
    event: str
    aware: datetime
    due: datetime
    missing: tuple[str, ...] = ()
    sent: str | None = None
    sent_at: datetime | None = None

    def is_overdue(self, at: datetime) -> bool:
        """Whether it should have been sent by then, and was not."""
        # In UTC: two times of one zone would be compared by their wall clocks.
        return self.sent is None and at.astimezone(UTC) > self.due.astimezone(UTC)
