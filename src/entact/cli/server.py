"""`entact serve`: the pages, on the loopback address."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Event

from rich.console import Console

from entact.cli.database import open_record
from entact.cli.watch import Watch, start_anew
from entact.cli.worker import HANGS, KeptProcess, keep_worker, show_life
from entact.conduct.error import ConductError
from entact.conduct.serve import LOOPBACK, address_of, listen, make_application, serve

USUAL = 8000


def choose_port(host: str, port: int | None) -> int:
    """The port to serve on: the one asked for; else the usual one, or 0 (any) where that is taken.

    Raises:
        ConductError: when pages are not served on this address, or the port asked for is taken.
    """
    if host not in LOOPBACK:
        raise ConductError(
            f"pages are served on {', '.join(LOOPBACK)} only, not on {host}: a proxy with TLS takes them "
            "from there (docs/server.md)"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, USUAL if port is None else port))
        except OSError as error:
            if port is None:
                return 0
            raise ConductError(
                f"cannot serve on {host}:{port}: {error.strerror}; choose another port"
            ) from error
    return USUAL if port is None else port


def serve_pages(
    database: str,
    host: str,
    port: int,
    *,
    worker: bool = True,
    processes: int = 1,
    demonstrates: bool = False,
) -> None:
    """Serves the pages of a database until interrupted, or told to end.

    Args:
        processes: how many serve them together; one that ends is started again, and costs nobody more than
            the request that it had.
        worker: whether a worker is kept alive beside them; else this process verifies.
        demonstrates: whether assessments wait for raters, of a rehearsal that is over.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ["ENTACT_DATABASE"] = database
    open_record(database)
    from entact.store.participant_keys import require_keychain

    require_keychain()
    if demonstrates:
        from entact.conduct.demonstration import offer_assessments

        offer_assessments()
    console = Console(highlight=False)
    if port == 0:
        console.print(f"port {USUAL} is taken, so another is used", soft_wrap=True)

    def say(address: str) -> None:
        from django.conf import settings

        reached = (
            f"{settings.ADDRESS.origin}/   (a proxy reaches it at {address}; " if settings.ADDRESS else ""
        )
        console.print(f"open  {reached or f'{address}   ('}Ctrl-C ends it)", soft_wrap=True)

    kept = keep_worker(database) if worker else None
    try:
        if processes == 1:
            _serve_alone(host, port, say, verifies=not worker)
        else:
            _serve_together(database, host, port, processes, say)
    finally:
        if kept is not None:
            kept.end()


def _serve_alone(host: str, port: int, ready: Callable[[str], None], *, verifies: bool) -> None:
    """One process, which starts itself anew where it hangs: on the same address, which it names again."""
    watch = Watch(HANGS, start_anew)
    try:
        serve(host, port, ready=ready, verifies=verifies, lives=watch.lives)
    finally:
        watch.end()


def _serve_together(
    database: str, host: str, port: int, processes: int, ready: Callable[[str], None]
) -> None:
    """Several processes on one socket, kept alive until this one is told to end."""
    make_application()  # says at once what is wrong, and makes what all of them need
    with listen(host, port) as listening:
        number = listening.fileno()
        command = [sys.executable, "-c", "from entact.cli import main; main()", "serve-part"]
        command += ["--database", database, "--socket", str(number)]
        parts = [KeptProcess(command, again=0.2, files=(number,), hangs=HANGS) for _ in range(processes)]
        try:
            ready(address_of(listening))
            with suppress(KeyboardInterrupt):
                Event().wait()
        finally:
            for part in parts:
                part.end()


def serve_part(database: str, number: int, life: int | None = None) -> None:
    """Serves pages as one of several processes, on the socket with this number.

    Args:
        life: number of the file to which it shows that it lives.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # one that is told to end before it serves has nothing to say either
        os.environ["ENTACT_DATABASE"] = database
        open_record(database)
        serve(verifies=False, listening=socket.socket(fileno=number), lives=partial(show_life, life))
