"""The application owns nothing, may read and add, and no more."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from tests.owner import owner_connection

from entact import store
from entact.store import StoreError, guards, postgres, roles, server
from entact.store.soundness import look

NOW = "2026-03-02T10:31:00-07:00"

pytestmark = [pytest.mark.usefixtures("database")]


@pytest.fixture
def application(database: str) -> Iterator[psycopg.Connection[Any]]:
    """What somebody gets who makes the application run SQL of theirs."""
    with psycopg.connect(**server.parameters() | {"dbname": database}, autocommit=True) as own:
        yield own


FORBIDDEN = [
    # The record.
    "UPDATE store_line SET text = text",
    "UPDATE store_line SET received_at = received_at WHERE false",
    "DELETE FROM store_line WHERE false",
    "TRUNCATE store_line",
    "SELECT * FROM store_line FOR UPDATE",
    "INSERT INTO store_line (ledger_id, transaction) VALUES (1, '3')",
    "DELETE FROM store_ledger WHERE false",
    "UPDATE store_ledger SET name = 'participant:z'",
    "UPDATE store_ledger SET id = id + 1",
    "TRUNCATE store_ledger CASCADE",
    "INSERT INTO store_installation VALUES (2, 'production', 'mini', gen_random_uuid())",
    "UPDATE store_installation SET environment = 'production'",
    "DELETE FROM store_installation",
    "DELETE FROM django_migrations",
    "INSERT INTO store_derivation (id, releases) VALUES (2, '')",
    # Tables, triggers, functions.
    "ALTER TABLE store_line DISABLE TRIGGER ALL",
    "ALTER TABLE store_line DISABLE TRIGGER append_only",
    "DROP TRIGGER append_only ON store_line",
    "CREATE TRIGGER other BEFORE INSERT ON store_line EXECUTE FUNCTION store_refuse_change()",
    "CREATE RULE other AS ON INSERT TO store_line DO INSTEAD NOTHING",
    "CREATE OR REPLACE FUNCTION store_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NEW; END'",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP TABLE store_line",
    "DROP INDEX line_by_entry",
    "ALTER TABLE store_line ADD COLUMN other text",
    "ALTER TABLE store_line ALTER COLUMN text TYPE text USING ''",
    "CREATE TABLE mine ()",
    "CREATE TEMP TABLE store_line (LIKE store_line)",  # would stand before the real one
    "CREATE VIEW mine AS SELECT 1",
    "CREATE SCHEMA mine",
    "REINDEX TABLE store_line",
    # Settings and powers.
    "SET session_replication_role = replica",
    "ALTER SYSTEM SET fsync = off",
    "ALTER DATABASE {database} SET search_path = 'other'",
    "ALTER ROLE {role} SUPERUSER",
    "SET ROLE {owner}",
    "SET SESSION AUTHORIZATION {owner}",
    "CREATE ROLE mine SUPERUSER",
    "DROP DATABASE postgres",
    "CREATE DATABASE mine",
    # Files and programs.
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('PG_VERSION')",
    "SELECT lo_import('/etc/passwd')",
    "COPY store_derivation FROM '/etc/passwd'",
    "COPY store_derivation TO '/tmp/entact-leak'",
    "COPY store_derivation FROM PROGRAM 'id'",
    "COPY store_derivation TO PROGRAM 'cat'",
    "LOAD 'auto_explain'",
]


@pytest.mark.requirement("R02")
@pytest.mark.requirement("R04")
@pytest.mark.requirement("R11")
def test_r02_r04_r11_what_the_application_may_not_do(
    application: psycopg.Connection[Any], database: str, make_entry: Any
) -> None:
    kept = store.append(make_entry(), received_at=NOW).line
    names = {"database": database, "role": postgres.APPLICATION, "owner": postgres.OWNER}
    for statement in FORBIDDEN:
        with pytest.raises(psycopg.Error) as refused:
            application.execute(statement.format(**names).encode())
        # Insufficient privilege: it comes before any trigger is asked.
        assert refused.value.sqlstate == "42501", (statement, refused.value)
    assert list(store.lines("participant:a")) == [kept]
    assert not os.path.exists("/tmp/entact-leak")
    with pytest.raises(psycopg.Error):
        application.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'entact'")


@pytest.mark.requirement("R04")
def test_r04_what_a_role_begins_with_moves_no_append_and_is_named(
    application: psycopg.Connection[Any], database: str, make_entry: Any
) -> None:
    """PostgreSQL lets a role change its own settings; here those of one database, gone with the test."""
    role = postgres.APPLICATION
    assert list(roles.left_behind(application, role)) == []
    for setting in (
        "search_path = 'pg_catalog'", "synchronous_commit = off", "default_transaction_read_only = on",
        "default_transaction_isolation = 'serializable'", "transform_null_equals = on", "work_mem = '8MB'",
    ):  # fmt: skip
        application.execute(f"ALTER ROLE {role} IN DATABASE {database} SET {setting}".encode())
    connection.close()
    kept = store.append(make_entry(), received_at=NOW).line
    assert list(store.lines("participant:a")) == [kept]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('synchronous_commit'), current_schemas(true)")
        assert cursor.fetchone() == ("on", ["pg_catalog", "public"])
    [said] = [one for one in look().faults if "settings of its own" in one]
    assert "default_transaction_read_only, search_path, synchronous_commit" in said
    assert "work_mem" not in said
    assert store.verify().entries == 1


def test_large_objects_that_somebody_hid_are_named(
    application: psycopg.Connection[Any], database: str
) -> None:
    application.execute("SELECT lo_from_bytea(0, 'hidden')")
    connection.ensure_connection()
    assert any("owns 1 large objects" in one for one in look().faults)


def test_django_and_everything_on_it_works_as_the_application(database: str, make_entry: Any) -> None:
    assert store.append(make_entry(), received_at=NOW).outcome == "kept"
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user, current_setting('is_superuser')")
        assert cursor.fetchone() == (postgres.APPLICATION, postgres.APPLICATION, "off")
        cursor.execute(
            "SELECT count(*) FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner"
            " WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (0,)


MOVES = [
    "UPDATE store_ledger SET seq = seq + 1",
    "UPDATE store_ledger SET seq = 99, hash = repeat('f', 64)",
    "UPDATE store_ledger SET seq = seq, hash = repeat('f', 64)",
    "UPDATE store_ledger SET seq = seq - 1",
    "INSERT INTO store_ledger (name, seq, hash) VALUES ('participant:z', 7, repeat('f', 64))",
    "INSERT INTO store_line (ledger_id, seq, hash, text, entry_id, kind, received_at)"
    " SELECT ledger_id, seq + 1, hash, text, entry_id, kind, received_at FROM store_line",
    "INSERT INTO store_line (ledger_id, seq, hash, text, entry_id, kind, received_at)"
    " SELECT ledger_id, 0, hash, text, entry_id, kind, received_at FROM store_line",
]


@pytest.mark.requirement("R02")
@pytest.mark.parametrize("statement", MOVES)
def test_r02_a_head_moves_with_its_entry_alone(
    application: psycopg.Connection[Any], make_entry: Any, statement: str
) -> None:
    kept = store.append(make_entry(), received_at=NOW).line
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        application.execute(statement.encode())
    assert store.ledgers() == [store.LedgerHead("participant:a", 1, kept.hash)]
    assert store.append(make_entry(number=2), received_at=NOW).line.seq == 2


@pytest.mark.requirement("R11")
@pytest.mark.skipif(os.geteuid() != 0, reason="without root there is one operating-system user")
def test_r11_the_server_s_own_user_reads_neither_keys_nor_allocation(database: str) -> None:
    """Not even the owner, through the server: its operating-system user is another one than entact's."""
    from entact.store.participant_keys import keychain

    store.keep_keys({"participant:a": bytes(32)})
    path = keychain().path
    assert path.stat().st_size > 0
    with owner_connection(database, autocommit=True) as owner:
        assert owner.execute("SELECT pg_read_file('PG_VERSION')").fetchone() == ("18\n",)
        for target in (path, path.parent):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute("SELECT pg_stat_file(%s), pg_read_file(%s)", [str(target), str(target)])


GIVEN = {
    "GRANT UPDATE ON store_line TO {role}": "UPDATE on store_line",
    "GRANT DELETE ON store_ledger TO PUBLIC": "DELETE on store_ledger",
    "GRANT UPDATE (text) ON store_line TO {role}": "UPDATE of text in store_line",
    "GRANT TRUNCATE ON store_identity TO {role}": "TRUNCATE on store_identity",
    "GRANT CREATE ON SCHEMA public TO PUBLIC": "CREATE on the schema public",
    "GRANT TEMPORARY ON DATABASE {database} TO PUBLIC": "TEMPORARY on the database",
    "ALTER TABLE store_due OWNER TO {role}": "it owns store_due",
    "ALTER ROLE {role} CREATEDB": "has CREATEDB",
    "ALTER ROLE {role} SUPERUSER": "is a superuser",
    "GRANT pg_read_server_files TO {role}": "can act as pg_read_server_files",
    "GRANT {owner} TO {role}": "can act as entact, which has SUPERUSER",
    "GRANT SET ON PARAMETER session_replication_role TO {role}": "can set session_replication_role",
    "CREATE FUNCTION open() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ''x'''": "function open",
}


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("statement", GIVEN)
def test_r04_a_power_that_somebody_gave_the_application_is_named(database: str, statement: str) -> None:
    names = {"database": database, "role": postgres.APPLICATION, "owner": postgres.OWNER}
    with owner_connection() as owner:
        owner.execute(statement.format(**names).encode())
        found = roles.powers(owner, postgres.APPLICATION).excess
        assert any(GIVEN[statement] in said for said in found), found
        owner.rollback()
        assert roles.powers(owner, postgres.APPLICATION) == roles.Powers((), ())


def test_rights_that_were_changed_are_granted_anew_where_the_owner_is_at_hand(database: str) -> None:
    with owner_connection() as owner:
        owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC")
        owner.execute(f"REVOKE SELECT ON store_line FROM {postgres.APPLICATION}".encode())
    store.setup(database=database)
    with owner_connection() as owner:
        assert roles.powers(owner, postgres.APPLICATION) == roles.Powers((), ())
    assert store.verify().breaks == ()


SPOILT = {
    "ALTER TABLE store_line DISABLE TRIGGER append_only": "append_only of store_line is switched off",
    "ALTER TABLE store_line ENABLE TRIGGER append_only": "append_only of store_line can be switched off",
    "ALTER TABLE store_ledger DISABLE TRIGGER ALL": "head_of_entry of store_ledger is switched off",
    "DROP TRIGGER one_environment ON store_line": "one_environment of store_line is gone",
    "DROP FUNCTION store_refuse_change CASCADE": "the function store_refuse_change is gone",
    "CREATE OR REPLACE FUNCTION store_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'": "the function store_refuse_change was changed",
    "CREATE OR REPLACE TRIGGER forward_only BEFORE UPDATE ON store_ledger FOR EACH ROW WHEN (false) "
    "EXECUTE FUNCTION store_refuse_backward_head(); "
    "ALTER TABLE store_ledger ENABLE ALWAYS TRIGGER forward_only": "forward_only of store_ledger was changed",
    "CREATE TRIGGER quiet BEFORE INSERT ON store_line FOR EACH ROW EXECUTE FUNCTION "
    "suppress_redundant_updates_trigger()": "the trigger quiet of store_line is not entact's",
    "CREATE RULE quiet AS ON INSERT TO store_line DO INSTEAD NOTHING": "store_line has a rule",
    "ALTER TABLE store_line ENABLE ROW LEVEL SECURITY": "store_line hides rows",
    "ALTER TABLE store_line SET UNLOGGED": "store_line does not survive a crash",
    "ALTER TABLE store_line DROP CONSTRAINT store_line_pkey": "ledger_id and seq unique in store_line",
    "ALTER TABLE store_ledger DROP CONSTRAINT store_ledger_name_key": "name unique in store_ledger",
    "CREATE SCHEMA evil; SET search_path = evil, public": "looked for in evil, public",
}


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("statement", SPOILT)
def test_r04_a_rule_that_the_database_no_longer_holds_is_named(statement: str) -> None:
    with owner_connection() as owner:
        assert guards.lost(owner) == []
        owner.execute(statement.encode())
        found = guards.lost(owner)
        assert any(SPOILT[statement] in said for said in found), found
        owner.rollback()


@pytest.fixture
def elsewhere(database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """DATABASE_URL names the database in use, and nobody says here how its owner reaches it."""
    running = postgres.start(server.embedded_folder())
    url = running.application_url.replace("/postgres?", f"/{database}?")
    connection.close()
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def test_an_application_without_its_owner_works_and_makes_nothing(elsewhere: str, make_entry: Any) -> None:
    store.setup()
    assert store.append(make_entry(), received_at=NOW).outcome == "kept"
    assert store.verify().entries == 1
    with pytest.raises(
        StoreError, match=r"there is no database other yet: only the owner .*ENTACT_OWNER_URL"
    ):
        store.setup("rehearsal", "mini", database="other")
    with pytest.raises(StoreError, match=r"the owner is not at hand: .*ENTACT_OWNER_URL"):
        store.create_database("other", "rehearsal", "mini", replace=True)


def test_an_application_that_is_a_superuser_is_refused(
    elsewhere: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", elsewhere.replace(f"user={postgres.APPLICATION}", "user=entact"))
    with pytest.raises(
        StoreError, match=r"entact is a superuser: DATABASE_URL needs a role that owns nothing"
    ):
        store.setup()
    with pytest.raises(StoreError, match="entact is a superuser"):  # also where nothing was set up
        connection.ensure_connection()


def test_an_application_with_too_many_or_too_few_rights_is_refused(elsewhere: str, database: str) -> None:
    with owner_connection(database) as owner:
        owner.execute(f"GRANT DELETE ON store_ledger TO {postgres.APPLICATION}".encode())
    with pytest.raises(StoreError, match="may do too much: DELETE on store_ledger"):
        store.setup()
    with owner_connection(database) as owner:
        owner.execute(f"REVOKE DELETE, INSERT ON store_ledger FROM {postgres.APPLICATION}".encode())
    with pytest.raises(StoreError, match="the application lacks INSERT on store_ledger in the database"):
        store.setup()


def test_the_usual_database_need_not_be_there_to_reach_another(
    elsewhere: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", elsewhere.replace(f"/{database}?", "/nowhere_yet?"))
    store.setup(database=database)
    assert store.describe().database == database
    with pytest.raises(StoreError, match="there is no database nowhere_yet yet"):
        store.setup()


def test_tables_of_another_version_wait_for_their_owner(elsewhere: str, database: str) -> None:
    with owner_connection(database) as owner:
        owner.execute("DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)")
    with pytest.raises(StoreError, match=f"the tables of {database} are of another version of entact"):
        store.setup()


@pytest.mark.slow
def test_a_server_that_an_earlier_version_made_gets_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(tempfile.mkdtemp(prefix="entact-earlier-"))
    folder.chmod(0o711)
    connection.close()
    monkeypatch.setenv("ENTACT_DATA", str(folder))
    try:
        running = postgres.start(server.embedded_folder())
        with psycopg.connect(running.url, autocommit=True) as owner:
            owner.execute("CREATE DATABASE earlier")
            maps = running.folder / "data" / "pg_ident.conf"
            lines = maps.read_text().splitlines(keepends=True)
            maps.write_text("".join(line for line in lines if postgres.APPLICATION not in line))
            owner.execute("SELECT pg_reload_conf()")
            assert (
                owner.execute("SELECT FROM pg_roles WHERE rolname = %s", [postgres.APPLICATION]).fetchone()
                is None
            )
        store.setup("rehearsal", "mini", database="earlier")
        assert store.describe().study == "mini"
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (postgres.APPLICATION,)
    finally:
        connection.close()
        postgres.stop(folder / "postgres")
        shutil.rmtree(folder)
