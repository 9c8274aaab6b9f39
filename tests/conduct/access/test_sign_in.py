"""Signing in and out: by a link, a password and a code; what is locked, closed or idle lets nobody in."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from allauth.mfa.totp.internal import auth
from django.test import override_settings
from django.utils import timezone
from tests.conduct.people import account, client, signed_in

from entact import store
from entact.conduct.access import demonstration, doorkeeper, people, trail
from entact.conduct.access.models import Account, FailedSignIns, Invitation, Remembered
from entact.conduct.permissions import OWNER
from entact.course import read
from entact.course.entry import Kept

BY = people.By()
PASSWORD = "the heron stands in the reeds"

pytestmark = pytest.mark.usefixtures("record")


def told(kind: str) -> list[Kept]:
    """The entries of one kind in the system's ledger."""
    return [entry for line in store.lines("system") if (entry := read(line.text)).kind == kind]


def code_of(secret: str) -> str:
    """What an app shows now; used codes are forgotten, as after half a minute."""
    Remembered.objects.all().delete()
    _, counter, _ = auth.yield_hotp_counters_from_time()
    return auth.format_hotp_value(auth.hotp_value(secret, counter))


def newcomer(name: str, *roles: tuple[str, str]) -> tuple[Any, str]:
    """Somebody who came by a link and set a password and one-time codes; their browser, and the secret."""
    browser = client()
    link = f"/welcome/{people.invite(account(name, *roles), by=BY)}/"
    assert browser.get(link).status_code == 200
    done = browser.post(link, {"password": PASSWORD, "again": PASSWORD}, follow=True)
    assert done.redirect_chain[-1][0] == "/account/one-time-code/"
    (secret,) = re.findall(r"<code>([A-Z2-7]{32})</code>", done.content.decode())
    done = browser.post("/account/one-time-code/", {"code": code_of(secret)}, follow=True)
    assert "Recovery codes" in done.content.decode()
    return browser, secret


def enter(browser: Any, name: str, password: str) -> Any:
    """Sends name and password, and follows."""
    return browser.post("/sign-in/", {"login": name, "password": password}, follow=True)


@pytest.mark.requirement("R07")
def test_the_first_owner_comes_by_a_link_and_makes_an_account_for_somebody_else() -> None:
    owner, _ = newcomer("ada", (OWNER, ""))
    assert owner.get("/").status_code == 200
    assert owner.get("/participants/").status_code == 404
    made = owner.post("/people/", {"title": "Ben Bell", "name": "ben"}, follow=True)
    assert made.redirect_chain[-1][0] == "/people/ben/"
    given = {"do": "give", "role": "investigator", "site": "denver"}
    assert "at denver" in owner.post("/people/ben/", given, follow=True).content.decode()
    page = owner.post("/people/ben/", {"do": "invite"}).content.decode()
    (link,) = re.findall(r"https?://[^/]+(/welcome/[\w-]+/)", page)
    ben = client()
    ben.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert Account.objects.get(name="ben").check_password(PASSWORD)
    by = {(one.kind, one.by, one.data.get("person")) for one in map(read, texts())}
    assert {("account", "ada", "ben"), ("permission", "ada", "ben"), ("signed_in", "ben", "ben")} <= by
    given = next(one for one in told("permission") if one.data["person"] == "ben")
    assert given.authenticated is not None
    assert (given.authenticated.how, given.authenticated.who, given.role) == ("session", "ada", "owner")


def texts() -> list[str]:
    """The lines of the system's ledger."""
    return [line.text for line in store.lines("system")]


def test_a_password_and_a_code_let_in_and_neither_alone() -> None:
    first, secret = newcomer("anna", ("investigator", "denver"))
    assert first.get("/participants/").status_code == 200
    browser = client()
    answer = enter(browser, "anna", PASSWORD)
    assert answer.redirect_chain[-1][0] == "/sign-in/code/"
    assert browser.get("/participants/").url == "/sign-in/?next=%2Fparticipants%2F"
    answer = browser.post("/sign-in/code/", {"code": code_of(secret)}, follow=True)
    assert answer.redirect_chain[-1][0] == "/"
    assert browser.get("/participants/").status_code == 200
    assert told("signed_in")[-1].data == {"person": "anna", "by": ["password", "totp"]}


def test_a_password_can_be_changed_by_who_has_one() -> None:
    browser, _ = newcomer("anna", ("investigator", "denver"))
    words = {"oldpassword": PASSWORD, "password1": f"{PASSWORD} still", "password2": f"{PASSWORD} still"}
    assert browser.get("/account/password/").status_code == 200
    browser.post("/account/password/", words)
    assert Account.objects.get(name="anna").check_password(f"{PASSWORD} still")
    assert told("credential")[-1].data == {"person": "anna", "what": "password", "status": "changed"}
    assert browser.get("/").status_code == 302  # every session of before is over
    assert signed_in("therapist", "denver").get("/account/password/").status_code == 404


def test_a_code_is_good_for_one_sign_in() -> None:
    _, secret = newcomer("anna", ("investigator", "denver"))
    code = code_of(secret)
    for expected in ("/", None):
        browser = client()
        enter(browser, "anna", PASSWORD)
        answer = browser.post("/sign-in/code/", {"code": code})
        assert (answer.get("Location") if answer.status_code == 302 else None) == expected


def test_who_sees_participants_sets_up_a_second_factor_first() -> None:
    browser = signed_in("investigator", "denver", second_factor=False)
    for address in ("/", "/participants/", "/participants/1-001/", "/account/"):
        assert browser.get(address).url == "/account/one-time-code/"


def test_passwords_are_kept_as_argon2() -> None:
    anna = account("anna")
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"]):
        people.accept(people.invite(anna, by=BY), PASSWORD)
    assert Account.objects.get(name="anna").password.startswith("argon2$argon2id$v=19$m=102400,t=2,")


def test_a_link_works_for_an_hour() -> None:
    secret = people.invite(account("anna"), by=BY)
    ends = Invitation.objects.get().expires_at
    assert timedelta(minutes=59) < ends - timezone.now() <= timedelta(hours=1)
    Invitation.objects.update(expires_at=timezone.now())
    assert client().get(f"/welcome/{secret}/").status_code == 410
    assert people.accept(secret, PASSWORD) is None


def test_a_link_that_is_over_says_how_links_work_and_nothing_of_accounts() -> None:
    used, ended = people.invite(account("anna"), by=BY), people.invite(account("ben"), by=BY)
    client().post(f"/welcome/{used}/", {"password": PASSWORD, "again": PASSWORD})
    Invitation.objects.filter(account__name="ben").update(expires_at=timezone.now())
    pages = set()
    for secret in (used, ended, "nothing"):
        for send in (client().get, client().post):
            answer = send(f"/welcome/{secret}/")
            assert answer.status_code == 410
            pages.add(answer.content.decode())
    (page,) = pages
    assert "works once, and for an hour. An owner of the study makes another one" in page
    assert not [one for one in ("anna", "ben") if one in page]


@pytest.mark.parametrize(
    ("address", "came_from", "back", "said"),
    [
        ("/participants/S-1/screening.1/vitals/?repeat=2", None, "", "kept on this device"),
        ("/participants/S-1/entry/e/withdraw/", "/participants/S-1/?a=b", "", "Nothing was saved"),
        ("/participants/S-1/entry/e/withdraw/", "https://evil.example/x", "/", "Nothing was saved"),
        ("/participants/S-1/entry/e/withdraw/", None, "/", "Nothing was saved"),
    ],
)
def test_who_saves_after_the_session_ended_is_told_and_led_back(
    address: str, came_from: str | None, back: str, said: str
) -> None:
    """Back to where it was entered, and never to another server."""
    browser, secret = newcomer("anna", ("investigator", "denver"))
    session = browser.session
    session[doorkeeper.SEEN] = 0
    session.save()
    if came_from is not None:
        came_from = came_from if "//" in came_from else f"http://127.0.0.1{came_from}"
    answer = browser.post(address, {"item:a": "1"}, **({"HTTP_REFERER": came_from} if came_from else {}))
    assert answer.url.startswith("/sign-in/?")
    page = browser.get(answer.url).content.decode()
    assert said in page
    assert "evil" not in page
    field = re.search(r'name="next" value="([^"]*)"', page)
    sent = {"login": "anna", "password": PASSWORD} | ({"next": unescape(field[1])} if field else {})
    browser.post("/sign-in/", sent)
    wanted = back or (came_from or "").removeprefix("http://127.0.0.1") or address
    assert browser.post("/sign-in/code/", {"code": code_of(secret)}).url == wanted


@pytest.mark.parametrize(
    ("password", "said"),
    [("short", "too short"), ("password1234", "too common"), ("123456789012", "entirely numeric")],
)
def test_a_password_that_can_be_guessed_is_refused_and_the_link_still_works(password: str, said: str) -> None:
    link = f"/welcome/{people.invite(account('anna'), by=BY)}/"
    browser = client()
    assert said in browser.post(link, {"password": password, "again": password}).content.decode()
    assert "not the same" in browser.post(link, {"password": PASSWORD, "again": "x"}).content.decode()
    assert browser.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 302


@pytest.mark.requirement("R18")
def test_five_failures_lock_an_account_for_a_while_and_a_flood_makes_no_more_entries() -> None:
    newcomer("anna", ("investigator", "denver"))
    browser = client()
    for _ in range(trail.ALLOWED):
        enter(browser, "anna", "wrong")
    for _ in range(4):
        assert "Too many failed" in enter(browser, "anna", PASSWORD).content.decode()
    counts = [(one.data["count"], one.data["locked"]) for one in told("sign_in_failed")]
    assert counts == [(1, False), (trail.ALLOWED, True)]
    FailedSignIns.objects.update(since=timezone.now() - trail.WINDOW)
    assert enter(browser, "anna", PASSWORD).redirect_chain[-1][0] == "/sign-in/code/"
    enter(client(), "anna", "wrong")
    counts = [(one.data["count"], one.data["locked"]) for one in told("sign_in_failed")]
    assert counts[2:] == [(trail.ALLOWED + 4, True), (1, False)]


@pytest.mark.requirement("R07")
def test_another_owner_ends_a_lock_out_early_and_the_ledger_says_so() -> None:
    owner, _ = newcomer("olga", (OWNER, ""))
    newcomer("anna", ("investigator", "denver"))
    for name in ("anna", "olga"):
        for _ in range(trail.ALLOWED):
            enter(client(), name, "wrong")
    assert "Locked out" in owner.get("/people/anna/").content.decode()
    own = owner.get("/people/olga/").content.decode()
    assert "Locked out" in own
    assert "End the lock-out" not in own
    assert owner.post("/people/olga/", {"do": "unlock"}).status_code == 409
    assert trail.is_locked("olga")
    for role, site in (("investigator", "denver"), ("monitor", "")):
        assert signed_in(role, site).post("/people/anna/", {"do": "unlock"}).status_code == 404
    assert trail.is_locked("anna")
    for _ in range(2):  # the second time nobody is locked out any more, and nothing is to be said
        assert owner.post("/people/anna/", {"do": "unlock"}).status_code == 302
    assert [(one.by, one.role, one.data["person"]) for one in told("lock_out_ended")] == [
        ("olga", OWNER, "anna")
    ]
    assert "Locked out" not in owner.get("/people/anna/").content.decode()
    assert enter(client(), "anna", PASSWORD).redirect_chain[-1][0] == "/sign-in/code/"
    for _ in range(trail.ALLOWED - 1):  # counted anew
        enter(client(), "anna", "wrong")
    assert not trail.is_locked("anna")


@pytest.mark.requirement("R07")
def test_what_was_typed_for_a_name_that_nobody_has_is_kept_nowhere() -> None:
    browser = client()
    for name in ("hunter2-is-my-password", "another", "' OR 1=1"):
        enter(browser, name, "wrong")
    assert [one.data["person"] for one in told("sign_in_failed")] == [""]
    assert not any("hunter2" in text for text in texts())
    assert FailedSignIns.objects.get().count == 3


def test_wrong_codes_lock_too() -> None:
    newcomer("anna", ("investigator", "denver"))
    browser = client()
    enter(browser, "anna", PASSWORD)
    for _ in range(trail.ALLOWED):
        browser.post("/sign-in/code/", {"code": "000000"})
    assert told("sign_in_failed")[-1].data["locked"] is True
    assert "Too many failed" in enter(client(), "anna", PASSWORD).content.decode()


@pytest.mark.requirement("R18")
def test_after_the_account_is_closed_every_request_of_it_fails() -> None:
    browser = signed_in("investigator", "denver")
    assert browser.get("/participants/").status_code == 200
    people.close_account(people.account_named("investigator.denver"), by=BY)  # type: ignore[arg-type]
    for address in ("/", "/participants/", "/participants/1-001/", "/account/"):
        assert browser.get(address).url.startswith("/sign-in/")
    assert browser.post("/account/password/").url == "/sign-in/?unsaved=nothing"


@pytest.mark.requirement("R18")
def test_who_asks_for_nothing_is_signed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in("investigator", "denver")
    assert browser.get("/participants/").status_code == 200
    monkeypatch.setattr(doorkeeper, "IDLE", timedelta(seconds=-1))
    assert browser.get("/participants/").url == "/sign-in/?next=%2Fparticipants%2F"
    monkeypatch.undo()
    assert browser.get("/participants/").status_code == 302
    assert told("signed_out")[-1].data == {"person": "investigator.denver", "cause": "idle"}


def test_who_signs_out_is_out() -> None:
    browser = signed_in("investigator", "denver")
    assert browser.get("/participants/").status_code == 200
    assert browser.post("/sign-out/").url == "/sign-in/"
    assert browser.get("/participants/").status_code == 302
    assert told("signed_out")[-1].data["cause"] == "asked"


def test_sessions_are_listed_and_the_others_can_be_ended() -> None:
    demonstration.make_demonstration()
    one, two = client(), client()
    for browser in (one, two):
        browser.post("/sign-in/as/demo-monitor/")
        assert browser.get("/").status_code == 200
    page = one.get("/account/sessions/").content.decode()
    assert page.count("this one") == 1
    one.post("/account/sessions/")
    assert (one.get("/").status_code, two.get("/").status_code) == (200, 302)


def test_in_a_rehearsal_each_role_signs_in_by_one_press() -> None:
    demonstration.make_demonstration()
    page = client().get("/sign-in/").content.decode()
    told_roles = people.permissions_here().roles
    assert set(re.findall(r'action="/sign-in/as/demo-(\w+)/"', page)) == set(told_roles)
    browser = client()
    assert browser.post("/sign-in/as/demo-monitor/", {"next": "/participants/"}).url == "/participants/"
    assert browser.get("/participants/").status_code == 200
    assert browser.get("/account/").status_code == 404  # it has no password to change
    assert browser.post("/sign-in/as/demo-monitor/", {"next": "https://evil.example/"}).url == "/"
    assert client().get("/sign-in/as/demo-monitor/").status_code == 405
    assert client().post("/sign-in/as/monitor/").status_code == 404
