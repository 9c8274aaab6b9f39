"""Names of arms in the figure of the primary instrument."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any, cast

from entact.report.figures.scores import NARROW, WIDE, _names

TITLES = {"high": "125 mg", "middle": "All participants of the middle arm", "low": "25 mg"}
MEANS: list[dict[str, Any]] = [
    {"arm": arm, "x": place * 0.1 + week, "mean": mean, "low": mean - 3, "high": mean + 3}
    for week in (0.0, 4.0)
    for place, (arm, mean) in enumerate({"high": 18.0, "middle": 16.0, "low": 15.5}.items())
]


def test_names_stand_beside_the_last_interval_and_break_between_words() -> None:
    scores = cast(Any, SimpleNamespace(source=SimpleNamespace(arms=TITLES)))
    for layout in (WIDE, NARROW):
        found = _names(scores, MEANS, (0.0, 30.0), layout)
        assert {one["x"] for one in found} == {4.2}  # the place of the arm that is furthest to the right
        said = {one["arm"]: one["text"].split("\n")[:-1] for one in found}
        assert {arm: " ".join(lines) for arm, lines in said.items()} == TITLES
        tops = sorted(-one["mean"] * layout.height / 30 + one["dy"] for one in found)
        assert all(below - above >= 15 for above, below in itertools.pairwise(tops))
