"""How the study goes: in numbers that a role may know, and the same whatever the arms."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from tests.conduct.record import SEES_ALL, keep, telling_story
from tests.course.conftest import Story

from entact.protocol import Study

Get = Callable[..., str]


def cells(page: str, site: str) -> list[str]:
    row = re.search(rf'<tr><th scope="row">{site}</th>(.*?)</tr>', page, re.DOTALL)
    assert row is not None
    return re.findall(r"<td>(.*?)</td>", row[1])


@pytest.mark.usefixtures("database")
def test_it_counts_who_is_enrolled_who_stopped_and_what_is_missing(get: Get, study: Study) -> None:
    late = Story(study)
    late.whole()
    late.entries = [
        one
        for one in late.entries
        if one.occurred_at < late.at(30).isoformat()
        and not (one.kind == "form" and one.encounter == "integration_1#1")
    ]
    keep(study, telling_story(study), late)
    page = get("/dashboard/", SEES_ALL)
    assert "Recruitment: 2 of 8 planned" in page
    assert cells(page, "denver")[:2] == ["2", "1 of 2"]
    assert cells(page, "haifa") == ["0", "0 of 0", "0", "0", "0"]
    assert re.search(r"[Ss]uicidality</th><td>1</td><td>denver 1</td>", page)
    drawn = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert drawn is not None
    ElementTree.fromstring(drawn[0])
    assert "2 enrolled of 8 planned" in drawn[0]


@pytest.mark.usefixtures("database")
def test_who_may_not_know_of_doses_and_events_sees_nobody_stop(get: Get, study: Study) -> None:
    keep(study, telling_story(study))
    page = get("/dashboard/", "scheduler")
    assert "Stopped" not in page
    assert "Where participants are" not in page
    get("/dashboard/", "rater", status=404)


@pytest.mark.usefixtures("database")
def test_a_record_in_which_nobody_is_enrolled_says_so(get: Get, study: Study) -> None:
    keep(study)
    assert "Nobody is enrolled yet" in get("/dashboard/", SEES_ALL)
