"""Bytes flipped in the files of the database itself: what cannot be read is named, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import Error, connection
from tests.store.conftest import BEGIN

from entact import store
from entact.cli.fault import in_words
from entact.store import StoreError, postgres, server

NAMES = ["participant:a", "participant:b"]


@pytest.fixture
def copied(database: str, make_chain: Any, stream: Any, study: Any) -> Iterator[Callable[[str], Path]]:
    """Copies the database file by file, so that no page of the copy is in the server's memory.

    Returns where the file of a table lies; the copy is in use from then on, once it is first asked something.
    """
    chains = [make_chain(name, 40, data={"note": "x" * 400}) for name in NAMES]
    store.append_many(stream(study(chains), *chains))
    name = f"{database}_damaged"
    connection.close()

    def copy(table: str) -> Path:
        with server.maintenance_connection(apart_from=database) as maintenance:
            maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": database}) as own:
                [found] = own.execute("SELECT pg_relation_filepath(%s)", [table]).fetchone() or [""]
            maintenance.execute(f"CREATE DATABASE {name} TEMPLATE {database} STRATEGY FILE_COPY")
            [number] = maintenance.execute(
                "SELECT oid FROM pg_database WHERE datname = %s", [name]
            ).fetchone() or [0]
        connection.settings_dict["NAME"] = name
        data = postgres.start(server.embedded_folder()).folder / "data"
        return data / "base" / str(number) / Path(found).name

    yield copy
    connection.close()
    connection.settings_dict["NAME"] = database
    with server.maintenance_connection(apart_from=database) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def flip(file: Path, page: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(8192 * page + 8000)  # where rows are: they fill a page from its end
        byte = opened.read(1)[0]
        opened.seek(-1, 1)
        opened.write(bytes([byte ^ 1]))


@pytest.mark.requirement("R03")
def test_r03_a_byte_flipped_on_the_disk_is_named_at_the_first_entry_that_cannot_be_read(
    copied: Callable[[str], Path], tmp_path: Path
) -> None:
    flip(copied("store_line"), 3)
    told = store.verify()
    assert [one.ledger for one in told.breaks] == ["participant:a"]
    assert told.breaks[0].problem.startswith(
        "cannot be read: a file of the database is damaged (invalid page"
    )
    whole = told.breaks[0].seq - 1
    assert 1 < whole < 40
    assert told.entries == whole + 40 + 3  # the rest of the record is looked at all the same
    with pytest.raises(Error, match="invalid page") as caught:
        store.write_archive(tmp_path / "made", made_at=BEGIN)
    assert str(in_words(caught.value)).startswith("a file of the database is damaged: invalid page")
    assert not (tmp_path / "made").exists()


@pytest.mark.requirement("R03")
def test_r03_where_not_even_the_heads_can_be_read_that_is_said(copied: Callable[[str], Path]) -> None:
    flip(copied("store_ledger"), 0)
    with pytest.raises(StoreError, match=r"damaged: invalid page .*; recover a backup"):
        store.verify()
