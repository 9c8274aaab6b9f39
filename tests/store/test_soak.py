"""A rehearsed disaster: kills, a full disk, flipped bits, a restore; again and again for as long as is asked.

One round is in the suite. `make soak` goes on for ten minutes (ENTACT_SOAK says for how many seconds).
"""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from tests.store.living import enter_study
from tests.store.test_concurrency import NOW, Crowd, kill_server, own_server, require_whole

from entact import store
from entact.store import StoreError, postgres

__all__ = ["own_server"]

LARGE = 1_000_000


@pytest.mark.slow
@pytest.mark.requirement("R26")
def test_r26_whatever_happens_in_between_nothing_that_was_acknowledged_is_lost(
    own_server: Path,
    tmp_path: Path,
    make_entry: Any,
) -> None:
    lasting = float(os.environ.get("ENTACT_SOAK") or 0)
    until = time.monotonic() + lasting
    seed = int(os.environ.get("ENTACT_SOAK_SEED") or (time.time() if lasting else 0))
    number = 0
    while number == 0 or time.monotonic() < until:
        number += 1
        chance = random.Random(seed + number)
        print(f"round {number}, seed {seed + number}", flush=True)
        if number > 1:
            store.create_database("mine", "rehearsal", "mini", replace=True)
            connection.close()
        acknowledged = kill(own_server, chance)
        acknowledged += fill(own_server, make_entry, len(acknowledged))
        archive(tmp_path / str(number), chance, make_entry)


def kill(folder: Path, chance: random.Random) -> list[tuple[str, int, str, str]]:
    """Writers at once; the server is killed twice and one of them once, at any moment."""
    crowd = Crowd("mine", processes=3, threads=4, ledgers=5, entries=15, patience=90)
    crowd.wait_for(chance.randrange(1, 60))
    kill_server(folder)
    crowd.wait_for(len(crowd.acknowledged) + chance.randrange(1, 30))
    os.kill(crowd.processes[0].pid, signal.SIGKILL)
    if chance.random() < 0.5:
        kill_server(folder)
    assert crowd.end()[1:] == [0, 0]
    connection.close()
    postgres.start(folder)
    assert require_whole(crowd.acknowledged) >= len(crowd.acknowledged) >= 120
    return crowd.acknowledged


def fill(folder: Path, make_entry: Any, before: int) -> list[tuple[str, int, str, str]]:
    """The disk is full: what was said to be kept is there, and what was refused is not half there."""
    connection.close()
    postgres.stop(folder)
    free = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20 * LARGE, free[1]))
    try:
        postgres.start(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, free)
    kept: list[tuple[str, int, str, str]] = []

    def fill_up() -> None:
        while len(kept) < 100:
            noise = random.Random(len(kept)).randbytes(LARGE // 2).hex()
            entry = make_entry("participant:full", len(kept) + 1, data={"note": noise})
            line = store.append(entry, received_at=NOW).line
            kept.append(("participant:full", line.seq, line.hash, "kept"))

    with pytest.raises(StoreError, match="disk of the database is full"):
        fill_up()
    connection.close()
    postgres.stop(folder)
    postgres.start(folder)
    assert require_whole(kept) >= before + len(kept)
    return kept


def archive(folder: Path, chance: random.Random, make_entry: Any) -> None:
    """Archived, spoilt at any bit and named, mended, and restored equal."""
    names = [one.ledger for one in store.ledgers()]
    enter_study()
    for place, name in enumerate(names, start=2):  # the writers noted no births
        born = make_entry("study:mini", place, kind="ledger_opened", data={"ledger": name})
        store.append(born, received_at=NOW)
    assert store.verify().breaks == ()
    made = store.write_archive(folder, made_at=datetime.now(UTC))
    heads = {(one.ledger, one.seq, one.hash) for one in store.ledgers()}
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    for _ in range(5):
        path = chance.choice(paths)
        content = path.read_bytes()
        spoilt = bytearray(content)
        place = chance.randrange(8 * len(spoilt))
        spoilt[place // 8] ^= 1 << place % 8
        path.write_bytes(bytes(spoilt))
        with pytest.raises(StoreError):
            store.verify_archive(store.read_archive(folder))
        path.write_bytes(content)
    assert store.verify_archive(store.read_archive(folder)) == made.entries
    store.restore(folder, f"again_{folder.name}")
    assert {(one.ledger, one.seq, one.hash) for one in store.ledgers()} == heads
    connection.close()
    store.setup(database="mine")
