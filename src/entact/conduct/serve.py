"""Serves the pages on one machine."""

from __future__ import annotations

import gc
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from entact.conduct.error import ConductError
from entact.conduct.taking import THREADS, keep_asking, let_go

STATIC = Path(__file__).parent / "static"
CONNECTIONS = 800  # at once; those that send half a request must not keep others out
PATIENCE = 20  # seconds in which nothing comes, after which a connection is closed
SWITCHES = (
    0.0001  # seconds after which a page that is being written lets a save go on that waits for its turn
)
CIRCLES = (700, 10, 150)  # new values, and rounds, between two rounds of Python's search (see `pause_seldom`)
STANDS_BACK = 0.0002  # seconds for each connection that it has, before a process takes one more in
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    ready: Callable[[str], None] | None = None,
    verifies: bool = True,
    listening: socket.socket | None = None,
    lives: Callable[[], None] | None = None,
) -> None:
    """Serves the pages of the record in use until interrupted. Call `store.setup` first.

    Args:
        host: a loopback address; a proxy with TLS stands before it where others are to reach it.
        port: 0 for any. ready: called with the address once it answers.
        verifies: whether the chains are checked from here; else a worker does.
        listening: a socket that several processes serve together, in place of `host` and `port`.
        lives: called every few seconds while connections are minded and threads take up work.
    Raises:
        ConductError: when the record holds no study, or the address cannot be used.
    """
    from django.conf import settings
    from waitress import create_server

    from entact.conduct.verification import keep_checking

    if host not in LOOPBACK:
        raise ConductError(
            f"pages are served on {', '.join(LOOPBACK)} only, not on {host}: passwords would go over the "
            "network in plain; a proxy with TLS takes them from there (docs/server.md)"
        )
    application = make_application()
    sys.setswitchinterval(SWITCHES)
    pause_seldom()
    shared, listening = listening is not None, listening or listen(host, port)
    server = create_server(
        application,
        sockets=[listening],
        threads=THREADS,
        ident="entact",
        clear_untrusted_proxy_headers=True,
        **_behind_proxy(),
        connection_limit=CONNECTIONS,
        max_request_body_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE,  # more fills a disk, of whoever sends it
        channel_timeout=PATIENCE,
        cleanup_interval=PATIENCE // 4,
        asyncore_use_poll=True,
    )
    let_go(server)
    if shared:
        _stand_back(server)
    if lives is not None:
        show_life(server, lives)
    stop = Event()
    keep_asking(server, stop)
    if verifies:
        keep_checking(stop)
    if ready is not None:
        ready(address_of(listening))
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        server.close()


def pause_seldom() -> None:
    """Lets a process that answers people look through all that it holds after a million new values only.

    Python's search for circles of values that nobody holds stops every thread: for a tenth of a second with
    200 courses in memory, in all processes of a busy server at about the same time. Courses and their rows
    make no circles and go as soon as they are forgotten; what requests make is found while it is young.
    """
    gc.set_threshold(*CIRCLES)


class _Proof:
    """Work that a thread takes up like any page: that it was done proves that one can."""

    done = False

    def service(self) -> None:
        self.done = True

    def cancel(self) -> None:
        """Nobody waits for it."""


def show_life(server: Any, lives: Callable[[], None]) -> None:
    """Has a server call `lives` each time that it minds its connections and a thread has done work since."""
    maintenance, proofs = server.maintenance, list[_Proof]()

    def also_shown(now: float) -> None:
        maintenance(now)
        if proofs and not proofs[-1].done:
            return
        if proofs:
            lives()
        proofs[:] = [_Proof()]
        server.task_dispatcher.add_task(proofs[-1])

    server.maintenance = also_shown


def _stand_back(server: Any) -> None:
    """Leaves whoever comes to the process on the same socket that has fewer connections.

    The system wakes first who has last begun to wait: the one that has just answered would take everybody in.
    """
    accept = server.handle_accept

    def handle_accept() -> None:
        time.sleep(STANDS_BACK * min(len(server.active_channels), 50))
        accept()

    server.handle_accept = handle_accept


def _behind_proxy() -> dict[str, Any]:
    """What is believed of the proxy that ends TLS on this machine: that it did, and who asks."""
    from django.conf import settings

    if not settings.ADDRESS:
        return {}
    told = {"x-forwarded-for", "x-forwarded-proto"}
    return {"trusted_proxy": "127.0.0.1", "trusted_proxy_count": 1, "trusted_proxy_headers": told}


def _without_body(pages: Any) -> Any:
    """Answers to HEAD say what a page's would, and no more: a body would be taken for the next answer."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        body = pages(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        body.close()
        return []

    return answer


def address_of(listening: socket.socket) -> str:
    """Where pages are that are served on a socket."""
    host, port, *_ = listening.getsockname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConductError: when the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise ConductError(f"cannot serve on {host}:{port}: {reason}; choose another port") from error


def make_application() -> Any:
    """The WSGI application of the pages, with their style sheet.

    Where people are virtual or in training, the accounts that are signed in to by one press are there
    afterwards.

    Raises:
        ConductError: when the record holds no study.
    """
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.db import connection
    from whitenoise import WhiteNoise

    from entact.conduct.access import demonstration, people
    from entact.conduct.configuration import make_secret
    from entact.conduct.reader import environment_of_database
    from entact.conduct.timing import timed

    pages = get_wsgi_application()
    if settings.TIMES:
        pages = timed(pages, Path(settings.TIMES))
    settings.SECRET_KEY = os.environ.get("ENTACT_SECRET_KEY") or make_secret()
    people.permissions_here()  # says at once what is wrong
    if environment_of_database() in demonstration.SIMULATED:
        demonstration.make_demonstration()
    connection.close()
    return WhiteNoise(_without_body(pages), root=str(STATIC), prefix="static/", allow_all_origins=False)
