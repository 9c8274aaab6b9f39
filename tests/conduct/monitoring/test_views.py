"""Verification against the source: by item, entry and visit; what changes afterwards is unverified again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.conduct.browser import Browser, course_of

from entact.course.found.verified import verified_in
from entact.protocol import Study

FORM = "/participants/S-1/screening.1/suicidality/"
VERIFY = "/participants/S-1/verify/"
ANSWERS = {"shown": ["ideation", "behaviour"], "item:ideation": "0", "item:behaviour": "false"}


@pytest.fixture
def site(sign_in: Callable[..., Browser], screened: str) -> Browser:
    site = sign_in("cy", denver="therapist")
    site.post(FORM, ANSWERS | {"head": "9"})
    return site


@pytest.fixture
def monitor(sign_in: Callable[..., Browser], site: Browser) -> Browser:
    return sign_in("mo", everywhere="monitor")


def fields(page: str) -> dict[str, str | list[str]]:
    section = page[page.index('class="panel review"') :]
    found = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', section) for name in ("entry", "item", "head")
    }
    return {"entry": found["entry"][0], "item": found["item"], "head": found["head"][0]}


def test_a_form_is_verified_and_what_changes_is_unverified_again(
    monitor: Browser, site: Browser, screened: str, study: Study
) -> None:
    sent = fields(monitor.get(FORM))
    monitor.post(VERIFY, sent | {"back": FORM})
    (known,) = verified_in(course_of(study, screened)).values()
    assert known.whole
    assert "Verified against the source" in monitor.get(FORM)
    assert "c-verified" in site.get("/participants/S-1/visits/")
    site.post(FORM, ANSWERS | {"item:ideation": "1", "head": "99", "reason_code": "transcription_error"})
    (known,) = verified_in(course_of(study, screened)).values()
    assert (known.whole, known.rest) == (False, {"ideation"})
    assert "c-verified" not in site.get("/participants/S-1/visits/")
    page = monitor.get(FORM)
    assert re.search(r"\d of \d items verified", page)
    assert fields(page)["item"] == ["ideation"]
    monitor.post(VERIFY, fields(page))
    (known,) = verified_in(course_of(study, screened)).values()
    assert known.whole


def test_one_item_is_verified_alone(monitor: Browser, screened: str, study: Study) -> None:
    sent = fields(monitor.get(FORM))
    monitor.post(VERIFY, sent | {"item": ["behaviour"]})
    (known,) = verified_in(course_of(study, screened)).values()
    assert (known.items, known.whole) == ({"behaviour"}, False)


def test_what_was_changed_since_the_page_was_opened_is_not_verified(
    monitor: Browser, site: Browser, screened: str, study: Study
) -> None:
    sent = fields(monitor.get(FORM))
    site.post(FORM, ANSWERS | {"item:ideation": "1", "head": "99", "reason_code": "transcription_error"})
    assert "look again" in monitor.post(VERIFY, sent, status=422)
    assert not verified_in(course_of(study, screened))


@pytest.mark.parametrize("more", [{"entry": "nothing"}, {"item": ["nothing"]}, {"head": "x"}])
def test_what_is_not_there_is_not_verified(
    monitor: Browser, screened: str, study: Study, more: dict[str, str]
) -> None:
    monitor.post(VERIFY, fields(monitor.get(FORM)) | more, status=422)
    assert not verified_in(course_of(study, screened))


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org/", "participants", "२", ""])
def test_a_page_elsewhere_is_not_gone_back_to(monitor: Browser, back: str) -> None:
    answer = monitor._client.post(VERIFY, fields(monitor.get(FORM)) | {"back": back})
    assert answer.url == "/participants/S-1/"


@pytest.mark.requirement("R16")
def test_only_a_monitor_verifies(site: Browser, monitor: Browser) -> None:
    sent = fields(monitor.get(FORM))
    site.post(VERIFY, sent, status=404)
    assert 'action="/participants/S-1/verify/"' not in site.get(FORM)


def test_a_visit_is_verified_at_once(monitor: Browser, site: Browser, screened: str, study: Study) -> None:
    page = monitor.get("/participants/S-1/screening.1/")
    entries = re.findall(r'name="entry" value="([^"]+)"', page)
    head = re.findall(r'name="head" value="([^"]+)"', page)
    course = course_of(study, screened)
    assert set(entries) == {one.id for one in course.effective if one.entry.encounter == "screening#1"}
    monitor.post(VERIFY, {"entry": entries, "head": head[0], "back": "/participants/S-1/screening.1/"})
    known = verified_in(course_of(study, screened))
    assert set(known) == set(entries)
    assert all(one.whole for one in known.values())
    assert "agrees with the source" not in monitor.get("/participants/S-1/screening.1/")
