"""The page of a form: shown from the file, filled in, kept, shown again from the ledger, corrected."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conduct.browser import Browser, course_of, said
from tests.conduct.people import client
from tests.conduct.record import KEY, fresh, keep
from tests.course.conftest import Story

from entact import store
from entact.course import instant, read
from entact.protocol import Study

ADDRESS = "/participants/S-1/screening.1/demographics/"
FILLED = {
    "head": "3",
    "shown": ["age", "sex", "can_be_pregnant"],
    "item:age": "40",
    "item:sex": "female",
    "item:can_be_pregnant": "true",
}


@pytest.fixture
def ada(sign_in: Callable[..., Browser], screened: str) -> Browser:
    return sign_in("ada", denver="investigator")


def head_of(page: str) -> str:
    found = re.search(r'name="head" value="(\d+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.requirement("R01")
@pytest.mark.requirement("R05")
def test_a_form_is_filled_in_kept_shown_and_corrected(ada: Browser, screened: str, study: Study) -> None:
    page = ada.get(ADDRESS)
    assert "Not in the record" in page
    ada.post(ADDRESS, FILLED | {"head": head_of(page)})
    course = course_of(study, screened)
    answers = course.answers["demographics"][-1]
    assert answers.items == {"age": 40, "sex": "female", "can_be_pregnant": True}
    assert (answers.by, answers.role, answers.encounter) == ("ada", "investigator", "screening#1")

    page = ada.get(ADDRESS)
    assert "In the record" in page
    assert 'value="40"' in said(page, "age")
    changed = FILLED | {"head": head_of(page), "item:age": "41"}
    assert "say why" in ada.post(ADDRESS, changed, status=422)
    assert course_of(study, screened).answers["demographics"][-1].items["age"] == 40
    ada.post(ADDRESS, changed | {"reason_code": "transcription_error"})
    last = read(list(store.lines(screened))[-1].text)
    assert (last.data, last.reason) == ({"items": {"age": 41}}, "transcription_error")
    assert last.authenticated is not None
    assert (last.authenticated.how, last.authenticated.who) == ("session", "ada")
    shown = said(ada.get(ADDRESS), "age")
    assert 'value="41"' in shown
    assert re.search(r"<del>40</del> → <ins>41</ins>.*Ada, investigator: mistyped or read wrongly", shown)


@pytest.mark.requirement("R16")
def test_nothing_is_written_by_who_may_not(
    sign_in: Callable[..., Browser], screened: str, study: Study
) -> None:
    """Nobody signed in, another site, a role that enters no forms: as if there were no such page."""
    before = len(list(store.lines(screened)))
    for answer in (client().get(ADDRESS), client().post(ADDRESS, FILLED)):  # nobody has signed in
        assert answer.url.startswith("/sign-in/")
    elsewhere = sign_in("eve", haifa="investigator")
    monitor = sign_in("mo", everywhere="monitor")
    for browser in (elsewhere, monitor):
        browser.post(ADDRESS, FILLED, status=404)
        browser.post(f"{ADDRESS}look/", FILLED, status=404)
    assert len(list(store.lines(screened))) == before


def test_a_form_that_is_hidden_is_no_form(sign_in: Callable[..., Browser], screened: str) -> None:
    there = sign_in("mo", everywhere="monitor").get("/participants/S-1/baseline.1/symptoms/", status=404)
    nowhere = sign_in("mo", everywhere="monitor").get("/participants/S-1/baseline.1/horoscope/", status=404)
    assert there == nowhere


@pytest.mark.parametrize(
    "address",
    [
        "/participants/S-1/nowhere.1/demographics/",
        "/participants/S-1/screening.0/demographics/",
        "/participants/S-1/screening/demographics/",
        "/participants/S-1/screening.1/horoscope/",
        "/participants/S-9/screening.1/demographics/",
        "/participants/S-1/screening.1/demographics/?repeat=0",
        "/participants/S-1/screening.1/demographics/?repeat=²",
        "/participants/S-1/screening.1/demographics/?time=never",
    ],
)
def test_what_is_not_there_is_said_so(ada: Browser, address: str) -> None:
    ada.get(address, status=404)
    ada.post(address, FILLED, status=404)


def test_a_page_of_elsewhere_cannot_write(sign_in: Callable[..., Browser], screened: str) -> None:
    ada = sign_in("ada", denver="investigator")
    ada.csrf = True
    ada.post(ADDRESS, FILLED, status=403)


def test_two_who_change_different_items_are_both_kept(
    sign_in: Callable[..., Browser], screened: str, study: Study
) -> None:
    ada, bo = sign_in("ada", denver="investigator"), sign_in("bo", denver="therapist")
    ada.post(ADDRESS, FILLED)
    opened = head_of(ada.get(ADDRESS))
    why = {"head": opened, "reason_code": "source_document"}
    ada.post(ADDRESS, FILLED | why | {"item:age": "41"})
    bo.post(ADDRESS, FILLED | why | {"item:sex": "male", "item:can_be_pregnant": "false"})
    course = course_of(study, screened)
    assert course.answers["demographics"][-1].items == {"age": 41, "sex": "male", "can_be_pregnant": False}
    assert not [one for one in course.findings.values() if one.rule == "correction_conflict"]


def test_what_two_have_changed_is_overwritten_by_neither(
    sign_in: Callable[..., Browser], screened: str, study: Study
) -> None:
    ada, bo = sign_in("ada", denver="investigator"), sign_in("bo", denver="therapist")
    ada.post(ADDRESS, FILLED)
    opened = head_of(ada.get(ADDRESS))
    why = {"head": opened, "reason_code": "source_document"}
    ada.post(ADDRESS, FILLED | why | {"item:age": "41"})
    page = bo.post(ADDRESS, FILLED | why | {"item:age": "42", "item:sex": "male"}, status=409)
    assert course_of(study, screened).answers["demographics"][-1].items["age"] == 41
    shown = said(page, "age")
    assert 'value="42"' in shown  # what bo wrote is still there
    assert "meanwhile: <strong>41</strong>" in shown
    bo.post(ADDRESS, FILLED | why | {"head": head_of(page), "item:age": "42", "item:sex": "male"})
    assert course_of(study, screened).answers["demographics"][-1].items["age"] == 42


def test_the_same_sent_twice_is_kept_once(ada: Browser, screened: str) -> None:
    ada.post(ADDRESS, FILLED)
    count = len(list(store.lines(screened)))
    ada.post(ADDRESS, FILLED)
    assert len(list(store.lines(screened))) == count
    both = ada.post(ADDRESS, FILLED | {"item:age": "41"}, status=409)  # of which neither saw the other
    assert "Not saved yet" in both


@pytest.mark.requirement("R22")
def test_what_is_wrong_is_kept_with_what_is_found_beside_it(
    ada: Browser, screened: str, study: Study
) -> None:
    ada.post(ADDRESS, FILLED | {"item:age": "four ty", "missing:sex": "refused", "item:sex": ""})
    items = course_of(study, screened).answers["demographics"][-1].items
    assert items["age"].startswith("sealed:")  # it may be a name
    assert items["sex"] == {"missing": "refused"}
    page = ada.get(ADDRESS)
    assert 'value="four ty"' in said(page, "age")
    assert "flag warn" in said(page, "age")


def test_a_form_says_whom_its_answers_call_until_somebody_answers(ada: Browser, screened: str) -> None:
    address = "/participants/S-1/screening.1/suicidality/"
    page = ada.get(address)
    assert "call somebody" not in page
    answered = {"shown": ["ideation", "behaviour"], "item:ideation": "5", "item:behaviour": "false"}
    ada.post(address, answered | {"head": head_of(page)})
    page = ada.get(address)
    assert "These answers call somebody" in page
    assert "<strong>Suicidal intent or behaviour</strong>: nobody has answered; calls investigator." in page
    assert "These answers call somebody" not in ada.get(ADDRESS)
    found = re.search(r'href="([^"]*alert_answered[^"]*)"', page)
    assert found is not None
    done = {"shown": ["alert", "action"], "item:alert": "ideation", "item:action": "spoken_with"}
    ada.post(found[1].replace("&amp;", "&"), done | {"head": head_of(page)})
    assert "call somebody" not in ada.get(address)


def test_a_form_that_was_not_done_says_why(ada: Browser, screened: str, study: Study) -> None:
    blank = {"head": "3", "shown": FILLED["shown"]}
    assert "Nothing is answered yet" in ada.post(ADDRESS, blank, status=422)
    ada.post(ADDRESS, blank | {"status": "not_done"}, status=422)
    ada.post(ADDRESS, blank | {"status": "not_done", "reason_code": "participant_request"})
    assert course_of(study, screened).answers["demographics"][-1].status == "not_done"
    page = ada.get(ADDRESS)
    assert "not done" in page
    ada.post(ADDRESS, FILLED | {"head": head_of(page), "reason": "came back the day after"})
    answers = course_of(study, screened).answers["demographics"][-1]
    assert (answers.status, answers.items["age"]) == ("done", 40)
    assert "came back the day after" in ada.get(ADDRESS)


def test_readings_are_withdrawn_and_not_called_not_done(ada: Browser, screened: str, study: Study) -> None:
    vitals = "/participants/S-1/screening.1/vitals/"
    shown = {"shown": ["systolic", "diastolic", "heart_rate"]}
    ada.post(vitals, shown | {"head": head_of(ada.get(vitals)), "item:systolic": "120"})
    sent = shown | {"head": head_of(ada.get(vitals)), "item:systolic": "120", "status": "not_done"}
    assert "withdraw them" in ada.post(vitals, sent | {"reason_code": "not_reached"}, status=422)
    assert "status" not in course_of(study, screened).vitals[-1].items


def test_what_is_answered_and_missing_at_once_is_asked_again(ada: Browser, screened: str) -> None:
    count = len(list(store.lines(screened)))
    page = ada.post(ADDRESS, FILLED | {"missing:age": "refused"}, status=422)
    assert "said to be missing" in page
    assert 'value="40"' in said(page, "age")
    assert len(list(store.lines(screened))) == count


def test_looking_says_what_follows_and_writes_nothing(ada: Browser, screened: str) -> None:
    import json

    count = len(list(store.lines(screened)))
    found = json.loads(ada.post(f"{ADDRESS}look/", FILLED | {"item:age": "200"}, status=200))
    assert "out of range" in found["fields"]["age"]["notes"][0][0]
    assert len(list(store.lines(screened))) == count


def test_a_page_that_keeps_a_draft_hears_that_it_is_in_the_record(ada: Browser, screened: str) -> None:
    import json

    heard = ada.post(ADDRESS, FILLED | {"head": "3"}, status=200, HTTP_X_ENTACT_DRAFT="1")
    assert json.loads(heard) == {"saved": ADDRESS}
    refused = ada.post(ADDRESS, FILLED | {"head": "4", "item:age": "41"}, status=422, HTTP_X_ENTACT_DRAFT="1")
    assert "say why" in refused


@pytest.mark.requirement("R06")
def test_when_it_was_filled_in_is_said_as_people_say_it(ada: Browser, screened: str, study: Study) -> None:
    assert "is no time" in ada.post(ADDRESS, FILLED | {"when": "some day"}, status=422)
    before = course_of(study, screened).entries[-1]
    ada.post(ADDRESS, FILLED | {"when": "2 h ago"})
    answers = course_of(study, screened).answers["demographics"][-1]
    recorded = instant(read(list(store.lines(screened))[-1].text).recorded_at)
    assert recorded - answers.at == timedelta(hours=2)
    assert before.id != answers.entry


def test_a_time_that_can_mean_two_is_asked(ada: Browser, screened: str, study: Study) -> None:
    page = ada.post(ADDRESS, FILLED | {"when": "23:59"}, status=422)
    choices = re.findall(r'name="which:when" value="([^"]+)"', page)
    assert len(choices) == 2  # yesterday's, and today's, which is to come
    ada.post(ADDRESS, FILLED | {"when": "23:59", "which:when": choices[0]})
    assert course_of(study, screened).answers["demographics"][-1].at == instant(choices[0])


_NAMES = (
    *("head", "entry", "shown", "status", "reason", "reason_code", "when", "which:when", "item:age", "item:"),
    *("item:sex", "item:sex:1:x", "unit:age", "missing:age", "none:sex", ":", "item:age:media"),
)
_TEXTS = st.text(max_size=40) | st.sampled_from(["9" * 30, "not_done", "age", "\0", "10 min ago", "23:59"])
_FUZZED = st.dictionaries(st.sampled_from(_NAMES), st.lists(_TEXTS, max_size=3), max_size=8)


def test_no_fuzzed_form_gives_a_500(ada: Browser, screened: str, study: Study) -> None:
    """Whatever is sent is kept, refused in words, or not found."""
    browser = ada._client

    @settings(max_examples=40, deadline=None)
    @given(_FUZZED, st.sampled_from(["", "look/"]))
    def fuzzed(sent: dict[str, list[str]], more: str) -> None:
        plain = {
            name: [text.encode("utf-8", "replace").decode() for text in texts] for name, texts in sent.items()
        }
        answer = browser.post(f"{ADDRESS}{more}", plain)
        assert answer.status_code in (200, 302, 404, 409, 422), answer.content.decode()

    fuzzed()
    course_of(study, screened)  # what was kept can be read


def test_a_form_asks_the_database_no_more_often_for_more_participants(
    sign_in: Callable[..., Browser], study: Study, template: str
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for participants in (1, 4):
        fresh(template)
        stories = []
        for _ in range(participants):
            story = Story(study)
            story.whole()
            stories.append(story)
        store.keep_keys({ledger.name: KEY for ledger in keep(study, *stories)})
        ada = sign_in("ada", everywhere="investigator")
        ada.get("/nowhere", status=404)  # signs in
        for address in ("/participants/1-001/screening.1/demographics/", "/participants/1-001/visits/"):
            with CaptureQueriesContext(connection) as queries:
                ada.get(address)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 18  # of them who asks: 4


def test_of_two_who_save_at_once_one_is_told(
    sign_in: Callable[..., Browser], screened: str, study: Study
) -> None:
    """Whoever comes second sees what the first has written; whoever that is, nobody's input is lost."""
    from django.db import connection

    browsers = [sign_in("ada", denver="investigator"), sign_in("bo", denver="therapist")]
    browsers[0].post(ADDRESS, FILLED)
    opened = head_of(browsers[0].get(ADDRESS))
    browsers[1].get(ADDRESS)
    barrier = threading.Barrier(2)

    def save(browser: Browser, age: str) -> int:
        try:
            barrier.wait()
            sent = FILLED | {"head": opened, "item:age": age, "reason_code": "source_document"}
            return int(browser._client.post(ADDRESS, sent).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        found = sorted(both.map(save, browsers, ("41", "42")))
    assert found == [302, 409]
    course = course_of(study, screened)
    assert course.answers["demographics"][-1].items["age"] in (41, 42)
    assert "correction_conflict" not in {one.rule for one in course.findings.values()}


def test_two_people_in_one_form_see_each_other(
    screened: str, sign_in: Callable[..., Browser], ada: Browser
) -> None:
    ben, look = sign_in("ben", denver="therapist"), f"{ADDRESS}look/"
    assert "form open too" not in ada.get(ADDRESS)
    assert "Ada has this form open too" in ben.get(ADDRESS)
    assert "Ben has this form open too" in ada.post(look, {"shown": []}, status=200)
    sign_in("mo", everywhere="monitor").get(ADDRESS)  # who only reads is nobody to mind
    assert "Mo" not in ada.post(look, {"shown": []}, status=200)
    cy = sign_in("cy", denver="investigator")
    assert "form open too" not in cy.get(ADDRESS.replace("demographics", "suicidality"))
    ben.post(ADDRESS, FILLED)  # and leaves by that
    ben.get("/")
    assert "Ben has" not in ada.post(look, {"shown": []}, status=200)
