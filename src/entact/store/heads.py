"""Where some ledgers stand now, and what is said of them beside them: asked at once, with every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db import connection

from entact.course.entry import Line
from entact.store.known import raw_cursor
from entact.store.numbers import SHARED_NUMBERS, SharedNumber
from entact.store.studies import STUDY_HEAD


class Last(NamedTuple):
    """The last line of a ledger, by the ledger's number and name."""

    number: int
    ledger: str
    seq: int
    hash: str


class Heads(NamedTuple):
    """Some ledgers at one moment.

    Attributes:
        last: of each; one whose last line is not there is left out. shared: their numbers that others have
            too. study: the head of the study's ledger, from which it follows whether it is locked.
    """

    last: list[Last]
    shared: list[SharedNumber]
    study: str


_HEADS = f"""
    SELECT ledger.id, ledger.name, line.seq, line.hash, NULL
    FROM store_ledger AS ledger
        JOIN store_line AS line ON line.ledger_id = ledger.id AND line.seq = ledger.seq
    WHERE ledger.name = ANY(%(ledgers)s)
    UNION ALL
    SELECT NULL, ledger.name, NULL, held.of, ARRAY[held.number, held.entry]
    FROM {SHARED_NUMBERS} JOIN store_ledger AS ledger ON ledger.id = held.ledger_id
    WHERE ledger.name = ANY(%(ledgers)s)
    UNION ALL
    SELECT NULL, NULL, NULL, ({STUDY_HEAD}), NULL
"""


def heads_of(ledgers: Sequence[str]) -> Heads:
    """Where some ledgers stand now."""
    cursor = raw_cursor()  # planned once
    with connection.wrap_database_errors:
        cursor.execute(_HEADS, {"ledgers": list(ledgers)}, prepare=True)
    last, shared, study = [], [], ""
    for number, name, seq, text, held in cursor.fetchall():
        if number is not None:
            last.append(Last(number, name, seq, text))
        elif held is not None:
            shared.append(SharedNumber(name, text, *held))
        else:
            study = text or ""
    shared.sort(key=lambda one: (one.of, one.number, one.ledger))
    return Heads(last, shared, study)


_LINES = """
    SELECT line.ledger_id, line.seq, line.hash, line.text
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS asked (ledger, since, until)
        JOIN store_line AS line
            ON line.ledger_id = asked.ledger AND line.seq BETWEEN asked.since AND asked.until
    ORDER BY line.ledger_id, line.seq
"""


def lines_up_to(heads: Sequence[Last], since: Mapping[str, int] | None = None) -> dict[str, list[Line]]:
    """The lines of some ledgers up to their heads, in order, by one statement.

    Args:
        since: the number of the first line that is wanted of a ledger; all of one that is not named.
    """
    asked = [(one.number, (since or {}).get(one.ledger, 1), one.seq) for one in heads]
    found: dict[int, list[Line]] = {number: [] for number, _, _ in asked}
    if asked:
        cursor = raw_cursor()  # planned once
        with connection.wrap_database_errors:
            cursor.execute(_LINES, [list(column) for column in zip(*asked, strict=True)], prepare=True)
        for number, *line in cursor:
            found[number].append(Line(*line))
    return {one.ledger: found[one.number] for one in heads}
