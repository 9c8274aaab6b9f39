"""Tomorrow's gate today, as people meet it: what will have run out by the day of a session is said before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.test import override_settings
from tests.conduct.people import account, signed_in_as
from tests.conduct.record import KEY, RECEIVED, blinded_study, keep
from tests.conduct.test_home import SESSION, SPONSOR, book, certify
from tests.conduct.test_today import tasks
from tests.course.conftest import Story

from entact import store
from entact.conduct import delegation
from entact.conduct.worker.mail import remind
from entact.course.entry import instant
from entact.course.kinds.site import Activation, Kit
from entact.protocol import Study

KEPT = "django.core.mail.backends.locmem.EmailBackend"
RUN_OUT = (
    "The certificate GCP of Theo held until",
    "No kit in the stock of site denver is in date then.",
    "ECG too long ago",
)


@pytest.fixture(scope="module")
def dated() -> Study:
    """The small study, whose first dose rests on an answer that may be ten days old."""

    def change(data: dict[str, Any]) -> None:
        data["forms"]["ecg"] = {"items": {"normal": {"type": "boolean"}}}
        data["schedule"][0]["do"].append("ecg")
        rule = {"require": "ecg.normal", "within": "10 d", "else": "ECG too long ago"}
        data["gates"]["initial_dose"]["require"].append(rule)

    return blinded_study(change)


@pytest.fixture
def theo(dated: Study, database: str) -> Any:
    """A therapist of Denver: his certificate, the kits and an answer hold for four days more."""
    story = Story(dated)
    story.whole()
    story.entries = [one for one in story.entries if one.occurred_at < story.at(9).isoformat()]
    days = (instant(RECEIVED) - story.at(0)).days - 6  # the time of a rehearsal is that of its last entry
    story.form("ecg", {"normal": True}, day=days, encounter="screening#1")
    (ledger,) = keep(dated, story)
    store.keep_keys({ledger.name: KEY})
    active = Activation(dated.newest.id, "active", "America/Denver")
    delegation._enter("denver", "activation", active, SPONSOR)
    for person, role in (("investigator-1", "investigator"), ("therapist-9", "therapist")):
        delegation.delegate(person, role, "denver", by=SPONSOR)
    theo = signed_in_as("theo", ("therapist", "denver"))
    certify("theo", 4)
    certify("therapist-9", 400)
    last = delegation.today_at("denver") + timedelta(days=4)
    for number in ("K-8", "K-9"):
        delegation._enter("denver", "kit", Kit(number, "received", last.isoformat()), SPONSOR)
    return theo


def said(page: str) -> list[str]:
    return [one for one in RUN_OUT if one in page]


@pytest.mark.requirement("R15")
def test_what_runs_out_before_the_session_is_said_at_booking_and_at_home(theo: Any) -> None:
    book(theo, 3)  # all of it holds until then
    page = theo.get(SESSION).content.decode()
    assert said(page) == []
    book(theo, 8)
    page = theo.get(SESSION).content.decode()
    assert "As of that day the gate would refuse" in page
    assert said(page) == [*RUN_OUT], "at booking, further away than the home page looks"
    book(theo, 6)
    (told,) = [one for one in tasks(theo.get("/").content.decode()) if "booked for" in one]
    assert said(told) == [*RUN_OUT], "a week before"


def test_a_day_before_whoever_can_still_spare_it_gets_a_mail_that_names_nothing(theo: Any) -> None:
    person = account("theo")
    person.email = "theo@example.org"
    person.save()
    certify("theo", 0)
    with override_settings(EMAIL_BACKEND=KEPT):
        outbox.outbox = []
        assert remind() == 0
        assert remind(daily=True) <= 1  # of what waits for him already
        outbox.outbox = []
        book(theo, 6)
        assert (remind(), remind(daily=True)) == (0, 1), "a week before, with what waits each day"
        at = f"{delegation.today_at('denver') + timedelta(days=1)}T05:00"
        assert theo.post(SESSION, {"do": "book", "at": at}).status_code == 302
        assert (remind(), remind()) == (1, 0), "a day before at once, and once"
        urgent = outbox.outbox[-1]
    assert "urgent" in urgent.subject
    whole = f"{urgent.subject} {urgent.body}"
    assert not [word for word in ("1-001", "denver", "GCP", "kit", "Session", "Theo") if word in whole]
