"""What arrived about the participants of a site in some time: entries of some kinds, as they were kept."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from entact.course import Entry, read
from entact.store import models
from entact.store.lists.departing import DEPARTING


class Arrived(NamedTuple):
    """One entry, and in whose ledger."""

    ledger: str
    entry: Entry


def arrived(
    kinds: Collection[str], site: str, since: datetime, until: datetime, *, limit: int = 5_000
) -> list[Arrived]:
    """Entries of some kinds about who is at a site, received after one instant and not after another."""
    found = models.Line.objects.filter(
        kind__in=list(kinds), received_at__gt=since, received_at__lte=until, ledger__standing__site=site
    )
    rows = found.order_by("received_at", "ledger_id", "seq").values_list("ledger__name", "text")[:limit]
    return [Arrived(name, read(text)) for name, text in rows]


def departed(site: str, since: datetime, until: datetime) -> list[Arrived]:
    """What may depart from the protocol by itself, of whom is at a site, received in the same way."""
    statement = f"""
        SELECT ledger.name, line.text FROM {DEPARTING} AS line
            JOIN store_standing AS standing ON standing.ledger_id = line.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = line.ledger_id
        WHERE standing.site = %s AND line.received_at > %s AND line.received_at <= %s
        ORDER BY line.received_at, line.ledger_id, line.seq
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [site, since, until])
        return [Arrived(name, read(text)) for name, text in cursor.fetchall()]


class First(NamedTuple):
    """When an entry first arrived, and in which encounter it was made."""

    received_at: datetime
    encounter: str | None


def first_arrivals(entries: Collection[tuple[str, str]]) -> dict[tuple[str, str], First]:
    """When entries first arrived, by ledger and id.

    Args:
        entries: the name of the ledger and the id of each; the few of a page.
    """
    if not entries:
        return {}
    statement = """
        SELECT DISTINCT ON (1, 2) asked.ledger, asked.entry, line.received_at, line.text
        FROM unnest(%s::text[], %s::text[]) AS asked (ledger, entry)
            JOIN store_ledger AS ledger ON ledger.name = asked.ledger
            JOIN store_line AS line ON line.ledger_id = ledger.id AND line.entry_id = asked.entry
        ORDER BY 1, 2, line.seq
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(part) for part in zip(*entries, strict=True)])
        return {
            (ledger, entry): First(received, read(text).encounter)
            for ledger, entry, received, text in cursor.fetchall()
        }


def looked_by(person: str, since: datetime) -> set[str]:
    """Of whom somebody whose looks are kept opened a page after an instant: names of ledgers."""
    found = models.Line.objects.filter(
        ledger__name="system",
        kind="looked",
        received_at__gt=since,
        text__contains=f'"by":{json.dumps(person, ensure_ascii=False)}',
    )
    entries = map(read, found.values_list("text", flat=True))
    return {str(one.data.get("about", "")) for one in entries if one.by == person} - {""}
