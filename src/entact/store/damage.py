"""Damaged files of the database: which errors tell of them, and reading a ledger as far as it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import Error, connection, transaction


class Unreadable(NamedTuple):
    """In the place of a line that cannot be read: its number, and what the server says."""

    seq: int
    said: str


def is_damage(error: BaseException) -> bool:
    """Whether an error says that a file of the database is damaged or gone, or holds what is no text."""
    state = getattr(error.__cause__, "sqlstate", None) or getattr(error, "sqlstate", None) or ""
    # Class XX: pages, indexes and values that contradict themselves; the others: a file that cannot be read.
    return isinstance(error, UnicodeDecodeError) or state.startswith("XX") or state in ("58P01", "58030")


def read_carefully(statement: str, number: int, length: int) -> Iterator[Any]:
    """The lines of one ledger up to the first that cannot be read, in whose place stands an `Unreadable`.

    Args:
        statement: with two conditions to fill in, one for each of ledger and number of a line.
        number, length: of the ledger.
    """
    found = _fetch(statement.format("ledger_id = %s AND seq > %s"), number, 0)
    if not isinstance(found, str):
        yield from found
        return
    for seq in range(1, length + 1):
        found = _fetch(statement.format("ledger_id = %s AND seq = %s"), number, seq)
        if isinstance(found, str):
            yield Unreadable(seq, found)
            return
        yield from found


def _fetch(statement: str, *values: int) -> list[Any] | str:
    """The rows; what the server says where they cannot be read."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    except (Error, UnicodeDecodeError) as error:
        if not is_damage(error):
            raise
        return str(error).partition("\n")[0]
