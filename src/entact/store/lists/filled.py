"""Forms that were filled in, across participants: by site and number, one page of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from entact.store.lists.departing import DEPARTING


class Filled(NamedTuple):
    """One entry that holds a form, whose it is, and where it stands."""

    ledger: str
    site: str
    number: str
    entry: str
    place: int
    seq: int

    @property
    def key(self) -> FilledKey:
        """Where it stands in the list: the next page begins after it."""
        return self.site, self.number, self.place, self.seq


FilledKey = tuple[str, str, int, int]  # site, number, number of the ledger, number of the line
_DEPARTING_TOO = f"""(
    SELECT * FROM store_line WHERE kind = ANY(%(kinds)s)
    UNION ALL SELECT * FROM {DEPARTING} AS departing WHERE kind <> ALL(%(kinds)s)
)"""


def filled(
    kinds: Collection[str],
    *,
    form: str | None = None,
    visit: str | None = None,
    site: str | None = None,
    sites: Collection[str] | None = None,
    since: datetime | None = None,
    departing: bool = False,
    after: FilledKey | None = None,
    limit: int = 50,
) -> list[Filled]:
    """Entries of some kinds that no other corrects, by site and number.

    Whether an entry still stands, and whether a reader may see it, its participant's course says.

    Args:
        kinds: of entries. form, visit: only these. sites: whose participants the reader may see; None for
            all. since: only of participants of whom something arrived since then. departing: what may
            depart from the protocol by itself is here too, of whatever kind. after: the page goes on behind
            that one.
    """
    texts = ['"replaces":null']
    texts += [f'"form":{json.dumps(form)}'] if form is not None else []
    texts += [f'"encounter":{json.dumps(visit)[:-1]}#'] if visit is not None else []
    conditions = [] if departing else ["line.kind = ANY(%(kinds)s)"]
    conditions += [f"strpos(line.text, %(text_{n})s) > 0" for n, _ in enumerate(texts)]
    conditions += ["standing.site = %(site)s"] if site is not None else []
    conditions += ["standing.site = ANY(%(sites)s)"] if sites is not None else []
    later = "later.ledger_id = line.ledger_id AND later.received_at >= %(since)s"
    conditions += [f"EXISTS (SELECT FROM store_line AS later WHERE {later})"] if since is not None else []
    order = "standing.site, standing.number, line.ledger_id, line.seq"
    behind = f"({order}) > (%(at_site)s, %(number)s, %(place)s, %(seq)s)"
    conditions += [behind] if after is not None else []
    statement = f"""
        SELECT ledger.name, standing.site, standing.number, line.entry_id, line.ledger_id, line.seq
        FROM store_standing AS standing JOIN {_DEPARTING_TOO if departing else "store_line"} AS line
                ON line.ledger_id = standing.ledger_id
            JOIN store_ledger AS ledger ON ledger.id = line.ledger_id
        WHERE {" AND ".join(conditions)} ORDER BY {order} LIMIT %(limit)s
    """
    values: dict[str, object] = {"kinds": list(kinds), "site": site, "sites": list(sites or ())}
    values |= {"since": since, "limit": limit}
    values |= {f"text_{n}": text for n, text in enumerate(texts)}
    values |= dict(zip(("at_site", "number", "place", "seq"), after or (), strict=False))
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Filled(*row) for row in cursor.fetchall()]
