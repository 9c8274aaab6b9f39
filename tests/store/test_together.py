"""Lines that wait at the same time are written in one transaction, and fail alone."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from tests.owner import owner_connection
from tests.store.test_concurrency import require_whole

from entact import store
from entact.store import known, together
from entact.store.error import StoreError

NOW = "2026-03-02T10:31:00-07:00"
LEDGERS = [f"participant:{number}" for number in range(5)]

Outcomes = dict[str, Any]


class Writers:
    """Threads that append one entry each; the first waits for a lock, and the others for the first."""

    def __init__(self) -> None:
        self.outcomes: Outcomes = {}
        self.threads: dict[str, threading.Thread] = {}

    def start(self, entry: Any, waiting: int) -> None:
        """Begins to append, and returns when so many wait besides the one that writes."""

        def append() -> None:
            try:
                self.outcomes[entry.ledger] = store.append(entry, received_at=NOW).outcome
            except BaseException as error:  # noqa: BLE001 - it is looked at by the test
                self.outcomes[entry.ledger] = error
            finally:
                connection.close()

        thread = self.threads[entry.ledger] = threading.Thread(target=append)
        thread.start()
        patience = time.monotonic() + 120
        while not (together._queue._led and len(together._queue._waiting) == waiting):
            assert time.monotonic() < patience
            time.sleep(0.005)

    def end(self) -> Outcomes:
        for thread in self.threads.values():
            thread.join(timeout=30)
            assert not thread.is_alive()
        return self.outcomes


@pytest.fixture
def writers(database: str, make_entry: Any, monkeypatch: pytest.MonkeyPatch) -> Writers:
    monkeypatch.setattr(known, "_memory", known._Memory())  # of the same names in the last test's database
    for ledger in LEDGERS:
        store.append(make_entry(ledger, 1), received_at=NOW)
    return Writers()


@contextmanager
def nobody_writes() -> Iterator[None]:
    """Another connection holds the table of lines."""
    with owner_connection() as other:
        other.execute("LOCK TABLE store_line IN SHARE MODE")
        yield


def transactions() -> list[tuple[str, ...]]:
    """Ledgers whose second line was written together, for each transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(name ORDER BY name) FROM store_line AS line"
            " JOIN store_ledger AS ledger ON ledger.id = ledger_id WHERE line.seq = 2"
            " GROUP BY line.xmin::text ORDER BY min(name)"
        )
        return [tuple(names) for (names,) in cursor.fetchall()]


def test_all_that_wait_are_written_in_one_transaction(writers: Writers, make_entry: Any) -> None:
    with nobody_writes():
        for place, ledger in enumerate(LEDGERS):
            writers.start(make_entry(ledger, 2), waiting=place)
        time.sleep(0.1)
        assert writers.outcomes == {}  # nothing is acknowledged before it is written
    assert writers.end() == dict.fromkeys(LEDGERS, "kept")
    assert transactions() == [(LEDGERS[0],), tuple(LEDGERS[1:])]
    assert require_whole([]) == 10


def test_an_entry_that_is_refused_takes_no_other_with_it(writers: Writers, make_entry: Any) -> None:
    with nobody_writes():
        for place, ledger in enumerate(LEDGERS):
            environment = "production" if place == 2 else "rehearsal"
            writers.start(make_entry(ledger, 2, environment=environment), waiting=place)
    outcomes = writers.end()
    refused = outcomes.pop(LEDGERS[2])
    assert isinstance(refused, StoreError)
    assert "environment production" in str(refused)
    assert set(outcomes.values()) == {"kept"}
    assert require_whole([]) == 9


def test_a_ledger_that_another_process_moved_on_holds_up_no_other(writers: Writers, make_entry: Any) -> None:
    connection.close()
    with owner_connection() as owner:
        owner.execute("ALTER TABLE store_ledger DISABLE TRIGGER head_of_entry")
    with nobody_writes():
        for place, ledger in enumerate(LEDGERS[:4]):
            writers.start(make_entry(ledger, 2), waiting=place)
        with owner_connection() as other:
            move_on = "UPDATE store_ledger SET seq = seq + 1, hash = %s WHERE name = %s"
            other.execute(move_on, ["f" * 64, LEDGERS[3]])
            other.commit()
            with connection.cursor() as cursor:
                cursor.execute("SELECT seq FROM store_ledger WHERE name = %s", [LEDGERS[3]])
                assert cursor.fetchone() == (2,)
    assert writers.end() == dict.fromkeys(LEDGERS[:4], "kept")
    heads = {head.ledger: head.seq for head in store.ledgers()}
    assert heads == dict.fromkeys(LEDGERS[:3], 2) | {LEDGERS[3]: 3, LEDGERS[4]: 1}


def test_a_writer_that_is_interrupted_while_it_waits_hands_its_turn_on(
    writers: Writers, make_entry: Any
) -> None:
    with nobody_writes():
        for place, ledger in enumerate(LEDGERS[:4]):
            writers.start(make_entry(ledger, 2), waiting=place)
        number = writers.threads[LEDGERS[1]].ident  # the next to write for all
        assert number is not None
        interrupt: Callable[..., int] = ctypes.pythonapi.PyThreadState_SetAsyncExc
        assert interrupt(ctypes.c_ulong(number), ctypes.py_object(KeyboardInterrupt)) == 1
    outcomes = writers.end()
    assert isinstance(outcomes.pop(LEDGERS[1]), KeyboardInterrupt)
    assert set(outcomes.values()) == {"kept"}
    assert transactions() == [(LEDGERS[0],), (LEDGERS[2], LEDGERS[3])]
    assert store.append(make_entry(LEDGERS[1], 2), received_at=NOW).outcome == "kept"
    assert require_whole([]) == 8 + 1


def test_the_statement_is_planned_once(
    database: str, make_entry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "_memory", known._Memory())  # of the same name in the last test's database
    for number in range(1, 12):
        store.append(make_entry(number=number), received_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(generic_plans) FROM pg_prepared_statements")
        assert cursor.fetchone() == (10,)
