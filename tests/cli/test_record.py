"""`entact where`, `entact verify`, `entact stop`."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Run
from tests.owner import copy_database

from entact.store import server


@pytest.fixture
def copy(rehearsal: str) -> str:
    """Name of a copy of the rehearsal that a test may spoil, with triggers that its owner switched off."""
    from django.db import connection

    connection.close()
    name = f"{rehearsal}_copy"
    copy_database(rehearsal, name)
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": name}) as owner:
        owner.execute("ALTER TABLE store_line DISABLE TRIGGER ALL")
    return name


def test_it_says_where_the_data_lie(run: Run, rehearsal: str) -> None:
    done = run("where", "--database", rehearsal)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("mapp1 · rehearsal · SIMULATED DATA\n")
    assert f"database {rehearsal}, PostgreSQL 18" in done.out
    assert f"in the folder {server.embedded_folder().resolve()}\n" in done.out


def test_a_place_as_json_is_one_that_exists(run: Run, rehearsal: str) -> None:
    place = run("where", "--database", rehearsal, "--json").json
    assert (place["study"], place["environment"], place["database"]) == ("mapp1", "rehearsal", rehearsal)
    assert os.path.isdir(place["folder"])
    assert place["ledgers"] > 15
    assert place["entries"] > 300


def test_chains_that_hold(run: Run, rehearsal: str) -> None:
    place = run("where", "--database", rehearsal, "--json").json
    done = run("verify", "--database", rehearsal)
    assert done.code == 0
    assert "no anchor was ever taken" in done.out
    assert done.out.endswith(
        "triggers, rights, lists, keys and identities are as they should be\n"
        f"{place['ledgers']} chains with {place['entries']} entries hold\n"
    )
    checked = run("verify", "--database", rehearsal, "--deep", "--json").json
    assert checked["compared"]["participants"] == checked["compared"]["of"] > 0
    expected = {
        "ledgers": place["ledgers"], "entries": place["entries"], "breaks": [], "faults": [], "notices": [],
        "compared": checked["compared"], "anchors": {},
    }  # fmt: skip
    assert checked == expected


def test_the_first_bad_entry_of_each_ledger_is_named_with_exit_code_1(run: Run, copy: str) -> None:
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": copy}) as owner:
        edit = "UPDATE store_line SET text = replace(text, '2026', '2027') WHERE kind = 'activation'"
        changed = owner.execute(edit).rowcount
    assert changed == 15
    done, found = run("verify", "--database", copy), run("verify", "--database", copy, "--json")
    assert (done.code, done.err, found.code, found.err) == (1, "", 1, "")
    assert len(found.json["breaks"]) == changed
    assert all("is switched off" in fault for fault in found.json["faults"])  # by whom the text was changed
    assert len(done.out.splitlines()) == changed + len(found.json["faults"])
    assert found.json["breaks"][0]["ledger"] == "site:01"
    assert "broken site:01, entry 1: does not match its hash" in done.out


@pytest.mark.parametrize("command", ["where", "verify", "serve"])
def test_a_database_that_is_not_there_is_named_with_those_that_are(
    run: Run, rehearsal: str, command: str
) -> None:
    done = run(command, "--database", "nosuch")
    assert (done.code, done.out) == (2, "")
    assert "there is no database 'nosuch' in " in done.err
    assert rehearsal in done.err


@pytest.mark.parametrize("command", ["where", "verify", "serve"])
def test_looking_at_a_record_makes_none(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("ENTACT_DATA", str(tmp_path / "nothing"))
    done = run(command)
    assert (done.code, done.out) == (2, "")
    assert f"no data lie in {tmp_path / 'nothing' / 'postgres'}" in done.err
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("command", ["where", "verify", "serve"])
def test_a_database_that_entact_did_not_make_is_left_alone(run: Run, rehearsal: str, command: str) -> None:
    done = run(command, "--database", "postgres")
    assert (done.code, done.out) == (2, "")
    assert "holds no study" in done.err
    with psycopg.connect(**server.parameters(as_owner=True) | {"dbname": "postgres"}) as connection:
        row = connection.execute("SELECT to_regclass('public.store_line')").fetchone()
    assert row == (None,)


def test_an_empty_record_is_not_called_intact(run: Run, database: str) -> None:
    done = run("verify", "--database", database)
    assert (done.code, done.out) == (2, "")
    assert f"{database} holds no entry" in done.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://somewhere", "entact runs on PostgreSQL alone"),
        ("postgresql://nobody@127.0.0.1:1/x", "cannot reach the database"),
    ],
)
def test_a_wrong_address_is_explained(run: Run, monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    done = run("where")
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_folder_that_cannot_hold_data_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ENTACT_DATA", str(tmp_path / "file"))
    done = run("rehearse", "mapp1", "--participants", 1, "--out", tmp_path / "out")
    assert (done.code, done.out) == (2, "")
    assert f"cannot use {tmp_path / 'file' / 'postgres'} for the database" in done.err


def test_stopping_what_does_not_run_is_no_fault(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ENTACT_DATA", str(tmp_path))
    done = run("stop")
    assert (done.code, done.out) == (0, "no embedded database was running\n")
