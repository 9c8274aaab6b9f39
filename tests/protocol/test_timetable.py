"""The ends of what a schedule may say: what lies on an end is in it, and what lies beyond is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study

WINDOW = "within: 18 .. 34 d"
READINGS = "initial + 90 min, end"
OUTSIDE = "schedule.outcome.target: lies outside the window; choose a target within it"
ENDS: dict[str, tuple[str, str, str]] = {
    "the first day is the target": (WINDOW, f"{WINDOW}, target: 18 d", ""),
    "the last day is the target": (WINDOW, f"{WINDOW}, target: 34 d", ""),
    "a minute before the first": (WINDOW, f"{WINDOW}, target: 25919 min", OUTSIDE),
    "a minute after the last": (WINDOW, f"{WINDOW}, target: 48961 min", OUTSIDE),
    "a reading at the end of the session": (READINGS, "initial + 8 h, end", ""),
    "a reading after the end of the session": (
        READINGS,
        "initial + 481 min, end",
        "schedule.session_1.timed[1].at[2]: 'initial + 481 min' is after the end of the session; write an "
        "earlier time, or let it last longer",
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_lies_on_an_end_is_in_it(
    case: str, mini: str, problems_of: Callable[[str], list[str]], tmp_path: Path
) -> None:
    old, new, message = ENDS[case]
    assert mini.count(old) == 1, mini.count(old)
    text = mini.replace(old, new)
    if message:
        assert [one.partition(" ")[2] for one in problems_of(text)] == [message]
    else:
        path = tmp_path / "study.yaml"
        path.write_text(text, encoding="utf-8")
        assert load_study(path).newest.visits["outcome"]
