"""The schedule of activities of every shipped study is told in German, but for the study's own words."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from django.utils.translation import gettext, override
from tests.conduct.language.catalogue import CONDUCT, drawings, read_words
from tests.conduct.language.unmarked import unmarked_in_module, unmarked_in_template
from tests.conduct.record import blinded_study

from entact.conduct.language.schedule import COUNTED_FROM, TIMES, WHEN, told_schedule, told_time
from entact.protocol import Release, load_study
from entact.protocol.study import Visit
from entact.protocol.timetable import ACTIVITIES
from entact.protocol.words import activities
from entact.protocol.words.label import Labels
from entact.protocol.words.schedule import EVENTS
from entact.report.pictures.schedule import NAMES
from entact.report.schedule import schedule_parts

STUDIES = sorted(path.parent.name for path in (CONDUCT.parent / "studies").glob("*/study.yaml"))
# What a schedule says between the study's own words.
_ENGLISH = re.compile(r"\b(?:after|best|days?|weeks?|within|else|opens|at the|before the|in its turn|to)\b")
# Letters, markup, what goes to the command line, and names that are said where they are drawn.
NOT_DRAWN = ("Helvetica", ">", ": a picture is", *NAMES.values())


def _own_words(release: Release) -> list[str]:
    """Titles of visits, which stand in windows as the study file has them."""
    return sorted({visit.title for visit in release.visits.values() if visit.title}, key=len, reverse=True)


@pytest.mark.parametrize("name", STUDIES)
def test_a_schedule_is_told_to_the_last_window_and_in_english_as_it_is(name: str) -> None:
    release = load_study(name).newest
    plain = activities(release)
    assert told_schedule(release) == plain
    with override("de"):
        told = told_schedule(release)
    said = [one for visit in told.visits for one in (visit.when, visit.fallback, visit.lasts)]
    said += [time for visit in told.visits for times in visit.marks.values() for time in times]
    without = re.compile("|".join(map(re.escape, _own_words(release))), re.IGNORECASE)
    assert [one for one in said if _ENGLISH.search(without.sub("", one))] == []
    assert [visit.day for visit in told.visits] == [visit.day for visit in plain.visits]
    numbers = re.compile(r"\d+")
    for before, after in zip(plain.visits, told.visits, strict=True):
        assert numbers.findall(before.when) == numbers.findall(after.when)


def test_a_window_is_told_with_its_visit_by_the_title_that_the_file_has_in_german() -> None:
    def in_two_languages(data: dict[str, object]) -> None:
        data["languages"] = ["en", "de"]
        visits = data["schedule"]
        assert isinstance(visits, list)
        visits[0]["title"] = {"en": "First call after the letter", "de": "Erster Anruf nach dem Brief"}
        visits[1].update({"after": visits[0]["visit"], "within": "2 d .. 9 d", "target": "4 d"})

    release = blinded_study(in_two_languages).newest
    second = activities(release).visits[1]
    assert second.when == "2 to 9 days after first call after the letter, best 4 days"
    with override("de"):
        told = told_schedule(release).visits
    assert told[0].title == "Erster Anruf nach dem Brief"
    assert told[1].when == "2 bis 9 Tage nach Erster Anruf nach dem Brief, am besten 4 Tage"


def test_what_entact_does_its_events_and_kinds_of_visits_are_called_in_german() -> None:
    known = {one.id for one in read_words("de") if one.string}
    labels = Labels({})
    assert {labels.activity(one) for one in ACTIVITIES} - known == set()
    assert {*EVENTS.values(), *COUNTED_FROM, *TIMES, *WHEN} - known == set()
    kinds = get_args(Visit.model_fields["kind"].annotation)
    assert {NAMES.get(one, one) for one in kinds} - known == set()
    contacts = get_args(Visit.model_fields["contact"].annotation)
    assert {one.replace("_", " ") for one in contacts} - known == set()


def test_a_time_is_told_with_its_number_and_another_word_stays() -> None:
    with override("de"):
        assert told_time("90 min after the initial dose") == "90 min nach der ersten Dosis"
        assert told_time("before the initial dose") == "vor der ersten Dosis"
        assert told_time("at noon") == "at noon"


def test_what_is_drawn_around_a_schedule_is_marked_and_said_in_german() -> None:
    found = {}
    for path in drawings():
        text = path.read_text(encoding="utf-8")
        words = unmarked_in_template(text) if path.suffix == ".j2" else unmarked_in_module(text)
        words = [one for one in words if not one.partition(": ")[2].startswith(NOT_DRAWN)]
        found |= {path.as_posix(): words} if words else {}
    assert found == {}
    with override("de"):
        parts = schedule_parts(told_schedule(load_study("mapp1").newest), gettext)
    for part in (parts.timeline, parts.visits, parts.matrix):
        assert not re.search(r"weeks from|>visit<|Wider than|Each visit|Schedule of|dosing session", part)
    assert "Wochen ab" in parts.timeline
    assert "Wochen ab" in parts.visits
