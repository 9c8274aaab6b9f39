"""How long requests take on the server, written down where whoever runs it wants to know.

A line for each: when it came, its method, its route by name, the status of its answer, milliseconds from the
moment at which a thread took it on until its answer was there, and those of processor time among them.
Neither the address nor who asked.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.urls import Resolver404, resolve
from django.utils import timezone

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def timed(pages: Application, folder: Path) -> Application:
    """The same pages; each process writes what they take to a file of its own in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    logs: dict[int, logging.Logger] = {}

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        came, begun, used = timezone.now().timestamp(), time.perf_counter(), time.thread_time()
        told: list[str] = []

        def start(status: str, *rest: Any) -> Any:
            told.append(status[:3])
            return start_response(status, *rest)

        try:
            return pages(environ, start)
        finally:
            taken, used = 1000 * (time.perf_counter() - begun), 1000 * (time.thread_time() - used)
            own = os.getpid()
            if own not in logs:
                logs[own] = logging.Logger(str(own), logging.INFO)
                logs[own].addHandler(logging.FileHandler(folder / f"{own}.csv", encoding="utf-8"))
            said = (f"{came:.3f}", environ["REQUEST_METHOD"], _route(environ["PATH_INFO"]))
            logs[own].info("%s", ",".join((*said, told[0] if told else "", f"{taken:.1f}", f"{used:.1f}")))

    return answer


def _route(path: str) -> str:
    try:
        return resolve(path).view_name or ""
    except Resolver404:
        return ""
