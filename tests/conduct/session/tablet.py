"""The console on a tablet, in Chromium: how a session is opened on it, and what is entered by taps.

The fixtures `address` and `tablet` (conftest) serve the pages and open a tablet. Everything here waits for
what comes of a tap: a page that is read before it has arrived is a test that fails once in ten.
"""

from __future__ import annotations

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from tests.conduct.browser import Browser, course_of
from tests.conduct.served import BROWSER
from tests.course.cases import Case

from entact.course import Course

PIN = "135790"
CONSOLE = "/session/#P-1/session_1.1"
SENT = "import('/session/session.js').then((it) => !it.isWriting() && it.sending.waiting === 0)"
INSTALLED = """Promise.race([
  navigator.serviceWorker.ready.then(() => true), new Promise((settle) => setTimeout(settle, 20000, false)),
])"""


def arrive(tab: Any) -> None:
    """Sets a PIN, and opens the session."""
    tab.goto(CONSOLE)
    tab.locator("input[name=pin]").fill(PIN)
    tab.get_by_role("button", name="Open the session").click()
    tab.wait_for_selector(".top")


def unlock(tab: Any) -> int:
    """Opens the locked screen by the PIN; how many taps that took."""
    for digit in PIN:
        tab.get_by_role("button", name=digit, exact=True).click()
    tab.wait_for_selector(".top")
    return len(PIN)


def enter(tab: Any, **signs: str) -> None:
    """Vital signs by the pad, from the home of the session; what is left open is confirmed."""
    tab.get_by_role("button", name="Vital signs", exact=True).click()
    for name, value in signs.items():
        tab.locator(f"input[name={name}]").fill(value)
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_selector("form.panel", state="detached")


def tap_twice(tab: Any, button: Any) -> None:
    """A double tap whose second tap the browser counts, as of a mouse: Firefox's driver has no such."""
    if BROWSER != "firefox":
        button.dblclick()
        return
    tab.bring_to_front()
    button.evaluate("""(one) => [1, 2].forEach((detail) =>
        one.dispatchEvent(new MouseEvent("click", { detail, bubbles: true, cancelable: true })))""")


def all_sent(tab: Any) -> None:
    """Waits until all that was entered is kept and sent: what the screen says may be of a moment before."""
    for _ in range(2400):
        if tab.evaluate(SENT):
            break
        tab.wait_for_timeout(50)
    tab.wait_for_selector(".state:has-text('All sent')")


def look(tab: Any, name: str) -> None:
    """Nothing of a screen is sideways; a picture of it is kept where ENTACT_LOOK names a folder."""
    if "ENTACT_LOOK" in os.environ:
        tab.screenshot(path=f"{os.environ['ENTACT_LOOK']}/{name}.png", full_page=True)
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"], name


def picture(tab: Any, name: str) -> None:
    """Keeps the screen as a picture of the docs, in few colours, where ENTACT_PICTURES names a folder.

    `ENTACT_PICTURES=docs/pictures make test ARGS="tests/conduct/session"` makes all of the console's anew.
    """
    if "ENTACT_PICTURES" in os.environ:
        shot = Image.open(BytesIO(tab.screenshot()))
        path = Path(os.environ["ENTACT_PICTURES"]) / f"{name}.png"
        shot.convert("RGB").quantize(64).save(path, optimize=True)


def sign_in_anew(tab: Any, person: Browser, address: str) -> None:
    """Somebody signs in on the tablet once more: beside the browser, which has this thread."""

    def session() -> str:
        from django.db import connection

        try:
            return Browser(person.person, person.roles).session
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        fresh = beside.submit(session).result()
    tab.context.add_cookies([{"name": "sessionid", "value": fresh, "url": address}])


def course_now(case: Case, ledger: str) -> Course:
    """The participant as the ledger has them now, read beside the browser, which has this thread."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(_course, case, ledger).result()


def _course(case: Case, ledger: str) -> Course:
    from django.db import connection

    try:
        return course_of(case.study, ledger)
    finally:
        connection.close()


def kill(profile: Path) -> None:
    """Ends a browser that this test started as a crash would: every process of its profile."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_text()
            mine = re.split("\0--user-data-dir=|\0--?profile\0", line)[1:]
            if any(one.startswith(str(profile)) for one in mine) and re.search("chrom|firefox", line):
                os.kill(int(folder.name), signal.SIGKILL)
        except (OSError, ProcessLookupError):
            continue
