"""On an iPad, as Chromium takes after one: by taps alone, with nothing too small for a finger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.handed.test_views import FORM, _with_questionnaire
from tests.conduct.people import PASSWORD, code_beside, give_password
from tests.conduct.record import blinded_study
from tests.conduct.served import is_for_everybody, launched, of_chromium, served
from tests.conduct.session.conftest import case, in_session, investigator, therapist  # noqa: F401
from tests.conduct.session.tablet import CONSOLE, PIN, all_sent, course_now
from tests.course.cases import Case

pytestmark = [pytest.mark.slow, of_chromium]
SMALL = """(least) => [...document.querySelectorAll("button, summary, select, textarea, input, label.pick")]
  .filter((one) => !["hidden", "radio", "checkbox"].includes(one.type) && one.checkVisibility())
  .filter((one) => one.getBoundingClientRect().height < least)
  .map((one) => one.outerHTML.slice(0, 120))"""


@contextmanager
def ipad(session: str) -> Iterator[Any]:
    """An iPad on which somebody is signed in."""
    from playwright.sync_api import sync_playwright

    with served() as port, sync_playwright() as play:
        browser = launched(play)
        address = f"http://127.0.0.1:{port}"
        context = browser.new_context(base_url=address, **play.devices["iPad (gen 7)"])
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        yield context.new_page()
        browser.close()


def write(tab: Any, selector: str, text: str) -> None:
    """Into a field that was tapped, as the keyboard on the screen does."""
    tab.locator(selector).tap()
    tab.keyboard.type(text)


def test_a_questionnaire_is_handed_over_answered_and_taken_back_by_taps(
    sign_in: SignIn, database: str
) -> None:
    study = blinded_study(_with_questionnaire)
    ledger = keep_screened(study)
    ada = sign_in("ada", denver="investigator")
    ada.get("/")
    give_password("ada")
    ada.sign_in_anew()
    with ipad(ada.session) as tab:
        tab.goto(FORM)
        assert tab.evaluate(SMALL, 24) == []
        tab.get_by_role("button", name="Hand it over").tap()
        tab.wait_for_url("**/handed/")
        is_for_everybody(tab)
        assert tab.evaluate(SMALL, 40) == []
        tab.locator("[data-field=low] label", has_text="2").tap()
        tab.locator("[data-field=plan] label", has_text="No").first.tap()
        tab.get_by_role("button", name="I have finished").tap()
        tab.wait_for_selector("text=Thank you")
        is_for_everybody(tab)
        tab.get_by_role("link", name="For the study team").tap()
        write(tab, "#password", PASSWORD)
        write(tab, "#code", code_beside())
        tab.get_by_role("button", name="Take it back").tap()
        tab.wait_for_selector("text=Visits and forms")
    assert course_of(study, ledger).answers["mood"][-1].items == {"low": 2, "plan": False}


def test_a_session_is_opened_locked_and_measured_in_by_taps(
    therapist: Browser,  # noqa: F811
    investigator: Browser,  # noqa: F811
    case: Case,  # noqa: F811
    in_session: str,  # noqa: F811
) -> None:
    session, _ = therapist.session, investigator.session
    with ipad(session) as tab:
        tab.goto(CONSOLE)
        write(tab, "input[name=pin]", PIN)
        tab.locator("label:has(input[name=beside])").tap()
        tab.get_by_role("button", name="Open the session").tap()
        tab.wait_for_selector(".top")
        assert tab.evaluate(SMALL, 40) == []
        tab.get_by_role("button", name="Vital signs", exact=True).tap()
        assert tab.evaluate(SMALL, 40) == []
        for name, value in (
            ("systolic", "128"),
            ("diastolic", "81"),
            ("heart_rate", "70"),
            ("temperature", "36.8"),
        ):
            write(tab, f"input[name={name}]", value)
        tab.get_by_role("button", name="Save").tap()
        tab.wait_for_selector("form.panel", state="detached")
        tab.get_by_role("button", name="Inside: it glows").tap()
        tab.wait_for_selector("text=Outside: it sounds")
        tab.reload()
        tab.wait_for_selector("main:has-text('Locked')")
        assert tab.evaluate(SMALL, 40) == []
        for digit in PIN:
            tab.get_by_role("button", name=digit, exact=True).tap()
        tab.wait_for_selector(".top")
        all_sent(tab)
        tab.wait_for_selector(
            "text=makes no sound yet", state="detached"
        )  # the touches of its PIN let it sound
        is_for_everybody(tab)
        assert course_now(case, in_session).vitals[-1].items["heart_rate"] == "70 /min"
