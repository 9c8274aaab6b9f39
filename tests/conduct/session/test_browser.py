"""The console in Chromium: a session held in it, the network lost, the browser killed; nothing lost or twice.

A rehearsal lives in study time, so the page's clock, which is set here, moves the server's along.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from tests.conduct.browser import Browser, course_of
from tests.course.cases import Case

from entact.course import Course

pytestmark = pytest.mark.slow
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CONSOLE = "/session/#P-1/session_1.1"
READING = {"systolic": "128", "diastolic": "84", "heart_rate": "72", "temperature": "36.8"}


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def served(therapist: Browser) -> Iterator[str]:
    """The address of the pages."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections
    from whitenoise import WhiteNoise

    from entact.conduct.serve import STATIC

    before = connections.settings["default"]["CONN_MAX_AGE"]
    connections.settings["default"]["CONN_MAX_AGE"] = 0
    pages = WhiteNoise(get_wsgi_application(), root=str(STATIC), prefix="static/")
    server = make_server("127.0.0.1", 0, pages, Threads, Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    connections.settings["default"]["CONN_MAX_AGE"] = before
    server.shutdown()
    server.server_close()


@pytest.fixture
def tablet(served: str, therapist: Browser, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens the console on a tablet, whose disk outlives the browser."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "these tests need Chromium: install the distribution's package `chromium`"
    session = therapist.session
    with sync_playwright() as play:
        opened = []

        def open_tablet(profile: str = "one", **more: Any) -> Any:
            context = play.chromium.launch_persistent_context(
                str(tmp_path / profile),
                executable_path=CHROMIUM,
                args=["--no-sandbox", "--disable-gpu"],
                viewport={"width": 820, "height": 1180},
                base_url=served,
                **more,
            )
            context.add_cookies([{"name": "sessionid", "value": session, "url": served}])
            context.set_default_timeout(20_000)
            opened.append(context)
            return context.pages[0]

        yield open_tablet
        for context in opened:
            context.close()


def arrive(tab: Any) -> None:
    """Sets a PIN, and opens the session."""
    tab.goto(CONSOLE)
    tab.locator("input[name=pin]").fill("1234")
    tab.get_by_role("button", name="Open the session").click()
    tab.wait_for_selector(".top")


def unlock(tab: Any) -> None:
    for digit in "1234":
        tab.get_by_role("button", name=digit, exact=True).click()
    tab.wait_for_selector(".top")


def enter(tab: Any, reading: dict[str, str]) -> None:
    """Vital signs by the pad, from the home of the session."""
    tab.get_by_role("button", name="Vital signs").last.click()
    for name, value in reading.items():
        tab.locator(f"input[name={name}]").fill(value)
    tab.get_by_role("button", name="Save").click()


def course_now(case: Case, ledger: str) -> Course:
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(_course, case, ledger).result()


def _course(case: Case, ledger: str) -> Course:
    from django.db import connection

    try:
        return course_of(case.study, ledger)
    finally:
        connection.close()


def all_sent(tab: Any) -> None:
    tab.wait_for_selector(".state:has-text('All sent')")


def test_a_session_by_its_gates(tablet: Callable[..., Any], case: Case, in_session: str) -> None:
    tab = tablet()
    arrive(tab)
    tab.get_by_role("button", name="Initial dose").click()
    tab.wait_for_selector("text=Say which kit is to be used")
    assert tab.get_by_role("button", name="Give the initial dose").count() == 0
    tab.locator("input[name=kit]").fill("K-1")
    tab.get_by_role("button", name="Give the initial dose").click()
    all_sent(tab)
    assert course_now(case, in_session).doses[0].given
