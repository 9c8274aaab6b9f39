"""The screening log, numbers by the study's scheme, screening again, another site, and who is known."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from tests.conduct.browser import Browser, course_of
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY, blinded_study, keep
from tests.course.conftest import Story

from entact import store
from entact.conduct import delegation
from entact.conduct.admission.known import Person
from entact.conduct.admission.models import Known
from entact.conduct.record.door import Author
from entact.course.entry import SYSTEM
from entact.course.kinds.site import Activation, Certificate
from entact.protocol import Study
from entact.store.identity import identity

SPONSOR = Author("sponsor", "sponsor", SYSTEM)
NEW, LOG = "/participants/new/", "/screening/"


def _numbered(data: dict[str, Any]) -> None:
    data["numbers"] = {"screening": "{site}-S###", "subject": "{site}-###"}


@pytest.fixture(scope="module")
def numbered() -> Study:
    return blinded_study(_numbered)


def _ledger(but: set[str]) -> str:
    (ledger,) = {one.ledger for one in store.ledgers("participant:")} - but
    return ledger


def _may_be_enrolled(study: Study) -> str:
    """Somebody found eligible, at a site that is open."""
    story = Story(study)
    story.whole()
    until, later = story.at(8.5).isoformat(), ("enrolment", "randomisation")
    story.entries = [one for one in story.entries if one.occurred_at < until and one.kind not in later]
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    delegation._enter(
        "denver", "activation", Activation(study.newest.id, "active", "America/Denver"), SPONSOR
    )
    delegation.delegate("investigator-1", "investigator", "denver", by=SPONSOR)
    return ledger.name


def test_numbers_are_the_next_ones_of_the_scheme_of_the_study(
    numbered: Study, database: str, sign_in: SignIn
) -> None:
    first = _may_be_enrolled(numbered)  # S-1, of before there was a scheme
    ada = sign_in("ada", denver="investigator")
    delegation.delegate("ada", "investigator", "denver", by=SPONSOR)
    last = delegation.today_at("denver") + timedelta(days=400)
    delegation.certify("ada", "denver", Certificate("GCP", last.isoformat()), by=SPONSOR)
    assert "denver-S###" in ada.get(NEW)
    assert ada._client.post(NEW, {"site": "denver"})["location"] == "/participants/denver-S001/visits/"
    assert "are written denver-S###" in ada.post(NEW, {"number": "X7", "site": "denver"}, status=422)
    ada.post(NEW, {"number": "DENVER-S007", "site": "denver"})
    assert ada._client.post(NEW, {"site": "denver"})["location"] == "/participants/denver-S008/visits/"
    eve = sign_in("eve", haifa="investigator")
    assert eve._client.post(NEW, {"site": "haifa"})["location"] == "/participants/haifa-S001/visits/"
    sent = {"head": "99", "shown": ["subject"], "item:subject": ""}
    ada.post("/participants/S-1/add/enrolment/", sent)
    enrolled = course_of(numbered, first).enrolment
    assert enrolled is not None
    assert enrolled.subject == "denver-001"


@pytest.mark.parametrize("wrong", ["S", "S-#", "a b ##", "{site}-##-##", "{site}-SUB-###", "-###", "ß###"])
def test_a_scheme_that_gives_no_numbers_is_no_word_of_the_study_file(wrong: str) -> None:
    from pydantic import ValidationError

    from entact.protocol.study import Numbers

    with pytest.raises(ValidationError, match=r"scheme of numbers|told from a name"):
        Numbers(screening=wrong)


def _failed(study: Study, site: str = "denver") -> Story:
    story = Story(study)
    story.begin("screening#1", day=0)
    story.write(
        "consent", {"version": "1", "scopes": dict.fromkeys(study.newest.file.consent, True)}, minute=1
    )
    story.write("screening", {"attempt": 1, "number": "S-1", "site": site}, minute=2)
    story.end("screening#1", minute=30)
    judged = {"adult": True, "severe": True, "psychosis": True}
    story.write(
        "eligibility", {"criteria": judged, "decision": "not_eligible", "signed": "decision"}, minute=40
    )
    return story


def _kept(study: Study) -> str:
    (ledger,) = keep(study, _failed(study))
    store.keep_keys({ledger.name: KEY})
    return ledger.name


def test_the_log_says_what_became_of_each_and_why(study: Study, database: str, sign_in: SignIn) -> None:
    ledger = _kept(study)
    page = sign_in("ada", denver="investigator").get(LOG)
    for said in ("S-1", "screen failure", "A psychotic disorder (exclusion)", "version 1", "denver"):
        assert said in page, said
    assert "screen failure" not in sign_in("sche", everywhere="scheduler").get(LOG)
    blind = sign_in("mo", everywhere="monitor").get(LOG)
    assert "A psychotic disorder" not in blind
    assert "single criteria are hidden" in blind
    assert "S-1" not in sign_in("eve", haifa="investigator").get(LOG)
    sign_in("rat", everywhere="rater").get(LOG, status=404)
    assert course_of(study, ledger).status == "screen_failed"


def test_screening_again_keeps_what_was(study: Study, database: str, sign_in: SignIn) -> None:
    ledger = _kept(study)
    ada, where = sign_in("ada", denver="investigator"), "/participants/S-1/screening/"
    for who in (sign_in("mo", everywhere="monitor"), sign_in("eve", haifa="investigator")):
        who.post(where, {"do": "again", "number": "S-2"}, status=404)
    Browser("cy", {"denver": "investigator"}, csrf=True).post(where, {"do": "again"}, status=403)
    ada.post(where, {"do": "again", "number": "a b"}, status=422)
    ada.post(where, {"do": "anything"}, status=404)
    ada.post(where, {"do": "again", "number": "S-2"})
    course = course_of(study, ledger)
    assert [one.number for one in course.attempts] == [1, 2]
    assert course.attempts[0].eligibility is not None
    assert course.eligibility is None
    assert course.screening is not None
    assert (course.screening.number, course.encounters["screening#2"].status) == ("S-2", "started")
    assert course.encounters["screening#1"].status == "ended"  # nobody comes back to it
    assert "of the screening before" in ada.get("/participants/S-2/visits/")
    assert re.search(r"Consent</a><span class=\"quiet\">due<", ada.get("/participants/S-2/screening.2/"))
    assert re.search(r"Consent</a><span class=\"quiet\">complete<", ada.get("/participants/S-2/screening.1/"))
    page = ada.get(LOG)
    assert "in screening" in page
    assert "screen failure" in page
    ada.post("/participants/S-2/screening/", {"do": "again", "number": "S-3"}, status=422)  # still open


def test_who_goes_to_another_site_is_seen_there_and_no_longer_here(
    study: Study, database: str, sign_in: SignIn
) -> None:
    ledger = _kept(study)
    ada, eve = sign_in("ada", denver="investigator"), sign_in("eve", haifa="investigator")
    where = "/participants/S-1/screening/"
    ada.post(where, {"do": "transfer", "site": "haifa"}, status=422)
    ada.post(where, {"do": "transfer", "site": "mars", "reason": "x"}, status=404)
    ada.post("/participants/S-1/preparation_1.1/", {"do": "begin", "contact": "in_person"})
    moving = {"do": "transfer", "site": "haifa", "reason": "moved house"}
    refused = ada.post(where, moving, status=422)
    assert "A visit is under way" in refused
    assert 'value="moved house"' in refused
    assert "<option selected>haifa" in refused
    ada.post("/participants/S-1/preparation_1.1/", {"do": "end"})
    ada.post(where, moving)
    assert course_of(study, ledger).site == "haifa"
    ada.get(where, status=404)
    assert "Moved to haifa" in eve.get(where)
    assert "clock (Asia/Jerusalem)" in eve.get("/participants/S-1/")
    assert 'data-zone="Asia/Jerusalem"' in eve.get("/participants/S-1/preparation_1.1/suicidality/")


def test_the_same_person_is_known_again_at_every_site_and_named_at_none(
    study: Study, screened: str, sign_in: SignIn
) -> None:
    ada, eve = sign_in("ada", denver="investigator"), sign_in("eve", haifa="investigator")
    who = {"name": "Ána-Maria Roe", "born": "1980-04-30"}
    ada.post(NEW, {"number": "D-1", "site": "denver", "name": "Ána"}, status=422)
    ada.post(NEW, {"number": "D-1", "site": "denver", **who})
    ledger = _ledger({screened})
    assert identity(ledger, "denver") == {"name": who["name"], "birth_date": who["born"]}
    assert not [line for line in store.lines(ledger) if "Roe" in line.text or "1980" in line.text]
    again = {"name": "roe, ANA MARIA", "born": "1980-04-30"}
    page = ada.post(NEW, {"number": "D-2", "site": "denver", **again}, status=409)
    assert "D-1" in page
    page = eve.post(NEW, {"number": "H-1", "site": "haifa", **again}, status=409)
    assert "at another site" in page
    assert "D-1" not in page
    assert "denver" not in page
    eve.post(NEW, {"number": "H-1", "site": "haifa", **again, "is_new": "1"})
    assert Known.objects.count() == 2
    assert Person("Ana Roe", "1980-04-30").mark("mini") != Known.objects.all()[0].mark
    assert not Known.objects.filter(mark__contains="roe").exists()


def test_the_log_asks_as_often_for_one_as_for_many(study: Study, database: str, sign_in: SignIn) -> None:
    from django.db import connection

    keep(study, _failed(study, "haifa"), *(_failed(study) for _ in range(30)))
    ada, eve = sign_in("ada", denver="investigator"), sign_in("eve", haifa="investigator")
    asked = []
    for browser in (ada, eve):
        browser.get(LOG)
        with CaptureQueriesContext(connection) as captured:
            browser.get(LOG)
        asked.append(len(captured))
    assert asked[0] == asked[1]
    assert "S-10" in ada.get(LOG)
