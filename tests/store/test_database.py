"""One database for one environment of one study, on the embedded server or another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from tests.owner import run_as_owner

from entact import store
from entact.store import models, postgres, server
from entact.store.keychain import Keychain, keychain_folder
from entact.store.occupant import Occupant, occupant_of

NOW = "2026-03-02T10:31:00-07:00"


@pytest.fixture
def name(worker_id: str) -> Iterator[str]:
    """Name of a database that is not there, before the test and after it."""
    name = f"made_{worker_id}"
    yield name
    connection.close()
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_rehearsal_is_a_fresh_database_and_is_made_anew(name: str, make_entry: Any) -> None:
    store.create_database(name, "rehearsal", "mini")
    store.append(make_entry(), received_at=NOW)
    with pytest.raises(store.StoreError, match="exists already"):
        store.create_database(name, "rehearsal", "mini")
    store.create_database(name, "rehearsal", "other", replace=True)
    assert store.ledgers() == []
    found = store.describe()
    assert (found.database, found.environment, found.study) == (name, "rehearsal", "other")


@pytest.mark.parametrize("environment", ["production", "training"])
def test_only_a_rehearsal_is_ever_replaced(name: str, environment: Any) -> None:
    store.setup(environment, "mini", database=name)
    with pytest.raises(store.StoreError, match=f"holds {environment}: only a rehearsal can be replaced"):
        store.create_database(name, "rehearsal", "mini", replace=True)
    store.setup(database=name)
    assert store.describe().environment == environment


def test_a_database_that_entact_did_not_make_is_neither_replaced_nor_used(name: str) -> None:
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as other:
        other.execute("CREATE TABLE payroll AS SELECT 1")
    with pytest.raises(store.StoreError, match="holds tables that are not entact's"):
        store.create_database(name, "rehearsal", "mini", replace=True)
    with pytest.raises(store.StoreError, match="holds tables that are not entact's: use one of its own"):
        store.setup("rehearsal", "mini", database=name)
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as other:
        found = other.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert found == [("payroll",)]


def test_set_up_again_it_holds_what_it_held(name: str, make_entry: Any) -> None:
    store.setup("rehearsal", "mini", database=name)
    store.append(make_entry(), received_at=NOW)
    store.setup("rehearsal", "mini", database=name)
    store.setup(database=name)
    assert store.describe() == store.Location(
        database=name,
        folder=server.embedded_folder(),
        address=store.describe().address,
        version=store.describe().version,
        environment="rehearsal",
        study="mini",
        ledgers=1,
        entries=1,
    )


def test_the_wrong_environment_or_study_is_refused(name: str) -> None:
    store.setup("training", "mini", database=name)
    with pytest.raises(store.StoreError, match="holds training, not production"):
        store.setup("production", "mini", database=name)
    with pytest.raises(store.StoreError, match="holds the study mini, not other"):
        store.setup("training", "other", database=name)


def test_a_new_database_needs_an_environment_and_a_study(name: str) -> None:
    with pytest.raises(store.StoreError, match=f"there is no database {name} yet"):
        store.setup(database=name)
    with pytest.raises(store.StoreError, match="one of production, training, rehearsal"):
        store.setup("real", "mini", database=name)  # type: ignore[arg-type]
    with pytest.raises(store.StoreError, match="cannot be the name of a database"):
        store.setup("rehearsal", "mini", database="x" * 64)


def test_two_processes_set_up_the_same_database_one_after_the_other(name: str) -> None:
    code = "import sys; from entact import store; store.setup('rehearsal', 'mini', database=sys.argv[1])"
    starters = [
        subprocess.Popen([sys.executable, "-c", code, name], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [starter.communicate()[1] for starter in starters] == ["", ""]
    store.setup(database=name)
    assert store.describe().entries == 0


def test_the_room_is_imported_without_a_database_or_django() -> None:
    code = "import sys, entact.store; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.fixture
def external(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """DATABASE_URL names a database on a server that is not started by entact."""
    running = postgres.start(server.embedded_folder())
    monkeypatch.setenv("ENTACT_OWNER_URL", running.url)
    url = running.application_url.replace("/postgres?", f"/{name}?")
    monkeypatch.setenv("DATABASE_URL", url)
    return url


def test_database_url_wins(external: str, name: str, make_entry: Any, tmp_path: Path) -> None:
    environment = os.environ | {"ENTACT_DATA": str(tmp_path)}
    code = "from entact import store; store.setup('rehearsal', 'mini'); print(store.describe().folder)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("None\n", "")
    assert list(tmp_path.iterdir()) == []
    store.setup()
    assert store.append(make_entry(), received_at=NOW).outcome == "kept"
    assert store.describe().database == name


def test_an_older_server_is_refused_with_its_version(external: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "OLDEST", 99)
    with pytest.raises(store.StoreError, match="is a PostgreSQL 18; entact needs 99 or newer"):
        store.setup("rehearsal", "mini")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://root@localhost/entact", "begins with 'mysql': entact runs on PostgreSQL alone"),
        ("postgresql://localhost:port/entact", "cannot reach the database: .*port"),
        ("postgresql://localhost/entact?colour=red", "DATABASE_URL cannot be read: .*colour"),
        ("postgresql:///entact?host=/nowhere", "cannot reach the database: .*nowhere"),
    ],
)
def test_a_wrong_database_url_is_explained(monkeypatch: pytest.MonkeyPatch, url: str, message: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(store.StoreError, match=message):
        store.setup("rehearsal", "mini")


ELSEWHERE = {
    "a table in a schema of its own": "CREATE SCHEMA payroll; CREATE TABLE payroll.wages (amount int)",
    "a table whose name begins as ours do": "CREATE TABLE store_products AS SELECT 1 AS price",
    "a view": "CREATE VIEW wages AS SELECT 1 AS amount",
    "a function": "CREATE FUNCTION wages() RETURNS int LANGUAGE sql RETURN 1",
    "a large object": "SELECT lo_from_bytea(0, 'all of the payroll')",
    "a sequence": "CREATE SEQUENCE invoices",
    "a type": "CREATE TYPE mood AS ENUM ('low', 'high')",
    "a publication": "CREATE PUBLICATION wages",
    "an empty schema": "CREATE SCHEMA payroll",
}


@pytest.mark.parametrize("what", ELSEWHERE)
@pytest.mark.parametrize("beside", ["nothing", "a rehearsal"])
def test_what_somebody_else_keeps_is_never_dropped(name: str, what: str, beside: str) -> None:
    """The attack: only the schema `public` was looked at, and a database of somebody else was dropped."""
    if beside == "a rehearsal":
        store.setup("rehearsal", "mini", database=name)
        connection.close()
    else:
        with server.maintenance_connection(apart_from=name) as maintenance:
            maintenance.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as other:
        other.execute(ELSEWHERE[what])
    with pytest.raises(store.StoreError, match="that are not entact's: it is not replaced"):
        store.create_database(name, "rehearsal", "mini", replace=True)
    if beside == "nothing":
        with pytest.raises(store.StoreError, match="use one of its own"):
            store.setup("rehearsal", "mini", database=name)
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as other:
        assert occupant_of(other).strange != ()


def test_a_database_in_which_there_is_nothing_is_used_and_not_dropped(name: str) -> None:
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"CREATE DATABASE {name}")
        before = maintenance.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone()
    store.create_database(name, "rehearsal", "mini", replace=True)
    with server.maintenance_connection(apart_from=name) as maintenance:
        after = maintenance.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone()
    assert before == after
    assert store.describe().environment == "rehearsal"


def test_tables_of_ours_with_rows_and_no_installation_are_not_dropped(name: str) -> None:
    store.setup("rehearsal", "mini", database=name)
    run_as_owner("INSERT INTO store_ledger (name, seq, hash) VALUES ('participant:a', 0, repeat('0', 64))")
    run_as_owner("DELETE FROM store_installation")
    connection.close()
    with pytest.raises(store.StoreError, match="holds no rehearsal that entact made: it is not replaced"):
        store.create_database(name, "rehearsal", "mini", replace=True)


@pytest.mark.parametrize("ours", [True, False])
def test_of_what_was_being_dropped_only_a_rehearsal_goes(name: str, ours: bool) -> None:
    if ours:
        store.create_database(name, "rehearsal", "mini")
        connection.close()
    with server.maintenance_connection(apart_from=name) as maintenance:
        if not ours:
            maintenance.execute(f"CREATE DATABASE {name}")
        maintenance.execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s", [name])
    if ours:
        store.create_database(name, "rehearsal", "mini", replace=True)
        assert store.describe().entries == 0
    else:
        with pytest.raises(store.StoreError, match="nobody can tell what it held: it is not replaced"):
            store.create_database(name, "rehearsal", "mini", replace=True)


def test_the_keys_of_another_installation_do_not_go_with_a_rehearsal_that_has_its_mark(name: str) -> None:
    """A mark is what a database says of itself; the folder of the keys has to say whose it is."""
    store.create_database(name, "rehearsal", "mini")
    theirs = uuid4()
    folder = keychain_folder(theirs)
    Keychain(folder).add({"participant:a": bytes(32)})
    own = keychain_folder(models.Installation.objects.get().mark)
    assert own.is_dir()
    run_as_owner("UPDATE store_installation SET mark = %s", theirs)
    store.create_database(name, "rehearsal", "mini", replace=True)
    assert Keychain(folder).get("participant:a") == bytes(32)
    mark = models.Installation.objects.get().mark
    assert keychain_folder(mark).is_dir()
    store.create_database(name, "rehearsal", "mini", replace=True)
    assert not keychain_folder(mark).exists()


@pytest.mark.parametrize("cut_off", [True, False])
def test_keys_go_although_another_database_is_dropped_while_it_is_asked_about(
    name: str, cut_off: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has gone meanwhile, or goes while it is asked, holds no keys of anybody."""
    store.create_database(name, "rehearsal", "mini")
    folder = keychain_folder(models.Installation.objects.get().mark)
    passing = f"{name}_passing"
    connect = psycopg.connect
    dropped = []
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {passing}")
        maintenance.execute(f"CREATE DATABASE {passing}")

        def drop_first(*args: Any, **asked: Any) -> Any:
            if asked.get("dbname") != passing or dropped:
                return connect(*args, **asked)
            dropped.append(passing)
            other = connect(*args, **asked) if cut_off else None
            maintenance.execute(f"DROP DATABASE {passing} WITH (FORCE)")
            return other or connect(*args, **asked)

        monkeypatch.setattr(psycopg, "connect", drop_first)
        store.create_database(name, "rehearsal", "mini", replace=True)
    assert dropped == [passing]
    assert not folder.exists()


@pytest.mark.parametrize(
    ("strange", "environment", "filled", "is_empty"),
    [
        ((), None, False, True),
        (("the table other.people",), None, False, False),
        ((), "rehearsal", False, False),
        ((), None, True, False),
    ],
)
def test_a_database_is_empty_where_nothing_would_be_lost(
    strange: tuple[str, ...], environment: str | None, filled: bool, is_empty: bool
) -> None:
    assert Occupant(strange, environment, None, filled).is_empty is is_empty
