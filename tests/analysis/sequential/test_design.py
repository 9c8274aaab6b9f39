"""Boundaries, power and sample sizes against an independent recursion, gsDesign and rpact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from entact.analysis.sequential import (
    GroupSequential,
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    OBrienFleming,
    Pocock,
    Shape,
    Spending,
    SpendingPoints,
    UserDefined,
    WangTsiatis,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "group_sequential"
SPENDING: dict[str, Spending] = {
    "asOF": LanDeMetsOBrienFleming(),
    "asP": LanDeMetsPocock(),
    "asHSD_-4": HwangShihDeCani(-4),
    "asHSD_1": HwangShihDeCani(1),
    "asKD_2": KimDeMets(2),
}
RULES: dict[str, Spending | Shape] = SPENDING | {
    "OF": OBrienFleming(),
    "P": Pocock(),
    "WT_0.25": WangTsiatis(0.25),
    "HP": HaybittlePeto(3.0),
    "noEarlyEfficacy": UserDefined(lambda fraction: float(fraction >= 1)),
}
GSDESIGN: dict[str, Spending] = {
    "sfLDOF": LanDeMetsOBrienFleming(),
    "sfLDPocock": LanDeMetsPocock(),
    "sfHSD_-4": HwangShihDeCani(-4),
    "sfHSD_1": HwangShihDeCani(1),
    "sfPower_2": KimDeMets(2),
}


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


QUADRATURE = golden("independent_quadrature")
RPACT = golden("rpact_boundaries")["designs"]


@pytest.mark.parametrize("name", QUADRATURE["recursion_float64"])
def test_critical_values_are_those_of_an_independent_recursion(name: str) -> None:
    told = QUADRATURE["recursion_float64"][name]
    design = GroupSequential(information=tuple(told["t"]), spending=SPENDING["as" + name.partition("_as")[2]])
    assert design.boundaries().upper == pytest.approx(told["critical_values"], abs=1e-12)
    assert design.drift(0.9) == pytest.approx(told["drift"], abs=1e-12)
    assert design.inflation(0.9) == pytest.approx(told["inflation_factor"], abs=1e-12)


@pytest.mark.parametrize("name", QUADRATURE["boundaries"])
def test_critical_values_are_those_of_forty_digits(name: str) -> None:
    told = QUADRATURE["boundaries"][name]
    fractions = (float(name.split("_")[1]), 1.0)
    design = GroupSequential(information=fractions, spending=SPENDING["as" + name.partition("_as")[2]])
    found = design.boundaries()
    assert found.upper == pytest.approx([float(one) for one in told["critical_values"]], abs=1e-13)
    assert found.spent == pytest.approx([float(one) for one in told["alpha_spent"]], abs=1e-15)


@pytest.mark.parametrize("told", RPACT, ids=lambda one: f"{one['schedule']}-{one['type']}-{one['sided']}")
def test_designs_are_those_of_rpact(told: dict[str, Any]) -> None:
    """rpact::getDesignGroupSequential(informationRates, typeOfDesign, sided, alpha, tolerance = 1e-10)"""
    design = GroupSequential(
        information=tuple(told["informationRates"]), spending=RULES[told["type"]], sided=told["sided"]
    )
    assert design.boundaries().upper == pytest.approx(
        [np.inf if value is None else value for value in told["criticalValues"]], abs=1e-6
    )
    assert design.boundaries().nominal == pytest.approx(told["stageLevels"], abs=1e-6)
    inflation = design.inflation(0.9)
    assert inflation == pytest.approx(told["inflationFactor"], abs=1e-6)
    under = design.power(design.drift(0.9))
    towards = np.cumsum(under.efficacy) - (under.wrong_side if told["sided"] == 2 else 0)
    assert towards[-1] == pytest.approx(0.9, abs=1e-10)
    assert under.information * inflation == pytest.approx(told["averageSampleNumber1"], abs=1e-6)
    assert design.power(0.0).information * inflation == pytest.approx(told["averageSampleNumber0"], abs=1e-6)


@pytest.mark.parametrize(
    "told",
    [one for one in golden("gsDesign_boundaries")["designs"] if one["test_type"] in (1, 2)],
    ids=lambda one: f"{one['schedule']}-{one['sf']}-{one['test_type']}",
)
def test_designs_are_those_of_gsdesign(told: dict[str, Any]) -> None:
    """gsDesign::gsDesign(k, test.type, timing, sfu, sfupar, alpha = .025, beta = .1, tol = 1e-10, r = 80)"""
    design = GroupSequential(
        information=tuple(told["timing"]), spending=GSDESIGN[told["sf"]], sided=told["test_type"]
    )
    assert design.boundaries().upper == pytest.approx(
        told["upper"], abs=2e-6 if told["test_type"] == 2 else 1e-8
    )


@pytest.mark.parametrize("looks", [1, 2, 5, 20])
@pytest.mark.parametrize(
    ("shape", "delta"), [(OBrienFleming(), 0.0), (WangTsiatis(0.25), 0.25), (Pocock(), 0.5)]
)
def test_a_shape_is_kept_to_the_end(shape: Shape, delta: float, looks: int) -> None:
    design = GroupSequential(information=tuple((one + 1) / looks for one in range(looks)), spending=shape)
    upper = np.array(design.boundaries().upper)
    assert upper == pytest.approx(upper[-1] * np.array(design.information) ** (delta - 0.5), rel=1e-12)
    assert design.power(0.0).overall == pytest.approx(0.025, rel=1e-12)


def test_a_shape_that_spends_too_much_early_is_refused() -> None:
    with pytest.raises(ValueError, match="too low"):
        GroupSequential(information=(0.5, 1.0), spending=HaybittlePeto(1.5)).boundaries()


def test_spending_in_numbers_is_straight_between_them() -> None:
    points = SpendingPoints((0.5, 0.75), (0.1, 0.3))
    spent = points.spent(0.05, np.array([0.25, 0.5, 0.6, 0.75, 1.0, 1.2]))
    assert spent == pytest.approx(np.array([0.05, 0.1, 0.18, 0.3, 1.0, 1.0]) * 0.05, rel=1e-14)
    for fractions, shares in (
        ((0.5,), (0.1, 0.2)),
        ((0.7, 0.6), (0.1, 0.2)),
        ((0.5,), (1.2,)),
        ((0.5,), (np.nan,)),
    ):
        with pytest.raises(ValueError, match=r"one for each|have to rise"):
            SpendingPoints(fractions, shares)


@pytest.mark.parametrize("told", golden("rpact_futility")["designs"])
def test_futility_is_that_of_rpact(told: dict[str, Any]) -> None:
    """rpact::getDesignGroupSequential(…, typeBetaSpending = "bsOF", bindingFutility), futilityBounds = 0"""
    plan = LanDeMetsOBrienFleming() if "typeBetaSpending" in told else (0.0,)
    design = GroupSequential(
        information=tuple(told["informationRates"]), futility=plan, binding=told["binding"]
    )
    found = design.boundaries()
    assert found.upper == pytest.approx(told["criticalValues"], abs=1e-6)
    assert found.lower == pytest.approx([told["futilityBounds"]], abs=1e-6)
    assert design.drift() ** 2 == pytest.approx(told["shift"], abs=2e-5)
    assert design.inflation() == pytest.approx(told["inflationFactor"], abs=1e-6)
    for drift, expected in ((design.drift(), told["asn1"]), (0.0, told["asn0"])):
        assert design.power(drift).information * design.inflation() == pytest.approx(expected, abs=1e-6)


@given(
    steps=st.lists(st.floats(0.05, 1.0), min_size=2, max_size=6),
    spending=st.sampled_from(list(SPENDING.values())),
    alpha=st.floats(0.001, 0.2),
    sided=st.sampled_from([1, 2]),
)
def test_what_is_spent_is_what_was_planned(
    steps: list[float], spending: Spending, alpha: float, sided: int
) -> None:
    total = sum(steps)
    fractions = (*(float(one) for one in np.cumsum(steps)[:-1] / total), 1.0)
    design = GroupSequential(information=fractions, spending=spending, alpha=alpha, sided=sided)
    none = design.power(0.0)
    assert none.overall == pytest.approx(alpha * sided, rel=1e-10)
    assert design.power(design.drift(0.8)).overall - design.power(
        design.drift(0.8)
    ).wrong_side == pytest.approx(0.8, abs=1e-10)


def test_crossing_is_the_multivariate_normal_integral() -> None:
    design = GroupSequential(information=(0.3, 0.7, 1.0))
    upper = design.boundaries().upper
    fractions = np.array(design.information)
    correlation = np.sqrt(np.minimum.outer(fractions, fractions) / np.maximum.outer(fractions, fractions))
    drift = 2.0
    normal = multivariate_normal(drift * np.sqrt(fractions), correlation, seed=1)
    stays = normal.cdf(upper)
    assert design.power(drift).overall == pytest.approx(1 - stays, abs=1e-6)


def test_one_look_is_the_fixed_test() -> None:
    assert GroupSequential(information=(1.0,)).boundaries().upper == pytest.approx(
        [1.959963984540054], abs=1e-13
    )


def test_a_spending_function_of_ones_own() -> None:
    same = UserDefined(lambda t: t**2)
    ours = GroupSequential(information=(0.3, 0.6, 1.0), spending=same).boundaries().upper
    assert ours == pytest.approx(
        GroupSequential(information=(0.3, 0.6, 1.0), spending=KimDeMets(2)).boundaries().upper, abs=1e-12
    )
    with pytest.raises(ValueError, match="have to rise"):
        GroupSequential(information=(0.3, 1.0), spending=UserDefined(lambda t: 1 - t)).boundaries()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"information": ()}, "fractions rise"),
        ({"information": (0.6, 0.6, 1)}, "fractions rise"),
        ({"information": (0.6, 0.9)}, "fractions rise"),
        ({"information": (float("nan"), 1)}, "fractions rise"),
        ({"information": (0.5, 1), "alpha": 95}, "alpha is 95"),
        ({"information": (0.5, 1), "beta": 1}, "beta is 1"),
        ({"information": (0.5, 1), "sided": 3}, "one side or two"),
        ({"information": (0.5, 1), "sided": 2, "futility": (-0.2,)}, "of |Z|, from 0 on"),
        ({"information": (0.5, 1), "futility": (float("nan"),)}, "numbers, -inf where"),
        ({"information": (0.5, 1), "futility": (0.0, 1.0)}, "one for every look but the last"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GroupSequential(**fields)
