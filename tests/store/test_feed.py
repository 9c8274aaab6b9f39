"""The record in one order: nothing is passed that was still open, and nothing is dealt with twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.owner import owner_connection

from entact import store
from entact.course import Line
from entact.store.error import StoreError
from entact.store.feed import START, Fed, Position, consume, listening, newest, read_feed

NOW = "2026-03-02T10:31:00-07:00"


def settled(after: Position = START, *, count: int) -> list[Fed]:
    """The feed when it has some lines: transactions in other tests' databases hold it up for a moment."""
    patience = time.monotonic() + 120
    while len(found := read_feed(after)) < count and time.monotonic() < patience:
        time.sleep(0.01)
    return found


def places(found: list[Fed]) -> list[tuple[str, int]]:
    return [(one.ledger, one.line.seq) for one in found]


def test_lines_of_all_ledgers_come_in_the_order_in_which_they_were_kept(
    database: str, make_entry: Any
) -> None:
    for ledger, number in (("participant:b", 1), ("participant:a", 1), ("participant:b", 2)):
        store.append(make_entry(ledger, number), received_at=NOW)
    found = settled(count=3)
    assert places(found) == [("participant:b", 1), ("participant:a", 1), ("participant:b", 2)]
    assert found[0].line == next(store.lines("participant:b"))
    assert places(read_feed(found[0].position)) == places(found)[1:]
    assert places(read_feed(limit=2)) == places(found)[:2]
    assert read_feed(found[-1].position) == []
    assert newest() == found[-1].position


def test_an_empty_record_is_at_the_start(database: str) -> None:
    assert read_feed() == []
    assert newest() == START


def test_a_reader_never_passes_a_line_whose_transaction_is_still_open(database: str, make_entry: Any) -> None:
    """The slow writer's line comes before the quick one's, however late it is kept."""
    begun, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        try:
            with transaction.atomic():
                store.append(make_entry("participant:slow", 1), received_at=NOW)
                begun.set()
                go_on.wait(20)
        finally:
            connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert begun.wait(20)
    store.append(make_entry("participant:quick", 1), received_at=NOW)
    seen = read_feed()
    assert places(seen) == []  # the quick line is on the disk, and is not shown before the slow one
    go_on.set()
    writer.join()
    assert places(settled(count=2)) == [("participant:slow", 1), ("participant:quick", 1)]


def test_what_was_rolled_back_holds_nothing_up_and_never_shows(database: str, make_entry: Any) -> None:
    with transaction.atomic():
        store.append(make_entry("participant:a", 1), received_at=NOW)
        transaction.set_rollback(True)
    store.append(make_entry("participant:b", 1), received_at=NOW)
    assert places(settled(count=1)) == [("participant:b", 1)]


def test_lines_that_were_imported_are_in_the_feed(database: str, make_chain: Any, stream: Any) -> None:
    store.append_many(stream(make_chain("participant:a", 3), make_chain("participant:b", 2)))
    assert sorted(places(settled(count=5))) == [
        *[("participant:a", number) for number in (1, 2, 3)],
        *[("participant:b", number) for number in (1, 2)],
    ]


def test_a_notice_is_empty_and_comes_once_for_a_transaction(
    database: str, make_chain: Any, stream: Any
) -> None:
    connection.ensure_connection()
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("LISTEN entact")
        store.append_many(stream(make_chain("participant:a", 30)))
        assert [note.payload for note in other.notifies(timeout=120, stop_after=1)] == [""]
        assert list(other.notifies(timeout=0.5)) == []


def test_whoever_listens_wakes_up_for_a_line(database: str, make_entry: Any) -> None:
    with listening() as wait:
        assert wait(0.0) is False
        store.append(make_entry(), received_at=NOW)
        assert wait(10.0) is True


class TestConsumer:
    def test_deals_with_each_line_once(self, database: str, make_entry: Any) -> None:
        seen: list[Fed] = []
        store.append(make_entry(number=1), received_at=NOW)
        settled(count=1)
        assert consume("worker", seen.append) == 1
        assert consume("worker", seen.append) == 0
        store.append(make_entry(number=2), received_at=NOW)
        settled(count=2)
        assert consume("worker", seen.append) == 1
        assert places(seen) == [("participant:a", 1), ("participant:a", 2)]
        assert consume("another", seen.append) == 2

    def test_keeps_what_it_did_before_a_line_at_which_it_fails(self, database: str, make_entry: Any) -> None:
        for number in range(1, 5):
            store.append(make_entry(number=number), received_at=NOW)
        settled(count=4)
        seen: list[int] = []

        def fail_at_three(fed: Fed) -> None:
            if fed.line.seq == 3 and 3 not in seen:
                seen.append(3)
                raise ValueError("a mail that cannot be written")
            seen.append(fed.line.seq)

        with pytest.raises(ValueError, match="a mail that cannot be written"):
            consume("worker", fail_at_three)
        assert consume("worker", fail_at_three) == 2
        assert seen == [1, 2, 3, 3, 4]

    def test_two_processes_of_one_consumer_share_the_lines(self, database: str, make_entry: Any) -> None:
        for number in range(1, 40):
            store.append(make_entry(number=number), received_at=NOW)
        settled(count=39)
        seen: list[tuple[str, int]] = []

        def work() -> None:
            try:
                while consume("worker", lambda fed: seen.append((fed.ledger, fed.line.seq)), limit=3):
                    pass
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(seen) == [("participant:a", number) for number in range(1, 40)]


CONSUMER = """
import os, sys, time
from django.db import connection
from entact import store
from entact.store.feed import consume

store.setup(database=sys.argv[1])

def deal_with(fed):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effect (ledger, seq) VALUES (%s, %s)", [fed.ledger, fed.line.seq])
    time.sleep(0.001)

print("ready", flush=True)
while True:
    if not consume("worker", deal_with, limit=7):
        time.sleep(0.002)
"""


def test_a_consumer_killed_at_any_moment_misses_nothing_and_does_nothing_twice(
    database: str, make_entry: Any
) -> None:
    with owner_connection() as owner:
        owner.execute("CREATE TABLE effect (ledger text, seq bigint)")  # no key: twice would show
        owner.execute("GRANT SELECT, INSERT ON effect TO PUBLIC")
    chance, wanted = random.Random(5), 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", CONSUMER, database], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(25):
            wanted += 1
            ledger = f"participant:{chance.randrange(5)}"
            store.append(make_entry(ledger, wanted), received_at=NOW)
        time.sleep(chance.uniform(0, 0.08))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT (ledger, seq)) FROM effect")
        done, different = cursor.fetchone()
        assert done == different
        assert done > 0

        def deal_with(fed: Fed) -> None:
            cursor.execute("INSERT INTO effect (ledger, seq) VALUES (%s, %s)", [fed.ledger, fed.line.seq])

        settled(count=wanted)
        while consume("worker", deal_with):
            pass
        cursor.execute("SELECT ledger, seq FROM effect ORDER BY ledger, seq")
        dealt_with = cursor.fetchall()
    kept = [(name, line.seq) for name, lines in store.chains() for line in lines]
    assert dealt_with == sorted(kept)
    assert len(kept) == wanted


@given(st.tuples(*[st.integers(0, 10**18 - 1)] * 3))
def test_a_position_is_read_as_it_was_said(numbers: tuple[int, int, int]) -> None:
    assert Position.parse(str(Position(*numbers))) == Position(*numbers)


@pytest.mark.parametrize("text", ["", "1.2", "1.2.3.4", "-1.0.0", "1.2.x", "1" * 40 + ".1.1", "١.1.1"])
def test_what_is_no_position_is_said_so(text: str) -> None:
    with pytest.raises(StoreError, match="no position in the feed"):
        Position.parse(text)


def test_a_line_of_the_feed_is_the_line_of_its_ledger(database: str, make_entry: Any) -> None:
    store.append(make_entry(), received_at=NOW)
    (fed,) = settled(count=1)
    assert isinstance(fed.line, Line)
    assert [fed.line] == list(store.lines(fed.ledger))
