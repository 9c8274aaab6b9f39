"""Emergency unblindings of the last days: in whose ledger and when, never what was told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from entact.store import models


class Unblinded(NamedTuple):
    """One entry that somebody was told an arm."""

    ledger: str
    at: datetime


def unblindings(since: datetime, sites: Iterable[str] | None = None) -> list[Unblinded]:
    """Those that were received after an instant, the latest first.

    Args:
        sites: whose participants are asked for; None for all.
    """
    found = models.Line.objects.filter(kind="unblinding", received_at__gt=since)
    if sites is not None:
        found = found.filter(ledger__standing__site__in=list(sites))
    rows = found.order_by("-received_at").values_list("ledger__name", "received_at")
    return [Unblinded(*row) for row in rows]
