"""The rules that must never break, held by the database itself; and whether it still holds them.

The triggers are enabled ALWAYS: `session_replication_role`, which switches ordinary ones off, does not switch
these off. Only the owner can, and then verification says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg

_FUNCTIONS = {
    "store_refuse_change": """
BEGIN
    RAISE EXCEPTION 'the record is append-only: % on % is refused; write a correcting entry instead',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END """,
    "store_refuse_backward_head": """
BEGIN
    IF NEW.seq <= OLD.seq OR NEW.name <> OLD.name OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the head of ledger % can only move forward', OLD.name
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END """,
    "store_refuse_full_ledger": """
BEGIN
    IF NEW.seq <> 0 OR NEW.hash <> repeat('0', 64) THEN
        RAISE EXCEPTION 'ledger % begins without an entry', NEW.name
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END """,
    # When the transaction ends: the statement that appends moves the head first.
    "store_refuse_loose_head": """
BEGIN
    PERFORM FROM store_line WHERE ledger_id = NEW.id AND seq = NEW.seq AND hash = NEW.hash;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the head of ledger % moves with its entry: there is no entry % with that hash',
            NEW.name, NEW.seq USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END """,
    # The environment is read from the text, which is the record, not from a column beside it. PostgreSQL
    # cannot read the escape of a zero character out of JSON, hence the replacement. That every line lies in a
    # ledger is looked at once for a statement: ledgers are never removed and never change their number, so
    # that it is as good as a foreign key, which would look at each line by itself.
    "store_refuse_environment": r"""
DECLARE
    ours text;
    stray record;
BEGIN
    SELECT environment INTO ours FROM store_installation;
    SELECT * INTO stray FROM (
        SELECT entry_id, replace(text, '\u0000', '\u0001')::json ->> 'environment' AS theirs, ledger_id,
            (SELECT seq FROM store_ledger WHERE id = fresh.ledger_id) AS head, seq
        FROM fresh OFFSET 0
    ) AS line WHERE theirs IS DISTINCT FROM ours OR head IS NULL OR seq > head OR seq < 1 LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF stray.head IS NULL THEN
        RAISE EXCEPTION 'entry % lies in no ledger: there is none of number %',
            stray.entry_id, stray.ledger_id USING ERRCODE = 'integrity_constraint_violation';
    ELSIF stray.theirs IS DISTINCT FROM ours THEN
        RAISE EXCEPTION 'entry % is of environment %, this database holds %',
            stray.entry_id, stray.theirs, coalesce(ours, 'none yet')
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RAISE EXCEPTION 'entry % has number %, and the head of its ledger stands at %',
        stray.entry_id, stray.seq, stray.head USING ERRCODE = 'integrity_constraint_violation';
END """,
    # The allocator is who may answer what is asked of the list and change nothing else of it, which the owner
    # may. It adds what the study file plans to be told of somebody, where that was asked for, and that it
    # opened a row for it, signed: whoever acts as it writes nothing else into any ledger.
    "store_refuse_beyond_telling": r"""
DECLARE
    stray record;
BEGIN
    IF has_table_privilege('public.store_asked_row', 'UPDATE')
        OR NOT has_column_privilege('public.store_asked_row', 'answer', 'UPDATE') THEN
        RETURN NULL;
    END IF;
    SELECT * INTO stray FROM (
        SELECT entry_id, ledger_id, seq, kind, replace(text, '\u0000', '\u0001')::json AS said
        FROM fresh OFFSET 0
    ) AS line WHERE said ->> 'kind' IS DISTINCT FROM kind OR said ->> 'replaces' IS NOT NULL
    OR said -> 'authenticated' ->> 'how' IS DISTINCT FROM 'person_key' OR NOT EXISTS (
        SELECT FROM store_line AS asking WHERE asking.ledger_id = line.ledger_id AND asking.seq < line.seq
        AND ((asking.kind = 'unblinding_requested' AND line.kind IN ('row_opened', 'planned_unblinding'))
            OR (asking.kind = 'randomisation' AND line.kind IN ('row_opened', 'assignment')))
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % (%): the allocator adds what is told as planned, asked for and signed',
            stray.entry_id, stray.kind USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END """,
    # Of what is new (see `feed`); PostgreSQL sends equal notices of one transaction once.
    "store_announce": """
BEGIN
    PERFORM pg_notify('entact', '');
    RETURN NULL;
END """,
}


class _Trigger(NamedTuple):
    """One trigger; `when` as PostgreSQL says it back."""

    table: str
    name: str
    when: str
    function: str
    kind: str = "TRIGGER"

    @property
    def definition(self) -> str:
        on = f"ON public.{self.table}"
        return f"CREATE {self.kind} {self.name} {self.when.format(on)} EXECUTE FUNCTION {self.function}()"

    @property
    def sql(self) -> str:
        return (
            f"DROP TRIGGER IF EXISTS {self.name} ON {self.table};\n{self.definition};\n"
            f"ALTER TABLE {self.table} ENABLE ALWAYS TRIGGER {self.name};\n"
        )


_CHANGE = "BEFORE DELETE OR UPDATE OR TRUNCATE {} FOR EACH STATEMENT"
_REMOVAL = "BEFORE DELETE OR TRUNCATE {} FOR EACH STATEMENT"
_MOVE = "BEFORE UPDATE {} FOR EACH ROW"
_OPENING = "BEFORE INSERT {} FOR EACH ROW"
_MOVED = "AFTER UPDATE {} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW"
_ANNOUNCED = "AFTER INSERT {} FOR EACH STATEMENT"
_ADDED = "AFTER INSERT {} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT"

_TRIGGERS = (
    _Trigger("store_line", "append_only", _CHANGE, "store_refuse_change"),
    _Trigger("store_line", "one_environment", _ADDED, "store_refuse_environment"),
    _Trigger("store_line", "beyond_telling", _ADDED, "store_refuse_beyond_telling"),
    _Trigger("store_line", "announce", _ANNOUNCED, "store_announce"),
    _Trigger("store_ledger", "append_only", _REMOVAL, "store_refuse_change"),
    _Trigger("store_ledger", "forward_only", _MOVE, "store_refuse_backward_head"),
    _Trigger("store_ledger", "opened_empty", _OPENING, "store_refuse_full_ledger"),
    _Trigger("store_ledger", "head_of_entry", _MOVED, "store_refuse_loose_head", "CONSTRAINT TRIGGER"),
    _Trigger("store_installation", "append_only", _CHANGE, "store_refuse_change"),
)

# What brings a database of any earlier version to these rules; for migrations alone, because what somebody
# changed is to be said, not silently put right.
SQL = "".join(
    f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$;\n"
    for name, body in _FUNCTIONS.items()
) + "".join(trigger.sql for trigger in _TRIGGERS)

# By these there is one line for a number, one ledger for a name, and one holder of what is theirs alone.
_UNIQUE = {
    ("store_line", ("ledger_id", "seq"), ""),
    ("store_ledger", ("id",), ""),
    ("store_ledger", ("name",), ""),
    ("store_installation", ("id",), ""),
    ("store_number", ("ledger_id", "of", "number"), ""),
    ("store_number", ("of", "number"), "(NOT shared)"),
}
_TABLES = list(dict.fromkeys(table for table, _, _ in sorted(_UNIQUE)))


def lost(connection: psycopg.Connection[Any]) -> list[str]:
    """What the database no longer holds, or what stands in the way of its rules; any role can ask."""
    return [
        *_lost_functions(connection),
        *_lost_triggers(connection),
        *_lost_keys(connection),
        *_changed_tables(connection),
    ]


def _lost_functions(connection: psycopg.Connection[Any]) -> Iterator[str]:
    rows = connection.execute(
        "SELECT proname, prosrc FROM pg_proc JOIN pg_language ON pg_language.oid = prolang"
        " WHERE pronamespace = 'public'::regnamespace AND lanname = 'plpgsql' AND NOT prosecdef"
        " AND proconfig IS NULL AND proname = ANY(%s)",
        [list(_FUNCTIONS)],
    )
    found = dict(rows.fetchall())
    for name, body in _FUNCTIONS.items():
        if found.get(name) != body:
            yield f"the function {name} {'was changed' if name in found else 'is gone'}"


def _lost_triggers(connection: psycopg.Connection[Any]) -> Iterator[str]:
    rows = connection.execute(
        """
        SELECT relname, tgname, tgenabled::text, pg_get_triggerdef(pg_trigger.oid)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'public'::regnamespace AND starts_with(relname, 'store_') AND NOT tgisinternal
        ORDER BY relname, tgname
        """
    )
    found = {(table, name): (enabled, definition) for table, name, enabled, definition in rows.fetchall()}
    for trigger in _TRIGGERS:
        place = f"the trigger {trigger.name} of {trigger.table}"
        enabled, definition = found.pop((trigger.table, trigger.name), ("", ""))
        if not enabled:
            yield f"{place} is gone"
        elif enabled != "A":
            yield f"{place} {'is' if enabled == 'D' else 'can be'} switched off"
        elif definition != trigger.definition:
            yield f"{place} was changed"
    for table, name in found:
        yield f"the trigger {name} of {table} is not entact's"


def _lost_keys(connection: psycopg.Connection[Any]) -> Iterator[str]:
    rows = connection.execute(
        """
        SELECT relname, array_agg(attname::text ORDER BY place),
            coalesce(pg_get_expr(indpred, indrelid), '')
        FROM pg_index JOIN pg_class ON pg_class.oid = indrelid,
            unnest(indkey) WITH ORDINALITY AS keyed (number, place)
            JOIN pg_attribute ON attnum = number
        WHERE attrelid = indrelid AND relnamespace = 'public'::regnamespace AND relname = ANY(%s)
            AND indisunique AND indisvalid AND indisready AND indimmediate
        GROUP BY relname, indexrelid, indpred, indrelid
        """,
        [_TABLES],
    )
    found = {(table, tuple(columns), condition) for table, columns, condition in rows.fetchall()}
    for table, columns, _ in sorted(_UNIQUE - found):
        yield f"nothing keeps {' and '.join(columns)} unique in {table}"


def _changed_tables(connection: psycopg.Connection[Any]) -> Iterator[str]:
    rows = connection.execute(
        """
        SELECT relname, CASE WHEN relkind <> 'r' THEN 'is no table' WHEN relpersistence <> 'p' THEN
            'does not survive a crash' WHEN relrowsecurity THEN 'hides rows by a policy' WHEN relhasrules THEN
            'has a rule that rewrites statements' WHEN relhassubclass THEN 'has tables that add rows to it'
            END
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s) ORDER BY relname
        """,
        [_TABLES],
    )
    found = dict(rows.fetchall())
    for table in _TABLES:
        said = found.get(table, "is gone")
        if said is not None:
            yield f"{table} {said}"
    row = connection.execute("SELECT current_schemas(false)").fetchone()
    if row is None or row[0] != ["public"]:
        yield f"tables are looked for in {', '.join(row[0] if row else ())}, not in public alone"
