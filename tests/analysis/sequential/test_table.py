"""How a design prints and plots itself."""

from __future__ import annotations

import numpy as np
import pytest
import vl_convert

from entact.analysis.sample_size import Means
from entact.analysis.sequential import (
    GroupSequential,
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsPocock,
    Look,
    OBrienFleming,
    Pocock,
    SpendingPoints,
    UserDefined,
    WangTsiatis,
    boundary_frame,
    power_frame,
)

DESIGN = GroupSequential(information=(0.5, 0.75, 1.0), futility=HwangShihDeCani(-2))
MEANS = Means(9.0, 12.0, t=True)


def test_a_design_prints_what_a_protocol_can_quote() -> None:
    shown = str(DESIGN)
    assert "3 looks, one-sided alpha 0.025, O'Brien-Fleming spending (Lan & DeMets)" in shown
    assert "2.9626" in shown
    assert "Futility bounds are advice, not binding." in shown
    markdown = DESIGN.table().to_markdown()
    assert "| 3 | 100 % | 2.0141 |" in markdown


def test_sizes_differences_and_critical_values_of_t_stand_beside() -> None:
    table = DESIGN.table(MEANS, freedoms=(40, 61, 81))
    cells = dict(zip(table.columns, zip(*table.rows, strict=True), strict=True))
    assert cells["participants"] == ("42", "63", "83")
    assert float(cells["t at least"][0]) > float(cells["Z at least"][0])
    size = DESIGN.sample_size(MEANS).size
    # At the end the least significant difference is the critical value in standard errors.
    se = MEANS.effect / MEANS.drift(0.025, size)
    assert float(cells["least difference"][-1]) == pytest.approx(DESIGN.boundaries().upper[-1] * se, rel=1e-3)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (LanDeMetsPocock(), "Pocock spending"),
        (KimDeMets(3), "rho 3"),
        (HwangShihDeCani(-4), "gamma -4"),
        (SpendingPoints((0.5,), (0.1,)), "in numbers"),
        (UserDefined(lambda t: t), "of one's own"),
        (OBrienFleming(), "O'Brien-Fleming boundary"),
        (Pocock(), "Pocock boundary"),
        (WangTsiatis(0.25), "delta 0.25"),
        (HaybittlePeto(), "Haybittle-Peto boundary of 3"),
    ],
)
def test_each_rule_has_its_words(rule: object, words: str) -> None:
    design = GroupSequential(information=(0.5, 1.0), spending=rule)  # type: ignore[arg-type]
    assert words in design.told()


def test_what_is_never_crossed_is_a_dash() -> None:
    late = UserDefined(lambda t: float(t >= 1))
    design = GroupSequential(information=(0.5, 1.0), spending=late, sided=2, alpha=1e-9)
    cells = dict(zip(design.table().columns, design.table().rows[0], strict=True))
    assert (cells["|Z| at least"], cells["p at most"]) == ("–", "0")
    assert boundary_frame(design)["information"].to_list() == [1.0, 1.0]


def test_a_result_prints_its_looks_and_its_decision() -> None:
    design = GroupSequential(information=(0.6, 1.0))
    shown = str(design.analyse([Look(8.0, 3.23), Look(8.64, 2.464)], 1 / 2.464**2))
    assert "efficacy at look 2: median-unbiased estimate 7.934" in shown
    assert str(design.analyse([Look(1.0, 3.23)], 1 / 2.464**2)).endswith("continue")


def test_power_curves_go_through_what_was_planned() -> None:
    size = DESIGN.sample_size(MEANS).size
    frame = power_frame(DESIGN, MEANS, (size,), most=1.0)
    assert frame["power"][0] == pytest.approx(DESIGN.power(0.0).overall)
    assert frame["power"][-1] == pytest.approx(DESIGN.power(MEANS, size).overall, abs=1e-12)
    assert np.all(np.diff(frame["power"].to_numpy()) > 0)
    with pytest.raises(ValueError, match="for how many"):
        power_frame(DESIGN, MEANS)


def test_a_design_plots_itself() -> None:
    for chart in (DESIGN.plot(), DESIGN.plot(MEANS, (60, 90))):
        drawn = vl_convert.vegalite_to_svg(chart.to_dict())
        assert drawn.startswith("<svg")
    assert "90 participants" in drawn
    assert "futility" in vl_convert.vegalite_to_svg(DESIGN.plot().to_dict())
