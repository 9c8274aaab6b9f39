"""A questionnaire in the participant's hands: nothing else is reached, and an alert waits for nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import blinded_study

from entact import store
from entact.course import read
from entact.protocol import Study

FORM = "/participants/S-1/screening.1/mood/"
HAND = f"{FORM}hand/"
ANSWERS = {"shown": ["low", "plan", "score"], "item:low": "2", "item:plan": "false"}


def _with_questionnaire(data: dict[str, Any]) -> None:
    data["forms"]["mood"] = {
        "by": "participant",
        "items": {
            "low": {"type": "integer", "range": "0 .. 3"},
            "plan": {"type": "boolean"},
            "score": {"type": "integer", "calculated": "low * 2"},
        },
    }
    data["schedule"][0]["do"].append("mood")
    data["alerts"]["plan"] = {
        "when": "mood.plan",
        "title": "A plan to die",
        "urgency": "now",
        "tell": ["investigator"],
    }


@pytest.fixture(scope="module")
def asking() -> Study:
    """The small study with a questionnaire that the participant answers."""
    return blinded_study(_with_questionnaire)


@pytest.fixture
def ledger(asking: Study, database: str) -> str:
    return keep_screened(asking)


@pytest.fixture
def ada(ledger: str, sign_in: SignIn) -> Browser:
    ada = sign_in("ada", denver="investigator")
    ada.get("/participants/S-1/")
    give_password("ada")
    ada.sign_in_anew()
    return ada


def _handed(browser: Browser) -> Browser:
    assert HAND in browser.get(FORM)
    browser.post(HAND, {})
    return browser


def test_what_is_handed_over_is_all_that_this_tablet_shows(ada: Browser, ledger: str) -> None:
    _handed(ada)
    page = ada.get("/handed/")
    for word in ("S-1", "Sign out", "<nav", "/participants/", "calculated", "data-scores"):
        assert word not in page, word
    for address in ("/", FORM, "/participants/S-1/", "/queries/", "/nowhere", "/sign-in/", "/sign-out/"):
        answer = ada._client.get(address)
        assert (answer.status_code, answer["location"]) == (302, "/handed/"), address
    for address in ("/sign-out/", "/sign-in/as/nobody/", FORM, f"{FORM}look/", HAND):
        answer = ada._client.post(address, {})
        assert (answer.status_code, answer["location"]) == (302, "/handed/"), address


def test_what_the_participant_answers_is_theirs_and_the_tablet_comes_back_by_identity(
    ada: Browser, ledger: str, asking: Study
) -> None:
    _handed(ada)
    ada.post("/handed/", ANSWERS)
    assert "Thank you" in ada.get("/handed/")
    ada._client.post("/handed/look/", ANSWERS)
    entry = read(list(store.lines(ledger))[-1].text)
    assert (entry.kind, entry.role, entry.by) == ("form", "participant", "ada")
    assert entry.data["items"] == {"low": 2, "plan": False}
    assert not course_of(asking, ledger).alerts
    ada.post("/handed/back/", {"password": "guessed", "code": "000000"}, status=422)
    assert ada._client.get(FORM)["location"] == "/handed/"
    ada.post("/handed/back/", {"password": PASSWORD, "code": code()})
    assert "In the record" in ada.get(FORM)
    ada.post(HAND, {}, status=404)  # it was answered
    ada.get("/handed/", status=404)


@pytest.mark.requirement("R27")
def test_an_answer_that_calls_somebody_calls_before_anything_is_sent(
    ada: Browser, ledger: str, asking: Study
) -> None:
    _handed(ada)
    before = len(list(store.lines(ledger)))
    ada.post("/handed/look/", {"shown": ["low", "plan"], "item:low": "2"}, status=200)
    assert len(list(store.lines(ledger))) == before  # nothing is written of what calls nobody
    said = {"shown": ["low", "plan"], "item:low": "2", "item:plan": "true"}
    for _ in range(2):
        page = ada.post("/handed/look/", said, status=200)
        assert "plan to die" not in page.lower()
    (alert,) = course_of(asking, ledger).alerts
    assert alert.alert == "plan"
    assert "A plan to die" in Browser("bea", {"denver": "investigator"}).get("/")
    ada.post("/handed/", said | {"item:low": "3"})  # goes on, and sends it
    course = course_of(asking, ledger)
    (answers,) = course.answers["mood"]
    assert answers.items["low"] == 3
    assert len(course.alerts) == 1
    assert not [one for one in course.entries[before:] if one.role != "participant"]


def test_only_what_a_participant_answers_is_handed_over_by_who_enters_it(
    ada: Browser, ledger: str, sign_in: SignIn
) -> None:
    ada.post("/participants/S-1/screening.1/demographics/hand/", {}, status=404)
    for role in ("monitor", "scheduler", "rater"):
        sign_in(role, everywhere=role).post(HAND, {}, status=404)
    sign_in("eve", haifa="investigator").post(HAND, {}, status=404)
    assert "Hand it over" not in ada.get("/participants/S-1/screening.1/demographics/")
    Browser("cy", {"denver": "investigator"}, csrf=True).post(HAND, {}, status=403)


def test_what_is_sent_at_random_to_a_locked_page_gives_no_fault(ada: Browser, ledger: str) -> None:
    _handed(ada)
    for sent in (
        {},
        {"shown": ["low", "nothing"], "item:low": "\0", "which:low": "x"},
        {"shown": ["plan"], "item:plan": ["true", "\u202e"], "missing:plan": "refused"},
        {"item:treatments:9999:x": "1", "when": "yesterday", "status": "not_done", "head": "x"},
    ):
        for address in ("/handed/look/", "/handed/", "/handed/back/"):
            answer = ada._client.post(address, sent)
            assert answer.status_code < 500, (address, sent)


def test_what_was_passed_over_is_asked_once_more_and_can_be_left_out(ada: Browser, ledger: str) -> None:
    _handed(ada)
    before = len(list(store.lines(ledger)))
    some = {"shown": ["low", "plan", "score"], "item:low": "2", "item:plan": ""}
    page = ada.post("/handed/", some, status=422)
    assert "Something was left out" in page
    assert 'href="#f-plan-title"' in page
    assert 'id="f-plan-title"' in page
    assert '<input type="radio" name="item:plan"' in page, "what was cleared is a choice still"
    assert 'href="#f-low' not in page
    assert len(list(store.lines(ledger))) == before
    said_so = some | {"missing:plan": "refused"}
    ada.post("/handed/", said_so)  # who would rather not answer is not asked again
    assert read(list(store.lines(ledger))[-1].text).data["items"]["plan"] == {"missing": "refused"}


def test_who_leaves_something_out_twice_has_finished(ada: Browser, ledger: str) -> None:
    _handed(ada)
    some = {"shown": ["low", "plan", "score"], "item:low": "2", "item:plan": "", "over": "1"}
    ada.post("/handed/", some)
    assert read(list(store.lines(ledger))[-1].text).data["items"] == {"low": 2}
