"""A database of an older entact is brought up to date as docs/server.md says, and no entry of it changes.

`tests/golden/databases/before-accounts.sql.xz` is a rehearsal of the small study as commit fa3ffca left it
(28 November 2026), before there were accounts, a worker, bookings and a second version of many rows:

    > entact rehearse tests/studies/mini --participants 1 --seed 5 --database old
    > pg_dump old --inserts --rows-per-insert=200 --no-comments --no-owner --no-privileges | xz -9e

The keys of its two virtual participants lie beside it.
"""

from __future__ import annotations

import lzma
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Run

from entact import store

OLD = Path(__file__).parents[1] / "golden" / "databases" / "before-accounts.sql.xz"
LINES = "SELECT ledger_id, seq, hash, text FROM store_line ORDER BY ledger_id, seq"


@pytest.fixture
def old(template: str) -> Iterator[str]:
    """Name of a database as the older version left it; nothing has opened it since."""
    from django.db import connection

    from entact.store import server

    name = f"{template}_old"
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        maintenance.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0")
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as owner:
        owner.execute(lzma.decompress(OLD.read_bytes()))
        (mark,) = owner.execute("SELECT mark FROM public.store_installation").fetchone() or ("",)
    keys = Path(os.environ["ENTACT_DATA"]) / "keys" / str(mark)
    shutil.copytree(OLD.parent / "before-accounts-keys", keys, dirs_exist_ok=True)
    for one in (keys, *keys.iterdir()):
        one.chmod(0o700 if one.is_dir() else 0o600)
    yield name
    connection.close()
    shutil.rmtree(keys)


def kept(name: str) -> list[tuple[object, ...]]:
    """Every line as it is stored."""
    from entact.store import server

    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as owner:
        return owner.execute(LINES).fetchall()


@pytest.mark.requirement("R27")
def test_a_database_of_an_older_version_is_brought_up_to_date_step_by_step(run: Run, old: str) -> None:
    from tests.conduct.people import signed_in

    from entact.store import lists

    before = kept(old)
    verified = run("verify", "--database", old, "--json")  # the first command brings its tables up to date
    assert verified.json["breaks"] == []
    assert verified.json["faults"] == []
    rebuilt = run("rebuild", "--database", old)
    assert (rebuilt.code, rebuilt.err) == (0, "")
    again = run("verify", "--database", old, "--deep", "--json").json
    assert (again["breaks"], again["faults"]) == ([], [])
    after = kept(old)
    assert (len(before), after[: len(before)]) == (len(before), before)  # stored entries are never rewritten
    store.setup(database=old)
    somebody = lists.participants(limit=5)[0]
    investigator = signed_in("investigator", somebody.site)
    for address in ("/", "/participants/", "/forms/", "/queries/"):
        assert investigator.get(address).status_code == 200, address
    for address in ("/participants/{}/", "/participants/{}/visits/"):
        assert investigator.get(address.format(somebody.number)).status_code == 200, address
    assert signed_in("owner").get("/people/").status_code == 200
