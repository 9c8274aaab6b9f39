"""Names of limits in the figure of vital signs."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from entact.report.figures.drawing import LETTERS
from entact.report.figures.vitals import HEIGHT, _apart


@given(st.lists(st.integers(90, 200), min_size=1, max_size=6, unique=True))
def test_names_of_limits_never_cover_each_other(values: list[int]) -> None:
    domain = [80.0, 220.0]
    lines = [{"value": float(value), "text": "limit"} for value in sorted(values)]
    px = HEIGHT / (domain[1] - domain[0])
    places = [(line["value"] - domain[0]) * px - dy for line, dy in _apart(lines, domain)]
    assert all(upper - lower >= LETTERS for lower, upper in pairwise(places))
    for line, place in zip(lines, places, strict=True):
        assert place >= (line["value"] - domain[0]) * px  # never below its own line
