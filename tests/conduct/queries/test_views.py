"""Queries: asked, answered, closed by who asked; what a rule found closes by itself."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from io import StringIO
from urllib.parse import parse_qsl

import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.people import signed_in
from tests.conduct.record import KEY, keep, telling_story

from entact import store
from entact.conduct.queries import page
from entact.conduct.reader import reader_as
from entact.course.kinds.query import queries_of
from entact.protocol import Study

FORM = "/participants/S-1/screening.1/suicidality/"
NEW = "/participants/S-1/query/"
ANSWERS = {"shown": ["ideation", "behaviour"], "item:ideation": "0", "item:behaviour": "false"}


@pytest.fixture
def site(sign_in: Callable[..., Browser], screened: str) -> Browser:
    site = sign_in("cy", denver="therapist")
    site.post(FORM, ANSWERS | {"head": "9"})
    return site


@pytest.fixture
def monitor(sign_in: Callable[..., Browser]) -> Browser:
    return sign_in("mo", everywhere="monitor")


def form_entry(study: Study, ledger: str) -> str:
    return next(one.id for one in course_of(study, ledger).effective if one.entry.kind == "form")


def test_a_query_is_asked_answered_and_closed_by_who_asked(
    site: Browser, monitor: Browser, sign_in: Callable[..., Browser], screened: str, study: Study
) -> None:
    about = f"{NEW}?entry={form_entry(study, screened)}"
    assert "Ask a query" in monitor.get(FORM)
    assert "Say what is asked" in monitor.post(about, {"item": "ideation", "text": " "}, status=422)
    monitor.post(about, {"item": "ideation", "text": "Is this what was said?"})
    (query,) = queries_of(course_of(study, screened))
    thread = f"{NEW}{query.entry}/"
    page = site.get(thread)
    assert "Is this what was said?" in page
    assert f'href="{FORM}?entry=' in page  # what it is about is a click away
    assert f'href="{thread}"' in site.get("/")
    assert "c-query" in site.get("/participants/S-1/visits/")
    assert f'href="{thread}"' in site.get("/queries/")
    assert f'href="{thread}"' in site.get(FORM)
    site.post(thread, {"said": "closed", "text": "done"}, status=404)
    site.post(thread, {"said": "answered", "text": "It is."})
    assert "It is." in monitor.get(thread)
    assert thread in site.get("/queries/?status=answered")
    sign_in("dm", everywhere="medical_monitor").post(thread, {"said": "closed", "text": ""}, status=404)
    monitor.post(thread, {"said": "raised", "text": "And the hour?"})
    site.post(thread, {"said": "answered", "text": "Ten."})
    monitor.post(thread, {"said": "closed", "text": ""})
    (query,) = queries_of(course_of(study, screened))
    assert (query.status, len(query.entries)) == ("closed", 5)
    assert "c-query" not in site.get("/participants/S-1/visits/")
    assert all("Is this" not in line.text for line in store.lines(screened))  # sealed


@pytest.mark.requirement("R22")
def test_what_a_rule_found_closes_by_itself_once_it_is_mended(
    site: Browser, monitor: Browser, screened: str, study: Study
) -> None:
    site.post(FORM, ANSWERS | {"item:ideation": "9", "head": "99", "reason_code": "source_document"})
    listed = site.get("/queries/?status=rule")
    found = re.search(r'href="([^"]+query/\?entry=[^"]+item=ideation&amp;rule=\w+)"', listed)
    assert found is not None
    assert "Screening</small>" in listed  # which visit, and how old it is
    assert re.search(r'count-cell"><span class="chip[^>]*>\d+<', listed)
    answer = found[1].replace("&amp;", "&")
    monitor.get(answer, status=404)  # the site's to answer
    site.post(answer, {"text": "The source says nine."})
    (query,) = queries_of(course_of(study, screened))
    assert (query.status, query.rule != "", query.item) == ("answered", True, "ideation")
    assert "answered" in monitor.get("/queries/?status=rule")
    site.post(FORM, ANSWERS | {"head": "99", "reason_code": "transcription_error"})
    assert "ideation" not in monitor.get("/queries/?status=rule")
    thread = monitor.get(f"{NEW}{query.entry}/")
    assert '<span class="chip good">closed</span>' in thread


def test_what_was_found_of_a_correction_leads_to_what_was_corrected(
    sign_in: Callable[..., Browser], site: Browser, screened: str
) -> None:
    other = sign_in("di", denver="investigator")
    other.post(FORM, ANSWERS | {"item:ideation": "1", "head": "99", "reason_code": "source_document"})
    listed = other.get("/queries/?status=rule")
    links = re.findall(r'href="([^"]+query/\?entry=[^"]+)"', listed)
    (found,) = (one.replace("&amp;", "&") for one in links if "correction_by_other" in one)
    other.get(found, status=302)
    sign_in("sy", everywhere="scheduler").get(found, status=404)


@pytest.mark.requirement("R16")
def test_nobody_asks_about_what_they_do_not_see(
    sign_in: Callable[..., Browser], study: Study, database: str
) -> None:
    story = telling_story(study)
    rated = next(one for one in story.entries if one.kind == "form" and one.data["form"] == "symptoms")
    story.write("query", {"said": "raised", "entry": rated.id, "text": "So few?"}, day=44, by="mm")
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    (query,) = queries_of(course_of(study, ledger.name))
    monitor = sign_in("mo", everywhere="monitor")
    monitor.get(f"/participants/1-001/query/?entry={rated.id}", status=404)
    monitor.get(f"/participants/1-001/query/{query.entry}/", status=404)
    for address in ("/queries/", "/queries/?status=rule"):
        page = monitor.get(address)
        assert query.entry not in page
        assert "symptoms" not in page.lower()
    sees = sign_in("mm", everywhere="medical_monitor")
    assert "So few?" in sees.get(f"/participants/1-001/query/{query.entry}/")
    assert "Symptoms" in sees.get("/queries/")


def test_the_list_goes_on_page_by_page_and_streams_whole(study: Study, database: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    story = telling_story(study)
    about = next(one for one in story.entries if one.kind == "vital_signs")
    for minute in range(55):
        story.write("query", {"said": "raised", "entry": about.id, "text": "Why?"}, day=44, minute=minute)
    keep(study, story)
    browser, address, found, counts = signed_in("monitor"), "/queries/", [], set()
    browser.get("/queries/?status=closed")
    while address:
        with CaptureQueriesContext(connection) as asked:
            page = browser.get(address).content.decode()
        counts.add(len(asked))
        found += re.findall(r'href="/participants/1-001/query/([^/"]+)/"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = "/queries/" + following[1].replace("&amp;", "&") if following else ""
    assert (len(found), len(set(found)), len(counts)) == (55, 55, 1)
    answer = browser.get("/queries/export.csv?status=open")
    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["query"] for row in rows] == found


@pytest.mark.parametrize(
    "query",
    ["status=dance", "after=x", "after=a~b~c", "status=rule&after=~~x~~", "status=rule&after=a~b~1~c~d"],
)
def test_what_cannot_be_asked_for_is_no_fault(site: Browser, query: str) -> None:
    assert "Queries" in site.get(f"/queries/?{query}")


def test_what_rules_found_is_listed_and_given_out_whole_whatever_it_hangs_on(
    study: Study, database: str
) -> None:
    """What hangs on no time has held since 1800: behind it the list began anew, and its file never ended."""
    keep(study, *[telling_story(study)] * 3)
    reader = reader_as("medical_monitor")
    whole = page.list_queries(reader, {"status": "rule"}, 500).rows
    assert any(one.since for one in whole)
    assert len(whole) > 3
    key = [(one.number, one.rule, one.entry, one.item) for one in whole]
    for limit in (1, 2):
        asked, found = {"status": "rule"}, []
        for _ in range(200):
            listing = page.list_queries(reader, asked, limit)
            found += [(one.number, one.rule, one.entry, one.item) for one in listing.rows]
            if not listing.further:
                break
            asked = dict(parse_qsl(listing.further.removeprefix("?")))
        assert found == key
    assert len(list(page.query_rows(reader, "rule"))) == len(key)
