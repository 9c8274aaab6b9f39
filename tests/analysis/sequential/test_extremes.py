"""What nobody plans and somebody types: numbers or words, never a traceback of others or NaN."""

from __future__ import annotations

from math import isnan, sqrt
from typing import Any

import numpy as np
import pytest

from entact.analysis.sequential import (
    DelayedResponse,
    GroupSequential,
    HaybittlePeto,
    HwangShihDeCani,
    KimDeMets,
    LanDeMetsOBrienFleming,
    LanDeMetsPocock,
    Look,
    Pocock,
    PromisingZone,
    UserDefined,
    WangTsiatis,
    conditional_power,
    predictive_power,
)

LATE = UserDefined(lambda fraction: float(fraction >= 1))
TWENTY = tuple((look + 1) / 20 for look in range(20))


def is_number(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(is_number(one) for one in value)
    return value is None or not isnan(value)


@pytest.mark.parametrize("at", [(1.0,), (1e-6, 1.0), TWENTY])
@pytest.mark.parametrize("alpha", [1e-9, 0.025, 0.45])
@pytest.mark.parametrize(
    "rule", [LanDeMetsOBrienFleming(), HwangShihDeCani(40), KimDeMets(0.01), LATE, Pocock(), WangTsiatis(-1)]
)
def test_any_looks_keep_any_error_rate(at: tuple[float, ...], alpha: float, rule: Any) -> None:
    design = GroupSequential(information=at, spending=rule, alpha=alpha)
    assert is_number(design.boundaries().upper)
    assert design.power(0.0).overall == pytest.approx(alpha, rel=1e-9)
    assert design.power(design.drift(0.9)).overall == pytest.approx(0.9, abs=1e-9)
    assert "nan" not in str(design)


def test_looks_a_millionth_apart_keep_the_error_rate() -> None:
    for at in ((0.5, 0.500001, 1.0), (0.999999, 1.0)):
        design = GroupSequential(information=at, spending=LanDeMetsPocock())
        assert design.power(0.0).overall == pytest.approx(0.025, rel=1e-9)
    with pytest.raises(ValueError, match="by 1e-06 at least"):
        GroupSequential(information=(0.5, 0.5000001, 1.0))


@pytest.mark.parametrize("at", [(0.5, 1.0), (1e-6, 1.0)])
@pytest.mark.parametrize("binding", [False, True])
@pytest.mark.parametrize("rule", [LanDeMetsOBrienFleming(), LATE])
def test_futility_that_is_spent_too_early_still_has_its_power(
    at: tuple[float, ...], binding: bool, rule: Any
) -> None:
    design = GroupSequential(information=at, spending=rule, futility=HwangShihDeCani(4), binding=binding)
    assert design.power(design.drift()).overall == pytest.approx(0.9, abs=1e-9)


@pytest.mark.parametrize("z", [0.0, 1e-300, 5.0, 60.0, -60.0, 1e5])
@pytest.mark.parametrize("df", [None, 1.0, 60.0, 1e6])
@pytest.mark.parametrize("rule", [LanDeMetsPocock(), HaybittlePeto(), LATE])
def test_any_statistic_is_analysed(z: float, df: float | None, rule: Any) -> None:
    design = GroupSequential(information=(0.5, 1.0), spending=rule)
    looks = [Look(1.0, sqrt(2), df), Look(z, 1.0, df)]
    for shown in (design.analyse(looks, 1.0), design.analyse_stages([Look(1.0, 1e-6, df), Look(z, 1e6, df)])):
        assert is_number([shown.repeated_p, shown.repeated_interval, shown.p, shown.estimate, shown.interval])
    assert is_number([conditional_power(design, 1, z), predictive_power(design, 1, z)])


def test_a_fixed_bound_spends_what_it_spends_whatever_alpha() -> None:
    """The repeated p of Haybittle and Peto's bound is not below the probability of crossing it, P(Z > 3)."""
    design = GroupSequential(information=(0.5, 1.0), spending=HaybittlePeto())
    shown = design.analyse([Look(4.0 * sqrt(2), sqrt(2))], 1.0)
    assert shown.decision == "efficacy"
    assert shown.repeated_p == pytest.approx((0.0013498980316300957,), rel=1e-6)
    later = design.analyse([Look(1.0, sqrt(2)), Look(5.0, 1.0)], 1.0)
    assert 0.00134 < later.repeated_p[1] < 0.00136


def test_a_tail_too_small_to_be_told_goes_on_where_the_other_ends() -> None:
    """1e-300 of t with 60 degrees of freedom lies near 1.6e5"""
    values = [Look(t, 1.0, 60.0).z for t in (1e3, 1e4, 1e5, 1.3e5, 2e5, 1e6, 1e300)]
    assert np.all(np.diff(values) > 0)
    assert np.all(np.isfinite(values))


@pytest.mark.parametrize("rule", [LanDeMetsOBrienFleming(), LATE, HwangShihDeCani(4)])
@pytest.mark.parametrize("alpha", [1e-9, 0.3])
def test_any_zone_and_any_pipeline_have_numbers(rule: Any, alpha: float) -> None:
    design = GroupSequential(information=(0.5, 1.0), spending=rule, alpha=alpha, futility=(0.0,))
    zone = PromisingZone(design=design, first=1, second=1, most=1e7, zone=(1e-6, 1 - 1e-6))
    for effect in (0.0, -3.0, 50.0):
        found = zone.evaluate(effect)
        assert is_number([found.first, found.second, found.expected])
        assert found.power <= 1 + 1e-12
    assert is_number([*zone.edges(), zone.conventional_from()])
    delayed = DelayedResponse(design=design, pipeline=(0.5,))
    for drift in (0.0, 3.0, -40.0, 40.0):
        power = delayed.power(drift)
        assert is_number([power.efficacy, power.stopped])
        assert sum(power.stopped) == pytest.approx(1.0, abs=1e-9)
    assert delayed.power(0.0).overall <= alpha * (1 + 1e-6)
