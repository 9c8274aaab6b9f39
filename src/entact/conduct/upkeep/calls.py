"""What was done by machine about open alerts, and by which ways this server can call anybody."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Final

from django.conf import settings

from entact.conduct.upkeep import reports
from entact.conduct.upkeep.models import Report

WEBHOOK: Final = "ENTACT_ALERT_WEBHOOK"


def ways() -> list[str]:
    """How this server can call people by machine; none where none is set up, or the worker is dead."""
    if reports.silent_since() is not None or reports.last(reports.ALIVE) is None:
        return []
    return ways_set_up()


def ways_set_up() -> list[str]:
    """The ways that are set up, whether or not a worker runs."""
    has_mail = not settings.EMAIL_BACKEND.endswith("dummy.EmailBackend")
    return [*(["webhook"] if os.environ.get(WEBHOOK) else []), *(["mail"] if has_mail else [])]


def called(ledger: str) -> list[dict[str, str]]:
    """What calls were made for alerts of a participant: entry, role, how, when, and what failed."""
    rows = Report.objects.filter(subject__startswith=subject_of(ledger)).order_by("subject")
    return [{**one.content, "at": one.at.isoformat()} for one in rows]


def subject_of(ledger: str) -> str:
    """How the subjects of a participant's calls begin."""
    return f"called {sha256(ledger.encode()).hexdigest()[:32]} "
