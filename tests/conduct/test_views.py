"""Each page: works, unknown, wrong method, nothing from elsewhere, a constant number of queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.conduct.people import client, signed_in
from tests.conduct.record import MINI, SEES_ALL, blinded_study, fresh, keep, telling_story
from tests.course.conftest import Story
from tests.owner import run_as_owner

import entact.conduct
from entact import store
from entact.cohort import rehearse
from entact.conduct import stops
from entact.course.entry import Environment
from entact.protocol import Study, load_study
from entact.store import lists

Get = Callable[..., str]

ADDRESSES = ("/", "/participants/", "/participants/1-001/")
STATIC = Path(entact.conduct.__file__).parent / "static"


@pytest.fixture
def told(study: Study, database: str) -> None:
    """Three participants: one who finished, one in treatment, one who was only screened."""
    treated = Story(study)
    treated.whole()
    treated.entries = [one for one in treated.entries if one.occurred_at < treated.at(13).isoformat()]
    screened = Story(study)
    screened.begin("screening#1", day=0)
    screened.write("screening", {"attempt": 1, "number": "S-3", "site": "haifa"}, minute=2)
    keep(study, telling_story(study), treated, screened)


@pytest.mark.usefixtures("told")
def test_the_study_page_says_what_the_study_is(get: Get, study: Study) -> None:
    page = get("/", SEES_ALL)
    assert "A small study for tests" in page
    assert study.newest.digest[:12] in page
    assert "2 × 40 mg capsule, MDMA hydrochloride or matching placebo" in page
    assert "1 h 30 min to 2 h after the initial dose" in page
    assert re.search(
        r"<tr><th scope=\"row\">Pregnancy test</th>(<td[^>]*></td>){4}<td class=\"dosing\">●</td>", page
    )
    assert "symptoms at baseline below 35 or not rated" in page
    assert "Calls therapist, investigator and medical monitor now." in page
    assert "Systolic (vitals) is at least 180 mmHg" in page
    assert not re.search(r"&amp;&amp;|\|\||&gt;=|vitals\.", page)  # no rule as the file has it
    row = re.search(r"denver</a>.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert re.findall(r"<td>(\d+)</td>", row[0]) == ["2", "2", "1", "0", "1"]


@pytest.mark.usefixtures("told")
def test_the_study_page_says_whether_the_chains_hold(get: Get) -> None:
    from entact.conduct import verification

    assert "being checked" in get("/")
    verification.check_now()
    assert ">verified</span>" in get("/")


@pytest.mark.usefixtures("told")
def test_the_study_page_names_the_first_bad_entry(get: Get) -> None:
    from entact.conduct import verification

    where = "ledger_id = (SELECT ledger_id FROM store_line WHERE kind = 'screening' AND text LIKE '%haifa%')"
    run_as_owner(f"UPDATE store_line SET text = replace(text, 'haifa', 'denver') WHERE {where}")
    verification.check_now()
    page = get("/")
    assert ">broken</span>" in page
    assert f"first: entry 2 of participant:{3:032x} does not match its hash" in page


@pytest.mark.usefixtures("told")
def test_the_list_says_where_everybody_stands(get: Get) -> None:
    page = get("/participants/", SEES_ALL)
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL)
    assert [re.findall(r">([^<>]+)</a>", row)[0] for row in rows] == ["1-001", "1-002", "S-3"]
    assert ["discontinued" in rows[0], "in treatment" in rows[1], "screening" in rows[2]] == [True] * 3
    assert "Session 1<small>14 Mar 2026</small>" in rows[1]
    assert re.search(r"data-label=\"Alerts\"[^>]*><span class=\"chip bad\">2</span>", rows[0])


@pytest.fixture
def rehearsed(database: str) -> list[str]:
    """A whole small study with virtual participants, some of whom failed screening; their numbers."""
    trial = rehearse(study := load_study(MINI), 8, seed=3)
    store.create_database(database, "rehearsal", study.name, replace=True)
    store.append_many([(name, line) for name, lines in trial.ledgers.items() for line in lines])
    return [one.number for one in lists.participants(limit=100)]


def test_a_count_in_the_list_is_the_count_on_the_page(get: Get, rehearsed: list[str]) -> None:
    """What no longer holds is told on the page, and counted on neither."""
    page, mended = get("/participants/", SEES_ALL), 0
    rows = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL)
    assert len(rows) == len(rehearsed)
    for row in rows:
        (number,) = re.findall(r"/participants/([^/\"?]+)/\">", row)
        listed = re.search(r"data-label=\"Findings\"[^>]*><span[^>]*>(\d+)</span>", row)
        alone = get(f"/participants/{number}/", SEES_ALL)
        shown = re.search(r"<h2>Findings <span[^>]*>(\d+)</span>", alone)
        assert listed is not None
        assert int(listed[1]) == (int(shown[1]) if shown else 0), number
        mended += alone.count("no longer holds")
    assert mended > 0


def test_who_never_entered_has_not_stopped(get: Get, rehearsed: list[str]) -> None:
    counted = {one.status: one.participants for one in lists.counts()}
    assert counted.keys() & {"screen_failed", "not_entered"}
    row = re.search(r"All sites</th>.*?</tr>", get("/", SEES_ALL), re.DOTALL)
    assert row is not None
    screened, randomised, _, completed, stopped = map(int, re.findall(r"<td>(\d+)</td>", row[0]))
    assert screened == len(rehearsed) > randomised == 8
    assert stopped == randomised - completed


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?site=haifa", ["S-3"]),
        ("?site=denver&status=in_treatment", ["1-002"]),
        ("?status=completed", []),  # nobody has completed
        ("?status=stopped", ["1-001", "1-002", "S-3"]),  # there is no such status, which is said
        ("?site=' OR 1=1 --&status=<script>&page=minus", ["1-001", "1-002", "S-3"]),
        ("?page=99", ["1-001", "1-002", "S-3"]),
    ],
)
def test_the_list_can_be_narrowed(get: Get, query: str, shown: list[str]) -> None:
    page = get(f"/participants/{query}", SEES_ALL)
    assert re.findall(r"/participants/([^/\"?]+)/\">", page) == shown
    assert "<script>" not in page
    wrong = "stopped" in query or "script" in query
    assert ("the list is not narrowed by it. Choose one of" in page) is wrong
    assert ("Nobody fits." in page) is (shown == [])


@pytest.mark.usefixtures("told")
def test_a_timeline_tells_windows_corrections_doses_and_places(get: Get) -> None:
    page = get("/participants/1-001/", SEES_ALL)
    assert "Window 11 Mar 2026 to 17 Mar 2026 · target 14 Mar 2026" in page
    assert re.search(r"Systolic: <del>125 mmHg</del> → <ins>187 mmHg</ins>", page)
    assert "by therapist-1, therapist: transcription error" in page
    assert "low, nominally 2 × 40 mg MDMA hydrochloride or placebo" in page
    assert re.search(r"<svg[^>]*aria-label=\"Vital signs: Systolic 120 to 187;", page)
    assert "Adverse event continued: Euphoric mood" in page
    assert "Alert: Very high blood pressure (open)" in page
    assert "What they said is kept in the ledger and not shown" in page
    assert re.search(r"<code>#1 · [0-9a-f]{16}</code>", page)


def test_of_a_long_timeline_what_matters_is_written_out_and_all_else_is_a_line_that_leads_to_it(
    get: Get, study: Study, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = telling_story(study)
    keep(study, story)
    whole = get("/participants/1-001/", SEES_ALL)
    assert "Open everything" not in whole
    monkeypatch.setattr(stops, "AT_ONCE", 12)
    page = get("/participants/1-001/", SEES_ALL)
    anchors = re.compile(r'<article class="[^"]*" id="(e-\w+)"')
    assert len(page) < len(whole) * 2 / 3
    assert 0 < len(anchors.findall(page)) < len(anchors.findall(whole))
    assert anchors.findall(get("/participants/1-001/?open=everything", SEES_ALL)) == anchors.findall(whole)
    lines = re.findall(r'<a class="count" href="(\?open=[^"#]+)#stop-(\d+)">(\d+) entr', page)
    assert len(lines) >= 2
    for address, number, count in lines:
        opened = get(f"/participants/1-001/{address}", SEES_ALL)
        stop = opened.partition(f'id="stop-{number}"')[2].partition("</li>\n<li")[0]
        rows = len(anchors.findall(stop)) + stop.count('<th scope="row">') + stop.count('<li id="e-')
        assert rows >= int(count) > 0, stop
    for address, anchor in re.findall(r'<a href="(\?open=[^"#]+|)#(e-\w+)">', page):
        assert f'id="{anchor}"' in get(f"/participants/1-001/{address}", SEES_ALL)
    assert get("/participants/1-001/?open=nothing", SEES_ALL) == page


@pytest.mark.usefixtures("told")
def test_a_line_of_a_long_timeline_counts_nothing_that_is_hidden(
    get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "AT_ONCE", 1)
    counts = {
        role: sum(map(int, re.findall(r">(\d+) entr", get("/participants/1-001/", role))))
        for role in (SEES_ALL, "monitor")
    }
    monkeypatch.undo()
    written = {role: get("/participants/1-001/?open=everything", role).count(' id="e-') for role in counts}
    assert counts["monitor"] < counts[SEES_ALL]
    assert counts["monitor"] <= written["monitor"]


@pytest.mark.usefixtures("told")
def test_what_lies_ahead_has_its_window(get: Get) -> None:
    page = get("/participants/1-002/", SEES_ALL)
    assert re.search(r"<h2>Outcome</h2><span class=\"chip s-missed\">missed</span>", page)
    assert "Window 1 Apr 2026 to 17 Apr 2026 · target 9 Apr 2026" in page
    assert "No longer reachable: Closing." in page


@pytest.mark.usefixtures("told")
def test_what_is_due_and_by_when_comes_first(get: Get) -> None:
    page = get("/participants/S-3/", SEES_ALL)
    first, _, rest = page.partition('id="due">Due</h2>')
    assert re.search(r">[^<]+</a> <span class=\"chip\">(under way|due|expected)</span>.*?2026", rest)
    assert not [one for one in ("Open alerts", "Findings", 'class="timeline"') if one in first]


@pytest.mark.usefixtures("told")
def test_who_may_screen_begins_at_home_and_on_the_list(get: Get) -> None:
    for address in ("/", "/participants/"):
        assert "New participant" in get(address, "investigator")
        assert "New participant" not in get(address, "monitor")


@pytest.mark.usefixtures("told")
def test_what_is_never_shown_is_not_said_to_be_shown_some_day(get: Get) -> None:
    page = get("/", "owner")
    assert "Never shown to this role: " in page
    assert "hidden from owner." in page
    assert not [one for one in ("until never", "owner until lock") if one in page]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    "address",
    [
        "/nowhere",
        "/participants/1-999/",
        "/participants/%3Cb%3E/",
        "/participants/1-001/x",
        "/participants/%00/",  # which no text of the database holds
        "/find/?q=1-999%00",
    ],
)
def test_an_unknown_address_has_a_page_that_repeats_nothing_of_it(get: Get, address: str) -> None:
    page = get(address, status=404)
    assert "There is nothing here" in page
    assert "SIMULATED DATA — rehearsal" in page
    assert "1-999" not in page
    assert "<b>" not in page


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_only_read(get: Get, address: str, method: str) -> None:
    assert getattr(signed_in("monitor"), method)(address).status_code == 405


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_says_that_the_data_are_simulated(get: Get, address: str) -> None:
    assert get(address).count("SIMULATED DATA — rehearsal") == 2


def without_assumptions(part: Any) -> None:
    """Takes every mark `assumption` out of a study file's data."""
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        without_assumptions(inner)
    if isinstance(part, dict):
        part.pop("assumption", None)


@pytest.mark.parametrize(("environment", "said"), [("training", True), ("production", False)])
def test_training_is_simulated_and_production_is_not(
    get: Get, template: str, environment: Environment, said: bool
) -> None:
    study = blinded_study(without_assumptions)  # production takes no release that holds one
    store.create_database(f"{template}_{environment}", environment, "mini")
    keep(study, telling_story(study), environment=environment)
    assert ("SIMULATED DATA — training" in get("/")) is said


@pytest.mark.usefixtures("told")
def test_pages_load_nothing_from_elsewhere(get: Get) -> None:
    texts = [get(address, SEES_ALL) for address in ADDRESSES] + [get("/nowhere", status=404)]
    texts += [(STATIC / "entact.css").read_text(), (STATIC / "entact.svg").read_text()]
    for text in texts:
        assert re.findall(r"(?<!xmlns=\")https?://[^\s\"']+", text) == []
        assert "<script" not in re.sub('<script (type="module" )?src="/static/', "", text)
        assert not re.search(r"(?:src|href)=\"//|@import|url\(|style=\"| on\w+=\"", text)


@pytest.mark.usefixtures("told")
def test_answers_forbid_what_pages_do_not_need(get: Get) -> None:
    answer = signed_in("monitor").get("/")
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Frame-Options"] == "DENY"
    for address in ("/", "/sign-in/"):
        assert client().get(address, headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_number_of_queries_does_not_grow_with_participants(
    get: Get, study: Study, template: str, address: str
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for participants in (1, 3):
        fresh(template)
        keep(study, *[telling_story(study) for _ in range(participants)])
        browser = signed_in(SEES_ALL)
        browser.get("/nowhere")  # the session notes when it was used first
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        counts.append(len(queries))
        with CaptureQueriesContext(connection) as again:
            browser.get(address)
        # who asks (4), environment, releases, the lock, rows for lists and heads; at home emergency
        # unblindings, reports owed, actions of monitoring visits, stock, holds; no entry is read again
        assert len(again) <= (32 if address == "/" else 12)
    assert counts[0] == counts[1] <= (34 if address == "/" else 14)


@pytest.mark.usefixtures("told")
def test_a_new_entry_is_seen_at_once(get: Get, study: Study) -> None:
    assert "Escort" not in get("/participants/S-3/", SEES_ALL)
    story = Story(study)
    entry = story.form("readiness", {"oriented": True, "escort": False}, day=1)
    store.append(replace(entry, ledger=f"participant:{3:032x}"), received_at="2026-05-02T12:00:00+00:00")
    assert "<dt>Escort</dt><dd>no</dd>" in get("/participants/S-3/", SEES_ALL)


def test_a_page_says_first_that_what_was_personal_is_erased(study: Study, database: str) -> None:
    story = Story(study)
    story.whole()
    persons = {"asked_by": "ada", "confirmed_by": "ben"}
    request = {"request": "019caf99-85c0-7000-8000-000000000001", "cause": "participant_request"}
    story.write("erasure", request | persons, day=50)
    keep(study, story)
    page = signed_in("medical_monitor").get("/participants/1-001/").content.decode()
    assert "Erased" in page
    assert "what is personal, 21 Apr 2026" in page


def test_two_who_were_given_one_number_have_pages_of_their_own(get: Get, study: Study, database: str) -> None:
    stories = [Story(study), Story(study)]
    for story in stories:
        story.write("screening", {"attempt": 1, "number": "same", "site": "haifa"})
    keep(study, *stories, numbered=False)
    page = get("/participants/")
    assert sorted(re.findall(r"/participants/([^/\"?]+)/\">same<", page)) == [f"{1:032x}", f"{2:032x}"]
    get("/participants/same/", status=404)
    get(f"/participants/{1:032x}/")


def test_an_empty_database_says_so(get: Get, database: str) -> None:
    answer = client().get("/sign-in/")
    assert answer.status_code == 503
    assert "no release of the study has been entered" in answer.content.decode()


@pytest.mark.usefixtures("told")
def test_a_text_that_was_changed_is_named_and_no_traceback_shown(get: Get) -> None:
    run_as_owner("UPDATE store_line SET text = 'not an entry' WHERE seq = 3")
    assert "run `entact verify`" in get(ADDRESSES[-1], status=503)
    assert "1-001" in get("/participants/")  # the list is made of rows, not of texts


@pytest.mark.usefixtures("told")
def test_what_is_done_is_folded_and_what_needs_a_look_is_open(get: Get) -> None:
    page = get("/participants/1-001/", SEES_ALL)
    stops = re.findall(r'<li class="stop .*?(?=<li class="stop |</ol>)', page, re.DOTALL)
    folded = [one for one in stops if '<details class="fold">' in one]
    assert len(folded) >= 3
    for stop in stops:
        needs = "Alert:" in stop or 'class="flag' in stop
        assert needs is not ('<details class="fold">' in stop) or "s-done" not in stop
    assert any("Alert:" in one for one in stops)
    first = folded[0][: folded[0].index("</summary>")]
    assert "<h2>Preparation 1</h2>" in first
    assert re.search(r"\d+ entries", first)


@pytest.mark.usefixtures("told")
def test_findings_name_visits_and_dates_as_people_write_them(get: Get) -> None:
    page = get("/participants/1-002/", SEES_ALL)
    told = " ".join(re.findall(r'<ul class="findings">.*?</ul>', page, re.DOTALL))
    assert "did not take place by" in told
    assert not re.search(r"\d{4}-\d{2}-\d{2}|integration_\d", told)


def test_the_timeline_leads_to_each_correction(study: Study, database: str, get: Get) -> None:
    keep(study, telling_story(study))
    page = get("/participants/1-001/")
    links = re.findall(r'Corrected: <a href="#(e-\w+)">', page)
    assert links
    assert all(f'class="correction" id="{anchor}"' in page for anchor in links)
