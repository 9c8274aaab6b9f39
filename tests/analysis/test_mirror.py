"""Arms that are renamed, or compared the other way round, give the same result or its mirror image."""

from __future__ import annotations

from math import isinf
from typing import Any

import polars as pl
import pytest
from tests.analysis.test_nasty import AT, ROWS, SAID

from entact.analysis.analyse import Analyses, analyse
from entact.analysis.result import Estimate
from entact.analysis.words import METHODS

TWO_ARMS = sorted(name for name in SAID if METHODS[name].compares)
RATIOS = ("odds ratio", "rate ratio", "risk ratio", "hazard ratio", "conditional odds ratio")
ASYMMETRIC = {
    "imputed": "the second arm is the reference",
    "tipping_point": "deltas are added to the first arm",
    "rerandomisation": "the draws are others",
    "concentration_qtc": "the second arm is the placebo",
    "number_needed": "its interval is that of the inverse",
    "time_course": "each arm has shares of its own",
    "mediation": "the first arm is the one that is believed in",
    "expectancy": "the first arm is the one that is believed in",
}
"""Methods in which the arms have different parts, and why."""


def run(pair: tuple[str, str], rows: pl.DataFrame) -> Analyses:
    """Every method on one pair of arms."""
    said: dict[str, Any] = {
        name: {"method": name, "contrast": f"{pair[0]} - {pair[1]}{AT.get(name, ' at V2')}", **SAID[name]}
        for name in TWO_ARMS
    }
    return analyse({"visits": ["V1", "V2"], "arms": sorted(pair), "analyses": said}, rows)


@pytest.fixture(scope="module")
def forward() -> Analyses:
    return run(("mdma", "placebo"), ROWS)


@pytest.fixture(scope="module")
def backward() -> Analyses:
    return run(("placebo", "mdma"), ROWS)


@pytest.fixture(scope="module")
def renamed() -> Analyses:
    """Names in the other order of the alphabet: what was the first level is the last."""
    names = {"mdma": "z", "placebo": "a"}
    guess = pl.col("guess").replace(names)
    return run(("z", "a"), ROWS.with_columns(pl.col("arm").replace(names), guess))


def numbers(one: Estimate) -> list[float]:
    """What an estimate says in numbers; -99 for nothing."""
    found = (one.estimate, one.low, one.high, one.se, one.df, one.p)
    return [-99.0 if value is None else value for value in found]


@pytest.mark.parametrize("name", TWO_ARMS)
def test_names_of_arms_say_nothing(name: str, forward: Analyses, renamed: Analyses) -> None:
    one, other = forward[name].result, renamed[name].result
    assert one is not None
    assert other is not None
    assert len(one) == len(other)
    for here, there in zip(_sorted(one), _sorted(other), strict=True):
        assert numbers(here) == pytest.approx(numbers(there), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", sorted(set(TWO_ARMS) - set(ASYMMETRIC)))
def test_the_other_way_round_is_the_mirror_image(name: str, forward: Analyses, backward: Analyses) -> None:
    one, other = forward[name].result, backward[name].result
    assert one is not None
    assert other is not None
    here = one[0]
    there = next((own for own in other if _end(own) == _end(here)), other[0])  # among those who guessed alike
    if name in ("bang", "james"):
        here, there = _sorted(one)[0], _sorted(other)[0]
        assert numbers(here) == pytest.approx(numbers(there))
        return
    if name in ("event_rates", "dose_day_rates"):
        here, there = one[2], other[2]  # the ratio, after each arm's own rate
    if "probability" in here.measure:
        assert here.estimate == pytest.approx(1 - (there.estimate or 0.0))
        return
    assert here.p == (None if there.p is None else pytest.approx(there.p, rel=1e-6, abs=1e-9))
    if here.estimate is None and there.estimate is None:
        return
    if here.measure in RATIOS:  # an endless ratio is no estimate, and its inverse is 0
        for mine, theirs in ((here.estimate, there.estimate), (here.low, there.high), (here.high, there.low)):
            assert _inverse(mine) == pytest.approx(
                float("inf") if theirs is None else theirs, rel=1e-5, abs=1e-9
            )
    else:
        assert here.estimate == pytest.approx(-(there.estimate or 0.0), rel=1e-6, abs=1e-8)
        if here.low is not None and there.high is not None:
            assert here.low == pytest.approx(-there.high, rel=1e-5, abs=1e-7)


def test_every_method_of_two_arms_is_tried() -> None:
    assert set(TWO_ARMS) == {name for name, word in METHODS.items() if word.compares}


def _sorted(found: Any) -> list[Estimate]:
    names = {"z": "mdma", "a": "placebo"}

    def key(one: Estimate) -> str:
        words = one.label.replace(",", " ,").split(" ")
        return " ".join(names.get(word, word) for word in words) + one.measure

    return sorted(found, key=key)


def _inverse(value: float | None) -> float:
    if value is None:
        return 0.0
    if value == 0:
        return float("inf")
    return 0.0 if isinf(value) else 1 / value


def _end(one: Estimate) -> str:
    return one.label.partition(", ")[2]
