"""The list of participants is made of rows, and says what whole courses say to the same role."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from msgspec.structs import replace
from tests.conduct.people import signed_in
from tests.conduct.record import HIDDEN, SEES_ALL, keep, telling_story
from tests.conduct.test_reader import stories
from tests.course.cases import told_one_by_one
from tests.course.conftest import Story

from entact import store
from entact.conduct import participants
from entact.conduct.participants import list_participants
from entact.conduct.reader import forget, reader_as
from entact.conduct.sight import SeenCourse
from entact.conduct.timeline import OVER
from entact.conduct.words import title_of_visit, window
from entact.course import open_alerts, read
from entact.course.state.progress import zone_of
from entact.protocol import Study
from entact.store import lists, models

Get = Callable[..., str]
ROLES = [SEES_ALL, *(role for role, hidden in HIDDEN.items() if "schedule" not in hidden)]


@pytest.mark.parametrize("role", ROLES)
def test_a_row_says_what_a_fold_says_to_the_role(study: Study, database: str, role: str) -> None:
    ledgers = keep(study, *stories(study), telling_story(study))
    reader = reader_as(role)
    folded = reader.folded([one.name for one in ledgers])
    rows = {row.number: row for row in list_participants(reader, {}).rows}
    totals = [0, 0]
    for one in lists.participants(limit=100):
        course, row = folded[one.ledger].course, rows[one.number]
        seen = SeenCourse(reader.sight, course)
        held = [found for found in seen.findings(reader.at, folded[one.ledger].beside) if found.holds]
        alerts = [raised for raised in open_alerts(course) if seen.sees_alert(raised)]
        assert (row.findings, row.alerts) == (len(held), len(alerts)), one.number
        totals = [totals[0] + len(held), totals[1] + len(alerts)]
        begun = [(visit.started, visit.visit) for visit in course.encounters.values() if visit.started]
        zone = zone_of(course, reader.at)
        assert row.last == (title_of_visit(max(begun)[1], course.release.visits) if begun else "")
        is_over = reader.sight.sees_status and course.status in OVER
        dues = [] if is_over else course.due(reader.at)
        coming = [due for due in dues if due.status == "due"] or [
            due for due in dues if due.status == "expected"
        ]
        coming.sort(key=lambda due: (due.earliest is None, due.earliest))
        following = coming[0] if coming else None
        named = title_of_visit(following.visit, course.release.visits) if following else ""
        between = window(following, zone) if following else ""
        assert (row.next, row.next_window) == (named, between), one.number
        assert row.next_is_due == (following is not None and following.status == "due")
    assert totals[0] > 0
    assert not forget()


def test_roles_are_told_of_different_findings(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    counts = {role: list_participants(reader_as(role), {}).rows[0].findings for role in ROLES}
    assert counts[SEES_ALL] > counts["monitor"] >= counts["scheduler"]


def test_open_findings_are_filtered_by_what_a_role_may_see_and_paged_by_key(
    study: Study, database: str
) -> None:
    keep(study, *[telling_story(study)] * 3)
    reader = reader_as("scheduler")
    hidden = reader.sight.hidden_names
    seen, everything = (
        lists.open_findings(reader.at, hidden=names, limit=500) for names in (hidden, frozenset())
    )
    assert 0 < len(seen) < len(everything)
    assert {one.key for one in seen} < {one.key for one in everything}
    assert not {one.kind for one in seen} & {"dose", "adverse_event", "vital_signs", "guess"}
    paged: list[lists.Open] = []
    while page := lists.open_findings(
        reader.at, hidden=hidden, after=paged[-1].key if paged else None, limit=2
    ):
        paged += page
    assert paged == seen


def test_queries_are_filtered_by_what_a_role_may_see_and_paged_by_key(study: Study, database: str) -> None:
    story = telling_story(study)
    rated = next(one for one in story.entries if one.kind == "form" and one.data["form"] == "symptoms")
    seen = next(one for one in story.entries if one.kind == "form" and one.data["form"] == "readiness")
    for day, about in enumerate((rated, seen), start=41):
        raised = story.write("query", {"said": "raised", "entry": about.id, "text": "Why?"}, day=day)
    keep(study, *[story] * 2)
    told = {role: lists.queries(hidden=reader_as(role).sight.hidden_names) for role in (SEES_ALL, "monitor")}
    assert [one.form for one in told[SEES_ALL]] == ["symptoms", "symptoms", "readiness", "readiness"]
    assert [one.form for one in told["monitor"]] == ["readiness", "readiness"]
    hidden = reader_as("monitor").sight.hidden_names
    first, *rest = told["monitor"]
    assert lists.queries(hidden=hidden, after=first.key) == rest
    assert lists.queries(hidden=hidden, ledgers=[first.ledger]) == [first]
    assert lists.queries(hidden=hidden, site="nowhere") == []
    assert lists.queries(hidden=hidden, status="answered") == []
    answer = story.write("query", {"said": "answered", "text": "So."}, day=44, about=raised.id)
    store.append(replace(answer, ledger=first.ledger), received_at="2026-05-02T12:00:00+00:00")
    (answered,) = lists.queries(hidden=hidden, status="answered")
    assert (answered.ledger, answered.query, answered.raised_at) == (first.ledger, raised.id, first.raised_at)
    assert answered.since > first.since
    assert lists.queries(hidden=hidden) == rest
    assert store.stale() == []


def test_a_visit_that_tells_the_arm_is_last_for_whom_it_is_told_alone(database: str) -> None:
    study = Study("mini", (told_one_by_one(),))
    assert "open_session" in study.newest.telling_visits
    story = Story(study)
    for day, visit in enumerate(("screening", "open_session"), start=1):
        story.write("encounter", {"status": "started"}, day=day, encounter=f"{visit}#1")
    keep(study, story)
    (row,) = lists.participants()
    assert (row.last_visit, row.told_visit) == ("screening", "open_session")
    shown = {
        role: list_participants(reader_as(role), {}).rows[0].last for role in ("therapist", "medical_monitor")
    }
    assert shown == {"therapist": "Open session", "medical_monitor": "Screening"}


def rows_touched(address: str, get: Get) -> tuple[int, int]:
    """How many rows of participants the database read for a page, and how many reached this process."""
    touched = reached = 0

    def look(plan: dict[str, Any]) -> int:
        own = 0
        if plan.get("Relation Name", "").startswith("store_") and "store_ledger" not in plan["Relation Name"]:
            removed = plan.get("Rows Removed by Filter", 0)
            own = (plan["Actual Rows"] + removed) * plan["Actual Loops"]
        return int(own) + sum(map(look, plan.get("Plans", [])))

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal touched, reached
        added_up = "GROUP BY site, status" in sql or "head = ledger.seq" in sql
        if sql.lstrip().startswith("SELECT") and not added_up:
            execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
            touched += look(context["cursor"].fetchone()[0][0]["Plan"])
        answer = execute(sql, params, many, context)
        reached += max(0, context["cursor"].rowcount)
        return answer

    forget()
    get(address)  # what a process looks at once
    with connection.execute_wrapper(explained):
        get(address)
    return touched, reached


def test_a_page_of_the_list_reads_no_more_of_a_thousand_than_of_ten(
    get: Get, study: Study, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for the counts above the list and who is behind: the database looks, and hands nobody over."""
    monkeypatch.setattr(participants, "PER_PAGE", 5)
    short = Story(study)
    short.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    rows = {}
    for number in (10, 1000):
        store.create_database(f"{template}_{number}", "training", "mini", replace=True)
        keep(study, *[short] * number, environment="training")  # a rehearsal looks for its own present
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        rows[number] = rows_touched("/participants/", get)
    assert rows[1000][0] <= rows[10][0]  # of ten, the database reads its small tables from end to end
    assert rows[1000][1] == rows[10][1] > 5
    assert models.Standing.objects.count() == 1000


def test_the_list_reads_nobodys_entries(get: Get, study: Study, database: str) -> None:
    keep(study, *[telling_story(study)] * 3)
    forget()
    texts: list[str] = []

    def watched(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        texts.append(sql)
        return execute(sql, params, many, context)

    get("/participants/")
    with connection.execute_wrapper(watched):
        page = get("/participants/")
    assert len(re.findall(r'<th scope="row">', page)) == 3
    assert texts
    assert not [sql for sql in texts if "store_line" in sql and "text" in sql.partition("FROM")[0]]


def test_all_of_the_list_is_given_out_narrowed_as_the_page_is_and_nothing_else(
    study: Study, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(study, *[telling_story(study)] * 5)
    monkeypatch.setattr(participants, "PER_PAGE", 2)
    monitor = signed_in("monitor")

    def given(asked: str) -> list[dict[str, str]]:
        answer = monitor.get(f"/participants/export.csv{asked}")
        assert answer.status_code == 200
        return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))

    whole = given("")
    assert [one["participant"] for one in whole] == [f"1-{number:03d}" for number in range(1, 6)]
    assert whole[0].keys() == set(participants.COLUMNS)
    (status,) = {one["status"] for one in whole}
    assert given(f"?site=denver&after=denver~1-004~4&status={status.replace(' ', '_')}") == whole
    assert given("?site=haifa") == []
    answer = monitor.get("/participants/export.csv?site=nowhere")
    assert (answer.status_code, answer["location"]) == (302, "/participants/?site=nowhere")
    kept = [read(line.text).data["what"] for line in store.lines("system") if "exported" in line.text]
    assert kept[0] == "participants"
    assert {one["status"] for one in list_of(signed_in("scheduler"))} == {""}, "hidden in the file too"


def list_of(browser: Any) -> list[dict[str, str]]:
    """The list as a file, as somebody is given it."""
    answer = browser.get("/participants/export.csv")
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))
