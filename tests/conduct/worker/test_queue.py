"""When the worker does what: once of all the times that went by, whatever its clock did meanwhile."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from procrastinate import periodic
from procrastinate.testing import InMemoryConnector

from entact.conduct.worker.queue import MINUTE, MORNING, OneRound, Queue, make_queue

NOON = 1_793_361_600  # 30 October 2026, 12:00 UTC
DAY = 86_400


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the clock of the machine says, as a test puts it."""
    says = [float(NOON)]
    monkeypatch.setattr(periodic.time, "time", lambda: says[0])
    return says


def planned(queue: OneRound, at: float) -> list[tuple[str, int]]:
    return [(task.task.name, stamp) for task, stamp in queue.get_previous_tasks(at=at)]


def deferrer(*crons: str) -> OneRound:
    queue = Queue(connector=InMemoryConnector())
    for cron in crons:
        queue.periodic(cron=cron)(queue.task(name=cron)(lambda timestamp: None))
    return OneRound(queue.periodic_registry)


def test_of_a_week_that_went_by_each_thing_is_done_once() -> None:
    one = deferrer(MINUTE, MORNING)
    assert planned(one, NOON + 1) == [(MINUTE, NOON)]
    assert planned(one, NOON + 30) == []
    assert planned(one, NOON + 61) == [(MINUTE, NOON + 60)]
    later = NOON + 7 * DAY
    assert planned(one, later + 61) == [(MINUTE, later + 60)]  # the morning was never planned: it is too late
    morning = later + 17 * 3600
    assert planned(one, morning + 1) == [(MINUTE, morning), (MORNING, morning)]
    assert planned(one, morning + 7 * DAY + 3600) == [  # slept through seven mornings
        (MINUTE, morning + 7 * DAY + 3600 - 60),
        (MORNING, morning + 7 * DAY),
    ]


def test_a_clock_that_is_put_back_stops_nothing() -> None:
    one = deferrer(MINUTE)
    assert planned(one, NOON + DAY + 1) == [(MINUTE, NOON + DAY)]
    assert planned(one, NOON + 1) == [(MINUTE, NOON)]
    assert planned(one, NOON + 61) == [(MINUTE, NOON + 60)]


@pytest.mark.usefixtures("database")
def test_the_workers_own_rounds_are_planned_so(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker of the queue, with a clock that jumps by a week while it waits for the next minute."""
    stamps: list[int] = []

    async def keep(self: Any, jobs_to_defer: Any) -> None:
        stamps.extend(stamp for task, stamp in jobs_to_defer if task.cron == MINUTE)
        clock[0] += 7 * DAY

    async def next_minute(self: Any, next_tick: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(periodic.PeriodicDeferrer, "defer_jobs", keep)
    monkeypatch.setattr(periodic.PeriodicDeferrer, "wait", next_minute)
    queue = make_queue()

    async def work_a_while() -> None:
        worker = queue._worker(concurrency=1)
        task = asyncio.create_task(worker._periodic_deferrer())
        until = time.monotonic() + 30
        while len(stamps) < 6 and time.monotonic() < until:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(work_a_while())
    weeks = [stamp // (7 * DAY) for stamp in stamps[:6]]
    assert weeks == [weeks[0]] * 2 + [weeks[0] + 1] * 2 + [weeks[0] + 2] * 2  # two are done each minute
