"""Devices that send readings: registered and revoked on a page, and refused where they are unknown."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.people import client, signed_in
from tests.conduct.session.conftest import ADDRESS, NOON
from tests.course.cases import Case

from entact import store
from entact.conduct.permissions import OWNER
from entact.conduct.reader import environment_of_database, present
from entact.course import Course, findings, read
from entact.store import verify

PAGE = "/sites/denver/devices/"
SIGNS = {"systolic": "131 mm[Hg]", "diastolic": "82 mm[Hg]"}  # and no more than it measures


@pytest.fixture
def token(investigator: Browser) -> str:
    """That of a device which the investigator has registered, as the page shows it once."""
    page = investigator.post(PAGE, {"device": "Monitor 7"}, status=200)
    (found,) = re.findall(r"<code>([\w-]+)</code>", page)
    return str(found)


def post(token: str, sent: Any, status: int = 200) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    text = sent if isinstance(sent, str) else json.dumps(sent)
    answer = client().post("/session/readings/", text, content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.content
    return dict(answer.json())


def now() -> datetime:
    """The study's present, on the clock of the site."""
    return present(environment_of_database()).astimezone(NOON.tzinfo)


def reading(lead: timedelta = timedelta(0), **more: Any) -> dict[str, Any]:
    """A reading of a minute ago, by a clock that is ahead."""
    here = now() + lead
    at = (here - timedelta(minutes=1)).isoformat()
    return {"participant": "P-1", "at": at, "now": here.isoformat(), "signs": SIGNS} | more


def course_now(case: Case, ledger: str) -> Course:
    return course_of(case.study, ledger)


def refused() -> list[tuple[Any, ...]]:
    """What the system's ledger says of devices that were refused: why, site, device and how often."""
    entries = [read(line.text) for line in store.lines("system")]
    said = [one.data for one in entries if one.kind == "device_refused"]
    return [(one["why"], one["site"], one["device"], one["count"]) for one in said]


@pytest.mark.requirement("R17")
def test_a_reading_of_a_registered_device_is_a_fact_with_its_source_its_time_and_its_measured_offset(
    token: str, case: Case, in_session: str
) -> None:
    earlier = now()
    before = {(one.rule, one.entry) for one in findings(course_now(case, in_session), NOON)}
    sent = reading(lead=timedelta(minutes=20))  # its clock is twenty minutes ahead
    assert post(token, sent) == {"outcome": "kept"}
    later = datetime.fromisoformat(sent["now"]) + timedelta(seconds=9)
    assert post(token, sent | {"now": later.isoformat()}) == {"outcome": "again"}  # its answer was lost
    course = course_now(case, in_session)
    (entry,) = [one for one in course.entries if one.source == "device"]
    assert (entry.kind, entry.source, entry.by, entry.role, entry.device) == (
        "vital_signs", "device", "Monitor 7", "device", "Monitor 7",
    )  # fmt: skip
    assert entry.encounter == "session_1#1"
    off = datetime.fromisoformat(entry.occurred_at) - (earlier - timedelta(minutes=1))
    assert abs(off) < timedelta(seconds=5)
    assert abs((entry.clock_offset_ms or 0) - 20 * 60_000) < 5_000
    assert [one.values["systolic"] for one in course.vitals if one.entry == entry.id] == [131]
    assert {(one.rule, one.entry) for one in findings(course, NOON)} <= before
    assert verify().breaks == ()
    assert refused() == []


@pytest.mark.requirement("R17")
def test_a_device_that_nobody_registered_is_refused_and_that_is_kept(in_session: str) -> None:
    before = len(list(store.lines(in_session)))
    for token in ("", "guessed", "x" * 10_000):
        assert "not registered" in post(token, reading(), 401)["problem"]
    assert (
        "not registered" in post("guessed", "{ not json", 401)["problem"]
    )  # before anything else is looked at
    assert len(list(store.lines(in_session))) == before
    assert refused() == [("unknown", "", "", 1)]  # counted, and not one for each


@pytest.mark.requirement("R17")
def test_a_revoked_device_is_refused_at_once_and_may_be_registered_anew(
    token: str, investigator: Browser, in_session: str
) -> None:
    page = investigator.get(PAGE)
    assert token not in page  # it is shown once
    (digest,) = re.findall(r'name="token" value="(\w+)"', page)
    investigator.post(PAGE, {"device": " Monitor  7 "}, status=409)
    investigator.post(PAGE, {"do": "revoke", "token": digest})
    assert "was revoked" in post(token, reading(), 401)["problem"]
    assert refused() == [("revoked", "denver", "Monitor 7", 1)]
    assert 'value="revoke"' not in investigator.get(PAGE)
    investigator.post(PAGE, {"do": "revoke", "token": digest})  # again: nothing more happens
    investigator.post(PAGE, {"do": "revoke", "token": "0" * 64}, status=409)
    again = investigator.post(PAGE, {"device": "Monitor 7"}, status=200)
    (other,) = re.findall(r"<code>([\w-]+)</code>", again)
    assert post(other, reading())["outcome"] == "kept"
    assert "was revoked" in post(token, reading(), 401)["problem"]
    kinds = [
        one for line in store.lines("site:denver") if (one := read(line.text)).kind == "measuring_device"
    ]
    assert [(one.by, one.data["status"]) for one in kinds] == [
        ("i-1", "active"),
        ("i-1", "revoked"),
        ("i-1", "active"),
    ]
    assert not any(token in line.text for line in store.lines("site:denver"))


def test_a_device_is_of_its_site_and_readings_of_a_session_that_is_under_way(
    token: str, in_session: str
) -> None:
    for nobody in ("P-9", "P-1\0"):  # the second is what no text of the database holds
        assert "no participant" in post(token, reading(participant=nobody), 404)["problem"]
    early = now() - timedelta(days=1)
    at = {"at": early.isoformat(), "now": now().isoformat()}
    assert "No dosing session of P-1" in post(token, reading(**at), 409)["problem"]
    page = signed_in(OWNER).post("/sites/haifa/devices/", {"device": "Monitor 7"}).content.decode()
    (elsewhere,) = re.findall(r"<code>([\w-]+)</code>", page)
    assert "Site haifa has no participant P-1" in post(elsewhere, reading(), 404)["problem"]
    assert [one[:2] for one in refused()] == [
        ("participant", "denver"), ("session", "denver"), ("participant", "haifa"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"signs": {}}, "nothing was measured"),
        ({"signs": {"systolic": "131"}}, "not in mm[Hg]"),
        ({"signs": {"systolic": "17 kPa"}}, "nothing is converted"),
        ({"signs": {"systolic": "high mm[Hg]"}}, "no quantity; write it as '120 mm[Hg]'"),
        ({"signs": {"mood": "5 {score}"}}, "the study has no such sign; it has systolic"),
        ({"at": "yesterday"}, "is no time; write it with its offset"),
        ({"now": "2026-03-16T10:00:00"}, "is no time; write it with its offset"),
        ({"at": "2036-03-16T10:00:00-06:00"}, "after now, as the device's own clock says it"),
        ({"arm": "a"}, "unknown field `arm`"),
        ({"signs": {"systolic": 131}}, "Expected `str`"),
    ],
)
def test_what_is_no_reading_is_said_to_be_none_by_its_field(
    change: dict[str, Any], said: str, token: str, in_session: str
) -> None:
    before = len(list(store.lines(in_session)))
    assert said in post(token, reading(**change), 400)["problem"]
    assert len(list(store.lines(in_session))) == before


def test_a_reading_too_high_raises_the_alert_that_a_typed_one_does(
    token: str, therapist: Browser, case: Case, in_session: str
) -> None:
    assert post(token, reading(signs={**SIGNS, "systolic": "190 mm[Hg]"}))["outcome"] == "kept"
    told = json.loads(therapist.get(f"{ADDRESS}briefing/"))["said"]
    (high,) = [one for one in told if one.get("values", {}).get("systolic") == 190]
    assert high["by"] == "Monitor 7"
    held = [one.entry for episode in course_now(case, in_session).alerts for one in episode.held]
    assert high["id"] in held


def test_whoever_may_not_keep_devices_has_no_such_page(therapist: Browser, investigator: Browser) -> None:
    therapist.get(PAGE, status=404)
    therapist.post(PAGE, {"device": "Monitor 8"}, status=404)
    investigator.get("/sites/haifa/devices/", status=404)
    investigator.get("/sites/nowhere/devices/", status=404)
    assert "Devices that send readings" in investigator.get("/sites/denver/staff/")
