"""Serves the pages on one machine, to one role."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

STATIC = Path(__file__).parent / "static"
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

    from entact.conduct.error import ConductError
    from entact.conduct.verification import keep_checking

    if host not in LOOPBACK:
        raise ConductError(
            f"the pages have no accounts yet and are served on {', '.join(LOOPBACK)} only, not on {host}"
        )
    application = make_application(role)
    try:
        server = create_server(
            application, host=host, port=port, threads=4, ident="entact", clear_untrusted_proxy_headers=True
        )
    except OSError as error:
        raise ConductError(
            f"cannot serve on {host}:{port}: {error.strerror or error}; choose another port"
        ) from error
    stop = Event()
    keep_checking(stop)
    if ready is not None:
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{server.effective_port}/")
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        stop.set()
        server.close()


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
    return WhiteNoise(pages, root=str(STATIC), prefix="static/", allow_all_origins=False)
