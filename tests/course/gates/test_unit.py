"""People who are randomised as one: whose row it is, who has to be there, and which number is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.course.cases import Case

from entact.course import fold, fold_setting, may
from entact.course.course import Course
from entact.course.entry import instant
from entact.course.gates.gate import Refused
from entact.course.state.numbers import numbers_in_use, numbers_of
from entact.protocol import Study, load_study

COUPLES = Path(__file__).parents[2] / "studies" / "shapes" / "couples_randomised"
DAY = "2026-03-{:02}T09:00:00+01:00"
OF_UNIT = {"unit_incomplete", "not_linked", "unit_not_randomised", "unit_of_other", "unit_number"}


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study(COUPLES)


def course(study: Study, name: str, population: str, *more: tuple[str, dict[str, Any]]) -> Course:
    """Somebody who was screened, with more entries about them, a day apart."""
    case = Case(study)
    screened = {"attempt": 1, "number": f"S-{name}", "site": "ghent", "population": population}
    told = [("consent", {"version": "1", "scopes": {"participation": True}}), ("screening", screened), *more]
    for day, (kind, data) in enumerate(told, start=2):
        case.put(f"{name} {day} {kind}", kind, DAY.format(day), data, ledger=f"participant:{name}")
    return fold(study, case.of("participant:"))


ENROLLED = ("enrolment", {"subject": "S-1"})
LINKED = ("link", {"ledger": "participant:a", "as": "partner"})
ELSEWHERE = ("link", {"ledger": "participant:c", "as": "partner"})


def drawn(number: str) -> tuple[str, dict[str, Any]]:
    return "randomisation", {"number": number}


def reasons(study: Study, who: Course, others: list[Course], **detail: Any) -> list[str]:
    """What the unit has against a draw."""
    setting = fold_setting(study, (), (), numbers=numbers_in_use([who, *others]))
    answer = may("randomise", study, setting, who, "i-1", instant(DAY.format(20)), **detail)
    assert isinstance(answer, Refused)
    return [f"{one.code}: {one.message}" for one in answer.reasons if one.code in OF_UNIT]


def test_whoever_takes_the_row_waits_for_as_many_as_are_randomised_together(study: Study) -> None:
    patient = course(study, "a", "patient", ENROLLED)
    partner = course(study, "b", "partner", LINKED, ("enrolment", {"subject": "S-2"}))
    of_another = course(study, "d", "partner", ELSEWHERE, ("enrolment", {"subject": "S-3"}))
    not_yet = course(study, "b", "partner", LINKED)
    alone = ["unit_incomplete: Of at least 2 who are randomised together 1 are enrolled, this one included."]
    assert reasons(study, patient, []) == alone
    assert reasons(study, patient, [of_another]) == alone
    assert reasons(study, patient, [not_yet]) == alone
    assert reasons(study, patient, [partner]) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("R-7+2", []),
        (" r-7+2", []),
        (None, []),
        (
            "R-7+3",
            ["unit_number: Randomisation number R-7+3 is none of a unit of at most 2: it ends in +2 to +2."],
        ),
        (
            "R-7",
            ["unit_number: Randomisation number R-7 is none of a unit of at most 2: it ends in +2 to +2."],
        ),
        ("R-8+2", ["unit_of_other: Randomisation number R-8+2 is not that of the patient of this person."]),
    ],
)
def test_who_follows_has_the_number_of_their_unit(study: Study, number: str | None, said: list[str]) -> None:
    patient = course(study, "a", "patient", ENROLLED, drawn("R-7"))
    other = course(study, "c", "patient", ENROLLED, drawn("R-8"))
    partner = course(study, "b", "partner", LINKED, ("enrolment", {"subject": "S-2"}))
    assert reasons(study, partner, [patient, other], number=number) == said


def test_who_follows_waits_for_whoever_takes_the_row_and_is_linked_to_them(study: Study) -> None:
    enrolled = ("enrolment", {"subject": "S-2"})
    undrawn = course(study, "a", "patient", ENROLLED)
    other = course(study, "c", "patient", ENROLLED, drawn("R-8"))
    partner = course(study, "b", "partner", LINKED, enrolled)
    assert reasons(study, partner, [undrawn, other]) == [
        "unit_not_randomised: The patient with whom this person takes part has not been randomised."
    ]
    unlinked = course(study, "b", "partner", enrolled)
    assert reasons(study, unlinked, [undrawn, other]) == [
        "not_linked: It is not recorded with whom this person is randomised."
    ]


@pytest.mark.parametrize(
    ("population", "number", "is_found"),
    [
        ("patient", "R-7", False),
        ("patient", "R-7+2", True),
        ("partner", "R-7+2", False),
        ("partner", "R-7+3", True),
        ("partner", "R-7", True),
    ],
)
def test_a_draw_of_ones_own_is_found_of_who_follows_and_a_place_of_who_takes_the_row(
    study: Study, population: str, number: str, is_found: bool
) -> None:
    link = [LINKED] if population == "partner" else []
    found: Mapping[str, Any] = course(study, "b", population, *link, ENROLLED, drawn(number)).findings
    assert any(name.startswith("randomised_apart:") for name in found) is is_found


def test_places_in_a_unit_are_numbers_of_whom_it_is(study: Study) -> None:
    partner = course(study, "b", "partner", LINKED, ("enrolment", {"subject": "S-2"}), drawn("R-7+2"))
    assert sorted(numbers_of(partner)) == [
        ("randomisation", "R-7+2"),
        ("screening", "S-B"),
        ("subject", "S-2"),
        ("unit", "PARTICIPANT:A/PARTICIPANT:B"),
    ]
