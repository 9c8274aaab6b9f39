"""Dates that are none, that lie ahead, or that contradict each other are kept and found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from entact.course.findings import findings
from entact.course.fold import fold
from entact.course.kinds import KINDS
from entact.course.personal import seal_entry

NewStory = Callable[[], Any]
AT = 60
DATED = [(name, item) for name, kind in KINDS.items() for item in kind.dated]


def found(story: Any) -> list[tuple[str, str, str]]:
    course = fold(story.study, story.entries)
    holding = [one for one in findings(course, story.at(AT)) if one.holds]
    return [(one.rule, one.entry, one.item) for one in holding if one.rule != "event_not_entered"]


@pytest.mark.parametrize(("kind", "item"), DATED)
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        *((text, "item") for text in ("soon", "UNK", "2026-00", "2026-02-30", "2026-02-15xyz", "0001", "1")),
        *((text, "date_to_come") for text in ("2031", "2026-05", "2026-03-20", "2026-03-20T10:00:00-07:00")),
        *((text, None) for text in ("2019", "2026", "2026-03", "2026-03-14", "2026-03-14T09:00:00-07:00")),
    ],
)
def test_every_clinical_date_is_looked_at(
    new_story: NewStory, kind: str, item: str, text: str, rule: str | None
) -> None:
    story = new_story()
    entry = story.write(kind, {item: text}, day=12)
    assert found(story) == ([] if rule is None else [(rule, entry.id, item)])


def test_free_text_in_the_place_of_a_date_is_found_and_not_shown(new_story: NewStory) -> None:
    story = new_story()
    entry = story.write("medication", {"name": "x", "psychiatric": False, "stopped": "when Anna left"}, day=1)
    story.entries[-1] = seal_entry(story.study, entry, bytes(32))
    course = fold(story.study, story.entries)
    [one] = findings(course, story.at(AT))
    assert (one.rule, one.item, one.message) == ("item", "stopped", "is not a date, and is sealed")


@pytest.mark.parametrize(
    ("kind", "begun", "ended"), [("medication", "started", "stopped"), ("adverse_event", "onset", "resolved")]
)
@pytest.mark.parametrize(
    ("first", "last", "contradict"),
    [
        ("2020", "2019", True),
        ("2020-02-15", "2020-02-14", True),
        ("2020-02", "2020-01-31", True),
        ("2020-02-15T10:00:00-07:00", "2020-02-15T09:00:00-07:00", True),
        ("2020", "2020-01", False),
        ("2020-02-15", "2020-02", False),
        ("2020-02-15T10:00:00-07:00", "2020-02-15", False),
        ("soon", "2019", False),
    ],
)
def test_nothing_ends_before_it_began(
    new_story: NewStory, kind: str, begun: str, ended: str, first: str, last: str, contradict: bool
) -> None:
    story = new_story()
    entry = story.write(kind, {begun: first}, day=1)
    story.write(kind, {ended: last}, day=2, about=entry.id)
    assert (("dates_contradict", entry.id, ended) in found(story)) is contradict
    story.write(kind, {begun: "2018"}, day=3, about=entry.id)
    assert "dates_contradict" not in {rule for rule, _, _ in found(story)}


def test_a_date_as_known_where_the_day_begins_first_is_not_to_come(new_story: NewStory) -> None:
    story = new_story()
    for text in ("2026-03-02", "2026-03-03"):  # written at 09:00 in Denver, when it is 3 March in Kiritimati
        story.write("medication", {"psychiatric": False, "started": text})
    assert found(story) == []


def test_every_item_that_is_a_date_is_said_to_be_one() -> None:
    """A new kind with a date in it has to be looked at too."""
    words = ("date", "onset", "resolved", "started", "stopped", "begun", "ended")
    for name, kind in KINDS.items():
        assert tuple(item for item in sorted(kind.items) if any(word in item for word in words)) == tuple(
            sorted(kind.dated)
        ), name
