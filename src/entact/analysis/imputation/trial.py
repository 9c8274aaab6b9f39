"""A trial as imputation takes it: everybody at every visit, what was seen, and when an event came between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.analysis.frame import held, public
from entact.analysis.mmrm.columns import Column, Factor, read_column, read_factor
from entact.analysis.mmrm.design import build
from entact.analysis.mmrm.formula import parse

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Trial:
    """N participants at m visits.

    Attributes:
        y: (N, m) what was seen, NaN where nothing was. x: (N, m, q) model matrix.
        of_reference: the same if each had the reference of their arm. arm: (N,) codes in `arms`.
        event: (N,) place of the first visit after an intercurrent event; m for none.
        covariates: (N, c) of the analysis, beside arm; `names` say of which.
    """

    people: tuple[str, ...]
    visits: tuple[str, ...]
    arms: tuple[str, ...]
    arm: Ints
    y: Floats
    x: Floats
    of_reference: Floats
    event: Ints
    covariates: Floats
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Participants."""
        return int(self.y.shape[0])

    @property
    def m(self) -> int:
        """Visits."""
        return int(self.y.shape[1])

    @property
    def seen(self) -> Flags:
        """(N, m)"""
        return ~np.isnan(self.y)

    @property
    def after(self) -> Flags:
        """(N, m) visits after the event."""
        after: Flags = np.arange(self.m) >= self.event[:, None]
        return after


@public
def read_trial(
    rows: pl.DataFrame,
    fixed: str,
    *,
    visits: Sequence[str],
    reference: Mapping[str, str],
    events: Mapping[str, str] | None = None,
    covariates: Sequence[str] = ("baseline",),
) -> Trial:
    """The trial of long rows: participant, visit, arm, value, and the covariates that `fixed` names.

    Args:
        rows: of everybody in the analysis; a visit without a row, or with a null value, is missing, and who
            has no value at all is imputed too. A participant has one arm and one value of each covariate.
        fixed: of the imputation model, such as `arm * visit + baseline * visit`. visits: in their order.
        reference: arm -> the arm that it takes as its reference; the reference arm is its own.
        events: participant -> first visit after the event; without it, the first visit after the last one
            that was seen (what is missing before is missing at random).
        covariates: of the analysis at each visit, beside the arm.
    Raises:
        ValueError: for a covariate that is missing, two rows of a visit, an arm without reference.
    """
    order = {visit: place for place, visit in enumerate(visits)}
    text = rows.with_columns(pl.col("participant", "visit", "arm").cast(pl.String))
    strange = sorted(set(text["visit"].drop_nulls().unique()) - set(order))
    if strange:
        raise ValueError(f"visits {strange} are none of {', '.join(visits)}")
    at_visits = text.filter(pl.col("visit").is_not_null())  # others say who is there, and their covariates
    twice = at_visits.filter(pl.struct("participant", "visit").is_duplicated())
    if len(twice):
        raise ValueError(f"participant {twice['participant'][0]} has two rows at {twice['visit'][0]}")
    parsed = parse(f"value ~ {fixed}")
    needed = [
        name for name in dict.fromkeys([*parsed.variables, *covariates]) if name not in ("arm", "visit")
    ]
    for name in ("arm", *needed):
        if name not in text.columns:
            raise ValueError(f"there is no column {name!r}; there are: {', '.join(text.columns)}")
    for name in covariates:
        if not text.schema[name].is_numeric():
            raise ValueError(f"the covariate {name!r} holds {held(text.schema[name])}; numbers are needed")
    people = text.group_by("participant", maintain_order=True).agg(
        *[pl.col(name).drop_nulls().first() for name in ("arm", *needed)],
        *[pl.col(name).drop_nulls().n_unique().alias(f"{name} in number") for name in ("arm", *needed)],
    )
    for name in ("arm", *needed):
        wrong = people.filter(pl.col(f"{name} in number") != 1)
        if len(wrong):
            what = "no" if wrong[f"{name} in number"][0] == 0 else "more than one"
            raise ValueError(f"participant {wrong['participant'][0]} has {what} {name}: imputation needs one")
    arms = tuple(sorted(people["arm"].unique().to_list()))
    missing = [arm for arm in arms if reference.get(arm) not in arms]
    if missing:
        raise ValueError(f"arm {missing[0]!r} has no reference among the arms: {', '.join(arms)}")
    names = people["participant"].to_list()
    code = {name: place for place, name in enumerate(names)}
    m, n = len(visits), len(names)
    y = np.full((n, m), np.nan)
    known = at_visits.with_columns(pl.col("value").cast(pl.Float64).fill_nan(None))
    for who, visit, value in known.select("participant", "visit", "value").drop_nulls().iter_rows():
        y[code[who], order[visit]] = value
    grid = people.select("participant", "arm", *needed).join(
        pl.DataFrame({"visit": list(visits)}), how="cross", maintain_order="left_right"
    )
    grid = grid.with_columns(pl.col("visit").cast(pl.Enum(list(visits))), pl.lit(0.0).alias("value"))
    columns: dict[str, Column] = {
        name: read_factor(grid, name) if name in parsed.categories else read_column(grid, name)
        for name in (*parsed.variables, "value")
    }
    _, flat, design = build(parsed, columns)
    moved = dict(columns)
    arm_column = columns.get("arm")
    if isinstance(arm_column, Factor):
        to = np.array([arm_column.levels.index(reference[level]) for level in arm_column.levels])
        moved["arm"] = replace(arm_column, codes=to[arm_column.codes].astype(arm_column.codes.dtype))
    arm = np.array([arms.index(one) for one in people["arm"]], dtype=np.int64)
    event = _events(y, names, order, events)
    table = [people[name].cast(pl.Float64).to_numpy() for name in covariates]
    return Trial(
        tuple(names),
        tuple(visits),
        arms,
        arm,
        y,
        flat.reshape(n, m, -1),
        design.matrix(moved).reshape(n, m, -1),
        event,
        np.column_stack(table) if table else np.zeros((n, 0)),
        tuple(covariates),
    )


def _events(y: Floats, names: list[str], order: Mapping[str, int], events: Mapping[str, str] | None) -> Ints:
    n, m = y.shape
    if events is None:
        seen = ~np.isnan(y)
        last = np.where(seen.any(1), m - seen[:, ::-1].argmax(1), 0)
        return last.astype(np.int64)
    found = np.full(n, m, dtype=np.int64)
    for place, name in enumerate(names):
        if name in events:
            visit = events[name]
            if visit not in order:
                raise ValueError(f"the event of participant {name} is before {visit!r}, which is no visit")
            found[place] = order[visit]
    return found
