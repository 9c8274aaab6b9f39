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


def test_nobody_is_taken_in_by_who_may_not(sign_in: SignIn, screened: str, ada: Browser) -> None:
    before = ledgers()
    monitor = sign_in("mo", everywhere="monitor")
    monitor.get(NEW, status=404)
    monitor.post(NEW, {"number": "D-1", "site": "denver"}, status=404)
    ada.post(NEW, {"number": "D-1", "site": "haifa"}, status=404)
    ada.post(NEW, {"number": "D-1", "site": "denver", "population": "martians"}, status=404)
    assert ledgers() == before
