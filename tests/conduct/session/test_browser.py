"""The console in Chromium: a session held in it, the network lost, the browser killed; nothing lost or twice.

A rehearsal lives in study time, so the page's clock, which is set here, moves the server's along.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.conduct.browser import Browser
from tests.conduct.session.conftest import NOON
from tests.conduct.session.tablet import (
    INSTALLED,
    all_sent,
    arrive,
    course_now,
    enter,
    kill,
    picture,
    sign_in_anew,
    unlock,
)
from tests.course.cases import Case

from entact.course import findings

pytestmark = pytest.mark.slow
KILLS, QUEUED = (50, 200) if "ENTACT_SOAK" in os.environ else (2, 20)


def test_a_session_by_its_gates_with_the_network_lost_and_the_tablet_swapped(
    tablet: Callable[..., Any], case: Case, in_session: str
) -> None:
    tab = tablet()
    tab.clock.install(time=NOON)
    arrive(tab)
    tab.get_by_role("button", name="Initial dose").click()
    tab.wait_for_selector("text=Say which kit is to be used")
    assert tab.get_by_role("button", name="Give the initial dose").count() == 0
    tab.locator("input[name=kit]").fill("K-1")
    tab.wait_for_selector("text=Say who witnesses it")
    assert tab.get_by_role("button", name="Give the initial dose").count() == 0
    tab.get_by_role("button", name="t-2").click()
    tab.get_by_role("button", name="Give the initial dose").click()
    tab.wait_for_selector("text=given: record another")
    all_sent(tab)
    course = course_now(case, in_session)
    assert course.doses[0].given
    # The device's clock is twenty minutes ahead: that was measured, and the dose is of the server's time.
    assert course.doses[0].at < NOON - timedelta(minutes=10)
    assert (course.entries[-1].clock_offset_ms or 0) >= 19 * 60_000
    tab.wait_for_selector(".clock:has-text('ahead of the study')")
    assert course.entries[-1].data["witness"] == "t-2"

    # The supplement: too early, then refused for the blood pressure, and an alert is answered.
    tab.clock.fast_forward("01:35:00")
    enter(tab, systolic="184", diastolic="96", heart_rate="99", temperature="37.1")
    tab.wait_for_selector(".alert:has-text('Very high blood pressure')")
    assert tab.evaluate("document.body.hasAttribute('data-glow')")
    tab.get_by_role("button", name="Supplement").click()
    tab.locator("input[name=kit]").fill("K-2")
    tab.wait_for_selector("text=Blood pressure too high for a supplement")
    assert tab.get_by_role("button", name="Give the supplement dose").count() == 0
    tab.get_by_role("button", name="Back").click()
    tab.get_by_role("button", name="Not reached").first.click()
    tab.wait_for_selector(".alert:has-text('not reached at')")
    picture(tab, "session")
    tab.evaluate("document.documentElement.dataset.light = 'dim'")
    picture(tab, "session-dim")
    tab.evaluate("delete document.documentElement.dataset.light")
    tab.get_by_role("button", name="Rest, and reassurance").click()
    tab.wait_for_selector(".alert", state="detached")

    # Two hours without network: what is entered is kept, and can be read from the locked screen.
    all_sent(tab)
    tab.context.set_offline(True)
    tab.clock.fast_forward("00:10:00")
    enter(tab, systolic="150", diastolic="90", heart_rate="88", temperature="37.0")
    tab.get_by_role("button", name="Supplement").click()
    tab.locator("input[name=kit]").fill("K-2")
    tab.get_by_role("button", name="Nobody").click()
    tab.get_by_role("button", name="Give the supplement dose").click()
    tab.wait_for_selector(".state:has-text('2 not sent yet')")
    tab.clock.fast_forward("02:00:00")
    tab.get_by_role("button", name="Lock").click()
    tab.wait_for_selector("main:has-text('Locked')")
    assert "150" not in tab.locator("main").inner_text()
    tab.get_by_role("button", name="Emergency").click()
    tab.wait_for_selector("main:has-text('+1 555 0100')")
    card = tab.locator("main").inner_text()
    assert "+1 555 0100" in card
    assert "150" in card
    assert "P-1" not in card
    assert "keep the airway free" in card
    assert "the physician on call orders it" in card
    assert tab.get_by_role("button", name="It was given").count() == 0  # nobody is known here
    tab.get_by_role("button", name="Back").click()
    unlock(tab)
    tab.context.set_offline(False)
    all_sent(tab)
    course = course_now(case, in_session)
    assert [(dose.part, dose.taken) for dose in course.doses] == [("initial", 2), ("supplement", 1)]
    found = {one.rule for one in findings(course, course.doses[-1].at) if one.entry == course.doses[-1].entry}
    assert "without_gate" not in found

    # Two taps each: rescue medication was given, an emergency was treated; a reading stands on paper.
    for name in ("It was given", "It was treated"):
        tab.get_by_role("button", name="Emergency").click()
        tab.get_by_role("button", name=name).click()
        tab.wait_for_selector("text=before, at")
        tab.get_by_role("button", name="Back").click()
    tab.get_by_role("button", name="Enter from paper").click()
    tab.locator("input[name=time]").fill("10:05")
    tab.get_by_role("button", name="Enter what happened then").click()
    tab.wait_for_selector("text=what is entered now happened on 2026-03-16 at 10:05")
    enter(tab, systolic="128", diastolic="81", heart_rate="70", temperature="36.8")
    tab.get_by_role("button", name="Back to now").click()
    all_sent(tab)
    course = course_now(case, in_session)
    written = [one for one in course.entries if one.source == "transcribed"]
    assert [(one.kind, one.occurred_at) for one in written] == [
        ("vital_signs", "2026-03-16T10:05:00.000-06:00")
    ]
    assert [one.said.what for one in course.noted["session_note"]] == [
        "call",
        "rescue_medication",
        "emergency_treated",
    ]

    # Another tablet takes over: it knows all of it, gives doses once the first has handed that over, and lets
    # nobody go before eight hours.
    other = tablet("two")
    other.clock.install(time=NOON)
    arrive(other)
    other.wait_for_selector("table:has-text('150')")
    other.get_by_role("button", name="Initial dose").click()
    other.wait_for_selector("text=Another device gives the doses of this session: t-1")
    assert other.get_by_role("button", name="Give the initial dose").count() == 0
    other.wait_for_selector("summary:has-text('Record what was done')")
    other.get_by_role("button", name="Give doses from this device").click()
    tab.clock.fast_forward("00:00:02")  # the first one asks for news, and hands it over
    tab.get_by_role("button", name="Initial dose").click()
    tab.wait_for_selector("text=Another device gives the doses")
    other.clock.fast_forward("00:00:02")
    other.wait_for_selector("text=The initial dose of this session was already given")
    other.get_by_role("button", name="Back").click()
    other.get_by_role("button", name="The session ends").click()
    other.wait_for_selector("text=Less than eight hours since the initial dose")
    assert other.get_by_role("button", name="Discharge").count() == 0
    other.get_by_role("button", name="Back").click()
    other.get_by_role("button", name="Sign this device out").click()
    other.get_by_role("button", name="Sign out", exact=True).click()
    other.wait_for_selector("text=Nothing waits to be sent")
    other.reload()
    other.wait_for_url("**/sign-in/**")  # nothing of the session is left here, nor of the sign-in


def test_a_page_loaded_again_is_the_locked_session_and_a_forgotten_pin_leads_to_another(
    tablet: Callable[..., Any], therapist: Browser, address: str, case: Case, in_session: str
) -> None:
    tab = tablet()
    tab.clock.install(time=NOON)
    arrive(tab)
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tab.context.set_offline(True)
    enter(tab, systolic="150", diastolic="90", heart_rate="88", temperature="37.0")
    tab.reload()
    tab.wait_for_selector("main:has-text('Locked')")
    tab.get_by_role("button", name="sign in anew").click()
    tab.wait_for_selector("text=The server cannot be reached")
    tab.get_by_role("button", name="Back").click()
    unlock(tab)
    tab.wait_for_selector("table:has-text('150')")
    tab.wait_for_selector(".state:has-text('1 not sent yet')")
    tab.reload()
    tab.context.set_offline(False)
    tab.get_by_role("button", name="sign in anew").click()
    tab.wait_for_url("**/sign-in/**")  # the sign-in of before is locked with the console
    sign_in_anew(tab, therapist, address)
    tab.goto("/session/?anew#P-1/session_1.1")
    tab.locator("input[name=pin]").fill("975310")
    tab.get_by_role("button", name="Open the session").click()
    tab.wait_for_selector("table:has-text('150')")  # what waited was sent first
    all_sent(tab)
    tab.goto("/session/")  # as from the home screen
    tab.get_by_role("button", name="sign in anew").click()
    tab.wait_for_selector("text=from the page of the visit")
    assert [one.kind for one in course_now(case, in_session).entries][-1] == "vital_signs"


FULL = """(times) => {
  const add = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = function (value) {
    if (times-- <= 0) return add.call(this, value);
    this.transaction.abort();
    throw new DOMException("the disk is full", "QuotaExceededError");
  };
}"""


UNCOUNTED = """(times) => {
  const all = IDBObjectStore.prototype.getAll;
  IDBObjectStore.prototype.getAll = function (...more) {
    if (times-- <= 0) return all.apply(this, more);
    throw new DOMException("nothing can be read now", "UnknownError");
  };
}"""


def test_a_second_person_joins_and_a_full_disk_is_said(
    tablet: Callable[..., Any], investigator: Browser, address: str, case: Case, in_session: str
) -> None:
    tab = tablet()
    arrive(tab)
    tab.context.add_cookies([{"name": "sessionid", "value": investigator.session, "url": address}])
    tab.wait_for_selector("text=I-1 is signed in")
    enter(tab, systolic="186", diastolic="97", heart_rate="92", temperature="37.0")
    tab.wait_for_selector(".alert:has-text('Very high blood pressure')")  # no alert is hidden meanwhile
    tab.get_by_role("button", name="Watched closely").click()
    tab.wait_for_selector(".alert", state="detached")
    tab.wait_for_selector("text=I-1 is signed in")
    tab.locator("input[name=pin]").fill("975310")
    tab.get_by_role("button", name="Join").click()
    enter(tab, systolic="131", diastolic="82", heart_rate="71", temperature="36.9")
    tab.get_by_role("button", name="T-1 enters").click()
    enter(tab, systolic="132", diastolic="83", heart_rate="72", temperature="36.9")
    all_sent(tab)
    entries = [one for one in course_now(case, in_session).entries if one.kind == "vital_signs"]
    assert [one.by for one in entries[-2:]] == ["i-1", "t-1"]
    assert not any(found.rule == "entered_by_other" for found in findings_now(case, in_session))

    tab.evaluate(FULL, 1)  # once: the reserve is given up for what is being written
    enter(tab, systolic="132", diastolic="83", heart_rate="74", temperature="37")
    tab.wait_for_selector("text=The storage of this device was full")
    tab.evaluate(FULL, 2)
    tab.get_by_role("button", name="Vital signs", exact=True).click()
    for name, value in {
        "systolic": "133",
        "diastolic": "84",
        "heart_rate": "73",
        "temperature": "37",
    }.items():
        tab.locator(f"input[name={name}]").fill(value)
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_selector(".lost:has-text('NOT SAVED')")
    assert tab.locator("input[name=systolic]").input_value() == "133"  # what was entered is still there
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_selector("form.panel", state="detached")
    all_sent(tab)
    rates = [one.items["heart_rate"] for one in course_now(case, in_session).vitals]
    assert (rates.count("73 /min"), rates.count("74 /min")) == (1, 1)

    tab.evaluate(UNCOUNTED, 2)  # kept, and not counted: saved all the same, and not said to be sent
    enter(tab, systolic="131", diastolic="84", heart_rate="75", temperature="37")
    assert tab.locator(".lost").count() == 0
    tab.wait_for_selector(".state:has-text('1 not sent yet')")
    all_sent(tab)
    assert [one.items["heart_rate"] for one in course_now(case, in_session).vitals].count("75 /min") == 1


def findings_now(case: Case, ledger: str) -> list[Any]:
    course = course_now(case, ledger)
    return findings(course, course.vitals[-1].at)


SAVE = """async ([from, count]) => {
  const session = await import("/session/session.js");
  for (let number = from; number < from + count; number++) {
    const reading = {systolic: `${100 + number % 60} mm[Hg]`, heart_rate: `${number} /min`};
    if (await session.record("vital_signs", reading)) await window.noted(number);
  }
}"""  # fmt: skip


def test_what_was_shown_as_saved_is_in_the_ledger_once_however_often_the_browser_is_killed(
    tablet: Callable[..., Any], case: Case, in_session: str, tmp_path: Path
) -> None:
    random, noted = Random(14), []
    for turn in range(KILLS + 1):
        tab = tablet()
        tab.context.expose_function("noted", lambda number: noted.append(number))
        tab.context.set_offline(turn % 2 == 0 and turn > 0)  # the page opens without a network too
        if turn == 0:
            arrive(tab)
            assert tab.evaluate(INSTALLED)
        else:
            tab.goto("/session/")
            unlock(tab)
        if turn == KILLS:
            break
        target = len(noted) + random.randrange(2, 12)
        tab.evaluate(f"setTimeout(() => ({SAVE})([{1000 + turn * 40}, 40]), 0)")
        for _ in range(2000):
            if len(noted) >= target:
                break
            tab.wait_for_timeout(5)
        assert len(noted) >= target
        kill(tmp_path / "one")
    tab.context.set_offline(False)
    all_sent(tab)
    rates = [one.items["heart_rate"] for one in course_now(case, in_session).vitals]
    counts = Counter(rate for rate in rates if rate in {f"{number} /min" for number in noted})
    assert set(counts) == {f"{number} /min" for number in noted}  # none is lost
    assert set(counts.values()) == {1}  # and none is there twice


# Nothing gets through; then the server answers 500, or keeps all and its answer is lost; then all is well.
FAILS = """() => {
  const ask = window.fetch;
  [window.asked, window.all_saved] = [[], false];
  window.fetch = async (address, sent) => {
    if (!String(address).includes("/session/entries/")) return ask(address, sent);
    if (!all_saved) throw new TypeError("no network");
    asked.push(JSON.parse(sent.body).length);
    if (asked.length === 1) return new Response("no", { status: 500 });
    const answer = await ask(address, sent);
    if (asked.length === 2) throw new TypeError("the answer is lost");
    return answer;
  };
}"""


def test_an_answer_that_is_lost_a_server_that_fails_and_a_new_version_lose_nothing_and_keep_nothing_twice(
    tablet: Callable[..., Any], case: Case, in_session: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from entact.conduct.session import files

    tab = tablet()
    arrive(tab)
    assert tab.evaluate(INSTALLED)
    noted: list[int] = []
    tab.context.expose_function("noted", lambda number: noted.append(number))
    tab.evaluate(FAILS)
    tab.evaluate(SAVE, [2000, 5])
    tab.wait_for_selector(".state:has-text('5 not sent yet')")
    tab.evaluate("all_saved = true")
    all_sent(tab)
    assert tab.evaluate("asked.slice(0, 3)") == [5, 5, 5]

    # Another version of the console comes while entries wait: opened anew, it sends them.
    tab.route("**/session/entries/", lambda route: route.abort())
    tab.evaluate(SAVE, [2100, QUEUED])
    newer = tmp_path / "console"
    shutil.copytree(files.CONSOLE, newer)
    (newer / "alarm.js").write_text(
        (newer / "alarm.js").read_text() + "\nexport const VERSION = 'a newer version';\n"
    )
    monkeypatch.setattr(files, "CONSOLE", newer)
    files.console_files.cache_clear()
    files.worker.cache_clear()
    tab.evaluate("navigator.serviceWorker.ready.then((one) => one.update())")
    _is_newer(tab, 200)  # what is under way in the old one may keep it for minutes, while its page is open
    tab.goto("about:blank")
    tab.goto("/session/", timeout=120_000)  # it waits for the new worker, which waits for what is under way
    unlock(tab)
    tab.wait_for_selector(".state:has-text('not sent yet')")
    tab.unroute("**/session/entries/")
    all_sent(tab)
    for _ in range(5):
        if _is_newer(tab, 240):
            break
        tab.goto("about:blank")  # where it could not be loaded it is when the page is opened again
        tab.goto("/session/", timeout=120_000)
    assert _is_newer(tab, 240)
    files.console_files.cache_clear()
    files.worker.cache_clear()
    rates = [one.items["heart_rate"] for one in course_now(case, in_session).vitals]
    counts = Counter(rate for rate in rates if rate in {f"{number} /min" for number in noted})
    assert len(noted) == 5 + QUEUED
    assert set(counts.values()) == {1}
    assert len(counts) == 5 + QUEUED


def _is_newer(tab: Any, tries: int) -> bool:
    """Whether the newer version of the console answers, looked at every 50 ms."""
    for _ in range(tries):
        if "a newer version" in tab.evaluate("fetch('/session/alarm.js').then((one) => one.text())"):
            return True
        tab.wait_for_timeout(50)
    return False
