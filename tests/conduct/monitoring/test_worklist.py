"""What a monitor is to verify: a list of participants with their entries, and a mark on the matrix."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.conduct.browser import Browser
from tests.conduct.monitoring.test_views import ANSWERS, FORM, VERIFY, fields
from tests.conduct.record import KEY, blinded_study, fresh, keep
from tests.course.conftest import Story

from entact import store
from entact.conduct.monitoring import worklist
from entact.conduct.monitoring.worklist import draw_by
from entact.protocol import Study

LIST = "/monitoring/"
MATRIX = "/participants/S-1/visits/"


@pytest.fixture(scope="session")
def study() -> Study:
    """The small study, in which suicidality is critical and nothing else is drawn."""

    def change(data: dict[str, Any]) -> None:
        data["verification"] = {"critical": ["suicidality", "demographics.age"], "others": 0.0}

    return blinded_study(change)


@pytest.fixture
def site(sign_in: Callable[..., Browser], screened: str) -> Browser:
    site = sign_in("cy", denver="therapist")
    site.post(FORM, ANSWERS | {"head": "9"})
    return site


@pytest.fixture
def monitor(sign_in: Callable[..., Browser], site: Browser) -> Browser:
    return sign_in("mo", everywhere="monitor")


def waiting(browser: Browser) -> list[str]:
    return re.findall(r'<li class="entered"><a href="[^"]+">([^<]+)</a>', browser.get(LIST))


def test_what_is_critical_waits_until_it_is_verified_and_again_when_it_changes(
    monitor: Browser, site: Browser, screened: str
) -> None:
    (told,) = waiting(monitor)
    assert "uicidality" in told
    assert "to be verified</span></a>" in monitor.get(MATRIX)
    monitor.post(VERIFY, fields(monitor.get(FORM)) | {"back": LIST})
    assert waiting(monitor) == []
    page = monitor.get(MATRIX)
    assert "to be verified</span></a>" not in page
    assert "c-verified" in page
    site.post(FORM, ANSWERS | {"item:ideation": "1", "head": "99", "reason_code": "transcription_error"})
    assert len(waiting(monitor)) == 1


def test_everything_that_is_to_be_verified_has_a_page_on_which_it_is_verified(
    sign_in: Callable[..., Browser], database: str
) -> None:
    """Of every kind: forms, readings, doses, and what has a page of its own or none."""

    def change(data: dict[str, Any]) -> None:
        data["verification"] = {"critical": ["dose"], "others": 1.0}

    everything = blinded_study(change)
    story = Story(everything)
    story.whole()
    store.create_database(database, "rehearsal", everything.name, replace=True)
    (kept,) = keep(everything, story)
    store.keep_keys({kept.name: KEY})
    monitor = sign_in("mo", everywhere="monitor")
    links = re.findall(r'<li class="entered"><a href="([^"]+)">', monitor.get(LIST))
    assert len(links) > 15
    for link in links:
        monitor.get(link.replace("&amp;", "&"))


def test_which_was_drawn_is_shown_to_who_verifies_alone(monitor: Browser, site: Browser) -> None:
    site.get(LIST, status=404)
    assert "to be verified" not in site.get(MATRIX)
    assert f'href="{LIST}"' not in site.get("/")
    assert f'href="{LIST}"' in monitor.get("/")


def test_the_draw_is_the_same_each_time_and_follows_from_the_key_alone() -> None:
    keys = [bytes([number]) * 32 for number in range(40)]
    drawn = [draw_by(key)("session_1#1") for key in keys]
    assert drawn == [draw_by(key)("session_1#1") for key in keys]
    assert len(set(drawn)) == 40
    assert 4 <= sum(one < 0.25 for one in drawn) <= 18
    assert draw_by(keys[0])("outcome#1") != drawn[0]
    assert draw_by(None)("") < 0  # of whom no key is left: everything


def test_a_page_asks_the_database_as_often_for_many_as_for_one(
    study: Study, sign_in: Callable[..., Browser], template: str
) -> None:
    def asked(stories: int) -> int:
        fresh(template)
        told = [Story(study) for _ in range(stories)]
        for number, story in enumerate(told):
            story.begin("screening#1", day=0)
            scopes = dict.fromkeys(study.newest.file.consent, True)
            story.write("consent", {"version": "1", "scopes": scopes}, minute=1)
            story.write("screening", {"attempt": 1, "number": f"S-{number}", "site": "denver"}, minute=2)
            story.safe(minute=3, encounter="screening#1")
        store.keep_keys({one.name: KEY for one in keep(study, *told)})
        monitor = sign_in("mo", everywhere="monitor")
        monitor.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            assert len(waiting(monitor)) == stories
        return len(queries)

    assert asked(1) == asked(4)


def test_of_each_participant_the_first_are_shown_what_is_critical_before_the_rest(
    monitor: Browser, site: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [worklist.Line(f"/{n}/", f"line {n}", "", "now", critical=n % 3 == 0) for n in range(7)]
    monkeypatch.setattr(worklist, "LINES_SHOWN", 4)
    monkeypatch.setattr(worklist, "_lines", lambda *_: tuple(lines))
    page = monitor.get(LIST)
    assert re.findall(r">line (\d)", page) == ["0", "3", "6", "1"]
    assert ("7 to verify" in page, "3 critical" in page, "and 3 more" in page) == (True, True, True)
