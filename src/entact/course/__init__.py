"""One subject: entries by theme, the fold that makes a course of them, gates, findings and the ledger."""

from __future__ import annotations

from entact.course.act import attempt
from entact.course.course import Course
from entact.course.entry import Authenticated, Entry, Kept, Line, instant, read, uuid7
from entact.course.entry.ledger import Ledger, Receipt, verify
from entact.course.fact import record
from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.gates.gate import Allowed, Refused, may
from entact.course.gates.question import Reason
from entact.course.kinds.calls import open_alerts
from entact.course.schedule import Due
from entact.course.setting import fold_setting
from entact.course.state.alerts import AlertEpisode
from entact.course.state.setting import Setting
from entact.course.state.state import Finding

__all__ = [
    "AlertEpisode",
    "Allowed",
    "Authenticated",
    "Course",
    "Due",
    "Entry",
    "Finding",
    "Kept",
    "Ledger",
    "Line",
    "Reason",
    "Receipt",
    "Refused",
    "Setting",
    "attempt",
    "findings",
    "fold",
    "fold_setting",
    "instant",
    "may",
    "open_alerts",
    "read",
    "record",
    "uuid7",
    "verify",
]
