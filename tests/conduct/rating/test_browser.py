"""A rater's day in Chromium, on a telephone in the dark: from the first page to the last, and in danger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connection
from tests.conduct.browser import Browser, course_of
from tests.conduct.rating.conftest import EVENT
from tests.conduct.served import is_for_everybody, launched, served

from entact.protocol import Study

PLACE, CALLBACK = "the cabin by the lake", "+1 720 555 0199"


@dataclass
class Tab:
    """A page of a browser, and all that it sent."""

    page: Any
    sent: list[str] = field(default_factory=list)

    def beside(self, button: str) -> Any:
        """The page that a button opens beside this one."""
        with self.page.context.expect_page() as opened:
            self.page.get_by_role("button", name=button).click()
        opened.value.wait_for_load_state()
        return opened.value


def apart(do: Callable[..., Any], *given: Any) -> Any:
    """Does something with the database, which a thread with a browser in it cannot."""

    def done() -> Any:
        try:
            return do(*given)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        return other.submit(done).result()


@pytest.fixture
def tab(ruth: Browser, settings_video: str, request: pytest.FixtureRequest) -> Iterator[Tab]:
    """The rater's telephone."""
    from playwright.sync_api import sync_playwright

    session = ruth.session
    with served() as port, sync_playwright() as play:
        browser = launched(play)
        address = f"http://127.0.0.1:{port}"
        context = browser.new_context(
            base_url=address, viewport={"width": 390, "height": 844}, color_scheme="dark"
        )
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        found = Tab(context.new_page())
        context.on("request", lambda one: found.sent.append(f"{one.url} {one.post_data or ''}"))
        yield found
        browser.close()


def begin(tab: Tab) -> Any:
    """Takes what is offered and begins the call: the first instrument, beside the page of the call."""
    page = tab.page
    page.goto("/")
    with page.expect_navigation():
        page.get_by_role("link", name="Assessments can be taken").click()
    is_for_everybody(page)
    page.get_by_role("button", name="Take it").click()
    page.get_by_text(EVENT).wait_for()
    assert page.get_by_role("link", name="Open the video call").get_attribute("rel") == "noopener noreferrer"
    page.get_by_role("button", name="Begin").click()  # nothing is confirmed yet: the browser asks for it
    assert len(page.context.pages) == 1
    page.get_by_label("Where the person is now").fill(PLACE)
    page.get_by_label("Number to call back").fill(CALLBACK)
    page.get_by_label("Both were confirmed").check()
    return tab.beside("Begin")


def stays_on_the_page(tab: Tab) -> None:
    """Where the person is stands on the page of the call still, and was sent nowhere."""
    assert tab.page.get_by_label("Where the person is now").input_value() == PLACE
    assert tab.page.get_by_label("Number to call back").input_value() == CALLBACK
    for sent in tab.sent:
        said = re.sub(r"127\.0\.0\.1:\d+|[0-9a-f]{32}|token=\w+", "", sent)  # what chance may have put there
        assert not re.search(r"cabin|lake|720|0199", said), said


def test_a_raters_day(tab: Tab, ledger: str, study: Study) -> None:
    form = begin(tab)
    is_for_everybody(form)
    form.get_by_role("textbox", name="Total").fill("44")
    form.locator('[data-field="diagnosis"] label:has-text("Yes")').click()
    form.get_by_role("button", name="Send").click()
    form.wait_for_selector(".state.kept")
    stays_on_the_page(tab)
    tab.page.get_by_label("suicidality", exact=True).check()
    tab.page.get_by_label("What you heard").fill("she thinks of it again")
    told = tab.beside("Tell the site")
    told.get_by_text("It has gone to the site").wait_for()
    told.close()
    stays_on_the_page(tab)
    with form.expect_navigation():
        form.get_by_role("link", name="All is sent").click()
    is_for_everybody(form)
    form.get_by_role("button", name="The assessment is over").click()
    form.get_by_text("sent", exact=True).wait_for()
    course = apart(course_of, study, ledger)
    assert course.answers["symptoms"][-1].items == {"total": 44, "diagnosis": True}
    assert course.encounters["baseline#1"].status == "ended"


def test_in_danger_the_number_opens_beside_the_page_of_the_call(
    tab: Tab, ada: Browser, ledger: str, study: Study
) -> None:
    said = {"do": "on_call", "number": "+1 303 555 0100"}
    apart(ada.post, "/sites/denver/staff/", said)
    begin(tab)
    shown = tab.beside("Show whom to call now")
    assert shown.get_by_role("link", name="+1 303 555 0100").get_attribute("href") == "tel:+13035550100"
    is_for_everybody(shown)
    stays_on_the_page(tab)
    assert len(apart(course_of, study, ledger).noted["break_glass"]) == 1
