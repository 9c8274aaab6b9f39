"""A gate that asks how many are there asks what the session says, and what comes too late is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study

SHAPES = Path(__file__).parents[1] / "studies" / "shapes"
PAIR = "present('participant') == 2"
GROUP = "present('participant') >= 3 && present('participant') <= 6"
HOLLOW = {
    "one of two": ("couple_therapy", PAIR, "present('participant') >= 1", "lets 1 in the room through"),
    "too many": ("couple_therapy", PAIR, "present('participant') == 3", "keeps 2 in the room from the dose"),
    "or something else": (
        "couple_therapy",
        PAIR,
        "present('participant') == 2 || present('therapist') >= 2",
        "lets 1 in the room through, and session_1 is held by 2 participants together; write "
        "`present('participant') == 2`",
    ),
    "two of three": (
        "group_sessions",
        GROUP,
        "present('participant') >= 2 && present('participant') <= 6",
        "lets 2 in the room through, and session_1 is held by 3 to 6 participants together; write "
        "`present('participant') >= 3 && present('participant') <= 6`",
    ),
    "four at most": (
        "group_sessions",
        GROUP,
        "present('participant') >= 3 && present('participant') <= 4",
        "keeps 5 in the room from the dose",
    ),
    "of a session of one": (
        "active_comparator",
        "present('therapist') >= 2",
        "present('therapist') >= 2 && present('participant') == 2",
        "keeps 1 in the room from the dose, and session_1 is held by one participant",
    ),
}


@pytest.mark.parametrize("case", HOLLOW)
def test_a_gate_that_does_not_ask_for_those_of_a_session_is_refused(
    case: str, problems_of: Callable[[str], list[str]]
) -> None:
    name, old, new, message = HOLLOW[case]
    text = (SHAPES / name / "study.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (found,) = problems_of(text.replace(old, new))
    assert "gates.initial_dose.require[" in found
    assert message in found


def test_two_requirements_may_ask_for_the_two_ends(tmp_path: Path) -> None:
    text = (SHAPES / "group_sessions" / "study.yaml").read_text(encoding="utf-8")
    line = next(one for one in text.splitlines() if GROUP in one)
    low = line.replace(GROUP, "present('participant') >= 3")
    high = line.replace(GROUP, "present('participant') <= 6")
    (tmp_path / "study.yaml").write_text(text.replace(line, f"{low}\n{high}"))
    assert len(load_study(tmp_path).newest.gates["initial_dose"].requirements) == 5


LATE = {
    "epoch of the telling": (
        "visit: after_the_wait, epoch: later",
        "visit: after_the_wait, epoch: comparison",
        "unblinding.epoch: is the epoch of after_the_wait, which tells the arm once the whole epoch is",
    ),
    "later epoch": (
        "unblinding: {epoch: comparison",
        "unblinding: {epoch: later",
        "unblinding.epoch: is the epoch of after_the_wait, which tells the arm once",
    ),
    "session after the end": (
        "visit: session_1, epoch: comparison, track: treated, after: assignment, within: 3 .. 24 d,",
        "visit: session_1, epoch: comparison, after: end, within: 3 .. 24 d,",
        "schedule.session_1.visit: session_1 gives a dose after end, of `kind: end`, with which",
    ),
}


@pytest.mark.parametrize("case", LATE)
def test_what_comes_too_late_is_refused(case: str, problems_of: Callable[[str], list[str]]) -> None:
    old, new, message = LATE[case]
    text = (SHAPES / "waiting_list" / "study.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    found = problems_of(text.replace(old, new))
    assert any(message in one for one in found), found


def test_a_session_whose_window_begins_after_the_end_is_refused(
    problems_of: Callable[[str], list[str]],
) -> None:
    text = (SHAPES / "active_comparator" / "study.yaml").read_text(encoding="utf-8")
    late = text.replace(
        "after: baseline, within: 3 .. 24 d, kind: dosing",
        "after: baseline, within: 60 .. 70 d, kind: dosing",
    )
    late = late.replace(
        "after: session_1, within: 35 .. 49 d, or: baseline + 9 wk, slack: 2 wk,",
        "after: baseline, within: 35 .. 49 d,",
    )
    found = problems_of(late)
    assert any("schedule.session_1.visit: session_1 gives a dose after week_6" in one for one in found), found
