"""What is on hold for everybody: in force by itself, told at home, placed and lifted on its page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.conduct.people import PASSWORD, code, give_password, signed_in
from tests.conduct.record import blinded_study, keep, telling_story
from tests.conduct.test_today import tasks

from entact import store
from entact.course import Entry, read
from entact.protocol import Study

DEATH = {
    "title": "A participant has died",
    "when": "study.deaths >= 1 || study.serious_events >= 5",
    "stops": ["dosing", "enrolment"],
    "lifted_by": "medical_monitor",
    "again": True,
}
LIFT = {"do": "lift", "hold": "death", "reason": "the committee has looked"}
PLACE = {"do": "place", "title": "Recall of lot 12", "stops": ["dosing"], "reason": "the maker called"}


def _watched(data: dict[str, Any]) -> None:
    data["holds"] = {"death": DEATH}


@pytest.fixture
def study(database: str) -> Study:
    """A study with a rule that stops everybody, of which nobody has died."""
    study = blinded_study(_watched)
    keep(study, telling_story(study))
    return study


def dies(study: Study, number: int = 1) -> None:
    """A death is entered as a page enters it: nobody tells the study's ledger anything."""
    at = f"2026-05-02T12:00:0{number}-07:00"
    ledger = next(head.ledger for head in store.ledgers() if head.ledger.startswith("participant:"))
    entry = Entry(
        id=f"death {number}",
        ledger=ledger,
        kind="adverse_event" if number > 1 else "death",
        release=study.newest.id,
        environment="rehearsal",
        occurred_at=at,
        recorded_at=at,
        by="investigator-1",
        role="investigator",
        data={"date": "2026-05-02"} if number == 1 else {"term": "other", "serious": True},
    )
    store.append(entry, received_at=at)


def page(browser: Any) -> str:
    return str(browser.get("/holds/").content.decode())


def seen(browser: Any) -> str:
    (found,) = re.findall(r'name="seen" value="(\w+)"', page(browser))
    return str(found)


def lifter() -> Any:
    signed_in("medical_monitor")
    give_password("medical_monitor")
    return signed_in("medical_monitor")


def holds() -> list[Entry]:
    entries = (read(line.text) for line in store.lines("study:mini"))
    return [one for one in entries if one.kind == "hold"]


def shown_once_more() -> dict[str, str]:
    return {"password": PASSWORD, "code": code()}


def test_a_death_puts_the_study_on_hold_and_everybody_whom_it_concerns_is_told(study: Study) -> None:
    assert "Nothing is on hold" in page(signed_in("investigator"))
    assert not any("On hold" in one for one in tasks(signed_in("therapist").get("/").content.decode()))
    dies(study)
    for role in ("therapist", "medical_monitor"):
        (task,) = (one for one in tasks(signed_in(role).get("/").content.decode()) if "On hold" in one)
        assert "A participant has died" in task
    told = page(signed_in("investigator"))
    assert "stops dosing and enrolment until medical monitor lifts it" in told
    assert "the number of deaths in the study 1" in told
    assert "Lift this hold" not in told


def test_whom_the_study_names_lifts_it_with_a_reason_and_shown_once_more(study: Study) -> None:
    dies(study)
    browser = lifter()
    sent = LIFT | {"seen": seen(browser)}
    assert browser.post("/holds/", sent).status_code == 422  # nobody showed who they are
    assert browser.post("/holds/", sent | shown_once_more() | {"reason": " "}).status_code == 422
    assert holds() == []
    assert browser.post("/holds/", sent | shown_once_more()).status_code == 302
    (entry,) = holds()
    assert entry.data["status"] == "lifted"
    assert (entry.role, entry.reason) == ("medical_monitor", "the committee has looked")
    assert entry.authenticated is not None
    assert entry.authenticated.second is not None
    told = page(browser)
    assert "Nothing is on hold" in told
    assert "the committee has looked" in told


def test_nobody_lifts_what_they_have_not_seen(study: Study) -> None:
    dies(study)
    browser = lifter()
    sent = LIFT | {"seen": seen(browser)}
    dies(study, 2)  # another event, while the page was open
    answer = browser.post("/holds/", sent | shown_once_more())
    assert answer.status_code == 422
    assert "read it again" in answer.content.decode()
    assert holds() == []


def test_one_of_another_role_lifts_nothing_and_who_sees_no_events_sees_no_hold(study: Study) -> None:
    dies(study)
    assert signed_in("investigator").post("/holds/", LIFT | {"seen": "x"}).status_code == 404
    assert signed_in("pharmacist").post("/holds/", PLACE).status_code == 404
    for role in ("rater", "scheduler"):
        assert signed_in(role).get("/holds/").status_code == 404
        assert "On hold" not in signed_in(role).get("/").content.decode()
    assert holds() == []


def test_an_investigator_stops_everybody_at_once_and_it_is_lifted_again(study: Study) -> None:
    investigator = signed_in("investigator")
    assert investigator.post("/holds/", PLACE).status_code == 302
    (placed,) = holds()
    assert placed.data == {"hold": "recall_of_lot_12", "status": "placed", "stops": ["dosing"]}
    told = page(signed_in("therapist"))
    assert "Recall of lot 12" in told
    assert "the maker called" in told
    assert investigator.post("/holds/", PLACE).status_code == 422  # it is in force already
    browser = lifter()
    sent = {"do": "lift", "hold": "recall_of_lot_12", "reason": "other lot", "seen": seen(browser)}
    assert browser.post("/holds/", sent | shown_once_more()).status_code == 302
    assert [one.data["status"] for one in holds()] == ["placed", "lifted"]


@pytest.mark.parametrize(
    "said",
    [
        {"title": ""},
        {"title": "x" * 81},
        {"title": "Death"},  # the study file has one of that name
        {"stops": []},
        {"stops": ["follow_up"]},
        {"reason": ""},
        {"reason": "x" * 501},
    ],
)
def test_a_hold_that_says_not_what_or_why_is_not_placed(study: Study, said: dict[str, Any]) -> None:
    answer = signed_in("investigator").post("/holds/", PLACE | said)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert holds() == []
