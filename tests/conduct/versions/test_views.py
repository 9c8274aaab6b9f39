"""Versions of one entry: shown side by side, decided by an investigator who shows once more who they are."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
import pytest
from tests.conduct.browser import Browser, course_of
from tests.conduct.people import PASSWORD, code, give_password
from tests.conduct.record import KEY, keep, telling_story

from entact import store
from entact.protocol import Study

PAGE = "/participants/1-001/versions/"


@pytest.fixture
def conflict(study: Study, database: str) -> tuple[str, str]:
    """Somebody of whom one event arrived twice, mild at first; the ledger's name, and the event's id."""
    story = telling_story(study)
    event = next(one for one in story.entries if one.kind == "adverse_event")
    other = msgspec.structs.replace(event, by="therapist-2", data={**event.data, "severity": "severe"})
    story.entries.append(other)
    (ledger,) = keep(study, story)
    store.keep_keys({ledger.name: KEY})
    return ledger.name, event.id


@pytest.fixture
def ada(sign_in: Callable[..., Browser], conflict: tuple[str, str]) -> Browser:
    """The investigator, with a password and a second factor."""
    ada = sign_in("ada", denver="investigator")
    ada.get("/participants/1-001/")
    give_password("ada")
    ada.sign_in_anew()
    return ada


def choice(page: str, place: int) -> str:
    return re.findall(r'name="follow" value="([^"]+)"', page)[place]


def test_one_version_counts_until_a_person_follows_the_other(
    ada: Browser, conflict: tuple[str, str], study: Study
) -> None:
    ledger, event = conflict
    assert PAGE in ada.get("/participants/1-001/")
    page = ada.get(PAGE)
    assert "<strong>mild</strong>" in page
    assert "<strong>severe</strong>" in page
    assert "<strong>said she floated</strong>" not in page  # of which both say the same
    assert page.index("Counts now") < page.index("Does not count")
    assert course_of(study, ledger).adverse_events[event].severity == "mild"
    sent = {"follow": choice(page, 1), "password": PASSWORD, "code": code()}
    for wrong, said in (
        ({"reason": "because"}, "Say why this version"),
        ({"reason": "source_document", "password": "another"}, "is not right"),
    ):
        assert said in ada.post(PAGE, sent | wrong, status=422)
        from django.core.cache import cache

        cache.clear()  # where a code that was used is kept
    forged = {"follow": f"{event} {'0' * 64}", "reason": "source_document"}
    assert "no such version any more" in ada.post(PAGE, sent | forged, status=422)
    cache.clear()
    ada.post(PAGE, sent | {"reason": "source_document"})
    course = course_of(study, ledger)
    assert course.adverse_events[event].severity == "severe"
    decided = course.entries[-1]
    assert (decided.kind, decided.about, decided.by) == ("conflict_decided", event, "ada")
    page = ada.get(PAGE)
    assert page.index("Does not count") < page.index("Counts now")


def test_nobody_else_decides_and_who_sees_no_events_sees_no_version(
    conflict: tuple[str, str], sign_in: Callable[..., Browser]
) -> None:
    for name, roles in {
        "tom": {"denver": "therapist"},
        "mona": {"everywhere": "monitor"},
        "ben": {"haifa": "investigator"},
    }.items():
        other = sign_in(name, **roles)
        other.get(PAGE, status=404)
        other.post(PAGE, {"follow": "x y", "reason": "source_document"}, status=404)


def test_of_who_has_none_the_page_says_so(
    study: Study, database: str, sign_in: Callable[..., Browser]
) -> None:
    (ledger,) = keep(study, telling_story(study))
    store.keep_keys({ledger.name: KEY})
    ada = sign_in("ada", denver="investigator")
    assert PAGE not in ada.get("/participants/1-001/")
    assert "in two versions" in ada.get(PAGE)
