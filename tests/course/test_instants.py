"""The outlook of a course says, for every moment, what asking at that moment says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from entact.course import Course, findings, fold, open_alerts
from entact.course.entry import CLAIMED, GENESIS, Entry, arrived
from entact.course.findings import found_at_any_time
from entact.course.instants import ALERT, BEGINNING, UNEVALUATED, Horizon, Outlook, outlook
from entact.course.kinds.calls import open_call
from entact.course.schedule import TREATMENT
from entact.course.state.progress import due_visits, progress_of, zone_of

NewStory = Callable[[], Any]
STEP = timedelta(microseconds=1)
NO_RESET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def holding(rows: Any, at: datetime) -> list[Any]:
    return [row for row in rows if row.since <= at and (row.until is None or at < row.until)]


def asked_dues(course: Course, at: datetime) -> set[Any]:
    """What `due` says, without what took place, cannot take place or has no window, and what was missed."""
    progress = progress_of(course, zone_of(course, at))

    def counts(one: Any) -> bool:
        if one.status == "missed":
            kind = course.release.visits[one.visit].kind
            ended = any(of != "treatment" or kind in TREATMENT for of in progress.stopped)
            return one.visit not in progress.missed and not ended
        return one.status == "due" or (one.status == "expected" and one.earliest is not None)

    return {
        (one.visit, one.status, one.earliest, one.target, one.latest) for one in course.due(at) if counts(one)
    }


def asked_findings(course: Course, at: datetime) -> set[str]:
    found = {one.id for one in findings(course, at) if one.holds}
    return found | {
        f"{ALERT}:{open_call(course, one).entry}:{one.alert}{UNEVALUATED if one.cannot_evaluate else ''}"
        for one in open_alerts(course)
    }


def moments(found: Outlook) -> list[datetime]:
    """Every instant at which something changes, and the last before it."""
    turns = {row.since for row in (*found.windows, *found.findings)} - {BEGINNING}
    turns |= {row.until for row in (*found.windows, *found.findings)} - {None}
    turns |= {at for row in found.windows for at in (row.opens, row.ends) if at is not None}
    return sorted({one for at in turns for one in (at, at - STEP)})


def require_equal(course: Course, found: Outlook, extra: list[datetime]) -> None:
    for at in (BEGINNING, *moments(found), *extra):
        rows = holding(found.windows, at)
        told = {(row.visit, row.status(at), row.earliest, row.target, row.latest) for row in rows}
        assert len(rows) == len(told)
        assert told == asked_dues(course, at), at
        names = [row.finding for row in holding(found.findings, at)]
        assert len(names) == len(set(names))
        assert set(names) == asked_findings(course, at), at


def change(story: Any, entries: list[Entry], change: tuple[str, int, float]) -> None:
    """One more thing that may happen: a correction, a withdrawal, a missed visit, an end."""
    how, place, day = change
    source = entries[place % len(entries)]
    if how == "void":
        story.void(source, day=day)
    elif how == "move":
        moved = {"occurred_at": story.at(day).isoformat()}
        story.correct(source, moved, day=day)
    elif how == "missed":
        visits = list(story.study.newest.visits)
        story.write(
            "encounter",
            {"status": "missed"},
            day=day,
            encounter=f"{visits[place % len(visits)]}#1",
            reason="safety",
        )
    elif how == "stop":
        of = ("treatment", "procedures", "follow_up")[place % 3]
        story.write("discontinuation", {"of": of, "decided_by": "participant", "cause": "choice"}, day=day)
    elif how == "medicine":
        data = {
            "name": "x",
            "medicine_class": "ssri",
            "psychiatric": True,
            "stopped": story.at(day).date().isoformat(),
        }
        story.write("medication", data, day=day)


@given(data=st.data())
@profile(max_examples=60, suppress_health_check=NO_RESET)
def test_an_outlook_is_what_asking_at_every_moment_says(new_story: NewStory, data: st.DataObject) -> None:
    story = new_story().whole()
    length = data.draw(st.integers(0, len(story.entries)), label="entries that there are")
    lost = data.draw(st.sets(st.integers(0, len(story.entries))), label="entries that are not")
    entries = [one for place, one in enumerate(story.entries[:length]) if place not in lost]
    if entries:
        hows = st.sampled_from(["void", "move", "missed", "stop", "medicine"])
        changes = st.lists(st.tuples(hows, st.integers(0, 200), st.floats(0, 120)), max_size=4)
        already = len(story.entries)
        for one in data.draw(changes, label="changes"):
            change(story, entries, one)
        entries += story.entries[already:]
    days = data.draw(st.lists(st.floats(-10, 400), max_size=4), label="days")
    entries = data.draw(st.permutations(entries), label="order of arrival")
    course = fold(story.study, entries)
    found = outlook(course)
    require_equal(course, found, [story.at(day).astimezone(UTC) for day in days])

    horizon, grown = Horizon(), Course(story.study)
    for entry in entries:
        grown.add(entry)
        kept = outlook(grown, horizon)
    if entries:
        assert kept == found


def test_a_visit_that_began_late_and_was_entered_as_missed_is_missed(new_story: NewStory) -> None:
    story = new_story().whole()
    entries = [one for place, one in enumerate(story.entries[:11]) if place not in {0, 2, 3, 4}]
    already = len(story.entries)
    change(story, entries, ("move", 6, 15.0))
    story.write("encounter", {"status": "missed"}, day=15, encounter="baseline#1", reason="safety")
    course = fold(story.study, [*entries, *story.entries[already:]])
    require_equal(course, outlook(course), [])
    assert "visit_missed::baseline" in asked_findings(course, story.at(40))


def test_a_visit_that_is_not_done_moves_the_next_at_the_instant_at_which_it_is_missed(
    new_story: NewStory,
) -> None:
    story = new_story().whole()
    entries = [
        one
        for one in story.entries
        if one.encounter is None or not one.encounter.startswith(("integ", "outc", "clos"))
    ]
    course = fold(story.study, entries)
    rows = [row for row in outlook(course).windows if row.visit == "integration_2"]
    missed = next(row for row in outlook(course).windows if row.visit == "integration_1").ends
    assert missed is not None
    assert [row.since for row in rows] == [missed]
    assert rows[0].status(missed - STEP) == "expected"
    assert {row.finding: row.since for row in outlook(course).findings}[
        "visit_missed::integration_1"
    ] == missed


def test_what_is_due_of_some_visits_is_what_is_due_of_them_among_all(new_story: NewStory) -> None:
    story = new_story().whole()
    for length in (3, 12, len(story.entries)):
        course = fold(story.study, story.entries[:length])
        for day in (0, 20, 60, 400):
            at = story.at(day)
            found = due_visits(course, at)
            names = [one.visit for one in found]
            assert names == list(course.release.visits)
            for some in ({names[0]}, {names[-1], names[2]}, {"nothing"}, set()):
                assert due_visits(course, at, only=some) == [one for one in found if one.visit in some]


def test_what_is_found_of_one_entry_twice_over_is_listed_once(new_story: NewStory) -> None:
    """One id that two persons are said to have sent, neither of whom was authenticated."""
    story = new_story()
    reading = story.vitals(109, 80)
    sent = [msgspec.structs.replace(reading, by=person) for person in ("x-8", "x-9")]
    entries = [*story.entries[:-1], *sent]
    at = story.at(9).isoformat()
    course = fold(
        story.study, [arrived(one, at, seq, GENESIS, CLAIMED) for seq, one in enumerate(entries, start=1)]
    )
    name = f"not_authenticated:{reading.id}"
    assert [one.id for one in found_at_any_time(course)].count(name) == 2
    assert [one.finding for one in outlook(course).findings].count(name) == 1
    assert [one.id for one in findings(course, story.at(9))].count(name) == 1


def test_an_encounter_that_nobody_ended_is_found_a_day_later(new_story: NewStory) -> None:
    story = new_story()
    begun = story.begin("screening#1", day=0)
    (row,) = [one for one in outlook(fold(story.study, story.entries)).findings if "not_ended" in one.rule]
    assert row.entry == begun.id
    assert row.since == story.at(1) + STEP
    story.end("screening#1", day=3)
    assert "encounter_not_ended" not in {
        one.rule for one in outlook(fold(story.study, story.entries)).findings
    }
