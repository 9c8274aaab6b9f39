"""An alert is answered on a page, outside a session too; a safety report is entered as sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.conduct.people import signed_in
from tests.conduct.record import blinded_study, keep, telling_story
from tests.conduct.test_today import tasks
from tests.course.conftest import Story

from entact import store
from entact.course import fold, open_alerts, read
from entact.course.kinds.reporting import reports_due
from entact.protocol import Study

INTEREST = {"title": "Speaks of abuse", "tell": ["investigator"], "within": "24 h"}
REPORT = {"title": "To the sponsor", "when": "event.serious", "within": "24 h", "to": "sponsor"}


def _reporting(data: dict[str, Any]) -> None:
    data["reports"] = {"sponsor": REPORT}
    data["adverse_events"]["special_interest"] = {
        "abuse potential": INTEREST,
        "suicidality": {"title": "Own"},
    }


@pytest.fixture
def told(database: str) -> tuple[Study, str]:
    """A study, and the ledger of one who has an open alert."""
    study = blinded_study(_reporting)
    (ledger,) = keep(study, telling_story(study))
    store.keep_keys({ledger.name: bytes(32)})
    return study, ledger.name


def course(told: tuple[Study, str]) -> Any:
    study, ledger = told
    return fold(study, [read(line.text) for line in store.lines(ledger)])


def page(browser: Any) -> str:
    return str(browser.get("/participants/1-001/").content.decode())


def addresses(told: str) -> list[str]:
    return [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]*alert_answered[^"]*)"', told)]


def test_an_open_alert_is_answered_where_it_is_told_and_is_told_no_more(told: tuple[Study, str]) -> None:
    episodes = open_alerts(course(told))
    assert episodes
    therapist = signed_in("therapist", "denver")
    before = page(therapist)
    assert "nobody has answered" in before
    assert len(addresses(before)) == len(episodes)
    for where, episode in zip(addresses(before), episodes, strict=True):
        assert "checked" in therapist.get(where).content.decode()  # which alert it is is filled in
        sent = {"head": "99", "shown": ["alert", "action", "note"], "item:alert": episode.alert}
        assert therapist.post(where, sent).status_code == 422  # what was done is what an answer says
        assert therapist.post(where, sent | {"item:action": "physician_called"}).status_code == 302
    assert open_alerts(course(told)) == []
    assert "nobody has answered" not in page(therapist)
    assert not any("nobody has answered" in one for one in tasks(therapist.get("/").content.decode()))


def test_who_may_not_answer_reads_it_and_an_answer_says_which_it_is_about(told: tuple[Study, str]) -> None:
    where = addresses(page(signed_in("therapist", "denver")))[0]
    assert "alert_answered" not in page(signed_in("monitor"))
    assert signed_in("monitor").get(where).status_code == 404
    for about in ("", "?about=nobody"):
        asked = f"/participants/1-001/add/alert_answered/{about}"
        assert signed_in("therapist", "denver").get(asked).status_code == 404
    assert signed_in("rater").get(where).status_code == 404


def test_an_answer_is_to_the_alert_that_waits_and_to_no_other(told: tuple[Study, str]) -> None:
    """Else it would be kept and the alert stay open; or one be closed that the role may not see."""
    before = len(list(store.lines(told[1])))
    therapist = signed_in("therapist", "denver")
    where = addresses(page(therapist))[0]
    sent = {"head": "99", "shown": ["alert", "action"], "item:action": "observed"}
    for other in ("dose.other_kit", "no_alert"):
        assert therapist.post(where, sent | {"item:alert": other}).status_code == 422
    assert len(list(store.lines(told[1]))) == before


def test_a_safety_report_is_entered_as_sent_and_its_clock_stops(told: tuple[Study, str]) -> None:
    investigator = signed_in("investigator", "denver")
    sent = {"head": "99", "shown": ["verbatim", "serious"], "item:verbatim": "fell", "item:serious": "true"}
    answer = investigator.post("/participants/1-001/add/adverse_event/", sent)
    event = answer["location"]
    shown = investigator.get(event).content.decode()
    (where,) = re.findall(r'href="([^"]*safety_report[^"]*)"', shown)
    where = where.replace("&amp;", "&")
    assert "Enter that “To the sponsor” was sent" in shown
    assert "To the sponsor" in investigator.get(where).content.decode()
    said = {"head": "99", "shown": ["report", "number"], "item:report": "sponsor", "item:number": "EC-7"}
    assert investigator.post(where, said).status_code == 302
    (report,) = [one for one in reports_due(course(told)) if one.event == event.rstrip("/").split("/")[-1]]
    assert report.sent is not None
    assert "safety_report" not in investigator.get(event).content.decode()
    assert signed_in("therapist", "denver").get(where).status_code == 404


def test_an_event_of_special_interest_is_entered_as_told_too(told: tuple[Study, str]) -> None:
    investigator = signed_in("investigator", "denver")
    sent = {"head": "99", "shown": ["term", "serious"], "item:term": "euphoria", "item:serious": "false"}
    event = investigator.post("/participants/1-001/add/adverse_event/", sent)["location"]
    home = investigator.get("/").content.decode()
    assert any("Speaks of abuse: not sent" in one for one in tasks(home))
    shown = investigator.get(event).content.decode()
    assert "Enter that “Speaks of abuse” was sent" in shown
    (where,) = re.findall(r'href="([^"]*safety_report[^"]*)"', shown)
    said = {"head": "99", "shown": ["report"], "item:report": "special_interest.abuse potential"}
    assert investigator.post(where.replace("&amp;", "&"), said).status_code == 302
    known = event.rstrip("/").split("/")[-1]
    (report,) = [one for one in reports_due(course(told)) if one.event == known]
    assert report.sent is not None
    assert "safety_report" not in investigator.get(event).content.decode()
    waiting = [one for one in tasks(investigator.get("/").content.decode()) if "Speaks of abuse" in one]
    assert len(waiting) == 1  # that of the story, which nobody has told


def test_something_serious_waits_at_home_whatever_the_study_reports(told: tuple[Study, str]) -> None:
    investigator = signed_in("investigator", "denver")
    sent = {"head": "99", "shown": ["verbatim", "serious"], "item:verbatim": "fell", "item:serious": "true"}
    investigator.post("/participants/1-001/add/adverse_event/", sent)
    for role, site in (("investigator", "denver"), ("medical_monitor", "")):
        found = tasks(signed_in(role, site).get("/").content.decode())
        assert any("Something serious was entered" in one and "1-001" in one for one in found)
    for role, site in (("investigator", "haifa"), ("rater", ""), ("scheduler", "")):
        found = tasks(signed_in(role, site).get("/").content.decode())
        assert not any("Something serious" in one for one in found)


def test_an_alert_that_nobody_can_evaluate_is_not_told_as_one_that_holds(database: str) -> None:
    study = blinded_study(_reporting)
    told = Story(study)
    told.begin("screening#1", day=0)
    told.write(
        "screening", {"attempt": 1, "number": "S-1", "site": "denver", "population": "patient"}, minute=2
    )
    told.form("suicidality", {"behaviour": False}, minute=5, encounter="screening#1")
    (ledger,) = keep(study, told)
    store.keep_keys({ledger.name: bytes(32)})
    browser = signed_in("therapist", "denver")
    (task,) = [one for one in tasks(browser.get("/").content.decode()) if "holds" in one]
    assert "Not known whether it holds: " in task
    assert "an answer that it asks for is missing" in task
    shown = str(browser.get("/participants/S-1/").content.decode())
    assert "not known whether it holds, Ideation missing" in shown
    assert "answer</a>: Suicidality: Ideation is absent" in shown
