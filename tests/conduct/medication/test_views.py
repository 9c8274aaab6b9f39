"""Medicines with the calendar of the washout, and a dictionary of the site's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn

from entact.conduct.medication.dictionary import search
from entact.protocol import Study

PAGE, ADD = "/participants/S-1/medication/", "/participants/S-1/add/medication/"


@pytest.fixture
def ada(sign_in: SignIn, screened: str) -> Browser:
    return sign_in("ada", denver="investigator")


def enter(ada: Browser, **items: str) -> None:
    sent = {f"item:{name}": text for name, text in items.items()}
    ada.post(ADD, {"head": "99", "shown": [*items], **sent})


def test_each_medicine_says_when_it_has_left_the_body(ada: Browser, screened: str, study: Study) -> None:
    assert "No medicine is entered" in ada.get(PAGE)
    taken = {"started": "2024", "stopped": "2026-04-01", "psychiatric": "true"}
    enter(ada, name="sertraline", medicine_class="ssri", **taken)
    page = ada.get(PAGE)
    # 5 half-lives of 36 h are 8 days upwards, and 7 days to become stable.
    for said in ("sertraline", "2024 to 1 Apr 2026", "Washed out", "16 Apr 2026"):
        assert said in page, said
    enter(ada, name="fluoxetine", medicine_class="fluoxetine", started="2025-03", psychiatric="true")
    page = ada.get(PAGE)
    assert "2025-03 to now" in page
    assert ">Not known<" in page
    assert len(course_of(study, screened).medication) == 2


@pytest.mark.requirement("R16")
def test_medicines_are_for_who_may_know_of_them(ada: Browser, sign_in: SignIn) -> None:
    enter(ada, name="sertraline", medicine_class="ssri")
    assert "sertraline" in sign_in("mo", everywhere="monitor").get(PAGE)
    assert "Enter a medicine" not in sign_in("mo", everywhere="monitor").get(PAGE)
    for role in ("scheduler", "rater"):
        someone = sign_in(role, everywhere=role)
        someone.get(PAGE, status=404)
    assert "/medication/" not in sign_in("scheduler", everywhere="scheduler").get("/participants/S-1/")
    sign_in("eve", haifa="investigator").get(PAGE, status=404)


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "medicines.csv"
    path.write_text(
        "name,code,class\nSertraline,N06AB06,SSRI\nSertindole,N05AE03,herbal\n"
        "Hydrochloride of sertraline,,\n,X,\n"
    )
    monkeypatch.setenv("ENTACT_DICTIONARIES", str(tmp_path))
    return path


def test_a_dictionary_of_the_site_is_searched_where_there_is_one(ada: Browser, words: Path) -> None:
    assert 'data-search="/dictionary/medicines/"' in ada.get(ADD)
    found = json.loads(ada.get("/dictionary/medicines/?q=sert"))["found"]
    assert found[0] == ["Sertraline (N06AB06)", "ssri"]
    assert found[1][1] == "", "no class of the study's washout"
    assert [said for said, _ in found][1:] == ["Sertindole (N05AE03)", "Hydrochloride of sertraline"]
    assert [one.name for one in search("medicines", "n06")] == ["Sertraline"]
    assert search("medicines", "s") == []
    words.write_text("name\nOxytocin\n")
    assert [one.said for one in search("medicines", "oxy")] == ["Oxytocin"]
    for name in ("conditions", "..", "Medicines", "%2e%2e%2fpasswd"):
        ada.get(f"/dictionary/{name}/?q=sert", status=404)


def test_without_a_dictionary_nothing_is_looked_up(
    ada: Browser, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENTACT_DICTIONARIES", raising=False)
    assert "data-search" not in ada.get(ADD)
    ada.get("/dictionary/medicines/?q=sert", status=404)
