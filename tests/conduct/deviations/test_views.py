"""The deviation log: of one's own site, narrowed and given out, and nothing that is hidden."""

from __future__ import annotations

import csv
import html
import re
from io import StringIO
from typing import Any

import msgspec
import pytest
from tests.conduct.browser import Browser
from tests.conduct.conftest import SignIn
from tests.conduct.record import KEY, blinded_study, keep, telling_story
from tests.course.conftest import Story

from entact import store
from entact.conduct.deviations.selectors import PER_PAGE
from entact.course import read
from entact.protocol import Study

ADDRESS = "/deviations/"


def many(study: Study) -> Story:
    """A participant of whom more deviations were reported than a page holds, one of them corrected."""
    story = telling_story(study)
    for minute in range(52):
        data = {"category": "missed_procedure", "importance": "minor"}
        story.write("deviation", data, day=32, minute=minute, encounter="session_1#1")
    last = story.write("deviation", {"category": "no_kit", "importance": "minor"}, day=33)
    story.correct(last, {"importance": "major"}, day=34)
    return story


@pytest.fixture
def told(study: Study, database: str) -> list[str]:
    ledgers = keep(study, many(study), telling_story(study))
    store.keep_keys({one.name: KEY for one in ledgers})
    return [one.name for one in ledgers]


@pytest.fixture
def monitor(told: list[str], sign_in: SignIn) -> Browser:
    return sign_in("mm", everywhere="medical_monitor")


def rows(page: str) -> list[str]:
    return re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL)


def given_out(browser: Browser, asked: str = "") -> list[dict[str, str]]:
    kept = asked.replace("?importance=huge&site=nowhere&", "?")  # what is not there is said on the page
    answer = browser._client.get(f"{ADDRESS}export.csv{kept}")
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))


@pytest.mark.requirement("R09")
def test_deviations_are_listed_page_by_page_and_given_out_whole(monitor: Browser, told: list[str]) -> None:
    address, found = ADDRESS, []
    while address:
        page = monitor.get(address)
        found += rows(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(following[1]) if following else ""
    assert len(found) == 55
    assert sum("visit outside its window" in one for one in found) == 2
    whole = given_out(monitor)
    assert len({(one["participant"], one["entry"]) for one in whole}) == 55
    assert {one["category"] for one in whole} == {"late_visit", "missed_procedure", "no_kit"}
    exported = [read(one.text) for one in store.lines("system") if read(one.text).kind == "exported"]
    assert exported[-1].data["what"] == "deviation log"
    assert "missed the bus" not in page  # what happened in words is opened on the page of the entry alone
    assert "missed the bus" not in str(whole)


def test_what_is_corrected_is_listed_as_it_stands_and_leads_to_its_entry(monitor: Browser) -> None:
    (row,) = rows(monitor.get(f"{ADDRESS}?category=no_kit"))
    assert '<span class="chip bad">major</span>' in row
    assert ">no kit</a>" in row
    (entry,) = re.findall(r'href="([^"]+/entry/[^"]+)"', row)
    assert "Deviation" in monitor.get(entry)


def test_the_address_keeps_what_is_looked_for_and_no_nonsense(monitor: Browser) -> None:
    for asked, count in (
        ("?importance=major", 1),
        ("?importance=minor&category=late_visit", 2),
        ("?category=dosing", 0),
        ("?importance=huge&site=nowhere&after=nothing", 55),
    ):
        assert len(given_out(monitor, asked)) == count, asked
        page = monitor.get(f"{ADDRESS}{asked}")
        assert len(rows(page)) == min(count, PER_PAGE)
        assert ("Nothing fits" in page) is (count == 0)
        told = {
            name: f"{name}: what the address asks for is not here" in page for name in ("Site", "Importance")
        }
        assert told == dict.fromkeys(told, "nowhere" in asked), asked


@pytest.mark.requirement("R16")
def test_who_may_not_hear_of_dosing_sees_none_and_another_site_s_are_not_there(
    told: list[str], sign_in: SignIn, study: Study
) -> None:
    sight = sign_in("sy", everywhere="scheduler")
    assert not rows(sight.get(ADDRESS))
    assert not given_out(sight)
    site, *_ = [one.partition(":")[2] for one in told]
    other = next(one for one in study.newest.file.sites if one != "denver")
    far = sign_in("th", **{other: "therapist"})
    assert not rows(far.get(ADDRESS))
    assert not given_out(far, "?site=denver")
    near = sign_in("td", denver="therapist")
    assert rows(near.get(ADDRESS))
    assert site not in near.get(ADDRESS)


def test_a_page_costs_the_same_for_one_and_for_many(monitor: Browser) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from entact.conduct.reader import forget

    counts = []
    for asked in ("?category=no_kit", "?category=missed_procedure"):
        monitor.get(f"{ADDRESS}{asked}")
        forget()
        with CaptureQueriesContext(connection) as queries:
            monitor.get(f"{ADDRESS}{asked}")
        counts.append(len(queries))
    # One more batch is read where the first did not fill the page.
    assert counts[0] - counts[1] <= 4


def test_it_reads_german(monitor: Browser) -> None:
    from entact.conduct.access.models import Account

    monitor.get(ADDRESS)
    Account.objects.filter(name="mm").update(language="de")
    page = monitor.get(f"{ADDRESS}?category=late_visit")
    assert "Abweichungsliste" in page
    assert "Visite außerhalb ihres Fensters" in page
    assert ">geringfügig<" in page


def set_aside(study: Study, by: dict[str, str]) -> Story:
    """The dose of a participant given with a blood pressure set aside, as its basis has it."""
    story = Story(study).whole()
    at = next(n for n, one in enumerate(story.entries) if one.kind == "dose")
    dose = story.entries[at]
    basis = {"act": "initial_dose", "gate": "initial_dose", "release": study.newest.id}
    overridden = {"overridden": {"initial_dose.2": by}}
    story.entries[at] = msgspec.structs.replace(dose, basis=basis | overridden)
    return story


@pytest.mark.parametrize("proved", [True, False])
@pytest.mark.requirement("R09")
def test_a_requirement_that_was_set_aside_is_listed_with_what_it_asked(
    study: Study, database: str, sign_in: SignIn, proved: bool
) -> None:
    story = set_aside(study, {"i-1": "00000000-0000-7000-8000-00000000abcd"})
    if proved:
        data = {"requirement": "initial_dose.2", "entries": [], "versions": []}
        story.write("override", data, day=13, encounter="session_1#1", reason="calm", by="i-1")
    keep(study, story)
    monitor = sign_in("mm", everywhere="medical_monitor")
    (row,) = rows(monitor.get(ADDRESS))
    assert ">requirement set aside</a>" in row
    assert "<small>blood pressure too high</small>" in row
    assert '<span class="chip bad">major</span>' in row
    _, told = re.findall(r'href="([^"]+)"', row)
    assert "<dt>Set aside</dt>" in monitor.get(html.unescape(told))
    assert len(rows(monitor.get(f"{ADDRESS}?category=gate_overridden"))) == 1
    assert rows(monitor.get(f"{ADDRESS}?category=consent")) == []
    assert [one["category"] for one in given_out(monitor)] == ["gate_overridden"]
    assert rows(sign_in("sy", everywhere="scheduler").get(ADDRESS)) == []
    other = next(one for one in study.newest.file.sites if one != "denver")
    assert rows(sign_in("th", **{other: "therapist"}).get(ADDRESS)) == []


@pytest.mark.requirement("R16")
def test_who_may_not_know_what_the_gate_asks_is_not_told_that_it_was_set_aside(
    database: str, sign_in: SignIn
) -> None:
    def doses_alone(data: dict[str, Any]) -> None:
        (said,) = [one for one in data["blinding"] if one["role"] == "scheduler"]
        said["hidden"] = ["allocation", "clinical"]

    study = blinded_study(doses_alone)
    story = set_aside(study, {"i-1": "00000000-0000-7000-8000-00000000abcd"})
    story.write("deviation", {"category": "dosing", "importance": "minor"}, day=13, encounter="session_1#1")
    keep(study, story)
    (row,) = rows(sign_in("sy", everywhere="scheduler").get(ADDRESS))
    assert ">dosing</a>" in row
    assert len(rows(sign_in("mm", everywhere="medical_monitor").get(ADDRESS))) == 2
