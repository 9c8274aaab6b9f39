"""Versions of one id among stored lines: which of them stands can only be told from all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import connection


class Stored(NamedTuple):
    """A stored line, as it is looked for by its kind."""

    ledger: str
    seq: int
    entry: str
    hash: str
    text: str


def with_versions(ledgers: Sequence[str], kinds: Collection[str], *, upto: int | None = None) -> list[Stored]:
    """Lines of some kinds, and every version of their ids, of whatever kind; by ledger, in order of arrival.

    Of an id that was used again the first to arrive stands: a later version of one of these kinds must not be
    taken for it because the first, of another kind, was left out.

    Args:
        upto: only lines up to and with that number.
    """
    values = {"ledgers": list(ledgers), "kinds": list(kinds), "upto": upto}
    with connection.cursor() as cursor:
        cursor.execute(_WITH_VERSIONS, values)
        return sorted(Stored(*row) for row in cursor.fetchall())


# Lines of the kinds first, by their index, then those that share an id with one: no ledger is read through.
_WITH_VERSIONS = """
    WITH of_kinds AS MATERIALIZED (
        SELECT ledger.name, line.ledger_id, line.seq, line.entry_id, line.hash, line.text
        FROM store_ledger AS ledger JOIN store_line AS line ON line.ledger_id = ledger.id
        WHERE ledger.name = ANY(%(ledgers)s) AND line.kind = ANY(%(kinds)s)
            AND (%(upto)s::bigint IS NULL OR line.seq <= %(upto)s)
    )
    SELECT name, seq, entry_id, hash, text FROM of_kinds
    UNION ALL
    SELECT known.name, line.seq, line.entry_id, line.hash, line.text
    FROM (SELECT DISTINCT name, ledger_id, entry_id FROM of_kinds) AS known
        JOIN store_line AS line USING (ledger_id, entry_id)
    WHERE line.kind <> ALL(%(kinds)s) AND (%(upto)s::bigint IS NULL OR line.seq <= %(upto)s)
"""


class UsedAgain(NamedTuple):
    """An id that was used again: how many versions there are in each ledger, the first to arrive first."""

    entry: str
    versions: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        first, *others = self.versions
        name, count = first
        if not others:
            return f"{name}: {count} entries have the id {self.entry}; the first to arrive stands"
        elsewhere = ", ".join(other for other, _ in others)
        return f"{name}: the id {self.entry} belongs here, and stands in {elsewhere} as well"


def ids_used_again() -> list[UsedAgain]:
    """Every id with several versions in a ledger, and every one that stands in more than one ledger.

    An id is made once and belongs to one ledger. Nothing that is sent later, here or to another ledger,
    changes what was there; but somebody made an id twice, changed an entry, or moved it to where it does not
    belong.
    """
    with connection.cursor() as cursor:
        cursor.execute(_USED_AGAIN)
        return [
            UsedAgain(entry, tuple(zip(*versions, strict=True))) for entry, *versions in cursor.fetchall()
        ]


_USED_AGAIN = """
    WITH again AS (
        SELECT entry_id FROM store_line GROUP BY entry_id HAVING count(*) > 1
    ), stands AS (
        SELECT entry_id, ledger_id, count(*) AS versions, min(received_at) AS since
        FROM store_line WHERE entry_id IN (SELECT entry_id FROM again) GROUP BY entry_id, ledger_id
    )
    SELECT stands.entry_id, array_agg(ledger.name ORDER BY stands.since, ledger.id),
        array_agg(stands.versions ORDER BY stands.since, ledger.id)
    FROM stands JOIN store_ledger AS ledger ON ledger.id = stands.ledger_id
    GROUP BY stands.entry_id ORDER BY stands.entry_id
"""
