"""What the list knows of everybody is what folding everything says."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection
from msgspec.structs import replace
from tests.conduct.record import RECEIVED, SEES_ALL, fresh, keep, telling_story
from tests.course.conftest import Story
from tests.store.test_derived import expected, stamp, stored

from entact import store
from entact.conduct.reader import Folded, begin_to_write, forget, reader_as
from entact.course import Course, Entry, fold, instant, read
from entact.course.entry import as_sent
from entact.course.fold import read_lines
from entact.protocol import Study
from entact.store import known, lists

Get = Callable[..., str]


def stories(study: Study) -> list[Story]:
    """Prefixes of a whole story, and stories that ended otherwise."""
    whole = telling_story(study)
    found = []
    for cut in range(4, len(whole.entries), 9):
        part = Story(study)
        part.entries = whole.entries[:cut]
        found.append(part)
    failed, withdrawn, died, mended = (Story(study) for _ in range(4))
    failed.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    failed.write("eligibility", {"criteria": {}, "decision": "not_eligible", "signed": "decision"}, day=1)
    withdrawn.whole()
    withdrawn.write("discontinuation", {"of": "follow_up", "decided_by": "participant", "cause": "x"}, day=50)
    died.whole()
    died.write("death", {"date": "2026-05"}, day=60)
    mended.whole()
    wrong = mended.write("death", {"date": "2026-05"}, day=60)
    mended.void(wrong, day=61)
    screened = next(one for one in mended.entries if one.kind == "screening")
    mended.correct(screened, {"site": "haifa"}, day=62)
    return [*found, failed, withdrawn, died, mended]


def test_standings_are_what_whole_courses_say(study: Study, database: str) -> None:
    ledgers = keep(study, *stories(study))
    standings = {one.ledger: one for one in lists.participants(limit=100)}
    statuses = set()
    for ledger in ledgers:
        course = fold(study, [read(line.text) for line in ledger.lines])
        standing = standings[ledger.name]
        statuses.add(course.status)
        assert standing.status == course.status
        assert standing.site == (course.site or "")
        assert standing.screened is (course.screening is not None)
        assert standing.randomised is (course.randomisation is not None)
        assert course.enrolment is None or standing.number == course.enrolment.subject
    assert statuses >= {"screening", "in_treatment", "screen_failed", "withdrawn", "died", "completed"}


def test_a_rehearsal_lives_in_study_time(study: Study, database: str) -> None:
    keep(study, telling_story(study))
    assert reader_as(SEES_ALL).at.isoformat() == "2026-05-01T12:00:00+00:00"


def test_a_course_that_grew_is_followed_and_another_history_is_read_anew(
    study: Study, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = telling_story(study)
    part = Story(study)
    part.entries = story.entries[:10]
    (ledger,) = keep(study, part)
    read_anew: list[int] = []

    def counted(name: str, lines: Any) -> Any:
        lines = list(lines)
        read_anew.append(len(lines))
        return read_lines(name, lines)

    monkeypatch.setattr("entact.conduct.reader.read_lines", counted)
    forget()

    def folded() -> Course:
        found = reader_as(SEES_ALL).folded([ledger.name])[ledger.name]
        assert isinstance(found, Folded)
        assert found.course == fold(study, [read(one.text) for one in store.lines(ledger.name)])
        assert sum(map(len, found.versions.values())) == found.course.size
        return found.course

    before = folded()
    assert folded() is before
    for entry in story.entries[10:12]:
        store.append(replace(entry, ledger=ledger.name), received_at=RECEIVED)
    after = folded()
    assert (before.size, after.size) == (10, 12)
    assert read_anew == [10, 2]
    store.create_database(database, "rehearsal", study.name, replace=True)
    part.entries = [story.entries[0], *story.entries[2:14]]
    keep(study, part)
    assert folded().size == 13
    assert read_anew == [10, 2, 13]


def test_who_opens_many_holds_up_nobody_and_two_who_open_one_fold_it_once(
    study: Study, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, beside, other = (ledger.name for ledger in keep(study, *stories(study)[:3]))
    begun, may_end, read_anew = Event(), Event(), list[str]()

    def held_up(name: str, lines: Any) -> Any:
        read_anew.append(name)
        if name == slow:
            begun.set()
            assert may_end.wait(30)
        return read_lines(name, lines)

    def open_pages(*names: str) -> set[str]:
        try:
            return set(reader_as(SEES_ALL).folded(names))
        finally:
            connection.close()  # of this thread

    monkeypatch.setattr("entact.conduct.reader.read_lines", held_up)
    forget()
    with ThreadPoolExecutor(3) as threads:
        try:
            many = threads.submit(open_pages, slow, beside)
            assert begun.wait(30)
            again = threads.submit(open_pages, slow)
            assert threads.submit(open_pages, other).result(timeout=30) == {other}
            assert not many.done()
            assert not again.done()
        finally:
            may_end.set()
        assert many.result(timeout=30) == {slow, beside}
        assert again.result(timeout=30) == {slow}
    assert sorted(read_anew) == sorted([slow, beside, other])


def test_who_writes_begins_with_what_was_read_where_it_still_is_so(
    study: Study, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = telling_story(study)
    part = Story(study)
    part.entries = story.entries[:10]
    (ledger,) = keep(study, part)
    folded_anew: list[str] = []

    def counted(text: str) -> Entry:
        folded_anew.append(text)
        return read(text)

    monkeypatch.setattr(known, "read", counted)

    def write(entry: Entry, *, read_before: bool = True) -> int:
        """How many entries were folded for this one, by a process that wrote none before."""
        monkeypatch.setattr(known, "_memory", known._Memory())
        folded_anew.clear()
        if read_before:
            begin_to_write(ledger.name)
        assert store.append(replace(entry, ledger=ledger.name), received_at=RECEIVED).outcome == "kept"
        assert stored(ledger.name) == expected(study, ledger.name, stamp())
        return len(folded_anew)

    def look() -> None:
        forget()
        reader_as(SEES_ALL).folded([ledger.name])

    look()
    assert write(story.entries[10]) == 0
    assert write(story.entries[11]) == 1  # what others have entered since it was read
    assert write(story.entries[12], read_before=False) == 12
    look()
    forget()
    assert write(story.entries[13]) == 13  # nothing was read
    look()
    store.create_database(database, "rehearsal", study.name, replace=True)
    part.entries = [story.entries[0], *story.entries[2:16]]
    keep(study, part)
    assert write(story.entries[16]) == 15  # another history than the one that was read


def test_one_and_the_same_entry_is_known_to_who_begins_with_what_was_read(
    study: Study, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ledger,) = keep(study, telling_story(study))
    entries = [as_sent(read(line.text)) for line in store.lines(ledger.name)]
    forget()
    reader_as(SEES_ALL).folded([ledger.name])
    monkeypatch.setattr(known, "_memory", known._Memory())
    begin_to_write(ledger.name)
    assert known.remembered(ledger.name).seq == len(entries)
    assert {store.append(one, received_at=RECEIVED).outcome for one in entries} == {"again"}
    assert known.remembered(ledger.name).received == instant(RECEIVED)  # before which nothing may arrive


def rows_read(get: Get, address: str) -> int:
    """How many rows reach this process for one page."""
    count = 0

    def counted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        answer = execute(sql, params, many, context)
        count += max(0, context["cursor"].rowcount)
        return answer

    forget()
    get(address)  # what a process looks at once
    forget()
    with connection.execute_wrapper(counted):
        get(address)
    return count


def test_a_page_reads_no_more_of_a_thousand_participants_than_of_thirty(
    get: Get, study: Study, template: str
) -> None:
    short = Story(study)
    short.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    read_of: dict[int, tuple[int, ...]] = {}
    for participants in (30, 1000):
        fresh(template)
        keep(study, *[short] * participants)
        read_of[participants] = tuple(rows_read(get, address) for address in ("/", "/participants/"))
    assert read_of[30] == read_of[1000]


def test_the_pages_of_the_list_hold_everybody_once_forwards_and_back(
    get: Get, study: Study, database: str
) -> None:
    short = Story(study)
    short.write("screening", {"attempt": 1, "number": "S-1", "site": "haifa"})
    keep(study, *[short] * 60)
    forwards, address = [], "/participants/"
    while address:
        page = get(address)
        forwards.append(re.findall(r'<th scope="row"><a href="/participants/([^/]+)/', page))
        address = following(page, "next")
    assert [len(one) for one in forwards] == [25, 25, 10]
    assert len({key for one in forwards for key in one}) == 60
    back, address = [], following(page, "prev")
    while address:
        page = get(address)
        back.append(re.findall(r'<th scope="row"><a href="/participants/([^/]+)/', page))
        address = following(page, "prev")
    assert back == forwards[1::-1]


def following(page: str, rel: str) -> str:
    found = re.search(f'rel="{rel}" href="([^"]+)"', page)
    return "/participants/" + html.unescape(found[1]) if found else ""


@pytest.mark.parametrize("asked", ["after=x", "after=~~", "after=a~b~99999999999999999999", "before=~~"])
def test_a_place_that_is_none_is_the_beginning(get: Get, study: Study, database: str, asked: str) -> None:
    keep(study, telling_story(study))
    assert get(f"/participants/?{asked}") == get("/participants/")


def test_a_number_that_another_has_too_is_shown_on_both_pages_and_of_neither_whose(
    get: Get, study: Study, database: str
) -> None:
    stories = [Story(study), Story(study)]
    for story in stories:
        story.write("screening", {"attempt": 1, "number": "S-77", "site": "haifa"})
    both = [one.name.removeprefix("participant:") for one in keep(study, *stories, numbered=False)]
    said = "screening number S-77 is another participant&#x27;s too"
    for key, other in (both, both[::-1]):
        page = get(f"/participants/{key}/", SEES_ALL)
        assert said in page
        assert other not in page
