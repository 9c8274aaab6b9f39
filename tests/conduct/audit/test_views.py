"""The audit trail: read, filtered and given out, as each role may see it."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import Any

import pytest
from tests.conduct.people import signed_in
from tests.conduct.record import KEY, SEES_ALL, keep, telling_story

from entact import store
from entact.course import fold
from entact.course.found.attested import version_of
from entact.protocol import Study


@pytest.fixture
def told(study: Study, database: str) -> str:
    """One participant of whom something was corrected before and after it was signed."""
    story = telling_story(study)
    standing = {one.id: one for one in fold(study, story.entries).effective}
    weighed = next(one for one in story.entries if one.kind == "vital_signs" and one.timepoint != "end")
    rated = next(one for one in story.entries if one.kind == "form" and one.data["form"] == "symptoms")
    names = [weighed.id, rated.id]
    versions = [version_of(standing[name]) for name in names]
    data = {"meaning": "approval", "entries": names, "versions": versions}
    story.write("signature", data, day=90, role="investigator", by="dr-1")
    story.correct(weighed, {"systolic": "121 mm[Hg]"}, day=91)
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    return weighed.id


def rows(role: str, query: str = "") -> list[dict[str, str]]:
    answer = signed_in(role).get(f"/audit/export.csv{query}")
    assert answer.status_code == 200
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))


def objects(role: str, query: str = "") -> list[dict[str, Any]]:
    answer = signed_in(role).get(f"/audit/export.jsonl{query}")
    return [json.loads(line) for line in b"".join(answer.streaming_content).decode().splitlines()]


@pytest.mark.requirement("R01")
@pytest.mark.requirement("R09")
def test_a_change_stands_with_who_when_old_new_and_why(told: str) -> None:
    page = signed_in(SEES_ALL).get("/audit/?item=systolic&signed=1").content.decode()
    assert page.count('<ol class="trail">') == 1
    entry = page[page.index('<ol class="trail">') : page.index("</ol>")]
    assert entry.count("after signature") == 1
    assert re.search(r"systolic</span>: <del>\d+ mmHg</del> → <ins>121 mmHg</ins>", entry)
    assert "corrects" in entry
    assert "Why: " in entry
    (row,) = rows(SEES_ALL, "?item=systolic&signed=1")
    assert (row["new"], row["corrects"], row["after_signature"]) == ("121 mm[Hg]", told, "true")
    assert row["reason"]
    assert row["received_utc"].endswith("+00:00")


@pytest.mark.requirement("R09")
def test_who_sees_all_gets_every_line_as_it_is_kept(told: str) -> None:
    given = objects(SEES_ALL)
    kept = {line.hash: line.text for _, lines in store.chains() for line in lines}
    missing = [
        json.loads(text)["kind"]
        for digest, text in kept.items()
        if digest not in {one["hash"] for one in given}
    ]
    assert all(kept[one["hash"]] == one["text"] for one in given)
    assert set(missing) <= {"exported", "planned_unblinding", "signed_in"}


@pytest.mark.requirement("R07")
def test_each_export_is_in_the_trail_itself(told: str) -> None:
    rows("monitor", "?kind=dose")
    found = objects(SEES_ALL, "?kind=exported")
    said = [{one["item"]: one["new"] for one in row["changes"]} for row in found]
    assert said[0] | {"digest": ""} == {
        "person": "monitor",
        "what": "audit trail, csv, kind=dose",
        "digest": "",
    }


@pytest.mark.requirement("R10")
def test_a_blinded_role_reads_nothing_of_what_is_hidden_and_cannot_count_it(told: str) -> None:
    given = rows("monitor")
    assert given
    text = json.dumps([one for one in given if one["kind"] != "release"])  # the study file is no secret
    assert "symptoms" not in text
    assert not {one["kind"] for one in given} & {"guess", "signed_in", "exported"}
    assert {one["line"] for one in given} == {""}
    assert all("text" not in one for one in objects("monitor"))
    (signed,) = [one for one in given if one["kind"] == "signature" and one["item"] == "entries"]
    assert json.loads(signed["new"]) == [told]
    assert not [one for one in given if one["item"] in ("versions", "hashes")]
    page = signed_in("monitor").get("/audit/?kind=signature").content.decode()
    assert told in page
    assert "symptoms" not in page


def test_it_goes_on_page_by_page_without_losing_or_repeating(told: str) -> None:
    browser, address, found = signed_in("monitor"), "/audit/", []
    while address:
        page = browser.get(address).content.decode()
        found += re.findall(r'<p class="trace"><code>(\w+)</code>', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = "/audit/" + following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found))
    assert set(found) == {one["hash"][:16] for one in objects("monitor")}


def test_one_page_costs_the_same_for_one_and_for_many(study: Study, database: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    keep(study, telling_story(study), telling_story(study))
    browser = signed_in(SEES_ALL)
    browser.get("/audit/?kind=link")
    counts = []
    for query in ("?kind=enrolment", ""):
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(f"/audit/{query}").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "query",
    ["?from=yesterday", "?participant=nobody", "?before=x", "?to=0001-01-01", "?who=%01%22", "?kind=none"],
)
def test_what_cannot_be_looked_for_is_said_and_changes_nothing(told: str, query: str) -> None:
    answer = signed_in("monitor").get(f"/audit/{query}")
    assert answer.status_code == 200
    assert signed_in("monitor").get("/audit/export.xml").status_code == 404
