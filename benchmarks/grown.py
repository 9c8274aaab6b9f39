"""A rehearsed record grown to many thousands of participants, for what lists, searches and saves take in it.

Participants are copied in the database, under other names and numbers, with all that lists show of them;
their lines too, and behind these as many short ones as are wanted. So indexes and tables are as large as
those of a real record of that size. Only those who were rehearsed can be opened: the text of a copied line
says whose it was first, no chain of a copy is whole, and what was added to one can't be read.
"""

from __future__ import annotations

from typing import Any

import psycopg

COPY = "Z-"  # begins the number of a copy

# Columns of the derived rows of a participant beside the ledger's number; `{k}` is the number of the copy.
COPIED = {
    "store_standing": f"head, code, releases, site, '{COPY}' || {{k}} || '-' || number, status, screened,"
    " randomised, last_visit, last_at, last_day, told_visit, told_at, told_day, locked, unended, groups,"
    " unsigned, uncoded",
    "store_due": "visit, since, until, opens, ends, earliest, target, latest",
    "store_open_finding": "replace(finding, entry, md5(entry || {k})), since, until, rule, md5(entry || {k}),"
    " item, kind, form, tells, of_data",
    "store_clock": "report, md5(event || {k}), aware, due, sent_at",
    "store_query": "md5(query || {k}), status, raised_at, since, md5(entry || {k}), item, kind, form, tells,"
    " rule",
    "store_reconsent": "since, until, release, due",
    "store_kit_step": "kit || '-' || {k}, md5(entry || {k}), what, at, units, visit, replaced, person, waits",
    "store_session_to_come": "visit, since, until, latest, needs",
    "store_number": "of, number || '-' || {k}, md5(entry || {k}), shared, tells",
}
COLUMNS = {
    "store_standing": "head, code, releases, site, number, status, screened, randomised, last_visit, last_at,"
    " last_day, told_visit, told_at, told_day, locked, unended, groups, unsigned, uncoded",
    "store_open_finding": "finding, since, until, rule, entry, item, kind, form, tells, of_data",
    "store_clock": "report, event, aware, due, sent_at",
    "store_query": "query, status, raised_at, since, entry, item, kind, form, tells, rule",
    "store_kit_step": "kit, entry, what, at, units, visit, replaced, person, waits",
    "store_number": "of, number, entry, shared, tells",
}
INDEXES = ("line_by_entry", "line_by_transaction", "line_by_arrival", "rare_kinds")


def grow(owner: psycopg.Connection[Any], participants: int, lines: int = 0) -> None:
    """Grows the record on a connection of its owner.

    Args:
        participants: how many there are afterwards, at least as many as were rehearsed.
        lines: how many the record has afterwards; as many as the copies have, where those are more.
    """
    [people] = owner.execute(
        "SELECT count(*) FROM store_ledger WHERE starts_with(name, 'participant:')"
    ).fetchone() or (0,)
    triggers = owner.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgrelid::regclass::text LIKE 'store_%'"
    ).fetchall()
    for table, name in triggers:
        owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}".encode())
    indexes = owner.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'store_line' AND indexname = ANY(%s)",
        [list(INDEXES)],
    ).fetchall()
    for name in INDEXES:
        owner.execute(f"DROP INDEX {name}".encode())
    owner.execute(
        """
        CREATE TEMPORARY TABLE copied AS
        SELECT ledger.id AS original, ledger.seq, ledger.hash, k::text AS k,
            'participant:' || md5(ledger.name || k) AS name, NULL::bigint AS ledger_id
        FROM (
            SELECT *, row_number() OVER (ORDER BY id) AS place FROM store_ledger
            WHERE starts_with(name, 'participant:')
        ) AS ledger, generate_series(1, %(wanted)s / %(people)s + 1) AS k
        WHERE (k - 1) * %(people)s + place <= %(wanted)s
        """,
        {"wanted": max(0, participants - people), "people": people},
    )
    owner.execute("INSERT INTO store_ledger (name, seq, hash) SELECT name, seq, hash FROM copied")
    owner.execute(
        "UPDATE copied SET ledger_id = ledger.id FROM store_ledger AS ledger WHERE ledger.name = copied.name"
    )
    for table, columns in COPIED.items():
        into = COLUMNS.get(table, columns)
        owner.execute(
            f"INSERT INTO {table} (ledger_id, {into}) SELECT copied.ledger_id, {columns.format(k='copied.k')}"
            f" FROM copied JOIN {table} AS one ON one.ledger_id = copied.original".encode()
        )
    owner.execute(
        "INSERT INTO store_line (ledger_id, seq, hash, text, entry_id, kind, occurred_at, received_at)"
        " SELECT copied.ledger_id, line.seq, line.hash, line.text, md5(line.entry_id || copied.k), line.kind,"
        " line.occurred_at, line.received_at"
        " FROM copied JOIN store_line AS line ON line.ledger_id = copied.original"
    )
    _lengthen(owner, lines)
    for (definition,) in indexes:
        owner.execute(definition.encode())
    for table, name in triggers:
        owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}".encode())
    owner.commit()
    owner.autocommit = True
    owner.execute("VACUUM ANALYZE")


def _lengthen(owner: psycopg.Connection[Any], lines: int) -> None:
    """Adds short lines to the copies, as many to each, until the record has so many."""
    [there, copies] = owner.execute(
        "SELECT (SELECT count(*) FROM store_line), (SELECT count(*) FROM copied)"
    ).fetchone() or (0, 0)
    each = (lines - there) // copies if copies else 0
    if each <= 0:
        return
    owner.execute(
        "INSERT INTO store_line (ledger_id, seq, hash, text, entry_id, kind, occurred_at, received_at)"
        " SELECT copied.ledger_id, copied.seq + place, md5(place::text) || md5(copied.ledger_id::text),"
        " repeat(md5(place::text || copied.ledger_id), 6), md5(copied.ledger_id || '-' || place), 'form',"
        " last.received_at, last.received_at"
        " FROM copied JOIN store_line AS last ON last.ledger_id = copied.ledger_id AND last.seq = copied.seq,"
        " generate_series(1, %s::int) AS place",
        [each],
    )
    owner.execute(
        "UPDATE store_ledger AS ledger SET seq = line.seq, hash = line.hash FROM copied, store_line AS line"
        " WHERE ledger.id = copied.ledger_id AND line.ledger_id = ledger.id AND line.seq = copied.seq + %s",
        [each],
    )
    owner.execute(
        "UPDATE store_standing AS standing SET head = ledger.seq FROM copied, store_ledger AS ledger"
        " WHERE standing.ledger_id = copied.ledger_id AND ledger.id = copied.ledger_id"
    )
