"""Consent again after an amendment: a task with its day for who obtains it, from a row that is checked."""

from __future__ import annotations

import copy
import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection
from tests.conduct.browser import Browser, keep_screened
from tests.conduct.conftest import SignIn
from tests.conduct.consent.test_views import PAGE, signing
from tests.conduct.people import give_password
from tests.conduct.test_today import tasks

from entact import store
from entact.conduct import delegation
from entact.conduct.record.door import Author
from entact.course import read
from entact.course.entry import SYSTEM
from entact.course.kinds.site import Activation
from entact.protocol import Release, Study
from entact.protocol.order import order_of
from entact.protocol.release import canonical
from entact.store import models
from entact.store.soundness import look

SPONSOR = Author("sponsor", "sponsor", SYSTEM)


@pytest.fixture
def amended(study: Study) -> Study:
    """The study with a release that asks everybody under way within two weeks."""
    data: dict[str, Any] = copy.deepcopy(dict(study.newest.data))
    data["release"] = "1.1"
    data["forms"]["sleep"] = {"items": {"hours": {"type": "integer", "range": "0 .. 24"}}}
    change = {"change": "forms.sleep", "applies": "at_reconsent"}
    data["amendment"] = {"of": "1.0", "reason": "sleep", "changes": [change], "reconsent_within": "14 d"}
    del data["order"]
    data["order"] = order_of(data)
    return study.amended(Release.from_text(canonical(data)))


@pytest.fixture
def ledger(amended: Study, study: Study, database: str) -> str:
    """Somebody in screening under the first release, at a site that has approved the second since."""
    name = keep_screened(study)
    works_under(study)
    enter_release(amended)
    return name


def works_under(study: Study) -> None:
    active = Activation(study.newest.id, "active", "America/Denver")
    delegation._enter("denver", "activation", active, SPONSOR)


def enter_release(amended: Study) -> None:
    text = {"id": amended.newest.id, "text": amended.newest.text.decode()}
    line = next(read(line.text) for line in store.lines("study:mini"))
    entered = msgspec.structs.replace(line, id="00000000-0000-7000-8000-00000000ffff", data=text)
    store.append(entered, received_at=datetime.now(UTC).isoformat())


def asked(browser: Browser) -> list[str]:
    return [one for one in tasks(browser.get("/")) if "consent again" in one]


@pytest.mark.requirement("R23")
def test_who_is_to_consent_again_waits_for_whoever_obtains_it_until_it_is_given(
    ledger: str, amended: Study, study: Study, sign_in: SignIn
) -> None:
    ada = sign_in("ada", denver="investigator")
    ada.get("/")
    give_password("ada")
    ada.sign_in_anew()
    assert asked(ada) == []
    works_under(amended)
    (task,) = asked(ada)
    by = delegation.today_at("denver") + timedelta(days=14)
    assert "S-1 is to consent again: to release 1.1" in task
    assert f"by {by.day} {by:%b}" in task
    assert f'href="{PAGE}"' in ada.get("/")
    assert f"by {by.day} {by:%b}" in ada.get(PAGE)
    for other in (
        sign_in("eve", haifa="investigator"),
        sign_in("mo", everywhere="monitor"),
        sign_in("theo", denver="therapist"),
    ):
        assert asked(other) == []
    (row,) = models.Reconsent.objects.all()
    assert (row.release, row.due) == (amended.newest.id, by)
    ada.post(PAGE, signing(amended, ada.get(PAGE)))
    assert asked(ada) == []
    assert not models.Reconsent.objects.exists()
    assert look(deep=True).faults == ()


@pytest.mark.requirement("R23")
def test_what_is_done_of_the_new_release_without_the_consent_stands_in_the_log_of_deviations(
    ledger: str, amended: Study, sign_in: SignIn
) -> None:
    works_under(amended)
    monitor = sign_in("mo", everywhere="monitor")
    assert "No deviation has been reported" in monitor.get("/deviations/")
    begun = next(read(one.text) for one in store.lines(ledger) if read(one.text).kind == "encounter")
    now = datetime.now(UTC).isoformat()
    slept = msgspec.structs.replace(
        begun,
        occurred_at=now,
        recorded_at=now,
        id="00000000-0000-7000-8000-00000000eeee",
        kind="form",
        release=amended.newest.id,
        data={"form": "sleep", "items": {"hours": 7}},
    )
    store.append(slept, received_at=now)
    page = monitor.get("/deviations/")
    assert "<small>done of a new version without consent to it</small>" in page
    assert ">consent</a>" in page
    (form,) = re.findall(r'href="([^"]+)">consent</a>', page)
    assert "<h1>" in monitor.get(html.unescape(form))  # it is there: the browser refuses all but 200
    assert ">consent</a>" in monitor.get("/deviations/?category=consent&importance=major")
    assert ">consent</a>" not in monitor.get("/deviations/?category=blinding")
    assert ">consent</a>" not in sign_in("eve", haifa="investigator").get("/deviations/")
    assert look(deep=True).faults == ()


@pytest.mark.requirement("R23")
def test_a_row_of_who_is_to_consent_again_that_somebody_rewrote_is_said(ledger: str, amended: Study) -> None:
    works_under(amended)
    assert look(deep=True).faults == ()
    for statement in ("UPDATE store_reconsent SET due = due + 30", "DELETE FROM store_reconsent"):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount == 1
        assert any("store_reconsent says of" in fault for fault in look(deep=True).faults)
        store.rebuild()
        assert look(deep=True).faults == ()


def test_an_alert_is_called_what_the_release_says_that_the_site_works_under(
    study: Study, database: str, sign_in: SignIn
) -> None:
    """An amendment that the site has not approved yet changes what an alert is called and whom it calls."""
    data: dict[str, Any] = copy.deepcopy(dict(study.newest.data))
    data["release"] = "1.1"
    data["alerts"]["ideation"] |= {"title": "Not here yet", "tell": ["therapist"]}
    change = {"change": "alerts.ideation", "applies": "immediately"}
    data["amendment"] = {"of": "1.0", "reason": "who is called", "changes": [change]}
    del data["order"]
    data["order"] = order_of(data)
    amended = study.amended(Release.from_text(canonical(data)))
    keep_screened(study)
    works_under(study)
    enter_release(amended)
    ada = sign_in("ada", denver="investigator")
    answers = {
        "shown": ["ideation", "behaviour"],
        "item:ideation": "4",
        "item:behaviour": "false",
        "head": "99",
    }
    ada.post("/participants/S-1/screening.1/suicidality/", answers)
    for address in ("/", "/participants/S-1/"):
        page = ada.get(address)
        assert "Suicidal intent or behaviour" in page
        assert "Not here yet" not in page
