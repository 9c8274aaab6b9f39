"""What came back of a backup is held against what there was, line by line; here nothing was ever away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from entact import store
from entact.store import postgres, proof, server
from entact.store.proof import Counted

A, B = "participant:a", "participant:b"


@pytest.fixture
def told(database: str, make_entry: Any) -> tuple[Counted, Callable[[Counted, Counted], list[str]]]:
    """What the database holds, and what is said of it where there was something else before and after."""
    for ledger, number in ((B, 1), (A, 1), (A, 2), (A, 3)):
        store.append(make_entry(ledger, number), received_at="2026-03-02T10:31:00-07:00")
    running = postgres.status(server.embedded_folder())
    assert running is not None
    return proof.count_here(database), lambda before, after: proof.differences(
        before, after, running, database
    )


def changed(there: Mapping[str, Any], **new: Any) -> dict[str, Any]:
    return {name: value for name, value in {**there, **new}.items() if value is not None}


def test_every_entry_and_every_row_is_counted_but_of_what_passes(told: Any, database: str) -> None:
    counted, say = told
    assert {name: length for name, (length, _) in counted.heads.items()} == {A: 3, B: 1}
    assert counted.heads[A][1] == [line.hash for line in store.lines(A)][-1]
    assert (counted.entries, counted.rows["store_line"], counted.rows["store_installation"]) == (4, 4, 1)
    assert counted.rows["django_migrations"] > 0
    assert "store_standing" not in counted.rows  # which follows from the ledgers
    assert not [name for name in counted.rows if name.startswith(proof.PASSING)]
    assert say(counted, counted) == []


def test_a_ledger_that_is_shorter_or_another_than_it_was_is_named(told: Any) -> None:
    counted, say = told
    length, last = counted.heads[A]
    for before in ((length, "0" * 64), (length + 1, last), (length - 1, last)):
        heads = changed(counted.heads, **{A: before, "participant:c": (2, last), "site:denver": (0, last)})
        longer = replace(counted, heads=changed(heads, **{A: (9, last)}))
        assert say(replace(counted, heads=heads), longer) == [
            f"{A}: entry {before[0]} did not come back as it was",
            "participant:c: entry 2 did not come back as it was",
        ]


def test_what_was_written_meanwhile_may_be_there_and_no_more_than_that(told: Any) -> None:
    counted, say = told
    lines = list(store.lines(A))
    earlier = replace(
        counted,
        heads={A: (2, lines[1].hash)},
        rows=changed(counted.rows, store_line=2, django_migrations=None),
    )
    assert say(earlier, counted) == []
    fewer = replace(counted, heads={A: (2, lines[1].hash)})
    assert say(earlier, fewer) == [
        f"{A}: has 3 entries, more than there ever were",
        f"{B}: has 1 entries, more than there ever were",
    ]


def test_rows_that_were_lost_or_came_of_nowhere_are_named_table_by_table(told: Any) -> None:
    counted, say = told
    more = replace(counted, rows=changed(counted.rows, store_line=5, store_installation=0, gone=2))
    assert say(more, more) == [
        "gone: 0 rows came back of 2",
        "store_installation: 1 rows came back of 0",
        "store_line: 4 rows came back of 5",
    ]
    assert say(counted, more) == []
    assert say(more, counted) == []
