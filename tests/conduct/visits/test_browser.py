"""One visit on a phone by keyboard alone: no pointer, no script that puts the focus anywhere.

Whoever sits here signs in, finds the participant, opens the visit from the matrix, fills its form in,
corrects it, answers what the monitor asks, and signs. Each control is reached with Tab, Enter and arrows, and
shows that it has the focus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.served import is_for_everybody, launched, served

from entact.course.kinds.query import queries_of
from entact.protocol import Study

pytestmark = pytest.mark.slow
NEW = "/participants/S-1/query/"
FORM = "/participants/S-1/screening.1/suicidality/"
SHOWS_FOCUS = """() => [document.activeElement, document.activeElement.nextElementSibling].some((one) => {
    const style = one && getComputedStyle(one);
    return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0; })"""
MOST = 150  # tabs until something is reached; who needs more has been forgotten


class Keyboard:
    """Somebody who has nothing but keys."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.seen: set[str] = set()

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def reach(self, control: Any) -> None:
        """Goes on with Tab until a control has the focus."""
        wanted = control.element_handle()
        for _ in range(MOST):
            if wanted.evaluate("one => one === document.activeElement"):
                assert self.page.evaluate(SHOWS_FOCUS), control
                return
            self.press("Tab")
        pytest.fail(f"no key leads to {control} of {self.page.url}")

    def follow(self, control: Any) -> None:
        """Presses what leads to another page, and waits for that; everybody can use it."""
        self.reach(control)
        self.enter()

    def enter(self) -> None:
        """Presses Enter where it leads to another page; each is looked at once."""
        with self.page.expect_navigation():
            self.press("Enter")
        if self.page.title() not in self.seen:
            self.seen.add(self.page.title())
            is_for_everybody(self.page)

    def find(self, number: str) -> None:
        """Opens a participant by number, from anywhere."""
        self.press("/")
        self.type(number)
        self.enter()

    def choose(self, name: str, key: str) -> None:
        """Goes to an answer of which one is chosen, and on to its neighbour."""
        group = self.page.locator(f"[name='{name}']")
        chosen = group.and_(self.page.locator(":checked"))
        self.reach(chosen if chosen.count() else group.first)
        self.press(key)

    def save(self) -> None:
        """Saves the form, and waits until the record holds it."""
        self.follow(self.page.locator(".save button"))


def beside(do: Callable[..., Any], *given: Any) -> Any:
    """Does something with the record, which the browser's thread cannot."""

    def done() -> Any:
        from django.db import connection

        try:
            return do(*given)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        return other.submit(done).result()


@pytest.fixture
def ada(sign_in: Callable[..., Browser], screened: str) -> str:
    """An investigator who has a password and a second factor; where she signs in."""
    sign_in("ada", denver="investigator").get("/participants/S-1/")
    give_password("ada")
    return "ada"


@pytest.fixture
def page(ada: str) -> Iterator[Any]:
    """A phone on which nobody is signed in."""
    from playwright.sync_api import sync_playwright

    with served() as port, sync_playwright() as play:
        browser = launched(play)
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{port}", viewport={"width": 390, "height": 844}
        )
        yield context.new_page()
        browser.close()


@pytest.mark.requirement("R28")
def test_a_visit_is_done_by_keyboard_alone(
    page: Any, screened: str, study: Study, sign_in: Callable[..., Browser]
) -> None:
    monitor = sign_in("mo", everywhere="monitor")
    keys = Keyboard(page)

    def course() -> Any:
        return beside(course_of, study, screened)

    page.goto("/participants/")
    is_for_everybody(page)
    keys.reach(page.locator("[name=login]"))
    keys.type("ada")
    keys.reach(page.locator("[name=password]"))
    keys.type(PASSWORD)
    keys.follow(page.locator("main button[type=submit]").first)
    keys.reach(page.locator("[name=code]"))
    keys.type(beside(code))
    keys.follow(page.locator("main button[type=submit]").first)
    keys.find("S-1")
    keys.follow(page.get_by_role("link", name="Visits and forms"))
    keys.reach(page.locator("table a").first)
    while not page.evaluate(f"document.activeElement.getAttribute('href') === '{FORM}'"):
        before = page.evaluate_handle("document.activeElement")
        keys.press("ArrowDown")
        assert not before.evaluate("one => one === document.activeElement")
    keys.follow(page.locator(f"a[href='{FORM}']:focus"))
    keys.choose("item:ideation", "Space")
    keys.choose("item:behaviour", "Space")
    keys.choose("item:behaviour", "ArrowRight")
    page.wait_for_selector("[data-state]:has-text('Draft kept')")
    keys.save()
    assert course().answers["suicidality"][-1].items == {"ideation": 0, "behaviour": False}

    keys.choose("item:ideation", "ArrowRight")
    keys.save()
    assert "say why" in page.locator("[aria-labelledby=unsaved]").inner_text()
    assert len(course().effective) == 4  # nothing is corrected without a reason
    keys.reach(page.locator("#reason_code"))
    keys.press("ArrowDown")
    keys.save()
    answers = course().answers["suicidality"][-1]
    assert answers.items["ideation"] == 1

    asked = {"item": "ideation", "text": "Is this what was said?"}
    beside(monitor.post, f"{NEW}?entry={answers.entry}", asked)
    keys.follow(page.get_by_role("link", name="Queries"))
    keys.follow(page.locator(f"main a[href^='{NEW}']").first)
    keys.reach(page.locator("textarea").first)
    keys.type("It is.")
    keys.follow(page.get_by_role("button", name="Answer"))
    (query,) = queries_of(course())
    assert query.status == "answered"

    keys.find("S-1")
    keys.follow(page.get_by_role("link", name="Visits and forms"))
    keys.follow(page.get_by_role("link", name="Sign the casebook"))
    keys.reach(page.locator("[name=meaning]").first)
    keys.press("Space")
    keys.reach(page.locator("[name=password]"))
    keys.type(PASSWORD)
    keys.reach(page.locator("[name=code]"))
    keys.type(beside(code))
    keys.follow(page.locator("main form button[type=submit]").last)
    (signature,) = course().signatures
    assert signature.by == "ada"
