"""A monitor's visit: what was done since the last, its signed report, actions and who owes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.conduct.browser import Browser
from tests.conduct.deviations.test_views import set_aside
from tests.conduct.monitoring.test_views import ANSWERS, FORM, VERIFY, fields
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import keep
from tests.conduct.test_today import tasks

from entact import store
from entact.conduct.delegation import state_of, today_at
from entact.course import read
from entact.protocol import Study

PAGE = "/monitoring/denver/"


@pytest.fixture
def site(sign_in: Callable[..., Browser], screened: str) -> Browser:
    site = sign_in("cy", denver="therapist")
    site.post(FORM, ANSWERS | {"head": "9"})
    return site


@pytest.fixture
def monitor(sign_in: Callable[..., Browser], site: Browser) -> Browser:
    monitor = sign_in("mo", everywhere="monitor")
    monitor.get("/")
    give_password("mo")
    monitor.sign_in_anew()
    return monitor


def report(page: str, **more: Any) -> dict[str, Any]:
    expected = re.search(r'name="expected" value="([^"]*)"', page)
    assert expected is not None
    due = (today_at("denver") + timedelta(days=5)).isoformat()
    action = {"action1": "File the lab certificate", "owner1": "cy", "due1": due}
    sent = {"expected": expected[1], "text": "All in order & calm.", "password": PASSWORD, "code": code()}
    return sent | action | more


def counted(page: str) -> dict[str, int]:
    return {said: int(count) for said, count in re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page)}


def test_a_report_counts_what_was_done_since_the_last_and_is_signed(monitor: Browser, site: Browser) -> None:
    monitor.post(VERIFY, fields(monitor.get(FORM)) | {"back": FORM})
    (entry,) = re.findall(r"query/\?entry=([^&\"]+)", monitor.get(FORM))[:1]
    monitor.post(f"/participants/S-1/query/?entry={entry}", {"text": "Is it so?", "item": ""})
    deviation = {
        "shown": ["category", "importance"],
        "data:category": "late_visit",
        "data:importance": "minor",
    }
    assert deviation
    page = monitor.get(PAGE)
    assert counted(page)["Participants looked at"] == 1
    assert (counted(page)["Entries verified"], counted(page)["Queries raised"]) == (1, 1)
    monitor.post(PAGE, report(page))
    (visit,) = state_of("denver").monitored
    assert (visit.by, visit.text, visit.counts["verified"]) == ("mo", "All in order & calm.", 1)
    entered = next(one for line in store.lines("site:denver") if (one := read(line.text)).id == visit.entry)
    assert entered.authenticated.second.how == "password_and_code"  # type: ignore[attr-defined]
    assert counted(monitor.get(PAGE))["Entries verified"] == 0  # since this report
    shown = monitor.get(f"{PAGE}{visit.entry}/")
    assert "All in order &amp; calm." in shown
    assert counted(shown)["Entries verified"] == 1


def test_an_action_waits_on_the_home_of_who_owes_it_until_it_is_done(monitor: Browser, site: Browser) -> None:
    monitor.post(PAGE, report(monitor.get(PAGE)))
    (visit,) = state_of("denver").monitored
    (task,) = [one for one in tasks(site.get("/")) if "lab certificate" in one]
    assert "after a monitoring visit" in task
    assert not [one for one in tasks(monitor.get("/")) if "lab certificate" in one]
    address = f"{PAGE}{visit.entry}/"
    site.post(address, {"action": "2", "status": "done"}, status=422)
    site.post(address, {"action": "1", "status": "done", "text": "It is filed"})
    assert not [one for one in tasks(site.get("/")) if "lab certificate" in one]
    assert "It is filed" in monitor.get(address)
    site.post(address, {"action": "1", "status": "done"}, status=422)
    monitor.post(address, {"action": "1", "status": "open", "text": "It is another's"})
    assert [one for one in tasks(site.get("/")) if "lab certificate" in one]


def test_who_is_blinded_to_what_the_monitor_sees_is_shown_what_they_owe_alone(
    monitor: Browser, site: Browser, sign_in: Callable[..., Browser]
) -> None:
    pharmacist = sign_in("phil", denver="pharmacist")
    pharmacist.get("/")
    monitor.post(PAGE, report(monitor.get(PAGE), owner1="phil"))
    (visit,) = state_of("denver").monitored
    page = pharmacist.get(f"{PAGE}{visit.entry}/")
    assert "lab certificate" in page
    assert "calm" not in page
    assert "Entries verified" not in page
    pharmacist.get(f"{PAGE}{visit.entry}/report.pdf", status=404)
    other = sign_in("pia", denver="pharmacist")
    other.get(f"{PAGE}{visit.entry}/", status=404)
    assert visit.entry not in other.get(PAGE)
    assert "1 report is not shown to this role" in other.get(PAGE)
    assert "No report yet" not in other.get(PAGE)
    sign_in("eve", haifa="investigator").get(PAGE, status=404)
    assert "calm" in site.get(f"{PAGE}{visit.entry}/")
    site.post(PAGE, {"text": "mine"}, status=404)


def test_it_is_printed_and_that_is_kept(monitor: Browser) -> None:
    monitor.post(PAGE, report(monitor.get(PAGE)))
    (visit,) = state_of("denver").monitored
    answer = monitor._client.get(f"{PAGE}{visit.entry}/report.pdf")
    assert answer["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    given = [read(line.text).data["what"] for line in store.lines("system") if "exported" in line.text]
    assert any("monitoring visit to denver" in one for one in given)


def test_what_is_wrong_is_said_and_nothing_is_entered_or_lost(monitor: Browser, site: Browser) -> None:
    page = monitor.get(PAGE)
    past = (today_at("denver") - timedelta(days=1)).isoformat()
    for wrong, said in (
        ({"text": " "}, "Say what you saw"),
        ({"action1": ""}, "Action 1: say what is to be done"),
        ({"action1": "x" * 501}, "Action 1: say what is to be done"),
        ({"owner1": "nobody"}, "choose who"),
        ({"due1": past}, "from today on"),
        ({"due1": "2026-13-01"}, "from today on"),
        ({"password": "guess"}, "not right"),
        ({"expected": "older"}, "since you opened this page"),
    ):
        again = monitor.post(PAGE, report(page, **wrong), status=422)
        assert said in again, (wrong, said)
        assert wrong.get("text", "All in order &amp; calm.") in again
    assert state_of("denver").monitored == ()


def test_a_requirement_that_was_set_aside_is_a_deviation_of_the_time(
    study: Study, database: str, sign_in: Callable[..., Browser]
) -> None:
    story = set_aside(study, {"i-1": "00000000-0000-7000-8000-00000000abcd"})
    story.write("deviation", {"category": "late_visit", "importance": "minor"}, day=13)
    keep(study, story)
    monitor = sign_in("mo", everywhere="monitor")
    monitor.get("/")
    give_password("mo")
    monitor.sign_in_anew()
    page = monitor.get(PAGE)
    assert counted(page)["Deviations"] == 2
    for said in ("1-001: requirement set aside, major", "1-001: visit outside its window, minor"):
        assert said in page
    monitor.post(PAGE, report(page, owner1="mo"))
    (visit,) = state_of("denver").monitored
    assert len(visit.deviations) == 2
    assert "1-001: requirement set aside, major" in monitor.get(f"{PAGE}{visit.entry}/")
    assert counted(monitor.get(PAGE))["Deviations"] == 0  # since this report
