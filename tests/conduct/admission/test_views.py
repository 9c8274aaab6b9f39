"""Somebody is taken into screening, consents, and is judged: as the pages go."""

from __future__ import annotations

import re

import pytest
from tests.conduct.browser import Browser, course_of, said
from tests.conduct.conftest import SignIn

from entact import store
from entact.protocol import Study

NEW = "/participants/new/"


@pytest.fixture
def ada(sign_in: SignIn, screened: str) -> Browser:
    return sign_in("ada", denver="investigator")


def ledgers() -> list[str]:
    return [one.ledger for one in store.ledgers("participant:")]


def test_somebody_is_screened_consents_and_is_judged(ada: Browser, screened: str, study: Study) -> None:
    ada.post(NEW, {"number": "D-17", "site": "denver"})
    (ledger,) = set(ledgers()) - {screened}
    course = course_of(study, ledger)
    assert course.screening is not None
    assert (course.screening.number, course.site, course.status) == ("D-17", "denver", "screening")
    form = {"head": "9", "shown": ["age", "sex"], "item:age": "17", "item:sex": "female"}
    ada.post("/participants/D-17/screening.1/demographics/", form)
    assert "Not met. Age: 17" in said(ada.get("/participants/D-17/eligibility/"), "adult")


@pytest.mark.parametrize("number", ["", "new", "a/b", "..", "x" * 41, "S-1", "s-1", "\0"])
def test_a_number_that_cannot_be_one_or_is_anothers_is_refused(ada: Browser, number: str) -> None:
    before = ledgers()
    page = ada.post(NEW, {"number": number, "site": "denver"}, status=422)
    assert re.search(r'role="alert"><p>[^<]+', page)
    assert ledgers() == before


@pytest.mark.parametrize(
    ("name", "born", "said"),
    [
        ("Ana Roe", "2099-01-01", "2099-01-01 lies ahead"),
        ("Ana Roe", "1850-01-01", "nobody born on 1850-01-01 is alive"),
        ("Ana Roe", "31.02.1980", "“31.02.1980” is no day; write it as in"),
        ("Ana Roe", "1980", "“1980” is no day"),
        ("Ana Roe", "yesterday\0", "is no day"),
        ("Ana Roe", "", "Name: to know somebody again say their date of birth too"),
        ("7", "1980-04-30", "Date of birth: to know somebody again say their name too"),
    ],
)
def test_who_cannot_have_been_born_then_is_told_which_field_is_wrong(
    ada: Browser, name: str, born: str, said: str
) -> None:
    before = ledgers()
    page = ada.post(NEW, {"number": "D-18", "site": "denver", "name": name, "born": born}, status=422)
    assert said in page
    assert f'value="{name}"' in page
    assert ledgers() == before


def test_a_date_of_birth_is_written_as_people_write_it(ada: Browser, screened: str) -> None:
    for number, born in (("D-20", "29.02.1980"), ("D-21", "1.1.1980"), ("D-22", "30 Apr 1980")):
        ada.post(NEW, {"number": number, "site": "denver", "name": "Ana Roe", "born": born})
    page = ada.post(
        NEW, {"number": "D-23", "site": "denver", "name": "Roe, Ana", "born": "1980-01-01"}, status=409
    )
    assert "D-21" in page


def test_nobody_is_taken_in_by_who_may_not(sign_in: SignIn, screened: str, ada: Browser) -> None:
    before = ledgers()
    monitor = sign_in("mo", everywhere="monitor")
    monitor.get(NEW, status=404)
    monitor.post(NEW, {"number": "D-1", "site": "denver"}, status=404)
    ada.post(NEW, {"number": "D-1", "site": "haifa"}, status=404)
    ada.post(NEW, {"number": "D-1", "site": "denver", "population": "martians"}, status=404)
    assert ledgers() == before
