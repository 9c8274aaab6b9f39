"""What is held once it is frozen or locked, and what can always be entered: safety, and what stops."""

from __future__ import annotations

from typing import Any

import pytest
from tests.course.cases import Case, before

from entact.course.held import held_against
from entact.course.kinds import KINDS

LATE = "2026-03-16T11:50:00-06:00"
HERE = "session_1#1"
HELD = {name for name, kind in KINDS.items() if kind.is_held}


def case(*frozen: str) -> Case:
    """A participant in a session, of whom a visit, or everything, is frozen."""
    made = before("supplement")
    for of in frozen:
        more: dict[str, Any] = {"encounter": HERE} if of == "encounter" else {}
        made.put(f"frozen {of}", "freeze", LATE, {"of": of}, by="dm-1", role="data_manager", **more)
    return made


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("locked", [None, "lock 1"])
def test_only_what_is_held_waits_for_a_lock(kind: str, locked: str | None) -> None:
    said = held_against(case().course(), kind, HERE, None, locked)
    assert (said is not None) is (locked is not None and kind in HELD)
    assert said is None or said.startswith("The study is locked (lock 1)")


def test_safety_and_what_stops_are_never_held() -> None:
    always = {"adverse_event", "safety_call", "death", "discontinuation", "consent", "dose", "unblinding"}
    course = case("encounter", "participant").course()
    assert not always & HELD
    assert {name: held_against(course, name, HERE, None, "lock 1") for name in always} == dict.fromkeys(
        always
    )
    assert held_against(course, "telepathy", HERE, None, "lock 1") is None


@pytest.mark.parametrize(
    ("frozen", "encounter", "replaces", "begins"),
    [
        (("encounter",), HERE, None, "This visit is frozen"),
        (("encounter",), "outcome#1", None, None),
        (("encounter",), "outcome#1", "vitals 1", "This visit is frozen"),  # where the corrected entry stands
        (("encounter",), HERE, "asked at preparation", None),
        (("participant",), HERE, None, "The data of this participant are locked"),
        (("participant",), "outcome#1", None, "The data of this participant are locked"),
        (("participant",), "unscheduled#1", None, None),
        (
            ("participant",),
            "unscheduled#1",
            "asked at preparation",
            "The data of this participant are locked",
        ),
        (("encounter", "participant"), HERE, None, "This visit is frozen"),
        ((), HERE, None, None),
    ],
)
def test_what_is_frozen_holds_forms_and_their_corrections(
    frozen: tuple[str, ...], encounter: str, replaces: str | None, begins: str | None
) -> None:
    said = held_against(case(*frozen).course(), "form", encounter, replaces, None)
    assert (said or "").startswith(begins or "")
    assert (said is None) is (begins is None)


def test_a_withdrawal_is_held_as_what_it_withdraws() -> None:
    course = case("participant").course()
    assert held_against(course, "void", None, None, "lock 1") is None
    assert held_against(course, "void", None, "nothing", "lock 1") is None
    assert held_against(course, "void", None, "asked at preparation", None) is not None
    assert held_against(course, "void", None, "initial 1", "lock 1") is None
