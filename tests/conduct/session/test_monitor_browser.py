"""In Chromium: a monitor's reading that a person takes, recordings by name and hash, and an iPad's page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.conduct.browser import Browser
from tests.conduct.session.tablet import CONSOLE, PIN, all_sent, arrive, course_now
from tests.conduct.session.test_measuring import PAGE, post, reading, token  # noqa: F401
from tests.course.cases import Case

from entact.course import findings

pytestmark = pytest.mark.slow
IPAD = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Safari/605.1.15"
)
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
NOW = "import('/session/clock.js').then((clock) => clock.now())"


@pytest.fixture
def sent_high(token: str) -> None:  # noqa: F811
    """A monitor has sent a blood pressure that is too high, before a browser has this thread."""
    high = {"systolic": "186 mm[Hg]", "diastolic": "97 mm[Hg]"}
    assert post(token, reading(signs=high))["outcome"] == "kept"


@pytest.mark.requirement("R17")
def test_a_monitors_reading_counts_for_a_planned_time_once_a_person_has_taken_it(
    sent_high: None,
    tablet: Callable[..., Any],
    case: Case,
    in_session: str,
) -> None:
    tab = tablet()
    arrive(tab)
    tab.wait_for_selector(".alert:has-text('Very high blood pressure')")
    due = tab.get_by_role("button", name="before initial")
    due.click()  # it is there, and counts for no planned time yet
    tab.get_by_role("button", name="Take Monitor 7").click()
    assert tab.locator("input[name=systolic]").input_value() == "186"
    tab.locator("input[name=heart_rate]").fill("92")
    tab.locator("input[name=temperature]").fill("37.0")
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_selector("form.panel", state="detached")
    assert due.count() == 0
    assert tab.locator("table tr:has-text('186')").count() == 1  # once, as whoever took it saved it
    all_sent(tab)
    course = course_now(case, in_session)
    (monitor,) = [one for one in course.entries if one.by == "Monitor 7"]
    (taken,) = [one for one in course.entries if one.about == monitor.id]
    assert (taken.by, taken.timepoint, taken.source) == ("t-1", "before initial", "device")
    assert taken.device is not None
    assert taken.device.endswith("Monitor 7 (systolic, diastolic)")
    assert taken.data["heart_rate"] == "92 /min"
    measured = [datetime.fromisoformat(one.occurred_at) for one in (monitor, taken)]
    assert measured[0] == measured[1]  # it is of the time at which it was measured
    (episode,) = [one for one in course.alerts if one.alert == "hypertension"]
    assert [one.entry for one in episode.held] == [monitor.id]  # one reading: it confirms nothing
    tab.get_by_role("button", name="Vital signs", exact=True).click()
    tab.wait_for_selector("form.panel")
    assert tab.get_by_role("button", name="Take Monitor 7").count() == 0


def test_a_recording_has_its_name_when_it_begins_and_its_hash_when_that_is_known(
    tablet: Callable[..., Any],
    case: Case,
    in_session: str,
) -> None:
    tab = tablet()
    arrive(tab)
    tab.get_by_role("button", name="Recording").click()
    assert tab.locator("input[name=reference]").input_value() == "P-1_session_1.1_1"
    tab.locator("input[name=reference]").fill("camera 2, card 14")
    tab.get_by_role("button", name="It has begun").click()
    tab.wait_for_selector("text=Write the name without spaces")
    tab.locator("input[name=reference]").fill("camera-2/card-14")
    tab.get_by_role("button", name="It has begun").click()
    tab.get_by_role("button", name="camera-2/card-14, since").click()  # it ends
    tab.get_by_role("button", name="its hash is not entered yet").click()
    tab.locator("input[name=digest]").fill(HASH[:40])
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_selector(
        "text=This is no SHA-256: it has 64 digits and letters from a to f, and this has 40"
    )
    tab.locator("input[name=digest]").fill(f"{HASH[:32].upper()} {HASH[32:]}")
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_selector(f"button:has-text('hash {HASH[:12]}')")
    all_sent(tab)
    course = course_now(case, in_session)
    noted = [one for one in course.noted["session_note"] if one.said.what == "recording"]
    assert [one.said.state for one in noted] == ["begun", "ended", None]
    assert {one.about for one in noted[1:]} == {noted[0].entry}
    assert (noted[2].said.reference, noted[2].said.digest) == ("camera-2/card-14", HASH)
    assert not [one for one in findings(course, noted[-1].at) if one.rule.startswith("recording")]


def test_an_ipad_on_which_the_page_is_not_installed_refuses_to_be_the_only_copy(
    tablet: Callable[..., Any],
    in_session: str,
) -> None:
    tab = tablet(user_agent=IPAD)
    tab.add_init_script("Object.defineProperty(navigator, 'maxTouchPoints', {get: () => 5})")
    tab.goto(CONSOLE)
    tab.wait_for_selector("text=Add this page to the home screen")
    tab.locator("input[name=pin]").fill(PIN)
    tab.get_by_role("button", name="Open the session").click()
    tab.wait_for_selector("text=This device must not be the only copy: install the page")
    assert tab.locator(".top").count() == 0
    tab.locator("input[name=beside]").check()
    tab.get_by_role("button", name="Open the session").click()
    all_sent(tab)
    assert tab.locator(".lost").count() == 0
    tab.context.set_offline(True)
    tab.get_by_role("button", name="Music").click()
    tab.wait_for_selector(".lost:has-text('1 not sent yet. Write on paper too')")
    tab.context.set_offline(False)
    all_sent(tab)
    assert tab.locator(".lost").count() == 0


def test_a_closed_account_is_told_nothing_more_from_the_next_question_on(
    tablet: Callable[..., Any],
    therapist: Browser,
    case: Case,
    in_session: str,
) -> None:
    """What it has written is sent all the same."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from entact.conduct.access.models import Account

    tab = tablet()
    arrive(tab)
    all_sent(tab)

    def close() -> None:
        try:
            account = Account.objects.get(name="t-1")
            account.is_active = False
            account.save()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        beside.submit(close).result()
    tab.wait_for_selector(".state:has-text('Signed out at the server')", timeout=15_000)
    tab.get_by_role("button", name="Music").click()
    tab.wait_for_selector("button:has-text('Music')[aria-pressed=true]")
    for _ in range(100):
        if any(
            one.said.what == "music" for one in course_now(case, in_session).noted.get("session_note", ())
        ):
            break
        tab.wait_for_timeout(100)
    (noted,) = course_now(case, in_session).noted["session_note"]
    assert (noted.said.what, noted.by) == ("music", "t-1")
