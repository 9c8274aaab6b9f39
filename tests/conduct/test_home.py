"""What waits for somebody, by urgency and with dates; and a participant is found by number."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.conduct.browser import course_of
from tests.conduct.people import account, signed_in, signed_in_as
from tests.conduct.record import KEY, keep
from tests.conduct.test_today import tasks
from tests.course.conftest import Story

from entact import store
from entact.conduct import delegation
from entact.conduct.permissions import OWNER
from entact.conduct.record.door import Author
from entact.course.entry import SYSTEM
from entact.course.kinds.booking import bookings_of
from entact.course.kinds.site import Activation, Certificate
from entact.protocol import Study

SPONSOR = Author("sponsor", "sponsor", SYSTEM)
SESSION = "/participants/1-001/session_1.1/"


@pytest.fixture
def waiting(study: Study, database: str) -> str:
    """Somebody who waits for a session at Denver; the ledger's name."""
    story = Story(study)
    story.whole()
    story.entries = [one for one in story.entries if one.occurred_at < story.at(9).isoformat()]
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    active = Activation(study.newest.id, "active", "America/Denver")
    delegation._enter("denver", "activation", active, SPONSOR)
    for person, role in (("investigator-1", "investigator"), ("therapist-9", "therapist")):
        delegation.delegate(person, role, "denver", by=SPONSOR)
    return ledger.name


def certify(person: str, days: int) -> None:
    last = delegation.today_at("denver") + timedelta(days=days)
    delegation.certify(person, "denver", Certificate("GCP", last.isoformat()), by=SPONSOR)


def book(browser: object, days: int, status: int = 302) -> str:
    at = f"{delegation.today_at('denver') + timedelta(days=days)}T10:00"
    answer = browser.post(SESSION, {"do": "book", "at": at})  # type: ignore[attr-defined]
    assert answer.status_code == status, answer.content.decode()
    return at


@pytest.mark.requirement("R15")
def test_the_gate_of_a_booked_session_is_asked_today_as_of_its_day(waiting: str, study: Study) -> None:
    theo = signed_in_as("theo", ("therapist", "denver"))
    certify("theo", 4)
    certify("therapist-9", 400)
    at = book(theo, 6)
    (booked,) = bookings_of(course_of(study, waiting)).values()
    assert booked.at == datetime.fromisoformat(f"{at}:00-06:00")
    page = theo.get(SESSION).content.decode()
    assert "As of that day the gate would refuse" in page
    assert "The certificate GCP of Theo held until" in page
    assert "therapist-9" not in page
    (told,) = [one for one in tasks(theo.get("/").content.decode()) if "booked for" in one]
    assert "The certificate GCP of Theo held until" in told
    certify("theo", 400)
    assert "certificate GCP of Theo" not in theo.get(SESSION).content.decode()
    book(theo, 8)  # moved, and further away than the home page looks
    assert not [one for one in tasks(theo.get("/").content.decode()) if "booked for" in one]
    theo.post(SESSION, {"do": "cancel"})
    assert bookings_of(course_of(study, waiting)) == {}


@pytest.mark.usefixtures("waiting")
def test_a_visit_is_booked_for_a_time_to_come_that_the_clock_shows_once(study: Study, waiting: str) -> None:
    theo = signed_in_as("theo", ("therapist", "denver"))
    for wrong in (
        "",
        "tomorrow",
        "2020-01-01T10:00",
        "2046-01-01T10:00",
        "2026-11-01T01:30",
        "2027-03-14T02:30",
    ):
        answer = theo.post(SESSION, {"do": "book", "at": wrong})
        assert answer.status_code == 422, wrong
    assert signed_in("monitor").post(SESSION, {"do": "book", "at": "2026-06-01T10:00"}).status_code == 404
    assert bookings_of(course_of(study, waiting)) == {}


@pytest.mark.usefixtures("waiting")
def test_who_may_not_know_the_gate_is_told_only_that_something_stands_against_it() -> None:
    book(signed_in_as("theo", ("therapist", "denver")), 3)
    told = [one for one in tasks(signed_in("scheduler").get("/").content.decode()) if "booked for" in one]
    assert len(told) == 1
    assert "certificate" not in told[0]
    assert "hidden from this role" in told[0]
    elsewhere = signed_in("investigator", "haifa").get("/").content.decode()
    assert not [one for one in tasks(elsewhere) if "booked for" in one]


@pytest.mark.usefixtures("waiting")
def test_a_certificate_that_ends_waits_for_its_person_and_for_the_site() -> None:
    theo = signed_in_as("theo", ("therapist", "denver"))
    ines = signed_in_as("ines", ("investigator", "denver"))
    other = signed_in_as("tom", ("therapist", "denver"))
    for days, said in ((40, None), (29, "ends"), (-1, "has ended")):
        certify("theo", days)
        own = [one for one in tasks(theo.get("/").content.decode()) if "Your certificate GCP" in one]
        site = [one for one in tasks(ines.get("/").content.decode()) if "certificate of Theo GCP" in one]
        assert (len(own), len(site)) == ((0, 0) if said is None else (1, 1))
        assert said is None or (said in own[0] and said in site[0])
    assert not [one for one in tasks(other.get("/").content.decode()) if "Theo" in one]
    assert "no gate lets you act" in own[0]
    urgent = tasks(theo.get("/").content.decode())
    assert urgent.index(own[0]) < next(n for n, one in enumerate(urgent) if "what an adverse event is" in one)


def test_that_a_site_is_not_activated_is_told_who_works_there_and_who_activates_it(
    study: Study, database: str
) -> None:
    keep(study, Story(study))

    def told(browser: Any) -> list[str]:
        return [one for one in tasks(browser.get("/").content.decode()) if "site is not activated" in one]

    assert len(told(signed_in_as("cora", ("investigator", "denver")))) == 1  # of their own alone
    assert len(told(signed_in(OWNER))) == 2
    assert not told(signed_in("rater"))
    delegation._enter(
        "denver", "activation", Activation(study.newest.id, "active", "America/Denver"), SPONSOR
    )
    assert not told(signed_in_as("cora", ("investigator", "denver")))
    assert len(told(signed_in_as("hal", ("investigator", "haifa")))) == 1


@pytest.mark.usefixtures("waiting")
def test_each_role_has_its_own() -> None:
    ines = tasks(signed_in_as("ines", ("investigator", "denver")).get("/").content.decode())
    assert any("Sign the delegation log" in one for one in ines)
    theo = tasks(signed_in_as("theo", ("therapist", "denver")).get("/").content.decode())
    assert not any("Sign the delegation log" in one for one in theo)
    assert any("Read what an adverse event is" in one for one in theo)
    for role in ("rater", "monitor", OWNER):
        assert not any("adverse event" in one for one in tasks(signed_in(role).get("/").content.decode()))


@pytest.mark.usefixtures("waiting")
def test_a_participant_is_found_by_any_number_of_theirs() -> None:
    theo = signed_in_as("theo", ("therapist", "denver"))
    for number in ("1-001", "S-1", " s-1 "):
        answer = theo.get("/find/", {"number": number})
        assert (answer.status_code, answer.get("Location")) == (302, "/participants/1-001/"), number
    for number in ("9-999", "'; --", "é" * 90, "R-17", "K-1"):
        answer = theo.get("/find/", {"number": number})
        assert answer.status_code == 404
        assert "Nobody whom you may see" in answer.content.decode()
    elsewhere = signed_in("investigator", "haifa").get("/find/", {"number": "1-001"})
    assert elsewhere.status_code == 404
    assert re.search(r'<input id="find"', theo.get("/").content.decode())
    assert account("theo") is not None
