"""A lot beside what the study file states: strength, salt or base; and never one made into another."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.course.supply.stock import study_with

from entact import load_study
from entact.course.supply.lot_dose import is_same_strength, unlike_dose, unlike_study
from entact.protocol.release import Release, canonical
from entact.protocol.study import StudyFile


def of_base() -> StudyFile:
    """The small study, with a product whose strengths count the base."""
    data: dict[str, Any] = copy.deepcopy(dict(study_with().newest.data))
    data["products"]["capsule"]["salt"] = "free_base"
    return Release.from_text(canonical(data)).file


@pytest.mark.parametrize(
    ("strength", "stated_as", "unlike"),
    [
        ("60 mg", "salt", []),
        ("0.060 g", "salt", []),
        ("60.0 mg", "salt", []),
        ("50 mg", "salt", ["strength"]),
        ("60 g", "salt", ["strength"]),
        ("60 mg", "base", ["salt"]),
        ("50.5 mg", "base", ["strength", "salt"]),  # 60 mg of the hydrochloride, reckoned as base
    ],
)
def test_a_lot_is_of_a_strength_of_the_study_that_counts_the_same(
    strength: str, stated_as: str, unlike: list[str]
) -> None:
    file = study_with().newest.file
    assert [one.of for one in unlike_study(file, "capsule", strength, stated_as)] == unlike


def test_it_is_so_the_other_way_round() -> None:
    """A study that counts the base is brought no lot that counts the salt."""
    assert list(unlike_study(of_base(), "capsule", "60 mg", "base")) == []
    [unlike] = unlike_study(of_base(), "capsule", "60 mg", "salt")
    assert unlike == ("salt", "salt", "base")


def test_a_packed_lot_says_what_the_level_says_and_one_arm_s_may_say_what_that_arm_is_given() -> None:
    file = load_study("mapp3").newest.file

    def against(strength: str, level: str, *, every_arm: bool) -> list[str]:
        return [
            one.of for one in unlike_dose(file, "capsule", strength, level, "initial", every_arm=every_arm)
        ]

    assert against("40 mg", "first", every_arm=True) == []
    assert against("40 mg", "later", every_arm=True) == ["strength"]
    assert against("20 mg", "first", every_arm=True) == ["strength"]
    assert against("20 mg", "first", every_arm=False) == []


def test_what_is_no_strength_is_the_same_as_none() -> None:
    assert not is_same_strength("60", "60 mg")
    assert not is_same_strength("sixty", "60 mg")
    assert not is_same_strength("60 mL", "60 mg")
