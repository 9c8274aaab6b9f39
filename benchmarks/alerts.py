"""How long a reading takes from one screen to another, while thirty sessions go on.

Two processes (`entact serve --processes 2`) over an embedded PostgreSQL with fsync on. In each session a
console enters a reading every few seconds and sends it as the one in the browser does; another device asks
once a second, as long as it knows the newest head. Measured is from the screen that shows it as saved to the
answer that has it: with it the other screen raises the alert, by the rules that it has. Last, a person's
account is closed, and their device asks on: how long until it is told nothing more.
"""

from __future__ import annotations

import os
import time

from benchmarks.pages import _cpu, _serving, _sign_in
from benchmarks.rehearsal import Measured
from benchmarks.store import _print, _server

SESSIONS, SECONDS, EVERY = 30, 60.0, 10.0
DATABASE, WHO = "entact_alerts", "demo-investigator"


def main() -> int:
    """Prints the figures; times move with the machine, so none fails."""
    with _server():
        return _print(_measured())


def _measured() -> list[Measured]:
    from entact import store
    from entact.store import server

    store.create_database(DATABASE, "rehearsal", "mini", replace=True)
    store.setup(database=DATABASE)
    from tests.conduct.session.conftest import keep_case
    from tests.conduct.session.crowd import Console, Place, Screen, hold_sessions, share, waits
    from tests.course.cases import before

    case = before("initial_dose")
    keep_case(case, others=SESSIONS - 1)
    place = Place()
    consoles = [Console(number, case.study.newest.id, place) for number in range(1, SESSIONS + 1)]
    owner = int((server.embedded_folder() / "data" / "postmaster.pid").read_text().splitlines()[0])
    with _serving(DATABASE) as (address, serving):
        place.port = int(address.rpartition(":")[2])
        cookie = str(_sign_in(address, WHO).cookies["sessionid"])
        screens = [Screen(number, cookie, place) for number in range(1, SESSIONS + 1)]
        for screen in screens:
            screen.poll()  # each knows the session by then, as a device in it does
        before_it, began = _cpu(serving.pid, owner), time.monotonic()
        for thread in hold_sessions(consoles, screens, SECONDS, EVERY):
            thread.join()
        spent = (_cpu(serving.pid, owner) - before_it) / (time.monotonic() - began)
        ended = _closed(screens[0])
    taken = waits(consoles, screens)
    saved = sum(len(one.saved) for one in consoles)
    load = os.getloadavg()[0]
    how = f"{len(taken)} of {saved} readings of {SESSIONS} sessions in {SECONDS:g} s, load {load:.1f}"
    return [
        Measured("reading to another screen, 99 of 100", share(taken, 0.99), "s", 2.0, how),
        Measured("half of them", share(taken, 0.5), "s", None, "the same run"),
        Measured("the slowest", taken[-1], "s", None, "the same run"),
        Measured("readings that did not come", float(saved - len(taken)), "", 0.0, "the same run"),
        Measured("cores of servers and PostgreSQL", spent, "", None, "60 devices, the same run"),
        Measured(
            "told nothing more once their account is closed", ended, "s", 1.0, "one device, the same server"
        ),
    ]


def _closed(screen: object) -> float:
    """Seconds from the closing of somebody's account until their device is told nothing more."""
    from tests.conduct.session.crowd import POLL, Screen, ask

    from entact.conduct.access import people

    assert isinstance(screen, Screen)
    account = people.account_named(WHO)
    assert account is not None
    people.close_account(account, by=people.By())
    began = time.monotonic()
    while True:
        asked = time.monotonic()
        path = f"/session/P-{screen.number}/session_1.1/briefing/"
        status, _ = ask(screen.place, "GET", path, None, {"Cookie": f"sessionid={screen.cookie}"})
        if status != 200:
            return time.monotonic() - began
        time.sleep(max(0.0, POLL - (time.monotonic() - asked)))


if __name__ == "__main__":
    main()
