"""A tablet that lies in the room: while its console is locked no page of the study opens beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.conduct.browser import Browser
from tests.conduct.people import client
from tests.conduct.session.conftest import ADDRESS
from tests.conduct.session.tablet import CONSOLE, INSTALLED, all_sent, arrive, sign_in_anew, unlock

KEY, OTHER = "k" * 44, "o" * 44


def say(wanted: dict[str, Any] | str, signed_in: str | None = None, **more: Any) -> Any:
    asking = client()
    if signed_in:
        asking.cookies["sessionid"] = signed_in
    text = wanted if isinstance(wanted, str) else json.dumps(wanted)
    return asking.post("/session/sign-in/", text, **({"content_type": "application/json"} | more))


def lock(key: str) -> dict[str, str]:
    return {"type": "lock", "digest": sha256(key.encode()).hexdigest()}


def test_a_locked_sign_in_opens_no_page_until_its_key_does(therapist: Browser) -> None:
    mine = therapist.session
    assert say(lock(KEY), mine).json() == {"open": False}
    for address in (
        "/",
        "/participants/P-1/",
        f"{ADDRESS}briefing/",
        f"{ADDRESS}pack.pdf",
        "/account/sessions/",
    ):
        therapist.get(address, status=302)
    assert "console on this device is locked" in therapist.get("/sign-in/")
    say(lock(OTHER), mine)  # whoever finds it locked gives it no key of their own
    for key in (OTHER, KEY[:-1], "x" * 44):
        assert say({"type": "open", "key": key}, mine).json() == {"open": False}
        therapist.get("/", status=302)
    assert say({"type": "open", "key": KEY}, mine).json() == {"open": True}
    therapist.get("/participants/P-1/")
    assert say({"type": "open", "key": OTHER}, mine).json() == {
        "open": True
    }  # a second session on the tablet
    say(lock(KEY), mine)
    assert say({"type": "open", "key": OTHER}, mine).json() == {"open": True}


def test_who_signs_in_anew_is_locked_out_by_nothing_of_before(therapist: Browser) -> None:
    say(lock(KEY), therapist.session)
    therapist.get("/", status=302)
    therapist._client.force_login(_account("t-1"))
    therapist.get("/")
    assert say({"type": "end"}, therapist.session).json() == {"open": False}
    therapist.get("/", status=302)
    assert "is locked" not in therapist.get("/sign-in/")


def _account(name: str) -> Any:
    from entact.conduct.access import people

    return people.account_named(name)


def test_who_is_signed_in_nowhere_locks_nothing_and_what_says_nothing_is_refused(therapist: Browser) -> None:
    assert say(lock(KEY)).json() == {"open": False}
    assert say({"type": "open", "key": KEY}).json() == {"open": False}
    mine = therapist.session
    for text in (
        "lock it",
        "[]",
        '{"type": "lock"}',
        '{"type": "lock", "digest": "<>"}',
        '{"type": "open", "key": ""}',
    ):
        assert say(text, mine).status_code == 400
    assert say(lock(KEY), mine, content_type="text/plain").status_code == 415
    therapist.get("/")


@pytest.mark.slow
def test_beside_a_locked_console_nothing_is_read_and_nobody_makes_themselves_a_pin(
    tablet: Callable[..., Any], therapist: Browser, address: str
) -> None:
    tab = tablet()
    tab.goto("/participants/P-1/")
    arrive(tab)
    with tab.expect_response("**/session/sign-in/"):
        tab.get_by_role("button", name="Lock").click()
    tab.wait_for_selector("main:has-text('Locked')")
    tab.go_back()
    tab.wait_for_url("**/sign-in/**")
    assert "P-1" not in tab.locator("main").inner_text()
    with tab.expect_navigation():
        tab.get_by_role("link", name="To the console").click()
    tab.wait_for_selector("main:has-text('Locked')")
    tab.goto("/session/#P-1/session_1.2")  # nor another session, by its address
    tab.wait_for_url("**/sign-in/**")
    tab.goto(CONSOLE)
    tab.get_by_role("button", name="No PIN here").click()
    tab.wait_for_url("**/sign-in/**")
    back = parse_qs(urlsplit(tab.url).query)["next"][0]
    assert back == "/session/?anew#P-1/session_1.1"

    # The PIN opens the pages with the console: what is linked there opens, and news arrives.
    tab.goto(CONSOLE)
    unlock(tab)
    all_sent(tab)
    tab.evaluate("fetch('/participants/P-1/').then((one) => { document.title = one.url; })")
    for _ in range(100):
        if "/participants/P-1/" in tab.title():
            break
        tab.wait_for_timeout(50)
    assert tab.title().endswith("/participants/P-1/")

    # Locked without a network, the server is told as soon as there is one.
    assert tab.evaluate(INSTALLED)
    tab.context.set_offline(True)
    tab.get_by_role("button", name="Lock").click()
    tab.wait_for_selector("main:has-text('Locked')")
    with tab.expect_response("**/session/sign-in/", timeout=15_000):
        tab.context.set_offline(False)
    tab.get_by_role("button", name="No PIN here").click()
    tab.wait_for_url("**/sign-in/**")

    # Who signs in anew sets a PIN; signed out, the browser is signed in to nothing.
    sign_in_anew(tab, therapist, address)
    tab.goto(back)
    tab.locator("input[name=pin]").fill("975310")
    tab.get_by_role("button", name="Open the session").click()
    tab.wait_for_selector(".top")
    all_sent(tab)
    tab.get_by_role("button", name="Sign this device out").click()
    tab.get_by_role("button", name="Sign out", exact=True).click()
    tab.wait_for_selector("main:has-text('Signed out')")
    assert tab.locator("text=could not be told").count() == 0
    tab.goto("/participants/P-1/")
    tab.wait_for_url("**/sign-in/**")
