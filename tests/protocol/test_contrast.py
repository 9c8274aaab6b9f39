"""What is compared where arms combine factors: main effects, interactions, and what is no contrast."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from entact.protocol import load_study
from entact.protocol.contrast import read_contrast
from entact.protocol.study import Arm

FACTORIAL = Path(__file__).parents[1] / "studies" / "shapes" / "factorial" / "study.yaml"
ARMS = load_study(FACTORIAL.parent).newest.file.arms


def test_two_arms_are_two_arms() -> None:
    assert read_contrast("mdma_exposure - placebo_support at week_6", ARMS).weights is None


def test_a_main_effect_is_over_the_levels_of_the_other_factor() -> None:
    found = read_contrast("mdma - placebo at week_6", ARMS)
    halves = {"mdma_exposure": 0.5, "mdma_support": 0.5, "placebo_exposure": -0.5, "placebo_support": -0.5}
    assert found.weights == halves
    assert (found.pair, found.at) == (("mdma", "placebo"), "week_6")


def test_an_interaction_is_a_difference_of_differences() -> None:
    found = read_contrast("mdma - placebo by exposure - support at week_6", ARMS)
    ones = {"mdma_exposure": 1.0, "mdma_support": -1.0, "placebo_exposure": -1.0, "placebo_support": 1.0}
    assert found.weights == ones
    assert found.text == "exposure less support in mdma - exposure less support in placebo at week_6"


def test_of_three_factors_the_third_is_averaged_over() -> None:
    arms = {
        f"{drug}_{therapy}_{place}": Arm(
            title="x", role="experimental", factors={"drug": drug, "therapy": therapy, "place": place}
        )
        for drug in "ab"
        for therapy in "cd"
        for place in "ef"
    }
    weights = read_contrast("a - b by c - d at end", arms).weights
    assert weights is not None
    assert set(weights.values()) == {0.5, -0.5}
    assert weights["a_c_e"] == weights["a_c_f"] == weights["b_d_e"] == 0.5


WRONG = {
    "of two factors": (
        "mdma - §exposure at",
        "'mdma' is of drug, 'exposure' of therapy; compare levels of one",
    ),
    "misspelt": ("mdma - §plcebo at", "there is no level of a factor 'plcebo'; did you mean 'placebo'?"),
    "of itself": ("mdma - §mdma at", "compares mdma with itself"),
    "by itself": ("mdma - placebo by §placebo - mdma at", "levels of drug are compared by levels of itself"),
    "an arm and a level": ("mdma - §placebo_support at", "there is no level of a factor 'placebo_support'"),
    "half an interaction": ("§mdma - placebo by exposure at", "is no contrast; write it as in"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_contrast_is_found_at_its_place(
    case: str, problems_of: Callable[[str], list[str]]
) -> None:
    said, message = WRONG[case]
    text = FACTORIAL.read_text().replace("contrast: mdma - placebo at", f"contrast: {said}", 1)
    before = text[: text.index("§")]
    place = f"study.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))} "
    problems = problems_of(text.replace("§", ""))
    assert any(one.startswith(place) and message in one for one in problems)


def test_a_method_of_two_arms_compares_no_levels(problems_of: Callable[[str], list[str]]) -> None:
    text = FACTORIAL.read_text().replace("method: ancova, fixed: arm + baseline", "method: rank_sum", 1)
    (problem,) = problems_of(text)
    assert problem.endswith(
        "rank_sum compares two arms, and these are several; write ancova or mmrm or t_test"
    )
