"""Long work: worker processes, and what is shown while it goes on."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess

Show = Callable[[str, int, int], None]
Step = Callable[[str], AbstractContextManager[Show]]


class _Deaf(SpawnProcess):
    """A process that Ctrl-C does not reach, from its first instruction on.

    The terminal sends it to every process; the first one alone answers it. A worker that learnt to ignore it
    only when it runs could be hit while it starts, which the executor tells as a defect of the program.
    """

    def start(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _DeafContext(SpawnContext):
    Process = _Deaf


@contextmanager
def use_workers(count: int | None) -> Iterator[Executor | None]:
    """An executor with so many processes, or one for each core; none where one process does it all."""
    count = count or os.cpu_count() or 1
    if count == 1:
        yield None
        return
    # Spawned: neither the terminal's threads nor the database's connection may be copied into a worker.
    with ProcessPoolExecutor(count, _DeafContext()) as executor:
        yield executor


@contextmanager
def collect_seldom() -> Iterator[None]:
    """For work that makes many values, all of which live: to look for circles among them takes a sixth."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 10, 5)  # not so seldom that what is no longer needed becomes more and more
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def show_steps(titles: Mapping[str, str], seconds: dict[str, float]) -> Iterator[Step]:
    """Shows on stderr, where it is a terminal, which step is under way, and notes how long each took.

    Args:
        titles: what each step is called. seconds: filled with the time that each took.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=sys.stderr)
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:

        @contextmanager
        def step(name: str) -> Iterator[Show]:
            task = progress.add_task(titles[name], total=None, count="")
            begun = time.perf_counter()

            def show(stage: str, done: int, of: int) -> None:
                described = f"{titles[name]}: {stage}"
                progress.update(task, description=described, completed=done, total=of, count=f"{done}/{of}")

            yield show
            seconds[name] = time.perf_counter() - begun
            progress.update(task, completed=1, total=1)

        yield step
