"""Entries that depart from the protocol by themselves, though nobody reported it: what may be one.

Whether it is one, the course of its participant says: a protocol may allow that a requirement is set aside.
"""

from __future__ import annotations

from typing import Final

from entact.course.kinds.checks import BEFORE_RECONSENT, OVERRIDE_UNPROVED
from entact.course.kinds.override import OVERRIDE

# What was done of a release without consent to it, and what was done with a requirement set aside: that
# stands in the basis of the act, whose ledger has an entry of who set it aside, or the finding that none has.
DEPARTING: Final = f"""(
    SELECT ledger_id, entry FROM store_open_finding WHERE rule = '{BEFORE_RECONSENT}'
    UNION SELECT ledger_id, entry_id FROM store_line
        WHERE strpos(text, '"overridden":{{"') > 0 AND ledger_id IN (
            SELECT ledger_id FROM store_line WHERE kind = '{OVERRIDE.name}'
            UNION SELECT ledger_id FROM store_open_finding WHERE rule = '{OVERRIDE_UNPROVED}'
        )
)"""
