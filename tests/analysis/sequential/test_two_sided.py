"""Two-sided designs that stop for futility in an inner wedge: against rpact, and what their results say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.analysis.sequential.quadrature import stopping

from entact.analysis.sample_size import Means
from entact.analysis.sequential import (
    GroupSequential,
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    Look,
    Spending,
    boundary_frame,
    conditional_power,
)

DESIGN = GroupSequential(information=(0.3, 0.6, 1.0), sided=2, futility=LanDeMetsOBrienFleming())


GOLDEN = json.loads(
    (Path(__file__).parents[2] / "golden/group_sequential/rpact_two_sided_futility.json").read_text()
)
SPENDING: dict[str, Spending] = {
    "OF": LanDeMetsOBrienFleming(),
    "P": LanDeMetsPocock(),
    "HSD_-2": HwangShihDeCani(-2),
    "HSD_-4": HwangShihDeCani(-4),
    "KD_3": KimDeMets(3),
}


@pytest.mark.parametrize("told", GOLDEN["designs"])
def test_the_wedge_is_that_of_rpact(told: dict[str, Any]) -> None:
    """The command stands in the file; rpact 3.3.4 calls it experimental, and finds its shift to 1e-6."""
    design = GroupSequential(
        information=tuple(told["informationRates"]),
        sided=2,
        spending=SPENDING[told["typeOfDesign"].removeprefix("as")],
        futility=SPENDING[told["typeBetaSpending"].removeprefix("bs")],
        binding=told["binding"],
    )
    found, under = design.boundaries(), design.power(design.drift())
    wedge = [-np.inf if bound is None else bound for bound in told["futilityBounds"]]
    assert found.upper == pytest.approx(told["criticalValues"], abs=1e-9)
    assert found.lower == pytest.approx(wedge, abs=1e-9)
    assert np.cumsum(under.futility)[:-1] == pytest.approx(told["betaSpent"][:-1], abs=1e-9)
    assert under.overall == pytest.approx(0.9, abs=1e-13)
    inflation = design.inflation()
    assert inflation == pytest.approx(told["inflationFactor"], abs=5e-6)
    assert under.information * inflation == pytest.approx(told["averageSampleNumber1"], abs=5e-6)
    assert design.power(0.0).information * inflation == pytest.approx(told["averageSampleNumber0"], abs=5e-6)


@pytest.mark.parametrize("binding", [False, True])
def test_every_look_has_a_wedge_where_beta_is_spent_early(binding: bool) -> None:
    design = replace(DESIGN, futility=LanDeMetsPocock(), binding=binding)
    found = design.boundaries()
    assert found.lower is not None
    assert all(0 < low < up for low, up in zip(found.lower, found.upper, strict=False))
    upper, wedge = list(found.upper), [*found.lower, 0.0]
    lower = [-value for value in upper]
    above, below, between = stopping(design.information, lower, upper, design.drift(), wedge)
    planned = LanDeMetsPocock().spent(0.1, np.array(design.information))
    assert np.cumsum(between)[:-1] == pytest.approx(planned[:-1], abs=1e-11)
    assert above.sum() + below.sum() == pytest.approx(0.9, abs=1e-11)
    none = stopping(design.information, lower, upper, 0.0, wedge if binding else None)[0]
    assert none.sum() == pytest.approx(0.025, abs=1e-12)


def test_what_is_in_the_wedge_stops_for_futility_on_either_side() -> None:
    for sign in (1.0, -1.0):
        looks = [Look(sign * 0.2, 1 / np.sqrt(0.3)), Look(sign * 0.3, 1 / np.sqrt(0.6))]
        shown = DESIGN.analyse(looks, 1.0)
        assert (shown.decision, shown.stopped) == ("futility", 2)
        assert shown.estimate == pytest.approx(sign * abs(shown.estimate or 0.0))
        assert shown.p == pytest.approx(0.5, abs=0.45)
    beyond = [Look(0.2, 1 / np.sqrt(0.3)), Look(-2.0, 1 / np.sqrt(0.6))]
    assert DESIGN.analyse(beyond, 1.0).decision == "continue"
    ended = DESIGN.analyse([*beyond, Look(-2.5, 1.0)], 1.0)
    assert ended.decision == "efficacy"


def test_bounds_may_be_said_in_numbers_and_stay_as_they_are() -> None:
    design = GroupSequential(information=(0.3, 0.6, 1.0), sided=2, futility=(-np.inf, 0.5))
    assert design.boundaries().lower == (-np.inf, 0.5)
    upper = list(design.boundaries().upper)
    above, _, between = stopping(
        design.information, [-value for value in upper], upper, design.drift(0.8), [0.0, 0.5, 0.0]
    )
    assert above.sum() == pytest.approx(0.8, abs=1e-11)
    assert design.power(design.drift(0.8)).futility == pytest.approx([*between[:-1], 0.0], abs=1e-12)
    at = design.boundaries_at((0.4, 0.7), final=False)
    assert at.lower == (-np.inf, 0.5)


def test_conditional_power_does_not_count_those_who_stop_in_the_wedge() -> None:
    plain = replace(DESIGN, futility=None)
    assert conditional_power(DESIGN, 1, 1.0) < conditional_power(plain, 1, 1.0)
    later = replace(DESIGN, futility=(-np.inf, -np.inf))
    assert conditional_power(later, 1, 1.0) == pytest.approx(conditional_power(plain, 1, 1.0), abs=1e-14)


def test_the_table_and_the_chart_say_that_it_is_both_sides() -> None:
    told = str(DESIGN)
    assert "futility: |Z| below" in told
    assert "0.7158" in told
    bounds = boundary_frame(DESIGN).filter(bound="futility, other side")["z"].to_list()
    assert bounds == pytest.approx([-0.7157601109947, -1.9810245033918])
    assert "Expected information" in told


def test_markdown_keeps_its_columns_and_what_is_printed_can_be_read() -> None:
    head, rule, *_ = [line for line in DESIGN.table().to_markdown().splitlines() if line.startswith("|")]
    assert head.replace("\\|", "").count("|") == rule.count("|")
    bounds = str(DESIGN.boundaries()).splitlines()
    assert bounds[0] == "look 1, 30 % of the information: efficacy from 3.9286, 4.27e-05 spent"
    assert "futility below 0.7158" in bounds[1]
    assert str(DESIGN.power(DESIGN.drift())).startswith(
        "power 90.00 % at a drift of 3.3078: efficacy 1.71 % at look 1,"
    )
    assert "(futility 3.19 %)" in str(DESIGN.power(DESIGN.drift()))
    assert "two-sided alpha 0.05" in str(DESIGN.sample_size(Means(9.0, sd=12.0)))


def test_a_wedge_grows_with_what_may_be_lost() -> None:
    bounds = [
        replace(DESIGN, beta=beta, futility=HwangShihDeCani(1)).boundaries().lower for beta in (0.1, 0.2)
    ]
    for one, other in zip(*bounds, strict=True):  # type: ignore[arg-type]
        assert one < other
