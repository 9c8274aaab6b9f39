"""What needs somebody today stands first, for a role that may know it and for no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from tests.conduct.record import SEES_ALL, blinded_study, keep, telling_story
from tests.course.conftest import Story

from entact import store
from entact.conduct import reader
from entact.course import fold
from entact.course.found.attested import version_of
from entact.protocol import Study

Get = Callable[..., str]


def tasks(page: str) -> list[str]:
    """The tasks on a page, each without its markup."""
    part = re.search(r'<section class="today".*?</section>', page, re.DOTALL)
    assert part is not None
    return [re.sub(r"<[^>]+>", " ", one) for one in re.findall(r"<li.*?</li>", part[0], re.DOTALL)]


@pytest.fixture
def treated(study: Study) -> Story:
    """Somebody on the day before a window closes."""
    story = Story(study)
    story.whole()
    story.entries = [one for one in story.entries if one.occurred_at < story.at(13).isoformat()]
    return story


@pytest.mark.usefixtures("database")
def test_it_stands_before_everything_else(get: Get, study: Study) -> None:
    keep(study, telling_story(study))
    page = get("/", SEES_ALL)
    assert re.findall(r'<h2 id="(\w+)">', page)[0] == "today"
    first, *others = tasks(page)
    assert first not in others
    assert "1-001" in first
    assert "nobody has answered" in first
    assert "calls" in first
    assert "in the time of the rehearsal" in page


@pytest.mark.usefixtures("database")
def test_an_open_alert_is_told_only_to_who_sees_what_raised_it(get: Get, study: Study) -> None:
    keep(study, telling_story(study))
    assert any("Very high blood pressure" in one for one in tasks(get("/", SEES_ALL)))
    assert any("Very high blood pressure" in one for one in tasks(get("/", "monitor")))
    assert not any("Very high blood pressure" in one for one in tasks(get("/", "scheduler")))
    assert tasks(get("/", "rater")) == []  # the schedule is hidden from them


@pytest.mark.usefixtures("database")
def test_a_visit_whose_window_went_by_unexplained_is_told(get: Get, study: Study, treated: Story) -> None:
    keep(study, treated)
    late = [one for one in tasks(get("/", SEES_ALL)) if "did not take place" in one]
    assert late
    for one in late:
        assert "1-001" in one
        assert re.search(r"its window closed \d+ \w+ 2026", one)
    assert not any("did not take place" in one for one in tasks(get("/", "scheduler")))


@pytest.mark.usefixtures("database")
def test_nothing_to_do_is_said(get: Get, study: Study) -> None:
    story = Story(study)
    story.begin("screening#1", day=0)
    story.write("screening", {"attempt": 1, "number": "S-1", "site": "denver"}, minute=2)
    keep(study, story)
    assert "Nothing that medical monitor sees" in get("/", SEES_ALL)


@pytest.mark.usefixtures("database")
def test_an_alert_that_is_answered_needs_nobody(get: Get, study: Study) -> None:
    story = telling_story(study)
    keep(study, story)
    page = get("/", SEES_ALL)
    (raised,) = (one for one in tasks(page) if "Very high blood pressure" in one)
    assert raised
    seen = next(one for one in story.entries if one.kind == "vital_signs" and one.timepoint == "end")
    answer = story.write(
        "alert_answered", {"alert": "hypertension", "action": "assessed"}, day=14, minute=700, about=seen.id
    )
    ledger = f"participant:{1:032x}"
    store.append(replace(answer, ledger=ledger), received_at="2026-05-02T12:00:00+00:00")
    assert not any("Very high blood pressure" in one for one in tasks(get("/", SEES_ALL)))


@pytest.mark.usefixtures("database")
def test_a_query_waits_for_the_site_and_then_for_who_asked(get: Get, study: Study) -> None:
    asked, answered = telling_story(study), telling_story(study)
    for story in (asked, answered):
        rated = next(one for one in story.entries if one.kind == "form" and one.data["form"] == "symptoms")
        weighed = next(one for one in story.entries if one.kind == "vital_signs")
        for one in (rated, weighed):
            raised = story.write("query", {"said": "raised", "entry": one.id, "text": "Why?"}, day=44)
        if story is answered:
            story.write("query", {"said": "answered", "text": "So."}, day=45, about=raised.id)
    keep(study, asked, answered)
    site = [one for one in tasks(get("/", "pharmacist")) if "Query about" in one]
    assert len(site) == 1  # of scores of the raters this role knows nothing
    assert "1-001" in site[0]
    assert "vital signs" in site[0]
    closing = [one for one in tasks(get("/", "monitor")) if "Query about" in one]
    assert ["1-002" in one for one in closing] == [True]


@pytest.mark.usefixtures("database")
def test_a_broken_signature_waits_for_who_signs(get: Get, study: Study) -> None:
    story = Story(study)
    story.whole()
    weighed = next(one for one in story.entries if one.kind == "vital_signs")
    version = version_of(next(one for one in fold(study, story.entries).effective if one.id == weighed.id))
    signed = {"meaning": "approval", "entries": [weighed.id], "versions": [version]}
    story.write("signature", signed, day=90, role="investigator")
    story.correct(weighed, {"systolic": "121 mm[Hg]"}, day=91)
    keep(study, story)
    assert [one for one in tasks(get("/", "investigator")) if "sign that again" in one]
    assert not [one for one in tasks(get("/", "monitor")) if "sign that again" in one]


def _with_call(data: dict[str, Any]) -> None:
    call = {
        "visit": "call_day_2", "after": "session_1", "within": "2 .. 4 d", "kind": "contact",
        "contact": "telephone", "do": ["safety_call", "suicidality"],
    }  # fmt: skip
    place = next(number for number, one in enumerate(data["schedule"]) if one["visit"] == "integration_1")
    data["schedule"].insert(place + 1, call)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("day", "said"), [(13, ["visit after a session"]), (14, ["call after a session"])])
def test_the_morning_and_the_calls_after_a_session_wait_for_who_makes_them_on_their_days(
    get: Get, day: int, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = blinded_study(_with_call)
    story = Story(study).whole()
    story.entries = [one for one in story.entries if one.occurred_at < story.at(12.9).isoformat()]
    assert story.entries[-1].data == {"status": "ended"}
    if day == 14:  # the morning went by as planned
        story.begin("integration_1#1", day=13)
        story.write("encounter", {"status": "ended"}, day=13, minute=60, encounter="integration_1#1")
    monkeypatch.setattr(reader, "present", lambda environment: story.at(day, 5))
    keep(study, story)
    for role in ("therapist", SEES_ALL, "scheduler"):
        told = [one for one in tasks(get("/", role)) if "after a session" in one]
        assert len(told) == len(said) * (role != "scheduler"), role
        assert all(text in one for text, one in zip(said, told, strict=False))


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("called", [False, True])
def test_a_call_after_a_session_is_overdue_until_it_is_entered(
    get: Get, called: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = blinded_study(_with_call)
    story = Story(study).whole()
    story.entries = [one for one in story.entries if one.occurred_at < story.at(12.9).isoformat()]
    story.begin("integration_1#1", day=13)
    story.write("encounter", {"status": "ended"}, day=13, minute=60, encounter="integration_1#1")
    if called:
        story.begin("call_day_2#1", day=17)
        story.write(
            "safety_call",
            {"reached": True, "minutes": 6, "events_heard": False},
            day=17,
            minute=5,
            encounter="call_day_2#1",
        )
        story.write("encounter", {"status": "ended"}, day=17, minute=9, encounter="call_day_2#1")
    monkeypatch.setattr(reader, "present", lambda environment: story.at(18, 5))
    keep(study, story)
    overdue = [one for one in tasks(get("/", "therapist")) if "day 2" in one.lower()]
    assert bool(overdue) is not called
    assert all("did not take place" in one for one in overdue)
