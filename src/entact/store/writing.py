"""The statement that appends: lines, the heads that they move, and what lists show, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg import Cursor

from entact.store.derived import (
    CLOCK_COLUMNS,
    CODE,
    DUE_COLUMNS,
    FINDING_COLUMNS,
    STANDING_COLUMNS,
    Changes,
    Place,
)

LINE_COLUMNS = "ledger_id, seq, hash, text, entry_id, kind, occurred_at, received_at"


class Listed(msgspec.Struct, frozen=True):
    """What lists show of a ledger from a line on: where the participant stands, and which rows change."""

    place: dict[str, Any]
    changes: Changes

    @classmethod
    def of(cls, place: Place, changes: Changes) -> Listed:
        """With times as JSON can say them: a zone's offset may have seconds."""
        times = {name: getattr(place, name) for name in ("last_at", "told_at")}
        moved = {name: None if at is None else at.astimezone(UTC) for name, at in times.items()}
        return cls(place._asdict() | moved, changes)


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
    parts = ""
    if several[0].listed is not None:
        changing = any(one.listed is not None and bool(one.listed.changes) for one in several)
        numbers = any(one.listed is not None and one.listed.changes.of_numbers for one in several)
        parts = _STANDING + (_CHANGES if changing else "") + (_NUMBERS if numbers else "")
    values = {"asked": msgspec.json.encode(several).decode(), "code": CODE}
    cursor.execute(_STATEMENT.format(guard, parts), values, prepare=True)
    return frozenset(value for (value,) in cursor.fetchall())


# PostgreSQL believes in a hundred rows of every JSON list, and would read whole tables for them; that a
# count is 0 it believes of few, and looks for these by their keys.
_STATEMENT = f"""
WITH asked AS (
    SELECT * FROM json_to_recordset(%(asked)s::json) AS asked (ledger bigint, seq bigint, hash text,
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
_LISTED = """
    , LATERAL (
        SELECT FROM store_ledger AS ledger JOIN store_standing AS standing ON standing.ledger_id = ledger.id
        WHERE ledger.id = asked.ledger AND ledger.seq = asked.seq - 1 AND ledger.hash = asked.previous
            AND standing.head = asked.seq - 1 AND standing.code = %(code)s
            AND standing.releases = asked.releases
            AND asked.releases = (SELECT releases FROM store_derivation)
        FOR NO KEY UPDATE OF ledger, standing SKIP LOCKED
    ) AS held
"""

_STANDING = f"""
, standing AS (
    INSERT INTO store_standing ({STANDING_COLUMNS})
    SELECT head.ledger, head.seq, %(code)s, head.releases, place.* FROM head,
        json_to_record(head.listed -> 'place') AS place (site text, number text, status text,
            screened boolean, randomised boolean, last_visit text, last_at timestamptz, last_day date,
            told_visit text, told_at timestamptz, told_day date)
    ON CONFLICT (ledger_id) DO UPDATE SET head = excluded.head, code = excluded.code,
        releases = excluded.releases, {", ".join(f"{name} = excluded.{name}" for name in Place._fields)}
)
"""
_CHANGES = f"""
, change AS (
    SELECT head.ledger, listed.* FROM head,
        json_to_record(head.listed -> 'changes') AS listed (due json, due_gone json, findings json,
            findings_gone json, clocks json, clocks_gone json, numbers json, numbers_gone json)
), due_gone AS (
    DELETE FROM store_due AS due
    USING change, json_to_recordset(change.due_gone) AS gone (visit text, since timestamptz)
    WHERE due.ledger_id = change.ledger AND due.visit = gone.visit AND due.since = gone.since
        AND num_nulls(gone.visit, gone.since) = 0
), due AS (
    INSERT INTO store_due (ledger_id, {DUE_COLUMNS})
    SELECT change.ledger, fresh.* FROM change, json_to_recordset(change.due) AS fresh (visit text,
        since timestamptz, until timestamptz, opens timestamptz, ends timestamptz,
        earliest date, target date, latest date)
    ON CONFLICT (ledger_id, visit, since) DO UPDATE SET until = excluded.until, opens = excluded.opens,
        ends = excluded.ends, earliest = excluded.earliest, target = excluded.target, latest = excluded.latest
), findings_gone AS (
    DELETE FROM store_open_finding AS found
    USING change, json_to_recordset(change.findings_gone) AS gone (finding text, since timestamptz)
    WHERE found.ledger_id = change.ledger AND found.finding = gone.finding AND found.since = gone.since
        AND num_nulls(gone.finding, gone.since) = 0
), findings AS (
    INSERT INTO store_open_finding (ledger_id, {FINDING_COLUMNS})
    SELECT change.ledger, fresh.* FROM change, json_to_recordset(change.findings) AS fresh (finding text,
        since timestamptz, until timestamptz, rule text, entry text, item text, kind text, form text,
        tells text[])
    ON CONFLICT (ledger_id, finding, since) DO UPDATE SET until = excluded.until, rule = excluded.rule,
        entry = excluded.entry, item = excluded.item, kind = excluded.kind, form = excluded.form,
        tells = excluded.tells
), clocks_gone AS (
    DELETE FROM store_clock AS clock
    USING change, json_to_recordset(change.clocks_gone) AS gone (report text, event text)
    WHERE clock.ledger_id = change.ledger AND clock.report = gone.report AND clock.event = gone.event
        AND num_nulls(gone.report, gone.event) = 0
), clocks AS (
    INSERT INTO store_clock (ledger_id, {CLOCK_COLUMNS})
    SELECT change.ledger, fresh.* FROM change, json_to_recordset(change.clocks) AS fresh (report text,
        event text, aware timestamptz, due timestamptz, sent_at timestamptz)
    ON CONFLICT (ledger_id, report, event) DO UPDATE SET aware = excluded.aware, due = excluded.due,
        sent_at = excluded.sent_at
)
"""
# See `derived.TAKE_NUMBERS`.
_NUMBERS = """
, numbers_gone AS (
    DELETE FROM store_number AS held
    USING change, json_to_recordset(change.numbers_gone) AS gone (of text, number text)
    WHERE held.ledger_id = change.ledger AND held.of = gone.of AND held.number = gone.number
        AND num_nulls(gone.of, gone.number) = 0
), taking AS (
    SELECT change.ledger AS ledger_id, fresh.*
    FROM change, json_to_recordset(change.numbers) AS fresh (of text, number text, entry text,
        tells text[])
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
