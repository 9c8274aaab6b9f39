"""People who are randomised as one: what keeps them from it is said, where, and what would be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study, warnings
from entact.protocol.unit import first_of_unit

SHAPES = Path(__file__).parents[1] / "studies" / "shapes"
UNIT = "unit: {title: Couple, of: patient and partner, size: 2, incomplete: nobody}"
CASES = {
    "population that there is not": (
        "of: patient and partner, size",
        "of: patient and partnr, size",
        "randomisation.unit.of: there is no population 'partnr'; did you mean 'partner'?",
    ),
    "one population": (
        "of: patient and partner, size",
        "of: patient, size",
        "randomisation.unit.of: names one population; write the one whose people come first and those",
    ),
    "not linked": (
        "linked_to: patient",
        "title: Partner",
        "randomisation.unit.of: who belongs to whom is not said: of patient, partner all but one are",
    ),
    "fewer planned": (
        "partner: {planned: 12,",
        "partner: {planned: 6,",
        "randomisation.unit.size: 12 units of at least 2 take 12 beside the patients, and 6 are planned",
    ),
    "alone": (
        "size: 2, inc",
        "size: 1, inc",
        "randomisation.unit.size: 1 is no group: from 2 participants on",
    ),
    "what becomes of one alone": (
        "incomplete: nobody",
        "incomplete: later",
        "randomisation.unit.incomplete: there is no value 'later'; write one of: alone, nobody",
    ),
    "drawn for nobody": (
        "{visit: drawing, for: patient and partner,",
        "{visit: drawing, for: patient,",
        "randomisation.unit.of: no visit of partner does 'randomisation', which gives them the arm of their",
    ),
    "drawn before the others are known": (
        "link, enrolment]}",
        "link, enrolment, randomisation]}",
        "randomisation.unit.of: patient is enrolled and randomised at baseline, before it is known whether",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_keeps_a_unit_from_being_randomised_is_said(
    case: str, problems_of: Callable[[str], list[str]]
) -> None:
    old, new, message = CASES[case]
    text = (SHAPES / "couples_randomised" / "study.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    found = problems_of(text.replace(old, new))
    assert any(message in one for one in found), found


def test_whoever_the_others_are_linked_to_comes_first() -> None:
    assert first_of_unit(load_study(SHAPES / "couples_randomised").newest.file) == "patient"
    assert first_of_unit(load_study(SHAPES / "group_sessions").newest.file) is None


def test_that_couples_are_drawn_apart_is_said_with_what_to_write(tmp_path: Path) -> None:
    text = (SHAPES / "couples_randomised" / "study.yaml").read_text(encoding="utf-8")
    apart = text.replace(f"  {UNIT}\n", "").replace("random: [unit]", "random: [site]")
    (tmp_path / "study.yaml").write_text(
        apart.replace("method: random_effects", "method: ancova").replace(", random: [site]", "")
    )
    (said,) = (one for one in warnings(tmp_path) if one.field == "populations.partner.linked_to")
    assert (
        "write `unit: {of: patient and partner, size: 2, incomplete: nobody}` into `randomisation:`"
        in said.message
    )
    assert not [one for one in warnings(SHAPES / "couples_randomised") if "linked_to" in one.field]


def test_who_are_drawn_as_one_are_not_compared_as_if_alone(
    tmp_path: Path, problems_of: Callable[[str], list[str]]
) -> None:
    text = (SHAPES / "couples_randomised" / "study.yaml").read_text(encoding="utf-8")
    method = "method: random_effects, fixed: arm + baseline, random: [unit]"
    assert text.count(method) == 1
    (tmp_path / "study.yaml").write_text(text.replace(method, "method: ancova, fixed: arm + baseline"))
    (said,) = (one for one in warnings(tmp_path) if one.field == "analysis.primary.method")
    assert "takes everybody as drawn alone" in said.message
    own = (
        text.replace(method, "method: ancova, fixed: arm + baseline")
        .replace("set: itt", "set: patients")
        .replace(
            "analysis:\n",
            "analysis:\n  sets: {patients: {text: Patients, rule: person.population == 'patient'}}\n",
        )
    )
    (tmp_path / "study.yaml").write_text(own)
    assert not [one for one in warnings(tmp_path) if one.field == "analysis.primary.method"]
    found = problems_of(text.replace(method, "method: rerandomisation, seed: 1"))
    assert any(
        "draws the arm of each person anew, and this study draws that of a unit" in one for one in found
    )
