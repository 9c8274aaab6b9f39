"""Entries to store, and the database owner's hand behind the application's back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from typing import Any

import django
import pytest
from tests.owner import made_as_copies, run_as_owner

from entact.course.entry import Entry, Line, uuid7
from entact.course.entry.ledger import Ledger

BEGIN = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=-7)))

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entact.conduct.settings")
django.setup()  # much of the room stands on the tables, which can only be imported after this

MakeEntry = Callable[..., Entry]
MakeChain = Callable[..., Ledger]


def entry(ledger: str = "participant:a", number: int = 1, **fields: Any) -> Entry:
    """Number `number` of a ledger; the same arguments give the same entry."""
    at = BEGIN + timedelta(minutes=number)
    fields = {
        "kind": "vital_signs",
        "environment": "rehearsal",
        "data": {"systolic": "148 mm[Hg]"},
    } | fields
    return Entry(
        id=fields.pop("id", uuid7(at, int.from_bytes(ledger.encode()[-9:]))),
        ledger=ledger,
        release="mini@sha256:" + "6" * 64,
        occurred_at=fields.pop("occurred_at", at.isoformat()),
        recorded_at=at.isoformat(),
        by="therapist-12",
        role="therapist",
        **fields,
    )


# Where it is shown how a database is made, a server set up, and who may do what there.
MADE_ANEW = {
    f"test_{name}"
    for name in ("database", "engine", "external", "postgres", "roles", "server", "two_accounts", "unit")
}


@pytest.fixture(autouse=True)
def _made_as_copies(request: pytest.FixtureRequest, worker_id: str) -> Iterator[None]:
    """Databases that a test makes are copies, but where it is shown how they are made."""
    anew = request.path.stem.removeprefix("test_") in MADE_ANEW
    with nullcontext() if anew else made_as_copies(worker_id):
        yield


@pytest.fixture
def make_entry() -> MakeEntry:
    """Makes number `number` of a ledger."""
    return entry


@pytest.fixture
def make_chain(make_entry: MakeEntry) -> MakeChain:
    """Makes a ledger in memory with `length` entries."""

    def make(name: str, length: int, **fields: Any) -> Ledger:
        ledger = Ledger(name)
        for number in range(1, length + 1):
            received = (BEGIN + timedelta(minutes=number, seconds=2)).isoformat()
            ledger.append(make_entry(name, number, **fields), received_at=received)
        return ledger

    return make


@pytest.fixture
def study(make_entry: MakeEntry) -> Callable[[list[Ledger]], Ledger]:
    """Makes the study's ledger: the births of other ledgers, then a digest of their heads."""

    def make(others: list[Ledger]) -> Ledger:
        ledger = Ledger("study:mini")
        opened = [("ledger_opened", {"ledger": other.name}) for other in others]
        heads = {other.name: {"seq": len(other.lines), "hash": other.head} for other in others}
        for number, (kind, data) in enumerate([*opened, ("heads", {"heads": heads})], start=1):
            entry = make_entry(ledger.name, number, kind=kind, data=data)
            ledger.append(entry, received_at=BEGIN.isoformat())
        return ledger

    return make


@pytest.fixture
def stream() -> Callable[..., Iterator[tuple[str, Line]]]:
    """The lines of ledgers as `append_many` takes them."""

    def make(*ledgers: Ledger) -> Iterator[tuple[str, Line]]:
        return ((ledger.name, line) for ledger in ledgers for line in ledger.lines)

    return make


@pytest.fixture
def owner(database: str) -> Callable[..., None]:
    """Runs SQL as the database's owner, who can switch every trigger and constraint off."""
    return run_as_owner
