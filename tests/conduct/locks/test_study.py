"""What is open of everybody before a lock: rows for lists say it, as the entries do, and nobody is folded."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from tests.conduct.browser import Browser
from tests.conduct.people import signed_in_as
from tests.conduct.record import HIDDEN, blinded_study, fresh, keep
from tests.conduct.test_reader import rows_read, stories
from tests.course.conftest import Story

from entact.conduct import reader
from entact.conduct.locks import study as page
from entact.conduct.locks.study import study_folded, study_now
from entact.conduct.reader import reader_as
from entact.course.fold import fold
from entact.course.found.attested import version_of
from entact.protocol import Study
from entact.store import models

ROLES = ("data_manager", "investigator", "therapist", *HIDDEN)


@pytest.fixture(scope="module")
def managed() -> Study:
    """The small study with somebody who keeps its data."""
    return blinded_study(lambda data: data["roles"].update(data_manager="keeps the data"))


def more_stories(study: Study) -> list[Story]:
    """Participants with queries, one who is frozen, and one of whom some is signed as it stands."""
    found = stories(study)
    asked, frozen, signed, broken = found[3], found[4], found[-3], found[-2]
    first = asked.entries[2]
    query = {"said": "raised", "entry": first.id, "item": "", "text": "so?"}
    again = asked.write("query", query, day=80)
    asked.write("query", {"said": "closed"}, day=81, about=again.id)
    asked.write("query", query, day=82)
    asked.write("adverse_event", {"verbatim": "dizzy", "severity": "mild"}, day=79)
    frozen.write("freeze", {"of": "participant"}, day=83)
    for story in (signed, broken):
        standing = fold(study, story.entries).effective[:30]
        versions = {one.id: version_of(one) for one in standing}
        data = {"meaning": "approved", "entries": [*versions], "versions": [*versions.values()]}
        story.write("signature", data, day=84)
    form = next(one for one in broken.entries if one.kind == "form" and one.id in versions)
    broken.correct(form, {"items": {}}, day=85)
    return found


def told(found: page.Study) -> tuple[Any, ...]:
    return found.participants, found.locked, found.broken, found.points


@pytest.mark.requirement("R08")
@pytest.mark.parametrize("role", ROLES)
def test_rows_say_of_everybody_what_their_entries_do(database: str, managed: Study, role: str) -> None:
    keep(managed, *more_stories(managed))
    for sites in (None, frozenset({"haifa"})):
        asked = reader_as(role, sites)
        now = study_now(asked)
        assert told(now) == told(study_folded(asked))
        assert (now.participants > 9, now.locked, now.broken) == (True, 1, 0)
    open_now = {one.title: one.count for one in study_now(reader_as("data_manager")).points}
    assert open_now["queries of persons that are not closed"] == 1
    assert [title for title, count in open_now.items() if not count] == ["entries that came after the lock"]


def test_of_whom_no_row_could_be_made_the_entries_say_it(database: str, managed: Study) -> None:
    keep(managed, *stories(managed))
    before = told(study_now(reader_as("data_manager")))
    models.Standing.objects.filter(status="completed").update(code="0.0/0", unsigned=[], unended=7)
    assert told(study_now(reader_as("data_manager"))) == before


def test_the_page_folds_nobody_and_reads_no_more_of_a_thousand_than_of_thirty(
    managed: Study, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Story(managed)
    short.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    read_of: dict[int, int] = {}
    for participants in (30, 1000):
        fresh(template)
        keep(managed, *[short] * participants)
        manager = signed_in_as("dan", ("data_manager", ""))
        with monkeypatch.context() as patched:
            patched.setattr(reader, "_folded", None)  # who folds somebody fails
            read_of[participants] = rows_read(manager.get, "/lock/")
            text = manager.get("/lock/").content.decode()
        assert f"0 of {participants} participants are locked" in text
        assert text.count('/lock/">S-') == 2 * 25  # findings, and what is not signed
    assert read_of[30] == read_of[1000]


def test_that_nothing_is_open_the_entries_themselves_have_to_say(database: str, managed: Study) -> None:
    """Rows that somebody rewrote let no lock by: whoever locks says why it is done all the same."""
    keep(managed, stories(managed)[3])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE store_standing SET locked = true, unended = 0, unsigned = '{}', uncoded = '{}'"
        )
        for table in ("store_open_finding", "store_query"):
            cursor.execute(f"DELETE FROM {table}")
    assert not study_now(reader_as("data_manager")).is_open
    sent = {"do": "lock", "name": "lock-1", "reason": "", "passphrase": "x"}
    answer = Browser("dan", {"everywhere": "data_manager"}).post("/lock/", sent, status=422)
    assert "still open: say why" in answer
