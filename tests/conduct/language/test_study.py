"""What the study itself says: in the reader's language, and where it is handed over in the participant's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.conduct.browser import Browser, keep_screened, said
from tests.conduct.conftest import SignIn
from tests.conduct.record import blinded_study

FORM = "/participants/S-1/screening.1/mood/"
GERMAN = {"accept-language": "de"}


def _in_two_languages(data: dict[str, Any]) -> None:
    data["languages"] = ["en", "de"]
    data["forms"]["mood"] = {
        "by": "participant",
        "title": {"en": "Your mood", "de": "Ihre Stimmung"},
        "items": {"low": {"type": "boolean", "title": {"en": "Feeling low", "de": "Niedergeschlagen"}}},
    }
    data["schedule"][0]["do"].append("mood")


def _read(page: str) -> str:
    """A page without what its scripts say by."""
    return re.sub(r'<script id="words".*?</script>', "", page)


@pytest.fixture
def ada(database: str, sign_in: SignIn) -> Browser:
    study = blinded_study(_in_two_languages)
    keep_screened(study, language="de")
    return sign_in("ada", of=study, denver="investigator")


def test_a_form_is_in_the_language_of_whoever_reads_it(ada: Browser) -> None:
    english = ada.get(FORM)
    german = _read(ada._client.get(FORM, headers=GERMAN).content.decode())
    assert "Your mood" in english
    assert "Feeling low" in said(english, "low")
    assert "Ihre Stimmung" in german
    assert '<a href="?language=de" hreflang="de" lang="de">Deutsch</a>' in english
    assert "Niedergeschlagen" in said(german, "low")
    for word in ("Not in the record", "Save", "No answer", "Your mood"):
        assert word in english, word
        assert word not in german, word
    assert "Feeling low" in said(
        ada._client.get(f"{FORM}?language=en", headers=GERMAN).content.decode(), "low"
    )


def test_a_consent_names_its_language_to_whoever_reads_it(ada: Browser) -> None:
    page = "/participants/S-1/consent/"
    assert '<option value="de">German</option>' in ada.get(page)
    german = ada._client.get(page, headers=GERMAN).content.decode()
    assert '<option value="en">Englisch</option>' in german
    german = ada._client.get("/participants/S-1/", headers=GERMAN).content.decode()
    assert re.search(r"Sprache</dt><dd>Deutsch<", german)


def test_how_many_are_planned_is_said_in_the_language_of_whoever_reads_it(ada: Browser) -> None:
    assert "<dd>8 participants</dd>" in ada.get("/")
    german = _read(ada._client.get("/", headers=GERMAN).content.decode())
    assert "<dd>8 teilnehmende Personen</dd>" in german


def test_what_is_handed_over_speaks_to_the_participant(ada: Browser) -> None:
    ada.post(f"{FORM}hand/", {})
    page = ada.get("/handed/")  # she who hands it over reads English
    assert '<html lang="de">' in page
    assert "Niedergeschlagen" in said(page, "low")
    assert "Ich bin fertig" in page
    assert "I have finished" not in page
    assert "For the study team" in ada.get("/handed/back/")  # this page is hers
