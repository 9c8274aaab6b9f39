"""Signing on by the hospital's OpenID Connect, against a provider that runs here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from tests.conduct.access.provider import CLIENT, SECRET, Provider, running
from tests.conduct.access.test_sign_in import code_of, newcomer, told
from tests.conduct.people import account, client, signed_in

from entact.conduct.access import demonstration, people, sign_on, trail
from entact.conduct.access.models import Account, FailedSignIns, Role
from entact.conduct.configuration import read_sign_on
from entact.conduct.error import ConductError
from entact.conduct.permissions import OWNER

BY = people.By()


@pytest.fixture(scope="module")
def started() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(started: Provider, record: str) -> Iterator[Provider]:
    """The provider as it is by default, configured here."""
    started.claims, started.header, started.algorithm, started.says = (
        {"sub": "u-1"},
        {"kid": "one"},
        "RS256",
        {},
    )
    started.asked.clear()
    with configured(started):
        yield started


def configured(provider: Provider, **more: str) -> Any:
    """Settings as they are read with the provider."""
    said = {
        "ENTACT_SIGN_ON": provider.issuer,
        "ENTACT_SIGN_ON_CLIENT": CLIENT,
        "ENTACT_SIGN_ON_SECRET": SECRET,
        "ENTACT_SIGN_ON_TITLE": "St. Elsewhere",
        **more,
    }
    found = read_sign_on(said)
    assert found is not None
    return override_settings(SIGN_ON=found, SOCIALACCOUNT_PROVIDERS=found.providers)


def sign_on_as(provider: Provider, browser: Any = None, at: str = "/sign-in/hospital/") -> tuple[Any, Any]:
    """Somebody goes to the provider and comes back; their browser, and what they are answered."""
    browser = browser or client()
    away = browser.get(at)
    assert away.status_code == 302, away.content.decode()
    return browser, browser.get(provider.come_back(away.url))


@pytest.mark.requirement("R07")
@pytest.mark.requirement("R18")
def test_who_was_linked_by_an_owner_signs_on_and_shows_the_second_factor_here(provider: Provider) -> None:
    owner, _ = newcomer("ada", (OWNER, ""))
    _, secret = newcomer("anna", ("investigator", "denver"))
    assert "Sign on by St. Elsewhere" in client().get("/sign-in/").content.decode()
    owner.post("/people/anna/", {"do": "link", "known_as": " u-1 "})
    assert 'value="u-1"' in owner.get("/people/anna/").content.decode()
    assert told("credential")[-1].data == {"person": "anna", "what": "sign_on", "status": "set"}
    assert told("credential")[-1].by == "ada"
    browser, answer = sign_on_as(provider, at="/sign-in/hospital/?next=/participants/")
    assert (answer.status_code, answer.url) == (302, "/sign-in/code/")
    assert browser.get("/participants/").url.startswith("/sign-in/")
    answer = browser.post("/sign-in/code/", {"code": code_of(secret)})
    assert answer.url == "/participants/"
    assert browser.get("/participants/").status_code == 200
    assert told("signed_in")[-1].data == {"person": "anna", "by": ["sign_on", "totp"]}
    asked = provider.asked[-1]
    assert (asked["scope"], asked["prompt"], asked["code_challenge_method"]) == ("openid", "login", "S256")


@pytest.mark.requirement("R18")
def test_nobody_is_made_by_signing_on_and_who_is_unknown_reads_what_to_tell_an_owner(
    provider: Provider,
) -> None:
    provider.claims = {
        "sub": "<b>u-9</b>",
        "email": "ada@example.org",
        "name": "Ada",
        "preferred_username": "ada",
    }
    account("ada", (OWNER, ""))
    accounts, roles = Account.objects.count(), Role.objects.count()
    browser, answer = sign_on_as(provider)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "&lt;b&gt;u-9&lt;/b&gt;" in page
    assert "<b>" not in page
    assert browser.get("/").url.startswith("/sign-in/")
    assert (Account.objects.count(), Role.objects.count()) == (accounts, roles)
    assert [one.data["person"] for one in told("sign_in_failed")] == [""]
    assert browser.post("/sign-in/hospital/").status_code == 405


def test_a_second_factor_that_the_hospital_vouches_for_is_enough_where_it_was_said(
    provider: Provider,
) -> None:
    anna = account("anna", ("investigator", "denver"))
    provider.claims = {"sub": "u-1", "amr": ["pwd", "mfa"], "acr": "gold"}
    for words, address, by in (
        ("", "/account/one-time-code/", ["sign_on"]),
        ("silver", "/account/one-time-code/", ["sign_on"]),
        ("mfa, otp", None, ["sign_on_second_factor", "sign_on"]),
        ("gold", None, ["sign_on_second_factor", "sign_on"]),
    ):
        with configured(provider, ENTACT_SIGN_ON_SECOND_FACTOR=words):
            sign_on.link(anna, "u-1", by=BY)
            browser, answer = sign_on_as(provider)
            assert answer.url == "/"
            page = browser.get("/participants/")
            assert (page.get("Location"), page.status_code) == (address, 302 if address else 200)
            assert told("signed_in")[-1].data["by"] == by


def test_what_the_hospital_saw_in_one_session_is_no_second_factor_of_another_person(
    provider: Provider,
) -> None:
    """Who signs on and then knows somebody's password is still asked for that person's code."""
    newcomer("ben", ("monitor", ""))
    with configured(provider, ENTACT_SIGN_ON_SECOND_FACTOR="mfa"):
        sign_on.link(account("anna", ("investigator", "denver")), "u-1", by=BY)
        provider.claims = {"sub": "u-1", "amr": ["mfa"]}
        browser, _ = sign_on_as(provider)
        browser.post("/sign-out/")
        sent = {"login": "ben", "password": "the heron stands in the reeds"}
        assert browser.post("/sign-in/", sent).url == "/sign-in/code/"


WRONG: list[dict[str, Any]] = [
    {"aud": "another"},
    {"iss": "https://evil.example"},
    {"exp": 1},
    {"nonce": "old"},
    {"nonce": None},
    {"azp": "another"},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": "u" * 300},
    {"auth_time": 1},
]


def test_a_token_that_is_not_for_this_sign_on_or_not_signed_lets_nobody_in(provider: Provider) -> None:
    sign_on.link(account("anna", ("investigator", "denver")), "u-1", by=BY)
    for change in WRONG:
        provider.claims = {"sub": "u-1", **change}
        browser, answer = sign_on_as(provider)
        assert answer.status_code == 401, change
        assert "does not hold" in answer.content.decode()
        assert browser.get("/").url.startswith("/sign-in/")
    provider.claims = {"sub": "u-1"}
    for name, algorithm in (("two", "RS256"), ("one", "HS256"), ("one", "none")):
        provider.header, provider.algorithm = {"kid": name}, algorithm
        assert sign_on_as(provider)[1].status_code == 401, (name, algorithm)
    provider.header, provider.algorithm = {"kid": "one"}, "RS256"
    assert sign_on_as(provider)[1].status_code == 302


def test_an_answer_that_nobody_here_asked_for_lets_nobody_in(provider: Provider) -> None:
    sign_on.link(account("anna", ("investigator", "denver")), "u-1", by=BY)
    begun = client()
    back = provider.come_back(begun.get("/sign-in/hospital/").url)
    for address in (
        back,
        "/sign-in/hospital/return/",
        "/sign-in/hospital/return/?code=x&state=y",
        "/sign-in/hospital/return/?error=access_denied",
    ):
        assert client().get(address).status_code == 401
    assert begun.get(back).status_code == 302
    assert begun.get(back).status_code in (302, 401)  # signed in, or nothing is waited for any more
    assert client().get(back).status_code == 401


def test_a_provider_that_is_away_or_not_the_configured_one_is_said_and_passwords_go_on(
    provider: Provider,
) -> None:
    for says in ({"issuer": "https://evil.example"}, {"jwks_uri": None}, {"token_endpoint": 7}):
        provider.says = says
        answer = client().get("/sign-in/hospital/")
        assert answer.status_code == 503
        assert "cannot be reached" in answer.content.decode()
    with configured(provider, ENTACT_SIGN_ON="http://127.0.0.1:9"):
        assert client().get("/sign-in/hospital/").status_code == 503
        assert client().get("/sign-in/").status_code == 200


@pytest.mark.requirement("R18")
def test_closed_and_locked_accounts_are_so_for_who_signs_on_too(provider: Provider) -> None:
    anna = account("anna", ("investigator", "denver"))
    sign_on.link(anna, "u-1", by=BY)
    for _ in range(trail.ALLOWED):
        trail.failed("anna")
    assert "locked" in sign_on_as(provider)[1].content.decode()
    FailedSignIns.objects.update(locked=False)
    people.close_account(anna, by=BY)
    browser, answer = sign_on_as(provider)
    assert answer.url == "/sign-in/closed/"
    assert browser.get("/participants/").url.startswith("/sign-in/")


def test_a_person_is_known_by_one_word_of_one_provider(provider: Provider) -> None:
    anna, ben = account("anna"), account("ben")
    sign_on.link(anna, "u-1", by=BY)
    entries = len(told("credential"))
    sign_on.link(anna, "u-1", by=BY)
    assert len(told("credential")) == entries
    with pytest.raises(ConductError, match="knows somebody else as u-1"):
        sign_on.link(ben, "u-1", by=BY)
    assert (sign_on.linked_as(anna), sign_on.linked_as(ben)) == ("u-1", "")
    with configured(provider, ENTACT_SIGN_ON_CLAIM="email"):
        assert sign_on.linked_as(anna) == ""  # it was said of `sub`
        sign_on.link(ben, "ben@example.org", by=BY)
        provider.claims = {"sub": "u-1", "email": "ben@example.org"}
        assert sign_on_as(provider)[1].status_code == 401  # nobody verified that address
        provider.claims = {"sub": "u-1", "email": "ben@example.org", "email_verified": True}
        assert sign_on_as(provider)[1].status_code == 302
    sign_on.link(anna, "", by=BY)
    assert told("credential")[-1].data["status"] == "removed"
    provider.claims = {"sub": "u-1"}
    assert sign_on_as(provider)[1].status_code == 403


def test_accounts_of_one_press_and_servers_without_a_provider_have_no_sign_on(provider: Provider) -> None:
    demonstration.make_demonstration()
    demo = people.account_named("demo-monitor")
    assert demo is not None
    with pytest.raises(ConductError, match="no provider"):
        sign_on.link(demo, "u-1", by=BY)
    with override_settings(SIGN_ON=None, SOCIALACCOUNT_PROVIDERS={}):
        assert client().get("/sign-in/hospital/").status_code == 404
        assert client().get("/sign-in/hospital/return/?code=x&state=y").status_code == 404
        assert "hospital" not in client().get("/sign-in/").content.decode()
        owner = signed_in(OWNER)
        account("anna")
        assert "Known to" not in owner.get("/people/anna/").content.decode()
        assert owner.post("/people/anna/", {"do": "link", "known_as": "u-1"}).status_code == 409


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"ENTACT_SIGN_ON": "http://login.example"}, "by https"),
        ({"ENTACT_SIGN_ON": "login.example"}, "by https"),
        ({"ENTACT_SIGN_ON": "https://login.example?x=1"}, "by https"),
        (
            {"ENTACT_SIGN_ON": "https://login.example"},
            "without ENTACT_SIGN_ON_CLIENT and ENTACT_SIGN_ON_SECRET",
        ),
        ({"ENTACT_SIGN_ON": "https://login.example", "ENTACT_SIGN_ON_CLIENT": "x"}, "ENTACT_SIGN_ON_SECRET"),
    ],
)
def test_settings_that_cannot_be_are_named(said: dict[str, str], wrong: str) -> None:
    with pytest.raises(ConductError, match=wrong):
        read_sign_on(said)


def test_a_server_without_the_setting_has_no_provider() -> None:
    assert read_sign_on({}) is None
