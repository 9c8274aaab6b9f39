"""Serves the pages on one machine, to one role."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from entact.conduct.error import ConductError

STATIC = Path(__file__).parent / "static"
CONNECTIONS = 800  # at once; those that send half a request must not keep others out
PATIENCE = 20  # seconds in which nothing comes, after which a connection is closed
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    role: str = "monitor",
    *,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serves the read-only pages of the record in use until interrupted. Call `store.setup` first.

    Args:
        host: a loopback address; there are no accounts yet, so nobody else may reach the pages.
        port: 0 for any. role: the role that the pages are shown to.
        ready: called with the address once it answers.
    Raises:
        ConductError: when the study has no such role, the record no study, or the address cannot be used.
    """
    from waitress import create_server

    from entact.conduct.verification import keep_checking

    if host not in LOOPBACK:
        raise ConductError(
            f"the pages have no accounts yet and are served on {', '.join(LOOPBACK)} only, not on {host}"
        )
    application = make_application(role)
    listening = _listen(host, port)
    server = create_server(
        application,
        sockets=[listening],
        threads=4,
        ident="entact",
        clear_untrusted_proxy_headers=True,
        connection_limit=CONNECTIONS,
        channel_timeout=PATIENCE,
        cleanup_interval=PATIENCE // 4,
        asyncore_use_poll=True,
    )
    stop = Event()
    keep_checking(stop)
    if ready is not None:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listening.getsockname()[1]}/")
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        server.close()


def _without_body(pages: Any) -> Any:
    """Answers to HEAD say what a page's would, and no more: a body would be taken for the next answer."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        body = pages(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        body.close()
        return []

    return answer


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise ConductError(f"cannot serve on {host}:{port}: {reason}; choose another port") from error


def make_application(role: str) -> Any:
    """The WSGI application of the pages as one role sees them, with their style sheet.

    Raises:
        ConductError: when the study has no such role or the record no study.
    """
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.db import connection
    from whitenoise import WhiteNoise

    from entact.conduct.register import open_register

    pages = get_wsgi_application()
    open_register(role)  # says at once what is wrong
    connection.close()
    settings.ENTACT_ROLE = role
    return WhiteNoise(_without_body(pages), root=str(STATIC), prefix="static/", allow_all_origins=False)
