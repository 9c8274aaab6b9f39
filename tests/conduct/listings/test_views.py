"""Forms across participants: looked for, paged, given out, and verified, frozen or asked about in bulk."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.record import KEY, blinded_study, keep, telling_story

from entact import store
from entact.course.found.verified import verified_in
from entact.course.kinds.query import queries_of
from entact.protocol import Study


@pytest.fixture(scope="module")
def managed() -> Study:
    """The small study with somebody who keeps its data."""
    return blinded_study(lambda data: data["roles"].update(data_manager="keeps the data"))


@pytest.fixture
def told(managed: Study, database: str) -> list[str]:
    ledgers = keep(managed, telling_story(managed), telling_story(managed))
    store.keep_keys({one.name: KEY for one in ledgers})
    return [one.name for one in ledgers]


@pytest.fixture
def monitor(told: list[str]) -> Browser:
    return Browser("mo", {"everywhere": "monitor"})


def ticks(page: str) -> list[str]:
    return re.findall(r'name="tick" value="([^"]+)"', page)


def head(page: str) -> str:
    found = re.search(r'name="head" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_forms_are_listed_page_by_page_and_given_out_whole(
    monitor: Browser, told: list[str], managed: Study
) -> None:
    address, found = "/forms/", []
    while address:
        page = monitor.get(address)
        found += ticks(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = "/forms/" + following[1].replace("&amp;", "&") if following else ""
    course = course_of(managed, told[0])
    seen = [
        one.id
        for one in course.effective
        if one.entry.kind == "vital_signs" or (one.entry.kind == "form" and one.data["form"] != "symptoms")
    ]
    assert sorted(found) == sorted(f"{key}~{one}" for key in ("1-001", "1-002") for one in seen)
    answer = monitor._client.get("/forms/export.csv?form=suicidality")
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))
    assert {row["form"] for row in rows} == {"suicidality"}
    assert {row["participant"] for row in rows} == {"1-001", "1-002"}


@pytest.mark.requirement("R10")
def test_what_is_hidden_is_not_listed_whatever_is_asked(monitor: Browser) -> None:
    for query in ("", "?form=symptoms", "?state=unsigned", "?visit=baseline", "?after=x", "?since=1-1-1"):
        page = monitor.get(f"/forms/{query}").replace("form=symptoms", "")  # what was asked for is said again
        assert "ymptoms" not in page


def test_ticked_ones_are_verified_and_listed_as_such(
    monitor: Browser, told: list[str], managed: Study
) -> None:
    address = "/forms/?form=demographics"
    page = monitor.get(address)
    assert len(ticks(page)) == 2
    sent = {"do": "verify", "tick": ticks(page), "head": head(page)}
    assert "Done for 2 participants" in monitor.post("/forms/act/?form=demographics", sent, status=200)
    assert all(one.whole for name in told for one in verified_in(course_of(managed, name)).values())
    assert not ticks(monitor.get(f"{address}&state=unverified"))
    assert "There is nothing to verify" in monitor.post("/forms/act/", sent, status=422)


def test_visits_are_frozen_and_queries_asked_in_bulk(
    monitor: Browser, told: list[str], managed: Study
) -> None:
    page = monitor.get("/forms/?form=demographics")
    sent = {"tick": ticks(page), "head": head(page)}
    assert "Say what is asked" in monitor.post("/forms/act/", sent | {"do": "query"}, status=422)
    monitor.post("/forms/act/", sent | {"do": "query", "text": "Which year?"}, status=200)
    assert [len(queries_of(course_of(managed, name))) for name in told] == [1, 1]
    assert len(ticks(monitor.get("/forms/?state=query"))) == 2
    monitor.post("/forms/act/", sent | {"do": "freeze"}, status=404)
    manager = Browser("dan", {"everywhere": "data_manager"})
    manager.post("/forms/act/", sent | {"do": "freeze"}, status=200)
    assert all("screening#1" in course_of(managed, name).frozen for name in told)
    monitor.post("/forms/act/", sent | {"do": "dance"}, status=404)


def test_what_changed_since_is_found_by_when_it_arrived(monitor: Browser) -> None:
    assert not ticks(monitor.get("/forms/?since=2026-05-02"))
    assert ticks(monitor.get("/forms/?since=2026-05-01"))


def test_a_page_costs_the_same_for_one_and_for_many(monitor: Browser) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from entact.conduct.reader import forget

    counts = []
    for query in ("?form=demographics&state=query", "?form=demographics"):
        monitor.get("/forms/?form=demographics")
        forget()
        with CaptureQueriesContext(connection) as asked:
            monitor.get(f"/forms/{query}")
        counts.append(len(asked))
    assert counts[0] == counts[1]
