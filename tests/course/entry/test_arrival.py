"""No claimed time moves an entry in the order of arrival."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from entact.course.entry import read
from entact.course.entry.arrival import FIRST, LAST, arrival
from entact.course.entry.ledger import Ledger

NewStory = Callable[[], Any]
times = st.datetimes().map(lambda at: f"{at.isoformat()}+00:00") | st.sampled_from(["", "soon", "2026-03-02"])


@given(claimed=st.lists(st.tuples(times, times), min_size=2, max_size=6))
def test_what_a_server_kept_is_in_the_order_of_its_numbers(
    new_story: NewStory, claimed: list[tuple[str, str]]
) -> None:
    story = new_story()
    ledger = Ledger("participant:" + "0" * 32)
    for occurred, recorded in claimed:
        story.form("suicidality", {"ideation": 0, "behaviour": False})
        entry = msgspec.structs.replace(story.entries[-1], occurred_at=occurred, recorded_at=recorded)
        ledger.append(entry, received_at="2026-03-02T17:00:00+00:00")
    places = [arrival(read(line.text)) for line in ledger.lines]
    assert places == sorted(set(places))
    waiting = arrival(entry)
    assert places[0] > FIRST
    assert places[-1] < waiting <= LAST


def test_what_no_server_has_kept_is_placed_by_when_it_was_written_down(new_story: NewStory) -> None:
    story = new_story()
    late = story.vitals(120, 80, day=3, recorded_at=story.at(60).isoformat())
    freeze = story.write("freeze", {"of": "participant"}, day=30)
    assert arrival(freeze) < arrival(late)
    assert arrival(story.vitals(120, 80, recorded_at="soon")) < arrival(freeze)
