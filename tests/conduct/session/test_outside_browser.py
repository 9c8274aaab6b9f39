"""In Chromium: the medical monitor follows a session from outside the room, where alarms sound."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.conduct.browser import Browser
from tests.conduct.served import BROWSER
from tests.conduct.session.conftest import LEDGER
from tests.conduct.session.tablet import CONSOLE, PIN, all_sent, arrive, course_now, enter, look, unlock
from tests.course.cases import Case

from entact.conduct import delegation
from entact.conduct.record.door import Author
from entact.conduct.session.models import Device
from entact.conduct.upkeep import reports
from entact.course.entry import SYSTEM
from entact.course.kinds.on_call import OnCall

pytestmark = pytest.mark.slow
# How many tones were made: what a loudspeaker would have played.
COUNT = """
window.tones = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.tones++; return make.call(this); };
"""
PLAYS = """() => Promise.race([
  new AudioContext().resume().then(() => true), new Promise((settle) => setTimeout(settle, 1000, false)),
])"""
TODAY = "2026-03-16T08:00:00-06:00", "2026-03-16T22:00:00-06:00"


@pytest.fixture
def watching(sign_in: Callable[..., Browser], therapist: Browser, case: Case) -> str:
    """The session of a medical monitor, who is at no site; somebody is on call."""
    duty = OnCall("+1 555 0199", "medical_monitor", "Dr. Mori", *TODAY)
    delegation.set_duty("denver", duty, by=Author("ada", "owner", SYSTEM))
    reports.say(reports.ALIVE)
    return sign_in("m-1", case.study, everywhere="medical_monitor").session


def tones(tab: Any) -> int:
    return int(tab.evaluate("window.tones"))


def test_an_alert_of_the_room_glows_there_and_sounds_where_the_medical_monitor_follows_it(
    watching: str,
    tablet: Callable[..., Any],
    address: str,
    case: Case,
    in_session: str,
) -> None:
    outside = tablet("outside")
    outside.context.add_cookies([{"name": "sessionid", "value": watching, "url": address}])
    outside.add_init_script(COUNT)
    outside.goto(CONSOLE)
    outside.wait_for_selector("text=This device is outside the room")
    assert outside.locator("input[name=sounds]").is_checked()  # who gives no dose follows from outside
    look(outside, "set-up")
    outside.get_by_role("button", name="Try the sound").click()
    assert tones(outside) == 3
    outside.locator("input[name=pin]").fill(PIN)
    outside.get_by_role("button", name="Open the session").click()
    outside.wait_for_selector(".top")

    room = tablet("room")
    room.add_init_script(COUNT)
    arrive(room)
    room.get_by_role("button", name="Initial dose").click()
    room.locator("input[name=kit]").fill("K-1")
    room.wait_for_selector("text=Say who witnesses it")  # the dosing lease is here: who watches took none
    room.get_by_role("button", name="Back").click()
    assert tones(outside) == 3  # nothing is due: nothing sounds
    outside.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})"
    )
    enter(room, systolic="186", diastolic="97", heart_rate="92", temperature="37.0")
    room.wait_for_selector("body[data-glow]")
    outside.wait_for_selector(".alert:has-text('Very high blood pressure')", timeout=20_000)
    for _ in range(50):
        if tones(outside) >= 6:
            break
        outside.wait_for_timeout(100)
    assert tones(outside) == 6
    assert tones(room) == 0  # in the room it glows, and nothing sounds
    told = outside.locator(".alert").inner_text()
    assert "Dr. Mori" in told
    assert "Systolic 186 mmHg" in told  # what it is about, beside whom to call
    outside.evaluate("delete document.visibilityState")
    assert outside.locator(".alert a[href='tel:+15550199']").count() == 1
    assert "Nobody is on the roster now as therapist" in told
    assert outside.locator("text=staff list").count() == 0  # nobody asks whether she may give a dose
    look(outside, "alert-outside")

    # What calls by machine did is said once it is there.
    (reading,) = [one for one in course_now(case, in_session).entries if one.kind == "vital_signs"][-1:]
    report(reading.id, "webhook", "down")
    report(reading.id, "mail", "")
    outside.wait_for_selector(".alert:has-text('by the webhook: could not be sent')")
    outside.wait_for_selector(".alert:has-text('by mail: sent')")
    outside.wait_for_selector(".alert:has-text('Sent is not reached')")

    # A page that is loaded again is mute until a touch, which its PIN is.
    outside.reload()
    unlock(outside)
    outside.wait_for_selector(".alert")
    plays = outside.evaluate(PLAYS)
    assert (
        plays or BROWSER == "firefox"
    )  # which plays nothing on a machine without a sound server, and the page says so
    assert outside.locator("text=makes no sound yet").count() == (0 if plays else 1)
    outside.locator(".alert").get_by_role("button", name="Not reached").first.click()
    outside.wait_for_selector(".alert:has-text('not reached at')")
    outside.locator(".alert").get_by_role("button", name="Reached", exact=True).nth(1).click()
    for number, said in (
        ("+15550199", "not reached at"),
        ("+15550100", "reached at"),
    ):  # told to the room too
        room.wait_for_selector(f".alert div:has(> a[href='tel:{number}']) > small:has-text('{said}')")
    outside.locator(".alert").get_by_role("button", name="Watched closely").click()
    room.wait_for_selector(".alert", state="detached")
    room.wait_for_selector("body:not([data-glow])")

    # She gives no dose and sets nothing aside: what she would enter counts for nothing.
    outside.get_by_role("button", name="Initial dose").click()
    outside.wait_for_selector("text=Doses are given by others than your role")
    assert outside.get_by_role("button", name="set it aside").count() == 0
    assert outside.get_by_role("button", name="Give the initial dose").count() == 0
    assert outside.get_by_role("button", name="Give doses from this device").count() == 0
    outside.get_by_role("button", name="Back").click()
    outside.get_by_role("button", name="Outside: it sounds").click()
    outside.wait_for_selector("text=Inside: it glows")
    all_sent(outside)
    entries = course_now(case, in_session).entries
    assert [one.by for one in entries if one.kind == "alert_answered"] == ["m-1"]
    rung = [one.data for one in entries if one.kind == "session_note" and one.data["what"] == "call"]
    assert [(one["name"], one["state"]) for one in rung] == [
        ("medical_monitor:15550199", "no"),
        ("physician", "yes"),
    ]


def report(entry: str, how: str, problem: str) -> None:
    """A call that the worker made, or could not make, beside the browser, which has this thread."""
    from concurrent.futures import ThreadPoolExecutor

    from entact.conduct.upkeep.calls import subject_of

    def say() -> None:
        from django.db import connection

        reports.say(
            f"{subject_of(LEDGER)}{how}", entry=entry, role="medical_monitor", how=how, problem=problem
        )
        connection.close()

    with ThreadPoolExecutor(1) as beside:
        beside.submit(say).result()


@pytest.fixture
def silent(therapist: Browser) -> None:
    """Two devices of t-2 and one of t-3 were last heard of a while ago; another has not sent all."""
    now = timezone.now()
    for number, (person, minutes, waiting) in enumerate(
        [("t-2", 30, 0), ("t-2", 50, 0), ("t-3", 40, 0), ("t-2", 60, 2)]
    ):
        Device.objects.create(
            ledger=LEDGER,
            encounter="session_1#1",
            device=f"{number:032x}",
            person=person,
            seen=now - timedelta(minutes=minutes),
            waiting=waiting,
            oldest=None,
        )


def test_devices_that_are_only_silent_are_said_in_one_sentence_for_each_person(
    silent: None, tablet: Callable[..., Any]
) -> None:
    tab = tablet()
    arrive(tab)
    told = tab.locator(".note[role=status]:has-text('last heard of') p").all_inner_texts()
    assert len(told) == 3
    both = next(one for one in told if one.startswith("2 devices of t-2 were last heard of at "))
    assert len(re.findall(r"\d\d:\d\d", both)) == 2
    assert any(one.startswith("The device of t-3 was last heard of at ") for one in told)
    assert any("Not sent yet from it: 2." in one for one in told)
