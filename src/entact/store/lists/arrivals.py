"""Lines of the whole record, the last to arrive first: one page of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection


class Arrived(NamedTuple):
    """One line: where it stands, and when the server received it."""

    received_at: datetime
    place: int
    seq: int
    ledger: str
    head: str

    @property
    def key(self) -> ArrivalKey:
        """Where it stands in the list: the next page begins after it."""
        return self.received_at, self.place, self.seq


ArrivalKey = tuple[datetime, int, int]  # received, number of the ledger, number of the line


def arrivals(
    *,
    ledgers: Collection[str] | None = None,
    sites: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    holding: Collection[str] = (),
    before: ArrivalKey | None = None,
    limit: int = 200,
) -> list[Arrived]:
    """Lines by when they arrived, the last one first.

    Args:
        ledgers: only of these. sites: of participants only those at these sites, and of the other ledgers
            only theirs; None for all. kinds: only of these. since, until: when they arrived, the end not with
            it. holding: texts that all stand in the line. before: the page goes on behind that one.
    """
    conditions = ["TRUE"]
    conditions += ["ledger.name = ANY(%(ledgers)s)"] if ledgers is not None else []
    conditions += (
        ["(standing.site = ANY(%(sites)s) OR ledger.name = ANY(%(own)s))"] if sites is not None else []
    )
    conditions += ["line.kind = ANY(%(kinds)s)"] if kinds is not None else []
    conditions += ["line.received_at >= %(since)s"] if since is not None else []
    conditions += ["line.received_at < %(until)s"] if until is not None else []
    conditions += [f"strpos(line.text, %(holding_{n})s) > 0" for n, _ in enumerate(holding)]
    order = "line.received_at, line.ledger_id, line.seq"
    conditions += [f"({order}) < (%(at)s, %(place)s, %(seq)s)"] if before is not None else []
    statement = f"""
        SELECT line.received_at, line.ledger_id, line.seq, ledger.name, ledger.hash
        FROM store_line AS line JOIN store_ledger AS ledger ON ledger.id = line.ledger_id
            LEFT JOIN store_standing AS standing ON standing.ledger_id = line.ledger_id
        WHERE {" AND ".join(conditions)}
        ORDER BY line.received_at DESC, line.ledger_id DESC, line.seq DESC LIMIT %(limit)s
    """
    values: dict[str, object] = {"since": since, "until": until, "limit": limit}
    values |= {"ledgers": list(ledgers or ()), "kinds": list(kinds or ()), "sites": list(sites or ())}
    values |= {"own": [f"site:{site}" for site in sites or ()]}
    values |= {f"holding_{n}": text for n, text in enumerate(holding)}
    values |= dict(zip(("at", "place", "seq"), before or (), strict=False))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Arrived(*row) for row in cursor.fetchall()]
