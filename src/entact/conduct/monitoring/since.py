"""When somebody was last here before today: what changed since then is what a monitor begins with."""

from __future__ import annotations

import json
from datetime import UTC

from django.db import connection
from django.utils import timezone

from entact.store.door import SYSTEM_LEDGER


def last_visit(person: str) -> str:
    """The last day before today on which a person signed in, as an address says it; empty where none is.

    People sign in by the clock of the server, also where a rehearsal lives in a time of its own.
    """
    today = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    statement = """
        SELECT line.received_at
        FROM store_line AS line JOIN store_ledger AS ledger ON ledger.id = line.ledger_id
        WHERE ledger.name = %s AND line.kind = 'signed_in' AND line.received_at < %s
            AND strpos(line.text, %s) > 0
        ORDER BY line.received_at DESC LIMIT 1
    """
    by = f'"by":{json.dumps(person, ensure_ascii=False)}'
    with connection.cursor() as cursor:
        cursor.execute(statement, [SYSTEM_LEDGER, today, by])
        row = cursor.fetchone()
    return "" if row is None else f"{row[0].astimezone(UTC):%Y-%m-%d}"
