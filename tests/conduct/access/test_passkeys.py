"""Passkeys as second factor: made and shown in a browser, with an authenticator that Chromium plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.conduct.access.test_sign_in import BY, PASSWORD, told
from tests.conduct.people import account, client, signed_in
from tests.conduct.served import CHROMIUM, of_chromium, served

from entact.conduct.access import people, trail

pytestmark = pytest.mark.usefixtures("record")

BROKEN = [
    "",
    "x",
    "[]",
    "{}",
    "null",
    "7",
    '{"id": 7}',
    json.dumps({"id": "eA", "rawId": "eA", "response": {}}),
]
BROKEN.append(
    json.dumps(
        {
            "id": "eA",
            "rawId": "eA",
            "type": "public-key",
            "response": {
                "clientDataJSON": "eA",
                "attestationObject": "eA",
                "authenticatorData": "eA",
                "signature": "eA",
            },
        }
    )
)


@pytest.fixture
def address() -> Iterator[str]:
    """The pages by a name, as a browser asks for where passkeys are."""
    with served() as port:
        yield f"http://localhost:{port}"


@of_chromium  # a passkey that no screen lock holds
@pytest.mark.slow
@pytest.mark.requirement("R18")
def test_somebody_comes_by_a_link_makes_a_passkey_and_signs_in_with_it(address: str) -> None:
    from playwright.sync_api import sync_playwright

    link = f"{address}/welcome/{people.invite(account('anna', ('investigator', 'denver')), by=BY)}/"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        problems: list[str] = []
        tab.on("pageerror", lambda error: problems.append(str(error)))
        device = tab.context.new_cdp_session(tab)
        device.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        tab.goto(link)
        tab.fill("#id_password", PASSWORD)
        tab.fill("#id_again", PASSWORD)
        tab.get_by_role("button", name="Use this password").click()
        tab.get_by_role("link", name="passkey").click()
        tab.fill("#id_name", "Tablet of room 2")
        tab.get_by_role("button", name="Make it").click()
        tab.wait_for_selector("text=Recovery codes")
        tab.goto(f"{address}/account/passkeys/")
        assert "Tablet of room 2" in tab.inner_text("main")
        tab.goto(f"{address}/")
        tab.locator("details.role summary").click()
        tab.get_by_role("button", name="Sign out").click()

        def say_password() -> None:
            tab.fill("#id_login", "anna")
            tab.fill("#id_password", PASSWORD)
            tab.get_by_role("button", name="Sign in").click()
            tab.wait_for_selector("text=Second factor")

        say_password()
        tab.get_by_role("button", name="Use your passkey").click()
        tab.wait_for_url(f"{address}/")
        tab.goto(f"{address}/participants/")
        assert "1-001" in tab.inner_text("main")
        browser.close()
    assert problems == []
    with ThreadPoolExecutor(1) as beside:
        entries = beside.submit(_told).result()
    assert entries == [
        {"person": "anna", "by": ["password", "webauthn"]},
        {"person": "anna", "what": "webauthn", "status": "set"},
    ]


def _told() -> list[dict[str, Any]]:
    from django.db import connection

    try:
        return [
            told("signed_in")[-1].data,
            next(one.data for one in told("credential") if one.data["what"] == "webauthn"),
        ]
    finally:
        connection.close()


@pytest.mark.requirement("R18")
def test_what_is_no_passkey_lets_nobody_in_is_counted_and_locks() -> None:
    signed_in("investigator", "denver")
    who = people.account_named("investigator.denver")
    assert who is not None
    who.set_password(PASSWORD)
    who.save()
    browser = client()
    assert browser.post("/sign-in/", {"login": who.name, "password": PASSWORD}).url == "/sign-in/code/"
    page = browser.get("/sign-in/code/").content.decode()
    assert "passkey" not in page  # there is none
    for sent in BROKEN[: trail.ALLOWED + 1]:
        answer = browser.post("/sign-in/code/", {"credential": sent})
        assert answer.status_code == 200, sent
    assert browser.get("/participants/").url.startswith("/sign-in/")
    assert told("sign_in_failed")[-1].data["person"] == who.name


def test_broken_bytes_make_no_passkey() -> None:
    browser = client()
    link = f"/welcome/{people.invite(account('anna', ('investigator', 'denver')), by=BY)}/"
    browser.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert "A passkey as second factor" in browser.get("/account/passkeys/new/").content.decode()
    for sent in BROKEN:
        answer = browser.post("/account/passkeys/new/", {"name": "x", "credential": sent})
        assert (answer.status_code, "does not count" in answer.content.decode()) == (200, True), sent
    assert not account("anna").authenticator_set.exists()
    assert browser.get("/participants/").url == "/account/one-time-code/"
