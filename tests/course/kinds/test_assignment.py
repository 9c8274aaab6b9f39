"""Of which arms a person's visits are: told once, after randomisation, and never more than visits tell."""

from __future__ import annotations

from functools import lru_cache

import msgspec
import pytest
from tests.cohort.rehearsals import Rehearsed
from tests.protocol.test_without_drug import SHAPES

from entact.cohort import rehearse
from entact.course import Kept, Refused, findings, fold, fold_setting, may
from entact.course.entry import instant
from entact.course.gates.ahead import reasons_ahead
from entact.course.gates.standing import standing
from entact.course.state.person import is_without_drug, person_value
from entact.protocol import load_study


@lru_cache
def found() -> Rehearsed:
    study = load_study(SHAPES / "therapy_alone")
    return Rehearsed(study, rehearse(study, 3, seed=1))


def of_arm(arm: str) -> tuple[str, list[Kept]]:
    """The ledger of somebody of an arm."""
    arms = found().trial.allocation.arms()
    for name, course in found().courses.items():
        if course.randomisation is not None and arms[course.randomisation.number] == arm:
            return name, list(found().entries[name])
    raise AssertionError(arm)


def changed(entries: list[Kept], **data: object) -> list[Kept]:
    return [msgspec.structs.replace(one, data=data) if one.kind == "assignment" else one for one in entries]


def rules(entries: list[Kept]) -> set[str]:
    course = fold(found().study, entries)
    return {one.rule for one in findings(course, course.effective[-1].at) if one.holds}


@pytest.mark.parametrize(
    ("arm", "told", "tracks"),
    [
        ("mdma", ("mdma", "placebo"), {"with_capsules"}),
        ("placebo", ("mdma", "placebo"), {"with_capsules"}),
        ("therapy", ("therapy",), {"alone"}),
    ],
)
def test_visits_open_with_the_assignment_and_tell_no_more(
    arm: str, told: tuple[str, ...], tracks: set[str]
) -> None:
    _, entries = of_arm(arm)
    course = fold(found().study, entries)
    assert course.assignment is not None
    assert course.assignment.arms == told
    assert course.tracks == tracks
    assert is_without_drug(course) is (arm == "therapy")
    assert person_value(course, "person.planned_doses", course.assignment.at) == (arm != "therapy")
    before = fold(found().study, [one for one in entries if one.kind != "assignment"])
    assert before.tracks == frozenset()
    assert is_without_drug(before) is None


@pytest.mark.parametrize(
    ("arms", "rule"),
    [
        (["mdma"], "assignment_not_planned"),  # it would tell who is blinded to it
        (["mdma", "placebo", "therapy"], "assignment_not_planned"),
        ([], "assignment_not_planned"),
        (["mdna"], "unknown_arm"),
    ],
)
def test_an_assignment_that_is_none_is_found_and_opens_nothing(arms: list[str], rule: str) -> None:
    _, entries = of_arm("mdma")
    assert rule in rules(changed(entries, arms=arms))
    assert fold(found().study, changed(entries, arms=arms)).tracks == frozenset()


def test_nobody_is_assigned_before_randomisation() -> None:
    _, entries = of_arm("mdma")
    assert "assigned_without_randomisation" in rules([one for one in entries if one.kind != "randomisation"])


def reasons(entries: list[Kept]) -> set[str]:
    """Why the first dose of somebody of an arm with a drug could not be given on these entries."""
    ledger, whole = of_arm("mdma")
    dose = next(one for one in whole if one.kind == "dose")
    course = fold(found().study, [one for one in entries if one.seq < dose.seq])
    site = found().entries[f"site:{found().courses[ledger].site}"]
    setting = fold_setting(found().study, found().entries[f"study:{found().study.name}"], site)
    at = instant(dose.occurred_at)
    answer = may("initial_dose", found().study, setting, course, by=dose.by, at=at, kit=dose.data["kit"])
    return {one.code for one in answer.reasons} if isinstance(answer, Refused) else set()


def test_a_dose_waits_for_the_assignment_and_is_refused_to_who_has_no_drug() -> None:
    _, entries = of_arm("mdma")
    assert reasons(entries) == set()
    assert reasons([one for one in entries if one.kind != "assignment"]) >= {"not_assigned"}
    assert reasons(changed(entries, arms=["therapy"])) >= {"session_of_other_arm"}


@pytest.mark.parametrize(
    ("arms", "code"),
    [(None, "not_assigned"), (["therapy"], "session_of_other_arm"), (["mdma", "placebo"], "")],
)
def test_a_device_without_a_network_and_a_booking_know_it_before_the_session(
    arms: list[str] | None, code: str
) -> None:
    ledger, whole = of_arm("mdma")
    session = next(one for one in whole if one.encounter == "session_1#1")
    entries = [one for one in whole if one.seq < session.seq and (one.kind != "assignment" or arms)]
    course = fold(found().study, changed(entries, arms=arms) if arms else entries)
    site = found().entries[f"site:{found().courses[ledger].site}"]
    setting = fold_setting(found().study, found().entries[f"study:{found().study.name}"], site)
    at = instant(session.occurred_at)
    said = standing("initial_dose", found().study, setting, course, session.by, at, "session_1#1")
    ahead = reasons_ahead(found().study, setting, course, "session_1", at)
    for reasons in (said.reasons, ahead):
        arm = {one.code for one in reasons} & {"not_assigned", "session_of_other_arm"}
        assert arm == ({code} if code else set())


def test_a_session_that_is_not_of_the_arm_is_found() -> None:
    _, entries = of_arm("mdma")
    assert "visit_of_other" not in rules(entries)
    assert "visit_of_other" in rules(changed(entries, arms=["therapy"]))
