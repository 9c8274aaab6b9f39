"""The pages on a port of the loopback address, for a browser that is one."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CALM = ["--no-sandbox", "--disable-gpu"]
FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
BROWSER = os.environ.get("ENTACT_BROWSER", "chromium")  # or firefox, as `make browsers` says
of_chromium = pytest.mark.skipif(BROWSER != "chromium", reason="by what the driver of Chromium alone can do")


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Hangs up on everybody while the network is lost."""
        return not _lost.is_set()


_lost = threading.Event()


@contextmanager
def network_lost() -> Iterator[None]:
    """What is asked of the pages has no answer: for a browser whose driver can take no network away."""
    _lost.set()
    try:
        yield
    finally:
        _lost.clear()


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def served() -> Iterator[int]:
    """Serves the record in use; the port."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections
    from whitenoise import WhiteNoise

    from entact.conduct.serve import STATIC

    assert (FIREFOX if BROWSER == "firefox" else CHROMIUM) is not None, (
        f"these tests need the distribution's {BROWSER}: install its package"
    )
    before = connections.settings["default"]["CONN_MAX_AGE"]
    connections.settings["default"]["CONN_MAX_AGE"] = 0  # each request has a thread of its own here
    pages = WhiteNoise(get_wsgi_application(), root=str(STATIC), prefix="static/")
    server = make_server("127.0.0.1", 0, pages, _Threads, _Silent)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        connections.settings["default"]["CONN_MAX_AGE"] = before
        server.shutdown()
        server.server_close()


def launched(play: Any) -> Any:
    """The browser that is tried, without a window."""
    if BROWSER == "firefox":
        return play.firefox.launch(channel="moz-firefox", executable_path=FIREFOX)
    return play.chromium.launch(executable_path=CHROMIUM, args=CALM)


def launched_with(play: Any, profile: Path, **options: Any) -> Any:
    """A context of the browser that is tried, whose disk outlives it."""
    if BROWSER == "firefox":
        of = {"channel": "moz-firefox", "executable_path": FIREFOX}
        return play.firefox.launch_persistent_context(str(profile), **of, **options)
    return play.chromium.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=CALM, **options
    )


def is_for_everybody(page: Any) -> None:
    """Nothing of a page is cut off, nothing moves sideways; axe finds nothing serious, no landmark twice.

    The page has to have arrived: who clicks a link waits with `page.expect_navigation()`.
    """
    from axe_playwright_python.sync_playwright import Axe

    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url
    found = Axe().run(page).response["violations"]
    serious = [
        one
        for one in found
        if one["impact"] in ("serious", "critical") or one["id"] in ("landmark-unique", "empty-table-header")
    ]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in serious] == [], page.url
