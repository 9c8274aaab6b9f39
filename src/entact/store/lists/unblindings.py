"""Unblindings of the last days, in an emergency and as planned: of whom and when, never what was told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from entact.course.state.numbers import RANDOMISATION
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


def randomised_ledgers(*, told: bool = False) -> list[str]:
    """The ledgers of all who were randomised, by site and number.

    Args:
        told: only those of whom the arm was told as planned.
    """
    found = models.Number.objects.filter(of=RANDOMISATION)
    if told:
        of_told = models.Line.objects.filter(kind="planned_unblinding").values("ledger")
        found = found.filter(ledger__in=of_told)
    rows = found.order_by("ledger__standing__site", "ledger__standing__number", "ledger_id")
    return list(dict.fromkeys(rows.values_list("ledger__name", flat=True)))


def told_as_planned(since: datetime) -> int:
    """Of how many participants the arm was told as planned, in entries received after an instant."""
    found = models.Line.objects.filter(kind="planned_unblinding", received_at__gt=since)
    return found.values("ledger").distinct().count()
