"""Table shells: what every analysis of a plan will show, before anybody has seen a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from entact.analysis.entered import people_of
from entact.analysis.planned import Plan
from entact.analysis.vocabulary import read_plan
from entact.analysis.words import METHODS

COLUMNS = {
    "analysis": pl.String,
    "estimand": pl.String,
    "set": pl.String,
    "method": pl.String,
    "row": pl.String,
    "n": pl.Int64,
    "result": pl.String,
}
PLACE = "xx.x (xx.x to xx.x); p = 0.xxx"
ALONE = "xx.x (xx.x to xx.x)"


def shell(plan: Any, frame: Any = None) -> pl.DataFrame:
    """One row a result of each analysis, with its place held open.

    Args:
        plan: a `Plan`, or what a plan file says. frame: of the people there are, from which n of each
            analysis set is counted, or a mapping from each analysis's id to its own; arms and values are not
            looked at, and may be missing.
    Returns:
        Columns analysis, estimand, set, method, row, n (null without a frame), result.
    Raises:
        ValueError: when the frame lacks what the plan's sets speak of.
    """
    plan = plan if isinstance(plan, Plan) else read_plan(plan)
    rows: list[tuple[str, str, str, str, str, int | None, str]] = []
    for one in plan.analyses:
        word = METHODS[str(one.said["method"])]
        own = frame[one.id] if isinstance(frame, Mapping) else frame
        n = None if own is None else people_of(plan, one, own)
        about = (one.id, one.estimand, one.set, word.answers)
        label = one.question.label or "each arm"
        rows.append((*about, label, n, PLACE if word.compares else ALONE))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")
