"""Forms across participants: looked for, paged, given out, and verified, frozen or asked about in bulk."""

from __future__ import annotations

import csv
import html
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.utils import timezone
from tests.conduct.browser import Browser, course_of
from tests.conduct.record import KEY, blinded_study, keep, telling_story

from entact import store
from entact.conduct.forms.place import visit_address
from entact.conduct.monitoring import since
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
        address = html.unescape(following[1]) if following else ""
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
    assert "data-tick-all" in page
    assert "Nothing was ticked" in monitor.post("/forms/act/", {"do": "verify"}, status=422)
    assert monitor._client.get("/forms/act/?form=demographics")["location"] == "/forms/?form=demographics"
    assert monitor._client.get("/forms/saved/?form=demographics")["location"] == "/forms/?form=demographics"
    assert "Say what is asked" in monitor.post("/forms/act/", sent | {"do": "query"}, status=422)
    monitor.post("/forms/act/", sent | {"do": "query", "text": "Which year?"}, status=200)
    assert [len(queries_of(course_of(managed, name))) for name in told] == [1, 1]
    assert len(ticks(monitor.get("/forms/?state=query"))) == 2
    monitor.post("/forms/act/", sent | {"do": "freeze"}, status=404)
    manager = Browser("dan", {"everywhere": "data_manager"})
    manager.post("/forms/act/", sent | {"do": "freeze"}, status=200)
    assert all("screening#1" in course_of(managed, name).frozen for name in told)
    monitor.post("/forms/act/", sent | {"do": "dance"}, status=404)


def test_one_goes_on_from_the_page_that_says_what_was_done(
    monitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from entact.conduct.listings import selectors

    monkeypatch.setattr(selectors, "PER_PAGE", 1)
    page = monitor.get("/forms/?state=unverified")
    sent = {"do": "verify", "tick": ticks(page), "head": head(page)}
    done = monitor.post("/forms/act/?state=unverified", sent, status=200)
    following = re.search(r'rel="next" href="([^"]+)"', done)
    assert following is not None
    assert following[1].startswith("/forms/?")
    assert ticks(monitor.get(html.unescape(following[1])))


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


def test_a_listing_is_saved_and_shared_with_those_of_the_same_role_and_site(told: list[str]) -> None:
    mo, max_ = (Browser(name, {"everywhere": "monitor"}) for name in ("mo", "max"))
    site, elsewhere = Browser("ada", {"denver": "investigator"}), Browser("eve", {"haifa": "investigator"})
    mo.post(
        "/forms/saved/?state=unverified&since=last&after=x&evil=1", {"title": " 1-001  odd ", "shared": "yes"}
    )
    mo.post("/forms/saved/?form=vitals", {"title": "mine"})
    page = mo.get("/forms/")
    assert 'href="/forms/?state=unverified&amp;since=last">1-001 odd</a>' in page
    assert ">mine</a>" in page
    assert "1-001 odd</a> " in max_.get("/forms/")
    assert ">mine</a>" not in max_.get("/forms/")
    site.post("/forms/saved/?visit=baseline", {"title": "of denver", "shared": "yes"})
    assert "odd" not in site.get("/forms/")
    assert "of denver" not in elsewhere.get("/forms/")
    assert "of denver" not in mo.get("/forms/")  # another role, which may not see what its name tells
    number = re.search(r'name="saved" value="([0-9]+)"', page)
    assert number is not None
    max_.post("/forms/saved/", {"do": "remove", "saved": number[1]}, status=404)
    for title in ("", " ", "x" * 81):
        assert "Say what the listing is called" in mo.post("/forms/saved/", {"title": title}, status=422)
    for text in ("", "x", "9" * 30, "-1"):
        mo.post("/forms/saved/", {"do": "remove", "saved": text}, status=404)
    mo.post("/forms/saved/?form=other", {"title": "mine"})  # in the place of the other of that name
    assert mo.get("/forms/").count(">mine</a>") == 1
    mo.post("/forms/saved/", {"do": "remove", "saved": number[1]})
    assert "1-001 odd" not in max_.get("/forms/")


def test_what_changed_since_the_last_visit_is_that_of_who_opens_the_listing(
    monitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from entact.conduct.listings import views

    whole = ticks(monitor.get("/forms/"))
    assert ticks(monitor.get("/forms/?since=last")) == whole  # here for the first time: everything is new
    monkeypatch.setattr(views, "last_visit", {"mo": "2998-01-01"}.get)
    page = monitor.get("/forms/?since=last")
    assert (ticks(page), 'value="2998-01-01"' in page) == ([], True)


def test_on_a_second_day_a_monitor_begins_with_what_changed_since_the_first(
    database: str, managed: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In training, whose entries arrive by the clock by which people sign in; a rehearsal has its own."""
    store.create_database(database, "training", managed.name, replace=True)
    told = [one.name for one in keep(managed, telling_story(managed), environment="training")]
    store.keep_keys({told[0]: KEY})
    monitor = Browser("mo", {"everywhere": "monitor"})
    assert "You were not here on a day before today" in monitor.get("/forms/?since=last")
    before = course_of(managed, told[0])
    form = next(one for one in before.effective if one.entry.kind == "form")
    assert form.entry.data["form"] == "demographics"
    address = f"/participants/1-001/{visit_address(str(form.entry.encounter))}/demographics/"
    cy = Browser("cy", {"denver": "therapist"})
    corrected = {"head": str(before.size), "item:age": "41", "reason_code": "source_document"}
    cy.post(address, corrected | {"shown": ["age"]})
    first = timezone.now()

    class Tomorrow:
        @staticmethod
        def now() -> datetime:
            return first + timedelta(days=1)

    monkeypatch.setattr(since, "timezone", Tomorrow)
    page = monitor.get("/forms/?since=last")
    assert f'value="{first.astimezone(UTC):%Y-%m-%d}"' in page
    assert ticks(page) == [f"1-001~{form.id}"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("since=last", "You were not here on a day before today"),
        ("since=yesterday", "is no day: write it as 2026-04-30"),
        ("since=2026-13-01", "is no day: write it as 2026-04-30"),
        ("form=gone", "Form: what the address asks for is not here"),
        ("visit=gone", "Visit: what the address asks for is not here"),
        ("site=gone", "Site: what the address asks for is not here"),
        ("state=gone", "Still: what the address asks for is not here"),
    ],
)
def test_a_listing_that_is_not_narrowed_as_asked_says_so(monitor: Browser, asked: str, told: str) -> None:
    whole = monitor.get("/forms/")
    assert told not in whole
    page = monitor.get(f"/forms/?{asked}")
    assert (told in page, ticks(page)) == (True, ticks(whole))
    answer = monitor._client.get(f"/forms/export.csv?{asked}")
    assert answer.get("location") == (None if asked == "since=last" else f"/forms/?{asked}")


def test_saved_listings_cost_the_same_however_many_there_are(monitor: Browser) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    monitor.get("/forms/")
    for number in (1, 30):
        for n in range(number):
            monitor.post("/forms/saved/", {"title": f"listing {n}"})
        with CaptureQueriesContext(connection) as asked:
            monitor.get("/forms/")
        counts.append(len(asked))
    assert counts[0] == counts[1]
