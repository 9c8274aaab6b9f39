"""Appending to ledgers in the database, and reading them back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.owner import owner_connection

from entact import store
from entact.course.entry import GENESIS, Line, canonical, instant, read
from entact.course.entry.ledger import Ledger
from entact.store import server
from entact.store.error import StoreError
from entact.store.known import remembered

NOW = "2026-03-02T10:31:00-07:00"

pytestmark = pytest.mark.usefixtures("database")


def test_what_is_stored_is_what_the_ledger_in_memory_holds(make_entry: Any) -> None:
    memory = Ledger("participant:a")
    for number in range(1, 4):
        entry = make_entry(number=number, data={"note": "Angst „groß“ \u0000 \U0001f9e0"}, kind="no\0te")
        assert store.append(entry, received_at=NOW) == memory.append(entry, received_at=NOW)
    assert list(store.lines("participant:a")) == memory.lines
    assert list(store.lines("participant:a", after=2)) == memory.lines[2:]
    assert store.ledgers("participant:") == [store.LedgerHead("participant:a", 3, memory.head)]
    assert list(store.lines("participant:b")) == []


@pytest.mark.usefixtures("database")
@given(note=st.text(st.characters(exclude_categories=["Cs"])))
@profile(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_text_comes_back_byte_for_byte(make_entry: Any, note: str) -> None:
    entry = make_entry(data={"note": note})
    kept = store.append(entry, received_at=NOW).line
    assert [line for line in store.lines("participant:a") if line.seq == kept.seq] == [kept]
    assert read(kept.text).data == {"note": note}


@pytest.mark.requirement("R21")
def test_r21_an_entry_sent_ten_times_is_stored_once(make_entry: Any) -> None:
    first = store.append(make_entry(), received_at=NOW)
    again = [store.append(make_entry(), received_at="2026-03-02T11:00:00-07:00") for _ in range(9)]
    assert first.outcome == "kept"
    assert {(receipt.outcome, receipt.line) for receipt in again} == {("again", first.line)}
    assert list(store.lines("participant:a")) == [first.line]


def test_the_same_id_with_other_content_is_a_conflict_and_both_are_kept_once(make_entry: Any) -> None:
    one, other = make_entry(), make_entry(data={"systolic": "184 mm[Hg]"})
    sent = [store.append(entry, received_at=NOW) for entry in (one, other, other, one)]
    assert [receipt.outcome for receipt in sent] == ["kept", "conflict", "again", "again"]
    assert [read(line.text).data for line in store.lines("participant:a")] == [one.data, other.data]


def test_a_claimed_time_that_is_none_is_kept_as_it_came(make_entry: Any) -> None:
    for number, claimed in enumerate(["yesterday", "2026-03-02T10:00:00", "0001-01-01T00:00:00Z"], start=1):
        store.append(make_entry(number=number, occurred_at=claimed), received_at=NOW)
    kept = [read(line.text).occurred_at for line in store.lines("participant:a")]
    assert kept == ["yesterday", "2026-03-02T10:00:00", "0001-01-01T00:00:00Z"]


def test_eight_writers_on_one_ledger_leave_no_gap_and_no_fork(make_entry: Any) -> None:
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for number in range(10):
                store.append(make_entry(number=1 + writer * 10 + number), received_at=NOW)
        except BaseException as error:  # noqa: BLE001 - reported below, in the test's own thread
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    lines = list(store.lines("participant:a"))
    assert [line.seq for line in lines] == list(range(1, 81))
    assert [read(line.text).previous for line in lines] == [GENESIS, *(line.hash for line in lines[:-1])]
    assert len({read(line.text).id for line in lines}) == 80


def test_many_lines_are_kept_by_copy_as_one_by_one(make_chain: Any, stream: Any) -> None:
    chains = [make_chain(f"participant:{name}", length) for name, length in (("b", 7), ("a", 3), ("c", 1))]
    assert store.append_many(stream(*chains)) == 11
    assert dict(store.chains("participant:")) == {chain.name: chain.lines for chain in chains}
    assert [head.ledger for head in store.ledgers()] == ["participant:a", "participant:b", "participant:c"]
    assert store.append_many([]) == 0


def test_many_lines_continue_what_was_appended(make_entry: Any, make_chain: Any, stream: Any) -> None:
    chain = make_chain("participant:a", 5)
    store.append_many((chain.name, line) for line in chain.lines[:2])
    assert store.append(make_entry(number=1), received_at=NOW).outcome == "again"
    store.append_many((chain.name, line) for line in chain.lines[2:])
    assert list(store.lines(chain.name)) == chain.lines


@pytest.mark.requirement("R21")
def test_r21_an_import_made_again_adds_what_is_new_and_overwrites_nothing(
    make_chain: Any, stream: Any
) -> None:
    chains = [make_chain("participant:a", 5), make_chain("participant:b", 3)]
    assert store.append_many((chains[0].name, line) for line in chains[0].lines[:2]) == 2
    assert store.append_many(stream(*chains)) == 6
    before = dict(store.chains())
    assert store.append_many(stream(*chains)) == 0
    other = make_chain("participant:b", 4, data={"systolic": "90 mm[Hg]"})
    with pytest.raises(StoreError, match=r"entry 1 of participant:b is another .* nothing was overwritten"):
        store.append_many(stream(chains[0], other))
    forged = [(chains[0].name, Line(line.seq, line.hash, line.text + " ")) for line in chains[0].lines]
    with pytest.raises(StoreError, match=r"entry 1 of participant:a is another"):
        store.append_many(forged)
    assert dict(store.chains()) == before


@pytest.mark.parametrize("fault", ["gap", "twice", "fork", "hash"])
def test_many_lines_that_do_not_continue_the_chain_are_refused_as_a_whole(
    make_chain: Any, stream: Any, fault: str
) -> None:
    good, bad = make_chain("participant:a", 3), make_chain("participant:b", 4)
    line = bad.lines[2]
    other = make_chain("participant:b", 4, data={"systolic": "90 mm[Hg]"}).lines[2]
    bad.lines[2:3] = {
        "gap": [],
        "twice": [line, line],
        "fork": [other],
        "hash": [Line(line.seq, other.hash, line.text)],
    }[fault]
    seq = 4 if fault == "twice" else 3
    with pytest.raises(StoreError, match=rf"entry {seq} of participant:b "):
        store.append_many(stream(good, bad))
    assert store.ledgers() == []


@pytest.mark.parametrize("environment", ["production", "training"])
def test_an_entry_of_another_environment_is_refused(
    make_entry: Any, make_chain: Any, stream: Any, environment: str
) -> None:
    with pytest.raises(StoreError, match=f"is of environment {environment}, this database holds rehearsal"):
        store.append(make_entry(environment=environment), received_at=NOW)
    with pytest.raises(StoreError, match=f"is of environment {environment}, this database holds rehearsal"):
        store.append_many(stream(make_chain("participant:a", 2, environment=environment)))
    assert store.ledgers() == []


def test_the_environment_is_read_from_the_entry_itself_and_not_from_its_payload(make_entry: Any) -> None:
    payload = {"environment": "production", "note": '"environment":"production" \u0000'}
    assert store.append(make_entry(data=payload), received_at=NOW).outcome == "kept"
    with pytest.raises(StoreError, match="is of environment training"):
        store.append(
            make_entry(number=2, environment="training", data={"environment": "rehearsal"}), received_at=NOW
        )


def test_a_line_in_no_ledger_is_refused(make_entry: Any) -> None:
    store.append(make_entry(), received_at=NOW)
    with pytest.raises(IntegrityError, match="lies in no ledger: there is none of number 0"):
        connection.cursor().execute(
            "INSERT INTO store_line (ledger_id, seq, hash, text, entry_id, kind, received_at)"
            " SELECT 0, seq, hash, text, entry_id, kind, received_at FROM store_line"
        )


def test_the_name_of_a_ledger_can_be_stored(make_entry: Any) -> None:
    with pytest.raises(StoreError, match="cannot be the name of a ledger"):
        store.append(make_entry(ledger="participant:\0"), received_at=NOW)


@pytest.mark.parametrize("name", ["é" * 300, "participant:" + "0123456789abcdef" * 600])
def test_a_name_that_no_index_holds_is_refused_in_words(make_entry: Any, name: str) -> None:
    with pytest.raises(StoreError, match="cannot be the name of a ledger: participant, site or study"):
        store.append(make_entry(ledger=name), received_at=NOW)


def test_an_id_that_no_index_holds_is_kept_as_it_came(make_entry: Any) -> None:
    long = "".join(sha256(bytes([number])).hexdigest() for number in range(200))
    entries = [make_entry(id=long), make_entry(id=long + "x")]
    assert [store.append(entry, received_at=NOW).outcome for entry in entries] == ["kept", "kept"]
    assert store.append(entries[0], received_at=NOW).outcome == "again"
    assert [read(line.text).id for line in store.lines("participant:a")] == [long, long + "x"]
    assert store.verify().entries == 2


def test_keys_are_kept_and_one_that_is_there_is_left_alone() -> None:
    store.keep_keys({"participant:a": b"a" * 32, "participant:b": b"b" * 32})
    store.keep_keys({"participant:a": b"x" * 32})
    assert store.key_of("participant:a") == b"a" * 32
    assert store.key_of("participant:c") is None
    with pytest.raises(StoreError, match="the key of participant:c has 5 bytes; a key has 32"):
        store.keep_keys({"participant:c": b"short"})


WRITER = """
import sys
from entact import store
from entact.course.entry import parse
store.setup(database=sys.argv[1])
for sent in sys.stdin:
    receipt = store.append(parse(sent), received_at="2026-03-02T10:31:00-07:00")
    print(receipt.line.seq, receipt.line.hash, flush=True)
"""


def start_writer(database: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def sessions(condition: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {condition}"
        )
        return int(cursor.fetchone()[0])


def wait_for(happened: Callable[[], bool]) -> None:
    patience = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < patience, "it did not happen"
        time.sleep(0.01)


@pytest.mark.requirement("R01")
def test_r01_a_process_killed_between_line_and_head_leaves_neither(database: str, make_entry: Any) -> None:
    store.append(make_entry(number=1), received_at=NOW)
    before = store.ledgers()
    writer = start_writer(database)
    # A trigger holds the writer between its line and its head; a lock on the head would hold it before both.
    with owner_connection() as owner:
        owner.execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$"
        )
        owner.execute(
            "CREATE TRIGGER wait BEFORE UPDATE ON store_ledger FOR EACH ROW EXECUTE FUNCTION wait()"
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7)")
    assert writer.stdin is not None
    writer.stdin.write(canonical(make_entry(number=2)).decode() + "\n")
    writer.stdin.flush()
    wait_for(lambda: sessions("wait_event = 'advisory'") == 1)
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(7)")
    with owner_connection() as owner:
        owner.execute("DROP TRIGGER wait ON store_ledger")
    wait_for(lambda: sessions("true") == 0)
    assert store.ledgers() == before
    assert len(list(store.lines("participant:a"))) == 1
    assert store.append(make_entry(number=2), received_at=NOW).line.seq == 2


@pytest.mark.requirement("R01")
def test_r01_who_opens_a_ledger_that_somebody_just_opened_goes_on_after_them(make_entry: Any) -> None:
    said = []

    def write() -> None:
        said.append(store.append(make_entry(number=2), received_at=NOW).line.seq)
        connection.close()

    second = threading.Thread(target=write)
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    with owner_connection(autocommit=True) as owner, transaction.atomic():
        store.append(make_entry(number=1), received_at=NOW)  # its row is there, and nobody else sees it
        second.start()
        wait_for(lambda: owner.execute(waiting, [owner.info.dbname]).fetchone() is not None)
    second.join()
    assert said == [2]
    assert [line.seq for line in store.lines("participant:a")] == [1, 2]


@pytest.mark.requirement("R01")
@pytest.mark.parametrize("after", [1, 17])
def test_r01_a_process_killed_at_any_moment_loses_nothing_it_acknowledged(
    database: str, make_entry: Any, after: int
) -> None:
    writer = start_writer(database)
    assert writer.stdin is not None
    assert writer.stdout is not None
    for number in range(1, 200):
        writer.stdin.write(canonical(make_entry(number=number)).decode() + "\n")
    writer.stdin.flush()
    said = [writer.stdout.readline() for _ in range(after)]
    os.kill(writer.pid, signal.SIGKILL)
    said += writer.stdout.read().splitlines(keepends=True)
    writer.communicate()
    acknowledged = [line.split() for line in said if line.endswith("\n")]
    wait_for(lambda: sessions("true") == 0)
    lines = list(store.lines("participant:a"))
    assert after <= len(acknowledged) < 199
    assert len(lines) - len(acknowledged) in (0, 1)  # the last one may lack its acknowledgement
    kept = [(str(line.seq), line.hash) for line in lines]
    assert kept[: len(acknowledged)] == [tuple(words) for words in acknowledged]
    assert store.ledgers() == [store.LedgerHead("participant:a", lines[-1].seq, lines[-1].hash)]


def run_as_owner(role: str, statement: str) -> None:
    with owner_connection() as owner:
        owner.execute(f"SET LOCAL session_replication_role = {role}".encode())
        owner.execute(statement.encode())


CHANGES = [
    "UPDATE store_line SET text = text",
    "UPDATE store_line SET kind = 'other' WHERE seq = 1",
    "DELETE FROM store_line",
    "TRUNCATE store_line",
    "TRUNCATE store_ledger CASCADE",
    "DELETE FROM store_ledger",
    "UPDATE store_ledger SET seq = seq - 1",
    "UPDATE store_ledger SET name = 'participant:z', seq = seq + 1",
    "UPDATE store_installation SET environment = 'production'",
    "DELETE FROM store_installation",
    "TRUNCATE store_installation",
]


@pytest.mark.requirement("R02")
@pytest.mark.requirement("R04")
@pytest.mark.parametrize("role", ["origin", "replica"])
def test_r02_raw_sql_cannot_change_or_remove_the_record(make_entry: Any, role: str) -> None:
    kept = store.append(make_entry(), received_at=NOW).line
    for statement in CHANGES:
        with pytest.raises(psycopg.Error, match=r"append-only|can only move forward"):
            run_as_owner(role, statement)
    assert list(store.lines("participant:a")) == [kept]
    assert store.ledgers() == [store.LedgerHead("participant:a", 1, kept.hash)]


@pytest.mark.parametrize("fresh", [False, True], ids=["remembered", "read anew"])
def test_the_time_of_arrival_never_runs_back(database: str, make_entry: Any, fresh: bool) -> None:
    """A clock that was set back would let an entry arrive before what it was written after."""
    times = [
        "2026-03-02T20:00:00+00:00",
        "2026-03-02T19:00:00+00:00",
        "2026-03-02T21:00:00.5+01:00",
        "2026-03-02T21:00:00+01:00",
        "2026-03-02T20:00:01+00:00",
    ]
    name = f"{database}_training"
    connection.close()
    with server.maintenance_connection(apart_from=name) as maintenance:
        maintenance.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
    store.setup("training", "mini", database=name)
    for number, at in enumerate(times, start=1):
        if fresh:
            remembered("participant:a").forget()
        store.append(make_entry("participant:a", number, environment="training"), received_at=at)
    arrived = [instant(read(line.text).received_at) for line in store.lines("participant:a")]
    assert arrived == sorted(arrived)
    assert [one.timestamp() - arrived[0].timestamp() for one in arrived] == [0, 0, 0.5, 0.5, 1]
    assert read(next(store.lines("participant:a")).text).received_at == times[0]


def test_persons_look_at_a_rehearsal_whose_clock_ran_ahead(make_entry: Any) -> None:
    for number, at in enumerate(("2031-03-02T20:00:00+00:00", NOW), start=1):
        store.append(make_entry("participant:a", number), received_at=at)
    assert read([*store.lines("participant:a")][-1].text).received_at == NOW
