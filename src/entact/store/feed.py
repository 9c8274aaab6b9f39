"""All lines of the record in one order, for those who follow it: a worker, a second screen, a webhook.

The order is that of transactions. A line is shown once every transaction that began before its own has ended,
so that a reader who goes on after the last line that she saw never passes one that was still open. A
transaction that stays open holds the feed up; it never makes it lose a line.

A position belongs to one installation: a record that was restored into a new database is read from the start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from django.db import connection, transaction

from entact.course.entry import Line
from entact.store.error import StoreError
from entact.store.known import raw_cursor

CHANNEL = "entact"  # of the notice that there may be something new
BATCH = 500  # lines in memory at once

_POSITION = re.compile(r"(\d{1,19})\.(\d{1,18})\.(\d{1,18})", re.ASCII)


class Position(NamedTuple):
    """A place in the feed: that of the line with this number in this ledger, of this transaction."""

    transaction: int
    ledger: int
    seq: int

    def __str__(self) -> str:
        return f"{self.transaction}.{self.ledger}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """A position as it was said to a reader.

        Raises:
            StoreError: when it is none.
        """
        told = _POSITION.fullmatch(text)
        if told is None:
            raise StoreError(f"{text!r} is no position in the feed: three numbers with points between them")
        return cls(*map(int, told.groups()))


START = Position(0, 0, 0)


class Fed(NamedTuple):
    """One line of the feed, with its place and its ledger."""

    position: Position
    ledger: str
    line: Line


def read_feed(after: Position = START, *, limit: int = BATCH) -> list[Fed]:
    """The lines after a position, in the order of the feed; none where nothing new can be said yet."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return _read(raw_cursor(), after, limit)


def newest() -> Position:
    """The place of the last line that can be read now: where a reader begins who wants what comes."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = raw_cursor()
        cursor.execute(_NEWEST, prepare=True)
        row = cursor.fetchone()
    return START if row is None else Position(int(row[0]), row[1], row[2])


def consume(consumer: str, deal_with: Callable[[Fed], None], *, limit: int = BATCH) -> int:
    """Lets a consumer deal with what is new to it, once each; returns with how many lines it dealt.

    What it writes to this database and how far it has come are one transaction: whenever it is killed, either
    both are there or neither. Two processes of one consumer wait for each other. Where it fails at a line,
    what it did with those before stays, and the next call begins with that line.

    Args:
        consumer: its name. deal_with: called with each line, within the transaction; what it does elsewhere
            than in this database is not undone, so it leaves that to a job that it queues here.
    Raises:
        Exception: what `deal_with` raised.
    """
    failure: Exception | None = None
    with transaction.atomic():
        cursor = raw_cursor()
        after = _lock(cursor, consumer)
        done = 0
        for fed in _read(cursor, after, limit):
            try:
                with transaction.atomic():
                    deal_with(fed)
            except Exception as error:  # noqa: BLE001 - raised below, when what was done before is kept
                failure = error
                break
            after, done = fed.position, done + 1
        cursor.execute(
            "UPDATE store_consumer SET transaction = %s::text::xid8, ledger = %s, seq = %s WHERE name = %s",
            [str(after.transaction), after.ledger, after.seq, consumer],
        )
    if failure is not None:
        raise failure
    return done


@contextmanager
def listening() -> Iterator[Callable[[float], bool]]:
    """Waits for what is new: a function that returns true as soon as a line was kept, false after seconds.

    A connection of its own is held meanwhile, none from the pool. A notice says that something was kept, not
    that it can be read already: read once more where nothing was found.
    """
    with psycopg.connect(_conninfo(), autocommit=True) as own:
        own.execute(f"LISTEN {CHANNEL}")

        def wait(seconds: float) -> bool:
            return next(own.notifies(timeout=seconds, stop_after=1), None) is not None

        yield wait


def _conninfo() -> str:
    told = connection.get_connection_params()
    wanted = ("host", "port", "user", "password", "dbname", "options")
    return psycopg.conninfo.make_conninfo(**{name: told[name] for name in wanted if told.get(name)})


def _read(cursor: psycopg.Cursor[Any], after: Position, limit: int) -> list[Fed]:
    values = {**after._asdict(), "transaction": str(after.transaction), "limit": limit}
    cursor.execute(_READ, values, prepare=True)
    return [
        Fed(Position(int(number), ledger, seq), name, Line(seq, digest, text))
        for number, ledger, seq, digest, text, name in cursor.fetchall()
    ]


def _lock(cursor: psycopg.Cursor[Any], consumer: str) -> Position:
    cursor.execute(
        "INSERT INTO store_consumer (name, transaction, ledger, seq) VALUES (%s, '0', 0, 0)"
        " ON CONFLICT DO NOTHING",
        [consumer],
    )
    cursor.execute(
        "SELECT transaction::text, ledger, seq FROM store_consumer WHERE name = %s FOR UPDATE", [consumer]
    )
    row = cursor.fetchone()
    assert row is not None
    return Position(int(row[0]), row[1], row[2])


_SETTLED = "line.transaction < pg_snapshot_xmin(pg_current_snapshot())"
_READ = f"""
    SELECT page.*, ledger.name FROM (
        SELECT transaction::text, ledger_id, seq, hash, text FROM store_line AS line
        WHERE {_SETTLED} AND (line.transaction, line.ledger_id, line.seq)
            > (%(transaction)s::text::xid8, %(ledger)s, %(seq)s)
        ORDER BY line.transaction, line.ledger_id, line.seq LIMIT %(limit)s
    ) AS page JOIN store_ledger AS ledger ON ledger.id = page.ledger_id
    ORDER BY page.transaction::xid8, page.ledger_id, page.seq
"""
_NEWEST = f"""
    SELECT transaction::text, ledger_id, seq FROM store_line AS line WHERE {_SETTLED}
    ORDER BY line.transaction DESC, line.ledger_id DESC, line.seq DESC LIMIT 1
"""
