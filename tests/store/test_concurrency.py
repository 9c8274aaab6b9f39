"""Many writers at once, killed at any moment, on a server that is killed, restarted or out of space."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from entact import store
from entact.course.entry import GENESIS, Line, read
from entact.store import postgres, processes
from entact.store.error import StoreError

NOW = "2026-03-02T10:31:00-07:00"

# Threads of one process, each with a connection of its own; what is acknowledged is said at once. For the
# seconds of `patience` an entry is sent again to a server that is away.
WRITERS = """
import os, sys, threading, time
from django.db import connection, DatabaseError
from entact import store
from entact.course.entry import Entry, uuid7
from datetime import datetime, timedelta, timezone

database, process, threads, ledgers, entries, patience = sys.argv[1], *map(int, sys.argv[2:])
until = time.monotonic() + patience
while True:
    try:
        store.setup(database=database)
        break
    except Exception:  # the server may be killed as early as that
        if time.monotonic() > until:
            raise
        time.sleep(0.05)
begin = datetime(2026, 3, 2, 10, tzinfo=timezone.utc)
gate = threading.Barrier(threads)

def entry(ledger, writer, number):
    at = (begin + timedelta(minutes=number)).isoformat()
    return Entry(
        id=uuid7(begin + timedelta(minutes=number), writer), ledger=ledger, kind="vital_signs",
        release="mini@sha256:" + "6" * 64, environment="rehearsal", occurred_at=at, recorded_at=at,
        by=f"w{writer}", role="therapist", data={"systolic": "148 mm[Hg]"},
    )

def write(thread):
    writer = process * threads + thread
    ledger = f"participant:{writer % ledgers}"
    gate.wait()
    for number in range(entries):
        until = time.monotonic() + patience
        while True:
            try:
                kept = store.append(entry(ledger, writer, number), received_at=begin.isoformat())
                break
            except DatabaseError:
                if time.monotonic() > until:
                    raise
                connection.close()
                time.sleep(0.05)
        os.write(1, f"{ledger} {kept.line.seq} {kept.line.hash} {kept.outcome}\\n".encode())
    connection.close()

started = [threading.Thread(target=write, args=(thread,)) for thread in range(threads)]
for thread in started:
    thread.start()
for thread in started:
    thread.join()
"""


class Crowd:
    """Processes with threads that write at once, and what they were told was kept."""

    def __init__(
        self, database: str, *, processes: int, threads: int, ledgers: int, entries: int, patience: int = 0
    ) -> None:
        told = [str(value) for value in (threads, ledgers, entries, patience)]
        self.acknowledged: list[tuple[str, int, str, str]] = []
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-c", WRITERS, database, str(number), *told],
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(processes)
        ]
        self._readers = [threading.Thread(target=self._listen, args=(one,)) for one in self.processes]
        for reader in self._readers:
            reader.start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as said:
            for line in said:
                ledger, seq, digest, outcome = line.split()
                self.acknowledged.append((ledger, int(seq), digest, outcome))

    def wait_for(self, count: int) -> None:
        patience = time.monotonic() + 120
        while len(self.acknowledged) < count:
            assert time.monotonic() < patience, f"only {len(self.acknowledged)} were kept"
            assert any(one.poll() is None for one in self.processes)
            time.sleep(0.005)

    def end(self) -> list[int]:
        """Waits until all have ended; their exit codes."""
        codes = [one.wait() for one in self.processes]
        for reader in self._readers:
            reader.join()
        return codes


def require_whole(acknowledged: list[tuple[str, int, str, str]]) -> int:
    """No gap, no fork, no entry twice, what was acknowledged in its place; returns how many there are."""
    chains = dict(store.chains("participant:"))
    for ledger, lines in chains.items():
        assert [line.seq for line in lines] == list(range(1, len(lines) + 1)), ledger
        kept = [read(line.text) for line in lines]
        assert [one.previous for one in kept] == [GENESIS, *(line.hash for line in lines[:-1])]
        assert len({one.id for one in kept}) == len(kept)
    for ledger, seq, digest, _ in acknowledged:
        assert chains[ledger][seq - 1].hash == digest
    assert {head.ledger: head.seq for head in store.ledgers()} == {
        ledger: len(lines) for ledger, lines in chains.items()
    }
    assert [
        one for one in store.verify().breaks if one.ledger != "study:mini"
    ] == []  # that has no ledger here
    return sum(len(lines) for lines in chains.values())


@pytest.mark.slow
@pytest.mark.requirement("R01")
@pytest.mark.parametrize("ledgers", [1, 200])
def test_r01_two_hundred_writers_of_whom_some_are_killed_leave_neither_gap_nor_fork(
    database: str, ledgers: int
) -> None:
    crowd = Crowd(database, processes=8, threads=25, ledgers=ledgers, entries=12)
    chance = random.Random(7)
    crowd.wait_for(200)
    for victim in chance.sample(crowd.processes, 4):
        os.kill(victim.pid, signal.SIGKILL)
        time.sleep(chance.uniform(0, 0.2))
    codes = crowd.end()
    assert codes.count(0) >= 4
    assert codes.count(-signal.SIGKILL) >= 1
    assert {outcome for *_, outcome in crowd.acknowledged} == {"kept"}
    assert len({one[:2] for one in crowd.acknowledged}) == len(crowd.acknowledged)
    kept = require_whole(crowd.acknowledged)
    assert len(crowd.acknowledged) <= kept <= len(crowd.acknowledged) + 4 * 25  # one under way in each thread


@pytest.mark.requirement("R21")
def test_r21_an_entry_that_ten_send_at_once_is_stored_once(database: str, make_entry: Any) -> None:
    store.append(make_entry(number=1), received_at=NOW)
    outcomes: Counter[str] = Counter()
    gate = threading.Barrier(10)

    def send() -> None:
        try:
            gate.wait()
            for number in range(2, 7):
                outcomes[store.append(make_entry(number=number), received_at=NOW).outcome] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"kept": 5, "again": 45}
    assert require_whole([]) == 6


def test_the_same_id_with_other_content_is_kept_once_each_whoever_sends_it_first(
    database: str, make_entry: Any
) -> None:
    versions = [make_entry(number=1, data={"systolic": f"{value} mm[Hg]"}) for value in range(100, 104)]
    outcomes: Counter[str] = Counter()

    def send(version: int) -> None:
        try:
            for _ in range(3):
                outcomes[store.append(versions[version], received_at=NOW).outcome] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(version,)) for version in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"kept": 1, "conflict": 3, "again": 8}
    kept = [read(line.text).data["systolic"] for line in store.lines("participant:a")]
    assert sorted(kept) == [f"{value} mm[Hg]" for value in range(100, 104)]


def test_what_a_caller_rolls_back_was_never_there_for_the_next(database: str, make_entry: Any) -> None:
    store.append(make_entry(number=1), received_at=NOW)

    def act() -> None:
        with transaction.atomic():
            assert store.append(make_entry(number=2), received_at=NOW).line.seq == 2
            raise RuntimeError("the gate says no after all")

    with pytest.raises(RuntimeError, match="the gate says no"):
        act()
    assert store.append(make_entry(number=3), received_at=NOW).line.seq == 2
    assert store.append(make_entry(number=2), received_at=NOW).outcome == "kept"
    assert require_whole([]) == 3


def test_a_writer_in_this_process_and_one_in_another_take_turns(database: str, make_entry: Any) -> None:
    crowd = Crowd(database, processes=1, threads=1, ledgers=1, entries=40)
    crowd.wait_for(1)
    mine = [
        store.append(make_entry("participant:0", number), received_at=NOW).line for number in range(100, 140)
    ]
    assert crowd.end() == [0]
    acknowledged = [*crowd.acknowledged, *(("participant:0", line.seq, line.hash, "kept") for line in mine)]
    assert require_whole(acknowledged) == 80


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server of the test's own, with an empty rehearsal; it writes to the disk as in production."""
    folder = Path(tempfile.mkdtemp(prefix="entact-"))
    folder.chmod(0o711)
    monkeypatch.setenv("ENTACT_DATA", str(folder))
    connection.close()
    store.create_database("mine", "rehearsal", "mini")
    yield folder / "postgres"
    connection.close()
    postgres.stop(folder / "postgres")
    shutil.rmtree(folder)


def kill_server(folder: Path) -> None:
    """All of its processes at once, as when the power fails."""
    for number, command in processes.listed().items():
        if processes.is_postgres(command) and processes.works_in(number, folder / "data"):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.requirement("R01")
def test_r01_a_server_killed_under_its_writers_has_all_that_was_acknowledged(own_server: Path) -> None:
    crowd = Crowd("mine", processes=4, threads=10, ledgers=7, entries=30, patience=60)
    for count in (100, 500):
        crowd.wait_for(count)
        kill_server(own_server)
    assert crowd.end() == [0, 0, 0, 0]
    connection.close()
    assert len(crowd.acknowledged) == 1200
    assert require_whole(crowd.acknowledged) == 1200  # sent until acknowledged, and each stored once


@pytest.mark.slow
@pytest.mark.requirement("R01")
def test_r01_a_server_restarted_in_a_transaction_keeps_neither_line_nor_head(
    own_server: Path, make_entry: Any
) -> None:
    store.append(make_entry(number=1), received_at=NOW)

    def act() -> None:
        with transaction.atomic():
            store.append(make_entry(number=2), received_at=NOW)
            postgres.stop(own_server)
            postgres.start(own_server)
            store.append(make_entry(number=3), received_at=NOW)

    with pytest.raises(DatabaseError):
        act()
    connection.close()
    assert require_whole([]) == 1
    assert store.append(make_entry(number=2), received_at=NOW).line.seq == 2
    postgres.stop(own_server)
    postgres.start(own_server)
    with pytest.raises(DatabaseError):  # the connection is gone: nothing was kept, and the sender sends again
        store.append(make_entry(number=3), received_at=NOW)
    assert store.append(make_entry(number=3), received_at=NOW).line.seq == 3
    assert require_whole([]) == 3


LARGE = 1_000_000


@pytest.mark.slow
def test_a_full_disk_is_said_in_words_and_loses_nothing(own_server: Path, make_entry: Any) -> None:
    """A limit on the size of files is to PostgreSQL as a full disk: it cannot make one longer."""

    def large(number: int) -> Any:
        noise = random.Random(number).randbytes(LARGE // 2).hex()  # does not compress
        return make_entry(number=number, data={"note": noise})

    connection.close()
    postgres.stop(own_server)
    free = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20 * LARGE, free[1]))  # the server inherits it
    try:
        postgres.start(own_server)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, free)
    kept: list[Line] = []

    def fill() -> None:
        while len(kept) < 100:
            kept.append(store.append(large(len(kept) + 1), received_at=NOW).line)

    with pytest.raises(StoreError, match=r"disk of the database is full: .*; nothing of this was kept"):
        fill()
    acknowledged = [("participant:a", line.seq, line.hash, "kept") for line in kept]
    assert len(kept) > 10
    assert require_whole(acknowledged) == len(kept)
    connection.close()
    postgres.stop(own_server)
    postgres.start(own_server)
    assert store.append(large(len(kept) + 1), received_at=NOW).outcome == "kept"
    assert require_whole(acknowledged) == len(kept) + 1
