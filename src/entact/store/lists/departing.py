"""Entries that depart from the protocol by themselves, though nobody reported it: what may be one.

Whether it is one, the course of its participant says: a protocol may allow that a requirement is set aside.
"""

from __future__ import annotations

from typing import Final

from entact.course.kinds.checks import BEFORE_RECONSENT
from entact.store.models import SET_ASIDE

# What was done of a release without consent to it, and what was done with a requirement set aside, which
# stands in the basis of the act. Line by line, by index: else PostgreSQL reads the record through.
DEPARTING: Final = f"""(
    SELECT line.* FROM (
        SELECT ledger_id, entry AS entry_id FROM store_open_finding WHERE rule = '{BEFORE_RECONSENT}'
        UNION SELECT ledger_id, entry_id FROM store_line WHERE text LIKE '%%{SET_ASIDE}%%'
    ) AS departing CROSS JOIN LATERAL (
        SELECT * FROM store_line
        WHERE (ledger_id, entry_id) = (departing.ledger_id, departing.entry_id) OFFSET 0
    ) AS line
)"""
