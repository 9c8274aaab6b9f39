"""The server is killed (-9) again and again while sessions go on: what was shown as saved is there, once.

A short form is in the suite; ENTACT_SOAK has thirty sessions, a reading a minute in each, and a kill every
30 s for as many seconds as it says.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest
from tests.conduct.session.conftest import keep_case, ledger_of
from tests.conduct.session.crowd import Console, Place, hold_sessions
from tests.conduct.test_serve import served
from tests.course.cases import Case

from entact import store
from entact.course import read

LASTING = float(os.environ.get("ENTACT_SOAK") or 0)
SESSIONS, EVERY, KILL, LONG = (30, 60.0, 30.0, LASTING) if LASTING else (4, 0.4, 2.0, 6.0)


@pytest.mark.slow
@pytest.mark.requirement("R26")
def test_r26_what_consoles_showed_as_saved_is_in_the_ledger_once_however_often_the_server_is_killed(
    case: Case, database: str
) -> None:
    keep_case(case, others=SESSIONS - 1)
    place = Place()
    consoles = [Console(number, case.study.newest.id, place) for number in range(1, SESSIONS + 1)]
    threads, kills, began = [], 0, time.monotonic()
    while not threads or time.monotonic() - began < LONG:
        with served(database) as (address, process):
            place.port = int(address.rstrip("/").rpartition(":")[2])
            if not threads:
                began = time.monotonic()
                threads = hold_sessions(consoles, [], LONG, EVERY)
            time.sleep(max(0.0, min(KILL, began + LONG - time.monotonic())))
            process.kill()  # as a crash: at whatever it is
            kills += 1
    for thread in threads:
        thread.join()
    with served(database) as (address, _):
        place.port = int(address.rstrip("/").rpartition(":")[2])
        for console in consoles:
            console.send()
    saved = sum(len(one.saved) for one in consoles)
    print(f"{SESSIONS} sessions, {saved} readings, {kills} kills in {time.monotonic() - began:.0f} s")
    assert kills >= 2
    assert saved >= SESSIONS * 2
    for console in consoles:
        assert not console.waiting
        lines = [read(line.text).id for line in store.lines(ledger_of(console.number))]
        counts = Counter(one for one in lines if one in console.saved)
        assert counts == dict.fromkeys(console.saved, 1)  # none is lost, and none is there twice
    assert store.verify().breaks == ()
