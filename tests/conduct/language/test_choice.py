"""The language of a page: as its reader chose, else as the browser asks, and never by the address."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import activate, deactivate, get_language
from tests.conduct.conftest import Get
from tests.conduct.people import client, signed_in

from entact.conduct.language.choice import called, of_study, spoken, switches
from entact.conduct.language.codes import code_words
from entact.conduct.words import day, listing, value


@pytest.fixture(autouse=True)
def _english_again() -> Any:
    yield
    deactivate()


def _page(browser: Any, address: str = "/", **headers: str) -> str:
    answer = browser.get(address, headers=headers)
    assert answer.status_code == 200
    text: str = answer.content.decode()
    return text


@pytest.mark.usefixtures("screened")
def test_a_page_speaks_the_language_that_the_browser_asks_for() -> None:
    browser = signed_in("investigator", "denver")
    english, german = _page(browser), _page(browser, **{"accept-language": "de-CH, de;q=0.9"})
    assert '<html lang="en-gb">' in english
    assert "Waits for you" in english
    assert '<html lang="de">' in german
    assert "Wartet auf Sie" in german
    assert "Waits for you" not in german


@pytest.mark.usefixtures("screened")
def test_what_somebody_chose_stays_with_the_account_whatever_the_browser_asks() -> None:
    browser = signed_in("investigator", "denver")
    answer = browser.post(
        "/language/", {"language": "de"}, headers={"referer": "http://127.0.0.1/participants/?x=1"}
    )
    assert (answer.status_code, answer["location"]) == (302, "/participants/?x=1")
    assert "Teilnehmende" in _page(browser, "/participants/", **{"accept-language": "en"})
    assert "Teilnehmende" in _page(signed_in("investigator", "denver"), "/participants/")
    assert "Participants" in _page(signed_in("therapist", "denver"), "/participants/")


@pytest.mark.usefixtures("screened")
def test_a_language_that_pages_do_not_speak_is_none() -> None:
    browser = signed_in("investigator", "denver")
    assert browser.post("/language/", {"language": "xx"}).status_code == 404
    assert browser.post("/language/", {}).status_code == 404
    assert browser.get("/language/").status_code == 405
    assert 'lang="en-gb"' in _page(browser)
    assert client().post("/language/", {"language": "de"}).status_code == 302  # to where one signs in


@pytest.mark.usefixtures("screened")
def test_from_elsewhere_nobody_is_led_elsewhere() -> None:
    browser = signed_in("investigator", "denver")
    answer = browser.post("/language/", {"language": "de"}, headers={"referer": "https://evil.example/x"})
    assert answer["location"] == "/"


@pytest.mark.usefixtures("screened")
def test_the_page_to_sign_in_speaks_german() -> None:
    assert "Name und Passwort" in _page(client(), "/sign-in/", **{"accept-language": "de"})


@pytest.mark.usefixtures("screened")
def test_no_address_changes_the_language(get: Get) -> None:
    assert get("/?language=de") == get("/")


@pytest.mark.usefixtures("screened")
def test_a_file_reads_the_same_for_everybody() -> None:
    browser = signed_in("investigator", "denver")
    files = [
        b"".join(browser.get("/queries/export.csv", headers={"accept-language": one}).streaming_content)
        for one in ("en", "de")
    ]
    assert files[0] == files[1]


def test_the_language_of_a_study_is_spoken_as_near_as_can_be() -> None:
    assert (spoken("de-AT"), spoken("de"), spoken("fr"), spoken("en-US")) == ("de", "de", "en-gb", "en-gb")
    activate("de")
    assert of_study(["en", "de-AT"]) == "de-AT"
    assert of_study(["en", "fr"]) is None


def test_a_language_is_named_to_its_reader_and_on_what_leads_to_it_by_itself() -> None:
    activate("de")
    names = [called(tag) for tag in ("en", "de", "de-CH", "tlh")]
    assert names == ["Englisch", "Deutsch", "Deutsch (de-CH)", "tlh"]
    assert switches(["en", "de"]) == (("en", "English"), ("de", "Deutsch"))
    assert switches(["de"]) == ()


def test_numbers_keep_their_point_and_dates_their_order() -> None:
    from datetime import date

    from django.template import engines

    activate("de")
    shown = engines["django"].from_string("{{ number }} {{ many }}").render({"number": 37.5, "many": 12345})
    assert shown == "37.5 12345"
    assert day(date(2026, 11, 29)) == "29. Nov. 2026"
    assert day(date(2026, 3, 2)) == "2. März 2026"
    assert (value(True), value([]), listing(["a", "b", "c"])) == ("ja", "keine", "a, b und c")
    deactivate()
    assert day(date(2026, 11, 29)) == "29 Nov 2026"


def test_what_somebody_wrote_is_never_translated() -> None:
    activate("de")
    assert value("participant") == "participant"
    assert code_words("some_role_of_theirs") == "some role of theirs"
    assert code_words("coordinator") == "Studienkoordination"
    assert code_words("") == ""


def test_without_a_request_words_are_those_of_the_record() -> None:
    assert get_language() == "en-gb"
