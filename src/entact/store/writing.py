"""The statement that appends: lines, the heads that they move, and what lists show, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from psycopg import Cursor, RawCursor

from entact.store.derived import Rows, StandingRow
from entact.store.tables import CODE, NUMBERS, STANDING_COLUMNS, TABLES, Changes, changes

LINE_COLUMNS = "ledger_id, seq, hash, text, entry_id, kind, occurred_at, received_at"


_SAME = ("groups", "uncoded")  # columns as long as `unsigned`: a shorter one says that it is as it was


class Listed(msgspec.Struct, frozen=True):
    """What lists show of a ledger from a line on: where the participant stands, and which rows change."""

    standing: dict[str, Any]
    changes: Changes

    @classmethod
    def of(cls, before: Rows | None, after: Rows) -> Listed:
        """What leads from the rows that stand there (None: none) to others.

        Times are as JSON can say them: a zone's offset may have seconds. Of groups that are as they were, as
        most often, nothing is sent (see `_STANDING`).
        """
        standing = after.standing
        times = {name: getattr(standing, name) for name in ("last_at", "told_at")}
        moved = {name: None if at is None else at.astimezone(UTC) for name, at in times.items()}
        if before is not None:
            same = (name for name in _SAME if getattr(before.standing, name) == getattr(standing, name))
            moved |= {name: [] for name in same}
        return cls(standing._asdict() | moved, changes(before, after))


class Write(msgspec.Struct, frozen=True):
    """One line to write, with all that goes with it.

    Attributes:
        ledger: its number. seq, hash, text: of the line. previous: hash of the line before.
        entry_id, kind, occurred_at, received_at: beside the text (see `index`).
        releases: the stamp of the releases that its writer knows; None where it does not matter.
        listed: None where no rows for lists follow.
    """

    ledger: int
    seq: int
    hash: str
    previous: str
    text: str
    entry_id: str
    kind: str
    occurred_at: datetime | None
    received_at: datetime
    releases: str | None
    listed: Listed | None


def write_held(cursor: Cursor[Any], one: Write) -> None:
    """Writes a line whose ledger the transaction holds at the line before."""
    _execute(cursor, [one], "")


def write_current(cursor: Cursor[Any], several: Sequence[Write]) -> frozenset[str]:
    """Writes lines of different ledgers in one transaction; returns the hashes of those that were written.

    A line is passed over where its ledger has moved on since, where others hold it, or where its rows for
    lists or the releases in force are not those that its writer knows. It waits for nobody.

    Args:
        several: all of them with rows for lists, or none.
    """
    return _execute(cursor, several, _PLAIN if several[0].listed is None else _LISTED)


def _execute(cursor: Cursor[Any], several: Sequence[Write], guard: str) -> frozenset[str]:
    changed: frozenset[str] | None = None
    if several[0].listed is not None:
        parts = {part for one in several if one.listed is not None for part in one.listed.changes}
        changed = _touched(frozenset(part.removesuffix("_gone") for part in parts))
    as_it_stands = RawCursor(cursor.connection)  # another would look through a long statement each time
    asked = msgspec.json.encode(several).decode()
    as_it_stands.execute(_statement(guard, changed), [asked], prepare=True)
    return frozenset(value for (value,) in as_it_stands.fetchall())


_ALL = frozenset(table.part for table in (*TABLES, NUMBERS))
_SCHEDULE = ("due", "findings")
_KITS = ("steps", "sessions", NUMBERS.part)  # with a dose, or a kit that somebody is given
_TOGETHER = tuple(map(frozenset, ((), ("findings",), _SCHEDULE, (*_SCHEDULE, *_KITS), _ALL)))


@lru_cache(maxsize=256)
def _touched(changed: frozenset[str]) -> frozenset[str]:
    """The parts of `Rows` that a statement touches where some change.

    Each table costs, also where nothing changes in it; so does each statement, which every connection plans
    for itself. So there are few, of what mostly changes together.
    """
    return next(parts for parts in _TOGETHER if changed <= parts)


@lru_cache(maxsize=32)
def _statement(guard: str, changed: frozenset[str] | None) -> str:
    """The statement that appends.

    Args:
        changed: parts of `Rows` whose tables it touches; None where no rows for lists follow.
    """
    parts = ""
    if changed is not None:
        parts += _STANDING + (_CHANGE if changed else "")
        parts += "".join(
            f", {table.part}_gone AS ({table.gone}), {table.part} AS ({table.fresh})"
            for table in TABLES
            if table.part in changed
        )
        parts += _NUMBERS if NUMBERS.part in changed else ""
    return _STATEMENT.format(guard, parts)


# PostgreSQL believes in a hundred rows of every JSON list, and would read whole tables for them; that a
# count is 0 it believes of few, and looks for these by their keys.
_STATEMENT = f"""
WITH asked AS (
    SELECT * FROM json_to_recordset($1::json) AS asked (ledger bigint, seq bigint, hash text,
        previous text, text text, entry_id text, kind text, occurred_at timestamptz, received_at timestamptz,
        releases text, listed json)
    {{}}
    WHERE num_nulls(asked.ledger, asked.seq, asked.hash) = 0
), head AS (
    UPDATE store_ledger AS ledger SET seq = asked.seq, hash = asked.hash FROM asked
    WHERE ledger.id = asked.ledger AND ledger.seq = asked.seq - 1 AND ledger.hash = asked.previous
    RETURNING asked.*
), line AS (
    INSERT INTO store_line ({LINE_COLUMNS})
    SELECT ledger, seq, hash, text, entry_id, kind, occurred_at, received_at FROM head
) {{}}
SELECT hash FROM head
"""

# Rows that were made anew since this statement began are not seen by it: it must not follow on them. Whoever
# makes them holds the ledger first and replaces its row for lists, so that both are locked here.
_PLAIN = """
    , LATERAL (
        SELECT FROM store_ledger AS ledger
        WHERE ledger.id = asked.ledger AND ledger.seq = asked.seq - 1 AND ledger.hash = asked.previous
            AND (asked.releases IS NULL OR asked.releases = (SELECT releases FROM store_derivation))
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS held
"""
_LISTED = f"""
    , LATERAL (
        SELECT FROM store_ledger AS ledger JOIN store_standing AS standing ON standing.ledger_id = ledger.id
        WHERE ledger.id = asked.ledger AND ledger.seq = asked.seq - 1 AND ledger.hash = asked.previous
            AND standing.head = asked.seq - 1 AND standing.code = '{CODE}'
            AND standing.releases = asked.releases
            AND asked.releases = (SELECT releases FROM store_derivation)
        FOR NO KEY UPDATE OF ledger, standing SKIP LOCKED
    ) AS held
"""


def _kept(name: str) -> str:
    """What a column of the row for lists becomes where there is one."""
    if name not in _SAME:
        return f"excluded.{name}"
    whole = f"cardinality(excluded.{name}) = cardinality(excluded.unsigned)"
    return f"CASE WHEN {whole} THEN excluded.{name} ELSE store_standing.{name} END"


_STANDING = f"""
, standing AS (
    INSERT INTO store_standing ({STANDING_COLUMNS})
    SELECT head.ledger, head.seq, '{CODE}', head.releases, standing.* FROM head,
        json_to_record(head.listed -> 'standing') AS standing (site text, number text, status text,
            screened boolean, randomised boolean, last_visit text, last_at timestamptz, last_day date,
            told_visit text, told_at timestamptz, told_day date, locked boolean, unended int,
            groups text[], unsigned int[], uncoded int[])
    ON CONFLICT (ledger_id) DO UPDATE SET head = excluded.head, code = excluded.code,
        releases = excluded.releases, {", ".join(f"{name} = {_kept(name)}" for name in StandingRow._fields)}
)
"""
_PARTS = ", ".join(f"{table.part} json, {table.part}_gone json" for table in (*TABLES, NUMBERS))
_CHANGE = f"""
, change AS (
    SELECT head.ledger, listed.* FROM head, json_to_record(head.listed -> 'changes') AS listed ({_PARTS})
)
"""
# See `tables.TAKE_NUMBERS`.
_NUMBERS = f"""
, numbers_gone AS ({NUMBERS.gone}), taking AS (
    SELECT change.ledger AS ledger_id, fresh.*
    FROM change, json_to_recordset(change.numbers) AS fresh ({NUMBERS.typed})
), taken AS (
    INSERT INTO store_number (ledger_id, of, number, entry, tells, shared)
    SELECT ledger_id, of, number, entry, tells, false FROM taking ORDER BY of, number
    ON CONFLICT DO NOTHING RETURNING ledger_id, of, number
), numbers AS (
    INSERT INTO store_number (ledger_id, of, number, entry, tells, shared)
    SELECT ledger_id, of, number, entry, tells, true FROM taking
    WHERE NOT EXISTS (
        SELECT FROM taken
        WHERE (taken.ledger_id, taken.of, taken.number) = (taking.ledger_id, taking.of, taking.number)
    ) ORDER BY of, number
    ON CONFLICT (ledger_id, of, number) DO UPDATE SET entry = excluded.entry, tells = excluded.tells
)
"""
