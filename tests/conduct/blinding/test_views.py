"""Whoever came to know what somebody was given says so by one press; nobody who is blinded learns of it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.conduct.people import client, signed_in, signed_in_as
from tests.conduct.record import SEES_ALL, keep, telling_story
from tests.course.conftest import Story

from entact import store
from entact.conduct.blinding.domain import WAYS
from entact.conduct.permissions import OWNER
from entact.course import read
from entact.protocol import Study

TOLD = "/told/"


@pytest.fixture(autouse=True)
def _record(study: Study, database: str) -> None:
    elsewhere = Story(study)
    elsewhere.begin("screening#1", day=0)
    elsewhere.write("screening", {"attempt": 1, "number": "S-2", "site": "haifa"}, minute=2)
    keep(study, telling_story(study), elsewhere)


def reports() -> list[Any]:
    entries = (read(line.text) for line in store.lines("system"))
    return [one for one in entries if one.kind == "told"]


@pytest.mark.parametrize("role", ["monitor", "pharmacist", SEES_ALL, OWNER])
def test_everybody_with_an_account_reports_by_one_press(role: str) -> None:
    browser = signed_in(role, "denver" if role == "pharmacist" else "")
    assert TOLD in browser.get("/").content.decode()
    assert browser.post(TOLD).status_code == 302
    (report,) = reports()
    assert report.data["how"] == "not_said"
    assert report.by == report.data["person"] == report.authenticated.who
    assert role in report.role
    assert "It is kept" in browser.get(f"{TOLD}?kept=1").content.decode()


def test_a_report_says_how_and_of_whom_and_never_what() -> None:
    browser = signed_in_as("theo", ("therapist", "denver"))
    assert browser.post(TOLD, {"how": "colleague", "number": "1-001"}).status_code == 302
    (report,) = reports()
    assert report.data == {"person": "theo", "how": "colleague", "about": f"participant:{1:032x}"}
    arms = ("mdma", "placebo")
    assert not any(arm in browser.get(TOLD).content.decode().lower() for arm in arms)


@pytest.mark.parametrize(
    "sent",
    [
        {"how": "by a bird"},
        {"how": "mdma"},
        {"number": "nobody"},
        {"number": "S-2"},  # of another site: it looks like nobody's
        {"number": "\0x" * 500},
    ],
)
def test_what_cannot_be_is_refused_in_words_and_nothing_is_kept(sent: dict[str, str]) -> None:
    browser = signed_in_as("theo", ("therapist", "denver"))
    answer = browser.post(TOLD, sent)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert reports() == []


def test_another_sites_number_is_refused_like_nobodys() -> None:
    browser = signed_in_as("theo", ("therapist", "denver"))
    pages = [browser.post(TOLD, {"number": number}).content.decode() for number in ("S-2", "S-9")]
    theirs, nobodys = (re.sub(r'(name="csrfmiddlewaretoken" value=)"\w+"', r"\1", page) for page in pages)
    assert theirs.replace("S-2", "S-9") == nobodys


def test_a_rater_reports_without_knowing_any_number() -> None:
    rater = signed_in("rater")
    assert "Number of the participant" not in rater.get(TOLD).content.decode().split("<main", 1)[1]
    assert rater.post(TOLD, {"number": "1-001"}).status_code == 422
    assert rater.post(TOLD, {"how": "participant"}).status_code == 302


def test_nobody_who_is_blinded_learns_that_somebody_was_told() -> None:
    before = {role: trail(role) for role in ("monitor", SEES_ALL)}
    signed_in_as("theo", ("therapist", "denver")).post(TOLD, {"how": "kit", "number": "1-001"})
    said = {
        role: trail(role).count("Came to know") - shown.count("Came to know")
        for role, shown in before.items()
    }
    assert said["monitor"] == 0
    assert said[SEES_ALL] > 0  # beside the name of the kind, by which the trail is searched


def trail(role: str) -> str:
    return str(signed_in(role).get("/audit/").content.decode())


def test_who_did_not_sign_in_is_sent_to_where_one_does() -> None:
    answer = client().get(TOLD)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")
    assert client().post(TOLD).status_code == 302
    assert reports() == []


def test_a_forged_press_and_an_ended_session_keep_nothing() -> None:
    forged = signed_in_as("theo", ("therapist", "denver"), csrf=True)
    assert forged.post(TOLD, {"how": "kit"}).status_code == 403
    ended = signed_in_as("theo", ("therapist", "denver"))
    session = ended.session
    session["seen"] = (timezone.now() - timedelta(hours=1)).timestamp()
    session.save()
    assert ended.post(TOLD, {"how": "kit"}).status_code == 302
    assert reports() == []
    assert ended.put(TOLD).status_code in (302, 405)


def test_many_at_once_are_each_kept() -> None:
    browsers = [signed_in_as(f"t{number}", ("therapist", "denver")) for number in range(4)]

    def press(browser: Any) -> int:
        try:
            return int(browser.post(TOLD, {"how": "kit"}).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(press, browsers)) == [302] * 4
    assert sorted(one.by for one in reports()) == ["t0", "t1", "t2", "t3"]


def test_how_many_reports_there_are_costs_no_more_to_ask() -> None:
    browser = signed_in_as("theo", ("therapist", "denver"))
    browser.get(TOLD)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            browser.get(TOLD)
        counts.append(len(asked))
        for way in WAYS:
            browser.post(TOLD, {"how": way})
    assert counts[0] == counts[1]
    assert len(reports()) == 2 * len(WAYS)
