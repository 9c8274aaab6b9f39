"""The re-randomisation test: how often the procedure that was used would have given so large a difference."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import comb, sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.analysis.binary.arms import require_side
from entact.analysis.frame import held, public
from entact.analysis.randomisation.procedure import Arms, Complete, PermutedBlocks, Procedure, strata_of
from entact.analysis.result import Estimate, Group, Side

Floats = NDArray[np.float64]
ALL = 20_000  # allocations up to which every one is tried
ALIKE = 1e-9  # statistics that differ by less count as equal


def mean_difference(values: Floats, arms: Arms) -> float:
    """The mean of the first arm less that of the second."""
    return float(values[arms == 1].mean() - values[arms == 0].mean())


@public
def rerandomise(
    people: pl.DataFrame,
    *,
    contrast: tuple[str, str],
    procedure: Procedure,
    generator: np.random.Generator,
    draws: int = 9999,
    statistic: Callable[[Floats, Arms], float] = mean_difference,
    covariates: tuple[str, ...] = (),
    side: Side = "two_sided",
    level: float = 0.95,
) -> Estimate:
    """Whether two arms differ, by the randomisation that was done and nothing else.

    Args:
        people: one row a participant in order of allocation, with `arm`, `value`, and the columns that the
            procedure and `covariates` name; everybody who was randomised: who has no value keeps their place
            in the allocation, and counts for nothing else.
        procedure: as it was used. draws: allocations tried; all there are, where these are few and equally
            likely. statistic: of values and arms. covariates: numbers that are regressed out first.
    Returns:
        The statistic seen, and (1 + as large) / (1 + draws), with its Monte Carlo error in the notes.
    Raises:
        ValueError: when somebody has another arm or lacks a covariate, or an arm has no value.
    Source: Rosenberger, Uschner & Wang 2019, Statistics in Medicine 38:1; Phipson & Smyth 2010.
    """
    require_side(side)
    arm = people["arm"].cast(pl.String)
    strange = [name for name in arm.unique(maintain_order=True).to_list() if name not in contrast]
    if strange:
        raise ValueError(f"arm {strange[0]!r} is none of {contrast[0]} and {contrast[1]}")
    for name in ("value", *covariates):
        if not (people.schema[name].is_numeric() or people.schema[name] == pl.Boolean):
            raise ValueError(f"column {name!r} holds {held(people.schema[name])}; numbers are needed")
    for name in covariates:
        if people[name].null_count():
            raise ValueError(f"somebody has no {name}: a covariate of the test needs everybody's")
    own: Arms = (arm == contrast[0]).to_numpy().astype(np.int8)
    every_value = people["value"].cast(pl.Float64).fill_nan(None)
    there = every_value.is_not_null().to_numpy()
    if not there.any() or own[there].all() or not own[there].any():
        raise ValueError(f"both arms are needed, and one of {contrast[0]} and {contrast[1]} is empty")
    values = every_value.drop_nulls().to_numpy()
    if covariates:
        columns = [people[name].cast(pl.Float64).to_numpy()[there] for name in covariates]
        x = np.column_stack([np.ones(len(values)), *columns])
        values = values - x @ np.linalg.lstsq(x, values, rcond=None)[0]
    seen = statistic(values, own[there])
    known = people.with_columns(pl.Series("arm", own))
    every = _every(procedure, known, own)
    if every is not None:
        every = [one[there] for one in every]
        every = [one for one in every if one.any() and not one.all()]
        found = np.array([statistic(values, one) for one in every])
        p = float(_as_large(found, seen, side).mean())
        notes = [f"all {len(found)} allocations"]
    else:
        found, empty = _drawn(procedure, known, own, there, values, statistic, generator, draws)
        p = (1 + float(_as_large(found, seen, side).sum())) / (1 + len(found))
        notes = [
            f"{len(found)} allocations drawn; Monte Carlo error of p {sqrt(p * (1 - p) / len(found)):.4f}"
        ]
        if empty:
            notes.append(f"{empty} draws that left an arm empty were drawn again")
    if isinstance(procedure, PermutedBlocks) and not procedure.makes(known):
        notes.append(
            f"the arms cannot have come of {procedure.title} in the order of these rows: are they in that "
            "of allocation, with everybody who was allocated? If not, p is that of another procedure"
        )
    lost = len(there) - int(there.sum())
    if lost:
        notes.append(f"{lost} without a value keep their places in the allocation")
    if covariates:
        notes.append(f"values less what {', '.join(covariates)} explain")
    return Estimate(
        "mean difference" if statistic is mean_difference else "statistic",
        f"re-randomisation test, {procedure.title}",
        seen,
        level=level,
        p=p,
        null=0.0,
        side=side,
        groups=tuple(
            Group(
                name,
                int((own[there] == k).sum()),
                mean=float(every_value.drop_nulls().to_numpy()[own[there] == k].mean()),
            )
            for name, k in zip(contrast, (1, 0), strict=True)
        ),
        notes=tuple(notes),
    )


def _every(procedure: Procedure, people: pl.DataFrame, own: Arms) -> list[Arms] | None:
    """Every allocation, where they are equally likely and few; else None."""
    if not isinstance(procedure, Complete):
        return None
    strata = strata_of(people, procedure.within)
    many = 1
    for rows in strata:
        many *= comb(len(rows), int(own[rows].sum()))
        if many > ALL:
            return None
    found = [np.zeros(len(own), dtype=np.int8)]
    for rows in strata:
        chosen = list(combinations(rows.tolist(), int(own[rows].sum())))
        longer = []
        for one in found:
            for places in chosen:
                copy = one.copy()
                copy[list(places)] = 1
                longer.append(copy)
        found = longer
    return found


def _drawn(
    procedure: Procedure,
    people: pl.DataFrame,
    own: Arms,
    there: NDArray[np.bool_],
    values: Floats,
    statistic: Callable[[Floats, Arms], float],
    generator: np.random.Generator,
    draws: int,
) -> tuple[Floats, int]:
    found, empty = np.empty(draws), 0
    for place in range(draws):
        arms = procedure.draw(people, int(own.sum()), generator)[there]
        while arms.all() or not arms.any():
            empty += 1
            if empty > 100 * draws:
                raise ValueError(f"{procedure.title} leaves an arm empty nearly always")
            arms = procedure.draw(people, int(own.sum()), generator)[there]
        found[place] = statistic(values, arms)
    return found, empty


def _as_large(found: Floats, seen: float, side: Side) -> NDArray[np.bool_]:
    near = ALIKE * max(1.0, abs(seen))
    if side == "two_sided":
        large: NDArray[np.bool_] = np.abs(found) >= abs(seen) - near
        return large
    return found >= seen - near if side == "greater" else found <= seen + near
