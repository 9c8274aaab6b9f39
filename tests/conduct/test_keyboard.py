"""By keyboard alone: from the list to a signed form, and a session from its set-up to a dose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.browser import course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.people import PASSWORD, code_beside, give_password
from tests.conduct.served import launched, served
from tests.conduct.session.conftest import (  # noqa: F401
    address,
    case,
    in_session,
    investigator,
    tablet,
    therapist,
)
from tests.conduct.session.tablet import CONSOLE, PIN, all_sent, course_now
from tests.course.cases import Case

from entact import store
from entact.protocol import load_study

pytestmark = pytest.mark.slow
FORMS = Path(__file__).parents[1] / "studies" / "forms"
# What has the focus: what it is called, and whether one sees that it has it.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const isSeen = [one, one.nextElementSibling, one.closest("label")].filter(Boolean)
    .map((it) => getComputedStyle(it)).some((it) => it.outlineStyle !== "none" || it.boxShadow !== "none");
  const own = one.getAttribute("aria-label") || one.title || one.innerText || "";
  const label = one.labels?.[0]?.innerText ?? own;
  return [one.name || one.id || "", label.trim().replace(/\\s+/g, " "), isSeen, one.outerHTML.slice(0, 120)];
}"""


def reach(tab: Any, called: str, *, key: str = "Tab") -> None:
    """Presses Tab until what is named, or begins so, has the focus; each stop on the way can be seen."""
    for _ in range(300):
        tab.keyboard.press(key)
        if found := tab.evaluate(FOCUSED):
            name, label, is_seen, html = found
            assert is_seen, f"nobody sees that this has the focus: {html}"
            if called in {name, label} or label.startswith(called):
                return
    raise AssertionError(f"no Tab leads to {called} on {tab.url}")


def press(tab: Any, called: str) -> None:
    """Reaches a link or a button, and presses Enter."""
    reach(tab, called)
    tab.keyboard.press("Enter")


def write(tab: Any, called: str, text: str) -> None:
    """Reaches a field, and types."""
    reach(tab, called)
    tab.keyboard.type(text)


def test_a_participant_is_found_a_form_filled_in_and_signed(sign_in: SignIn, database: str) -> None:
    from playwright.sync_api import sync_playwright

    study = load_study(FORMS)
    store.create_database(database, "rehearsal", study.name, replace=True)
    ledger = keep_screened(study, site=next(iter(study.newest.file.sites), "denver"))
    ada = sign_in("ada", everywhere="investigator")
    ada.get("/")
    give_password("ada")
    ada.sign_in_anew()
    session = ada.session
    with served() as port, sync_playwright() as play:
        browser = launched(play)
        where = f"http://127.0.0.1:{port}"
        context = browser.new_context(base_url=where, viewport={"width": 1200, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": where}])
        tab = context.new_page()
        tab.goto("/")
        reach(tab, "Skip to the content")
        tab.keyboard.press("/")  # from anywhere
        tab.keyboard.type("S-1")
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        with tab.expect_navigation():
            press(tab, "Visits and forms")
        with tab.expect_navigation():
            press(tab, "Body and lifestyle")
        write(tab, "item:weight", "81")
        reach(tab, "item:smokes")
        tab.keyboard.press("Space")
        tab.wait_for_selector("[data-state]:has-text('Draft kept')")
        press(tab, "Save")
        tab.wait_for_selector(".state.kept")
        with tab.expect_navigation():
            press(tab, "Sign")
        write(tab, "password", PASSWORD)
        write(tab, "code", code_beside())
        with tab.expect_navigation():
            press(tab, "Sign 1 entry")
        tab.wait_for_selector("#signed")
        browser.close()
    course = course_of(study, ledger)
    assert course.answers["body"][-1].items["weight"] == "81 kg"
    assert course.signatures


def test_a_session_is_opened_measured_in_and_locked(
    tablet: Callable[..., Any],  # noqa: F811
    case: Case,  # noqa: F811
    in_session: str,  # noqa: F811
) -> None:
    tab = tablet()
    tab.goto(CONSOLE)
    tab.wait_for_selector("input[name=pin]")
    write(tab, "pin", PIN)
    press(tab, "Open the session")
    tab.wait_for_selector(".top")
    press(tab, "Vital signs")
    tab.wait_for_selector("form.panel")
    for name, value in (
        ("systolic", "128"),
        ("diastolic", "81"),
        ("heart_rate", "70"),
        ("temperature", "36.8"),
    ):
        write(tab, name, value)
    press(tab, "Save")
    tab.wait_for_selector("form.panel", state="detached")
    reach(tab, "Initial dose")
    tab.evaluate("import('/session/screen.js').then((it) => it.redraw())")  # as it is every few seconds
    assert tab.evaluate(FOCUSED)[1].startswith("Initial dose")
    tab.keyboard.press("Enter")
    write(tab, "kit", "K-1")
    tab.wait_for_selector("text=Say who witnesses it")
    press(tab, "t-2")
    press(tab, "Give the initial dose")
    tab.wait_for_selector("text=given: record another")
    press(tab, "Lock")
    tab.wait_for_selector("main:has-text('Locked')")
    for digit in PIN:
        press(tab, digit)
    tab.wait_for_selector(".top")
    all_sent(tab)
    course = course_now(case, in_session)
    assert course.vitals[-1].items["heart_rate"] == "70 /min"
    assert course.doses[0].given
