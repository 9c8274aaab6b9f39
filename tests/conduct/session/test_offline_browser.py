"""Eight hours without a network in Chromium: readings, a dose and notes are kept, and sent once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.conduct.session.conftest import NOON
from tests.conduct.session.tablet import INSTALLED, all_sent, arrive, course_now, enter, look, unlock
from tests.course.cases import Case

from entact.course import findings

pytestmark = pytest.mark.slow
TURNS = 8  # one an hour
DAY = 86_400_000  # milliseconds


def arrived(tablet: Callable[..., Any]) -> Any:
    """A tablet in its session, by a clock that goes as the test says; all that it needs offline is on it."""
    tab = tablet()
    tab.clock.install(time=NOON)
    arrive(tab)
    all_sent(tab)
    assert tab.evaluate(INSTALLED)
    return tab


def test_eight_hours_without_a_network_lose_nothing_and_keep_nothing_twice(
    tablet: Callable[..., Any], case: Case, in_session: str
) -> None:
    tab = arrived(tablet)
    before = len(course_now(case, in_session).entries)
    tab.context.set_offline(True)
    tab.get_by_role("button", name="Initial dose").click()
    tab.locator("input[name=kit]").fill("K-1")
    tab.get_by_role("button", name="Nobody").click()
    tab.get_by_role("button", name="Give the initial dose").click()
    tab.wait_for_selector("text=given: record another")
    for turn in range(TURNS):
        tab.clock.fast_forward("01:00:00")
        if tab.get_by_role("button", name="That is right").count():
            tab.get_by_role("button", name="That is right").click()
        enter(tab, systolic=str(120 + turn), diastolic="80", heart_rate=str(81 + turn), temperature="36.9")
        tab.get_by_role("button", name="Music").click()
        tab.wait_for_selector(
            f"button[aria-pressed={'true' if turn % 2 == 0 else 'false'}]:has-text('Music')"
        )
        if turn == TURNS // 2:  # the page is loaded anew meanwhile, from what the device keeps
            tab.reload()
            tab.wait_for_selector("main:has-text('Locked')")
            unlock(tab)
    entered = 1 + 2 * TURNS
    tab.wait_for_selector(f".state:has-text('{entered} not sent yet')")
    tab.wait_for_selector("table:has-text('127')")
    tab.context.set_offline(False)
    all_sent(tab)
    course = course_now(case, in_session)
    assert len(course.entries) == before + entered
    assert course.doses[-1].given
    rates = Counter(str(one.items["heart_rate"]) for one in course.vitals)
    assert [rates[f"{81 + turn} /min"] for turn in range(TURNS)] == [1] * TURNS
    own = [one for one in course.entries if one.device and one.device.startswith("console-")]
    times = [one.occurred_at for one in own]
    assert times == sorted(times)  # in order
    spans = [one.said.state for one in course.noted["session_note"]]
    assert spans == ["begun", "ended"] * (TURNS // 2)


def test_days_without_the_server_are_said_and_stop_nobody(
    tablet: Callable[..., Any], case: Case, in_session: str
) -> None:
    tab = arrived(tablet)
    tab.context.set_offline(True)
    assert not tab.locator(".top:has-text('Connect this device before')").count()
    tab.clock.fast_forward(21 * DAY // 4)
    tab.wait_for_selector(".top [role=alert]:has-text('Connect this device before')")
    look(tab, "session-unreached")
    enter(tab, systolic="120", diastolic="80", heart_rate="81", temperature="36.9")
    tab.wait_for_selector(".state:has-text('1 not sent yet')")
    tab.context.set_offline(False)
    all_sent(tab)
    tab.wait_for_selector(".top:not(:has-text('Connect this device before'))")  # the grant is another one
    (last,) = [one.entry for one in course_now(case, in_session).vitals[-1:]]
    found = [one.rule for one in findings(course_now(case, in_session), NOON) if one.entry == last]
    assert not {"recorded_after_grant", "recorded_after_access"} & set(found)
