"""A freeze is taken back, that of a participant by two: what came meanwhile is found, what follows is not."""

from __future__ import annotations

from itertools import permutations

from tests.course.kinds.test_attestation import corrected, found, rated, time

from entact.course import fold
from entact.course.kinds.unfreeze import asked_to_unfreeze


def test_a_visit_is_frozen_no_more_once_that_is_taken_back() -> None:
    case = rated()
    case.put("freeze", "freeze", time(10), {"of": "encounter"}, encounter="baseline#1", role="data_manager")
    corrected(case, 12, "between")
    case.put("back", "unfreeze", time(14), {"said": "taken_back"}, about="freeze", reason="late_information")
    corrected(case, 16, "after")
    course = case.course()
    assert course.frozen == {}
    assert [entry for entry, _, _ in found(course, "changed_after_freeze")] == ["between"]
    case.put("again", "freeze", time(18), {"of": "encounter"}, encounter="baseline#1", role="data_manager")
    assert list(case.course().frozen) == ["baseline#1"]
    corrected(case, 20, "late")
    assert [entry for entry, _, _ in found(case.course(), "changed_after_freeze")] == ["between", "late"]


def test_what_changes_after_two_freezes_of_a_visit_is_found_once_and_of_the_participant_once_more() -> None:
    case = rated()
    for minute in (10, 11):
        data = {"of": "encounter"}
        case.put(
            f"freeze {minute}", "freeze", time(minute), data, encounter="baseline#1", role="data_manager"
        )
    case.put("whole", "freeze", time(12), {"of": "participant"}, role="data_manager")
    corrected(case, 14, "late")
    late = [(entry, item) for entry, item, _ in found(case.course(), "changed_after_freeze")]
    assert late == [("late", "freeze 10"), ("late", "whole")]


def test_a_participant_is_released_by_two_persons() -> None:
    case = rated()
    case.put("freeze", "freeze", time(10), {"of": "participant"}, by="d-1", role="data_manager")
    case.put("alone", "unfreeze", time(11), {"said": "taken_back"}, about="freeze", by="d-1")
    assert "" in case.course().frozen
    assert found(case.course(), "taken_back_by_one") == [("alone", "said", True)]
    case.put("ask", "unfreeze", time(12), {"said": "asked"}, about="freeze", by="d-1")
    assert asked_to_unfreeze(case.course(), "freeze") == "d-1"
    case.put("same", "unfreeze", time(13), {"said": "taken_back"}, about="freeze", by="d-1")
    assert "" in case.course().frozen
    case.put("other", "unfreeze", time(14), {"said": "taken_back"}, about="freeze", by="d-2")
    assert case.course().frozen == {}
    assert asked_to_unfreeze(case.course(), "freeze") is None


def test_it_is_the_same_in_whatever_order_it_arrives() -> None:
    case = rated()
    case.put("freeze", "freeze", time(10), {"of": "participant"}, by="d-1", role="data_manager")
    case.put("ask", "unfreeze", time(12), {"said": "asked"}, about="freeze", by="d-1")
    case.put("other", "unfreeze", time(14), {"said": "taken_back"}, about="freeze", by="d-2")
    for order in permutations(case.entries.values()):
        assert fold(case.study, order).frozen == {}


def test_what_is_no_freeze_is_found() -> None:
    course = rated().put("back", "unfreeze", time(10), {"said": "taken_back"}, about="form").course()
    assert found(course, "about_unknown") == [("back", "about", True)]
