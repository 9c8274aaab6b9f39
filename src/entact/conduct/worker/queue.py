"""The worker's queue in PostgreSQL: what is done when, and one process that does it.

Every job can be done twice: a killed worker leaves its job behind, and the next round does it anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import procrastinate
from django.db import DatabaseError, connection
from procrastinate.contrib.django.utils import connector_params
from procrastinate.jobs import Status
from procrastinate.periodic import PeriodicDeferrer, PeriodicTask
from procrastinate.worker import Worker

from entact.conduct.error import ConductError
from entact.conduct.worker import work
from entact.store import StoreError

_log = logging.getLogger(__name__)

MINUTE, OFTEN, NIGHT, MORNING = "* * * * *", "*/10 * * * *", "15 2 * * *", "0 5 * * *"  # UTC
STUCK = 120  # seconds without a sign of the worker that does a job, after which the job is put away

WHEN: tuple[tuple[str, Callable[[], object]], ...] = (
    (MINUTE, work.give_sign),
    (OFTEN, work.verify_chains),
    (MINUTE, work.call_for_alerts),
    (OFTEN, work.remind_people),
    (NIGHT, work.copy_sites),
    (MORNING, work.tell_the_day),
)


class OneRound(PeriodicDeferrer):
    """Plans what is done at its times: of all the times that went by meanwhile, once.

    A machine that slept, or whose clock was put forward by a week, would plan each minute of it; one whose
    clock was put back would plan nothing until that time has come again.
    """

    def get_timestamps(self, periodic_task: PeriodicTask, since: int | None, until: float) -> Iterable[int]:
        """The last time before `until` at which a task was due, unless it was planned for then."""
        if since is None or since > until:
            yield from super().get_timestamps(periodic_task, None, until)
            return
        last = round(periodic_task.croniter.get_prev(ret_type=float, start_time=until))
        if last > since:
            yield last


class _Worker(Worker):
    async def _periodic_deferrer(self) -> None:
        await OneRound(registry=self.app.periodic_registry, **self.app.periodic_defaults).worker()


class Queue(procrastinate.App):
    """The queue, whose worker plans by `OneRound`."""

    def _worker(self, **options: Any) -> Worker:
        return _Worker(app=self, **{**self.worker_defaults, **options})


def make_queue(lives: Callable[[], None] | None = None) -> Queue:
    """The queue of the record in use, with all that is done at its times.

    Args:
        lives: called after each sign of life.
    """
    queue = Queue(connector=procrastinate.PsycopgConnector(kwargs=connector_params()))
    for cron, do in WHEN:
        name = f"entact.{do.__name__}"
        job = _job(do, lives if do is work.give_sign else None)
        task = queue.task(name=name, queueing_lock=name)(job)
        queue.periodic(cron=cron, periodic_id=name)(task)
    rescue = queue.task(name="entact.rescue", queueing_lock="entact.rescue", pass_context=True)(_rescue)
    queue.periodic(cron=OFTEN, periodic_id="entact.rescue")(rescue)
    return queue


def run_worker(lives: Callable[[], None] | None = None) -> None:
    """Does what is due until the process is told to end; what is under way is finished first.

    Args:
        lives: called after each sign of life.
    """
    for _, do in WHEN[:2]:
        try:
            _job(do)(0)  # at once, so that a new worker is seen and a broken chain is named without a wait
        except (StoreError, ConductError, DatabaseError):
            _log.exception("%s could not be done; it is tried again at its time", do.__name__)
    make_queue(lives).run_worker(concurrency=2, delete_jobs="always", shutdown_graceful_timeout=30)


def _job(do: Callable[[], object], then: Callable[[], None] | None = None) -> Callable[[int], None]:
    def job(timestamp: int) -> None:
        try:
            do()
            if then is not None:
                then()
        finally:
            connection.close()

    job.__name__ = do.__name__
    return job


async def _rescue(context: procrastinate.JobContext, timestamp: int) -> None:
    """Puts away jobs that a dead worker left behind: their next round is planned already."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STUCK):
        if job.id != context.job.id:
            await manager.finish_job(job, Status.FAILED, delete_job=True)
