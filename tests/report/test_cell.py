"""How numbers are printed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entact.analysis import proportion
from entact.report.cell import decimal, of_proportion


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (25.25, 1, "25.3"),
        (-2.25, 1, "−2.3"),
        (0.125, 2, "0.13"),
        (2.5, 0, "3"),
        (-0.04, 1, "0.0"),
        (7, 1, "7.0"),
    ],
)
def test_half_way_is_rounded_away_from_zero(value: float, places: int, text: str) -> None:
    assert decimal(value, places) == text


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_percentages_are_rounded_half_up_from_the_counts(counts: tuple[int, int]) -> None:
    events, n = counts
    text = of_proportion(proportion(events, n), "simulated").text
    if n == 0:
        assert text == "–"
    else:
        percent = (Decimal(100 * events) / n).quantize(Decimal(1), ROUND_HALF_UP)
        assert text == f"{events}/{n} {percent:>3} %"


def test_one_in_eight_is_thirteen_percent() -> None:
    assert of_proportion(proportion(6, 48), "simulated").text == "6/48  13 %"
