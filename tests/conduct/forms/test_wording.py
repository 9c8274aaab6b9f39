"""A form asks an instrument in the words that its site has entered, and says where they are lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conduct.browser import Browser, keep_screened, said
from tests.conduct.conftest import SignIn
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import RECEIVED, _plain, blinded_study

from entact import store
from entact.conduct.forms.wording import instruments_in_words, words_here
from entact.conduct.session import briefing
from entact.conduct.session.asking import form_of, in_words
from entact.protocol import Study, load_study
from entact.protocol.wording import load_wording
from entact.store import server
from entact.store.wording import FOLDER, enter_wording

FORM = "/participants/S-1/screening.1/sds/"
WORDS = """\
wording: sds
language: {language}
version: "1"
holder: nobody
licence: none, these words are made up
instruction: {language} think of the last week
items: {{work: {language} first, social: {language} second, family: {language} third}}
answers:
  work: {{0: {language} none, 10: {language} all}}
  social: {{0: none, 10: all}}
  family: {{0: none, 10: all}}
"""


def _with_instrument(data: dict[str, Any]) -> None:
    data["languages"] = ["en", "de"]
    data["instruments"] = {"sds": load_study("mapp1").newest.data["instruments"]["sds"]}
    data["forms"]["sds"] = {"instrument": "sds", "by": "participant"}
    data["schedule"][0]["do"].append("sds")


@pytest.fixture(scope="module")
def asking() -> Study:
    return blinded_study(_with_instrument)


@pytest.fixture
def ada(asking: Study, database: str, sign_in: SignIn) -> Browser:
    keep_screened(asking, language="de")
    for site in ("denver", "haifa"):
        data = {"person": "ada", "roles": ["investigator"], "certificates": []}
        staff = _plain(asking, f"site:{site}", "staff", data, 900 + len(site), "rehearsal")
        store.append(staff, received_at=RECEIVED)
    ada = sign_in("ada", denver="investigator")
    ada.get("/participants/S-1/")
    give_password("ada")
    ada.sign_in_anew()
    return ada


def _enter(study: Study, folder: Path, language: str, site: str = "denver") -> Path:
    """Lets a site work with words in a language; where they are kept."""
    path = folder / f"{language}.yaml"
    path.write_text(WORDS.format(language=language))
    wording = load_wording(path, study.newest)
    enter_wording(wording, site, by="ada")
    return server.data_folder() / FOLDER / f"{wording.digest}.json"


def test_a_form_is_asked_in_the_words_of_its_site(asking: Study, ada: Browser, tmp_path: Path) -> None:
    assert "first" not in said(ada.get(FORM), "work")
    _enter(asking, tmp_path, "de", site="haifa")
    assert "first" not in ada.get(FORM)  # another site's
    _enter(asking, tmp_path, "de")
    assert "De first" in said(ada.get(FORM), "work")  # the only ones that it has
    _enter(asking, tmp_path, "en")
    page = ada.get(FORM)
    assert "En first" in said(page, "work")
    for words in ("En none", "En all"):
        assert words.lower() in said(page, "work").lower()
    assert "en think of the last week" in page
    assert "De first" in said(ada.get(f"{FORM}?language=de"), "work")


def test_who_answers_reads_them_in_the_language_of_their_consent(
    asking: Study, ada: Browser, tmp_path: Path
) -> None:
    for language in ("de", "en"):
        _enter(asking, tmp_path, language)
    ada.post(f"{FORM}hand/", {})
    page = ada.get("/handed/")
    assert "De first" in said(page, "work")
    assert "En first" not in page
    ada.post("/handed/back/", {"password": PASSWORD, "code": code()})
    assert "En first" in ada.get(FORM)


def test_the_console_asks_in_them(asking: Study, ada: Browser, tmp_path: Path) -> None:
    _enter(asking, tmp_path, "en")
    form = asking.newest.forms["sds"]
    assert form.instrument is not None
    words = words_here("denver", asking, form.instrument, ["en"]).words
    assert words is not None
    assert instruments_in_words("denver", asking) == {"sds"}
    assert instruments_in_words("haifa", asking) == set()
    sent = form_of(form, is_asked=True)
    told = in_words(sent, words)
    assert (told["items"]["work"]["title"], told["items"]["social"]["title"]) == ("en first", "en second")
    assert told["items"]["work"]["labels"] == {"0": "en none", "10": "en all"}
    assert told["scores"] == sent["scores"]


def test_words_that_are_lost_or_were_changed_are_shown_to_nobody_and_missed(
    asking: Study, ada: Browser, tmp_path: Path
) -> None:
    path = _enter(asking, tmp_path, "en")
    text = path.read_bytes()
    try:
        path.write_bytes(text.replace(b"en first", b"en other"))
        page = ada.get(FORM)
        assert "other" not in said(page, "work")
        assert "The words of this form (1, nobody) are not on this server, or were changed" in page
        path.unlink()
        assert "The words of this form (1, nobody) are not on this server" in ada.get(FORM)
        sent = {"sds": form_of(asking.newest.forms["sds"], is_asked=True)}
        told = dict(briefing._in_words(sent, asking, asking.newest, "denver"))["sds"]
        assert told["problem"].startswith("The words of this form (1, nobody) are not on this server")
        assert told["items"] == sent["sds"]["items"], "it is asked without them, on the console too"
    finally:
        path.unlink(missing_ok=True)
