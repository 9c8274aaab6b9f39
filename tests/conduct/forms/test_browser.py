"""Forms in a browser: by keyboard, on a phone, in the dark, with the network lost and the browser closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conduct.browser import course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.served import is_for_everybody, launched_with
from tests.conduct.served import served as pages_served

from entact import store
from entact.course import Course, instant
from entact.protocol import Study, load_study

pytestmark = pytest.mark.slow
FORMS = Path(__file__).parents[2] / "studies" / "forms"
FORM = "/participants/S-1/screening.1/body/"


def course_now(study: Study, ledger: str) -> Course:
    """The participant as the ledger has them now, read beside the browser, which has this thread."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(_course, study, ledger).result()


def _course(study: Study, ledger: str) -> Course:
    from django.db import connection

    try:
        return course_of(study, ledger)
    finally:
        connection.close()


@pytest.fixture
def forms(database: str) -> Study:
    """The study with every type of item, in use."""
    study = load_study(FORMS)
    store.create_database(database, "rehearsal", study.name, replace=True)
    return study


@pytest.fixture
def served(forms: Study, sign_in: SignIn) -> Iterator[tuple[str, str, str]]:
    """The address of the pages, the ledger of somebody in screening, and the session of `ada`."""
    ledger = keep_screened(forms, site=next(iter(forms.newest.file.sites), "denver"))
    role = "coordinator" if "coordinator" in forms.newest.file.roles else "investigator"
    session = sign_in("ada", everywhere=role).session
    with pages_served() as port:
        yield f"http://127.0.0.1:{port}", ledger, session


@pytest.fixture
def page(served: tuple[str, str, str], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens pages; what the browser keeps lies in one profile, also after it was closed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = []

        def open_page(width: int = 1200, scheme: str = "light", height: int = 900) -> Any:
            context = launched_with(
                play,
                tmp_path / "profile",
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                base_url=served[0],
            )
            context.add_cookies([{"name": "sessionid", "value": served[2], "url": served[0]}])
            opened.append(context)
            return context.pages[0]

        yield open_page
        for context in opened:
            context.close()


def test_a_form_is_filled_in_by_keyboard_alone(
    page: Callable[..., Any], served: tuple[str, str, str], forms: Study
) -> None:
    tab = page(width=390, height=844)
    tab.goto(FORM)
    tab.get_by_label("Weight", exact=False).first.focus()
    tab.keyboard.type("81")
    tab.wait_for_selector("[data-state]:has-text('Draft kept')")
    tab.locator(".save button").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".state.kept")
    answers = course_now(forms, served[1]).answers["body"][-1]
    assert answers.items["weight"] == "81 kg"
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= 390  # nothing is cut off, and nothing moves sideways


def test_a_draft_survives_a_lost_network_and_a_closed_browser(
    page: Callable[..., Any], served: tuple[str, str, str], forms: Study
) -> None:
    tab = page()
    tab.goto(FORM)
    tab.get_by_label("Weight", exact=False).first.fill("82")
    tab.wait_for_selector("[data-state]:has-text('Draft kept')")
    tab.context.set_offline(True)
    tab.locator(".save button").click()
    tab.wait_for_selector("[data-state]:has-text('no connection')")
    assert "body" not in course_now(forms, served[1]).answers
    tab.context.close()
    again = page()
    again.goto(FORM)
    again.wait_for_selector(".draft")
    assert again.get_by_label("Weight", exact=False).first.input_value() == "82"
    again.locator(".save button").click()
    again.wait_for_selector(".state.kept")
    assert again.locator(".draft").count() == 0
    assert course_now(forms, served[1]).answers["body"][-1].items["weight"] == "82 kg"


def test_what_the_record_holds_is_no_draft_however_it_was_written(
    page: Callable[..., Any], served: tuple[str, str, str], forms: Study
) -> None:
    tab = page()
    tab.goto(FORM)
    tab.get_by_label("Weight", exact=False).first.fill("165 lbs")
    tab.locator("#when").fill("2 min ago")
    tab.wait_for_selector("[data-state]:has-text('Draft kept')")
    tab.wait_for_selector("[data-field=weight] [data-conversion]:has-text('74.84 kg')")
    tab.locator(".save button").click()
    tab.wait_for_selector(".state.kept")
    tab.reload()
    tab.wait_for_selector(".state.kept")
    assert tab.locator(".draft").count() == 0
    tab.get_by_label("Weight", exact=False).first.fill("11 st 12")
    tab.select_option("#reason_code", "unit_error")
    tab.locator(".save button").click()
    tab.wait_for_selector("text=Changed once")  # and no conflict with what the same person wrote before
    answers = course_now(forms, served[1]).answers["body"][-1]
    assert (answers.items["weight"], answers.values["weight"]) == ("166 [lb_av]", 75.29633342)
    for _ in range(2):  # the next event begins with a blank page
        tab.goto("/participants/S-1/add/adverse_event/")
        assert tab.locator("[name='item:onset']").input_value() == ""
        assert tab.locator(".draft").count() == 0
        tab.fill("[name='item:onset']", "2026-03")
        tab.wait_for_selector("[data-state]:has-text('Draft kept')")
        tab.locator(".save button").click()
        tab.wait_for_url("**/entry/**")


def test_whoever_was_signed_out_meanwhile_keeps_the_draft(page: Callable[..., Any], forms: Study) -> None:
    tab = page()
    tab.goto(FORM)
    tab.get_by_label("Weight", exact=False).first.fill("83")
    tab.wait_for_selector("[data-state]:has-text('Draft kept')")
    cookies = tab.context.cookies()
    tab.context.clear_cookies(name="sessionid")
    tab.locator(".save button").click()
    tab.wait_for_url("**/sign-in/**")
    tab.context.add_cookies(cookies)
    tab.goto(FORM)
    tab.wait_for_selector(".draft")
    assert tab.get_by_label("Weight", exact=False).first.input_value() == "83"


def test_what_was_ten_minutes_ago_when_it_was_written_stays_then(
    page: Callable[..., Any], served: tuple[str, str, str], forms: Study
) -> None:
    tab = page()
    tab.goto(FORM)
    tab.clock.install()
    tab.reload()
    tab.get_by_label("Weight", exact=False).first.fill("84")
    tab.fill("#when", "10 min ago")
    tab.wait_for_selector("[data-state]:has-text('Draft kept')")
    tab.clock.fast_forward("20:00")
    tab.locator(".save button").click()
    tab.wait_for_selector(".state.kept")
    course = course_now(forms, served[1])
    answers = course.answers["body"][-1]
    entry = next(one for one in course.entries if one.id == answers.entry)
    ago = instant(entry.recorded_at) - answers.at
    assert timedelta(minutes=29) < ago < timedelta(minutes=31)


def test_a_draft_is_ciphertext_on_the_device(page: Callable[..., Any], tmp_path: Path) -> None:
    tab = page()
    tab.goto(FORM)
    tab.get_by_label("Weight", exact=False).first.fill("82.71828")
    tab.wait_for_selector("[data-state]:has-text('Draft kept')")
    kept = tab.evaluate(
        """() => new Promise((resolve) => {
            const request = indexedDB.open("entact-outbox");
            request.onsuccess = () => {
                const all = request.result.transaction("kept").objectStore("kept").getAll();
                all.onsuccess = () => resolve(all.result.map((one) =>
                    Object.keys(one).join() + String.fromCharCode(...new Uint8Array(one.sealed))));
            };
        })"""
    )
    assert len(kept) == 1
    assert "82.71828" not in kept[0]
    assert kept[0].startswith("name,iv,sealed")


def test_what_is_asked_and_found_follows_each_change(page: Callable[..., Any]) -> None:
    tab = page()
    tab.goto(FORM)
    hidden = tab.locator('[data-field="cigarettes"]')
    assert not hidden.is_visible() or hidden.get_attribute("hidden") is None
    tab.locator('[data-field="smokes"] label:has-text("No"):not(.clear)').first.click()
    hidden.wait_for(state="hidden")
    tab.locator('[data-field="smokes"] label:has-text("Yes")').click()
    hidden.wait_for(state="visible")
    tab.get_by_label("Weight", exact=False).first.fill("400")
    tab.wait_for_selector('[data-field="weight"] .flag:has-text("out of range")')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_is_for_everybody(page: Callable[..., Any], scheme: str) -> None:
    tab = page(width=1024, scheme=scheme)
    for address in (FORM, "/participants/S-1/visits/", "/participants/S-1/screening.1/"):
        tab.goto(address)
        is_for_everybody(tab)
        text = tab.content()
        assert not re.search(r"<script(?![^>]*src=\"/static/)|style=\"", text)
