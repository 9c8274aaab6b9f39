"""How soon the console shows something without a network, on a processor that is slowed down; its size.

Chromium opens a session, the service worker keeps the files, the network is taken away, and the page is
loaded again: until something is painted (`first-contentful-paint`), and until the locked screen stands there.
It is slowed down by the browser's own means (CPU throttling of the DevTools protocol), 4 and 6 times.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from typing import Any

from benchmarks.alerts import DATABASE, WHO
from benchmarks.pages import _serving, _sign_in
from benchmarks.rehearsal import Measured
from benchmarks.store import _print, _server

TIMES = 7
PAINTED = """() => performance.getEntriesByName("first-contentful-paint").map((one) => one.startTime)[0]"""
LOCKED = """() => new Promise((settle) => {
  const look = () => document.querySelector(".lock") ? settle(performance.now()) : setTimeout(look, 1);
  look();
})"""
INSTALLED = "navigator.serviceWorker.ready.then(() => true)"


def main() -> int:
    """Prints the figures; times move with the machine, so none fails."""
    with _server():
        return _print(_measured())


def _measured() -> list[Measured]:
    from entact import store

    store.create_database(DATABASE, "rehearsal", "mini", replace=True)
    store.setup(database=DATABASE)
    from playwright.sync_api import sync_playwright
    from tests.conduct.served import CALM, CHROMIUM
    from tests.conduct.session.conftest import keep_case
    from tests.course.cases import before

    from entact.conduct.session.files import console_files, worker

    keep_case(before("initial_dose"))
    sizes = [len(content) for name, content in console_files().items() if name.endswith(".js")]
    found = []
    with _serving(DATABASE) as (address, _), sync_playwright() as play, tempfile.TemporaryDirectory() as disk:
        context = play.chromium.launch_persistent_context(disk, executable_path=CHROMIUM, args=CALM)
        cookie = str(_sign_in(address, WHO).cookies["sessionid"])
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
        tab = context.pages[0]
        tab.goto(f"{address}/session/#P-1/session_1.1")
        tab.locator("input[name=pin]").fill("135790")
        tab.get_by_role("button", name="Open the session").click()
        tab.wait_for_selector(".top")
        tab.evaluate(INSTALLED)
        context.set_offline(True)
        for rate in (1, 4, 6):
            painted, locked = _opened(context, tab, address, rate)
            how = f"median of {TIMES}, without a network, load {os.getloadavg()[0]:.1f}"
            limit = 1000.0 if rate > 1 else None
            found.append(Measured(f"first paint, processor slowed {rate} times", painted, "ms", limit, how))
            found.append(Measured("the locked screen stands", locked, "ms", None, "the same runs"))
        context.close()
    size = (sum(sizes) + len(worker())) / 1000
    return [
        *found,
        Measured("scripts of the console, as they are loaded", size, "kB", 150.0, "without comments"),
    ]


def _opened(context: Any, tab: Any, address: str, rate: int) -> tuple[float, float]:
    """Milliseconds until something is painted, and until the locked screen stands there."""
    painted, locked = [], []
    for _ in range(TIMES):
        tab.goto("about:blank")
        context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": rate})
        tab.goto(f"{address}/session/")
        locked.append(tab.evaluate(LOCKED))
        tab.wait_for_timeout(200)
        painted.append(tab.evaluate(PAINTED))
    return statistics.median(painted), statistics.median(locked)


if __name__ == "__main__":
    main()
