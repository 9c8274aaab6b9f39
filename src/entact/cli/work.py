"""Long work: worker processes, and what is shown while it goes on."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Show = Callable[[str, int, int], None]
Step = Callable[[str], AbstractContextManager[Show]]


@contextmanager
def use_workers(count: int | None) -> Iterator[Executor | None]:
    """An executor with so many processes, or one for each core; none where one process does it all."""
    count = count or os.cpu_count() or 1
    if count == 1:
        yield None
        return
    # Neither the terminal's threads nor the database's connection may be copied into a worker. Ctrl-C reaches
    # every process of the terminal; the first one alone answers it.
    ignore = (signal.SIGINT, signal.SIG_IGN)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, initializer=signal.signal, initargs=ignore) as executor:
        yield executor


@contextmanager
def show_steps(titles: Mapping[str, str], seconds: dict[str, float]) -> Iterator[Step]:
    """Shows on stderr, where it is a terminal, which step is under way, and notes how long each took.

    Args:
        titles: what each step is called. seconds: filled with the time that each took.
    """
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
