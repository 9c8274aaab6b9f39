"""The difference of two arms without each site, therapist pair or other group in turn."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from entact.analysis.continuous import adjusted_difference
from entact.analysis.frame import public, sort_groups
from entact.analysis.heterogeneity.subgroups import not_estimated, of_arms, within, without
from entact.analysis.result import Estimates, signed


@public
def leave_one_out(
    rows: pl.DataFrame, fixed: str, contrast: tuple[str, str], of: str, *, level: float = 0.95
) -> Estimates:
    """The adjusted difference of everybody, and again without each group: does one carry it?

    Args:
        rows: participant, arm, value and covariates, one row a participant. fixed: as for `ancova`. of: the
            column of groups, as `site` or a therapist pair; who has none always stays.
    Returns:
        "all", and "without" each group in its order; one that cannot be estimated says why. The note of the
        first says between which differences they lie. Without one of two groups the other is alone, and the
        column itself leaves the model.
    Raises:
        ValueError: when the rows of everybody do not allow the model, or there are fewer than two groups.
    """
    own = of_arms(rows, contrast, of)
    named = own.with_columns(pl.col(of).cast(pl.String).alias("group left out"))
    groups = sort_groups(named.drop_nulls("group left out"), ["group left out"])["group left out"]
    names = groups.unique(maintain_order=True).to_list()
    if len(names) < 2:
        raise ValueError(f"{of} has fewer than two groups, and without the only one nobody is left")
    formula = f"value ~ {fixed}"
    whole = replace(adjusted_difference(formula, own, contrast, level=level), label="all")
    found = []
    for name in names:
        part = named.filter(pl.col("group left out").ne_missing(name))
        label = f"without {name}"
        try:
            inside = formula if len(names) > 2 else f"value ~ {without(fixed, of)}"
        except ValueError as problem:
            found.append(not_estimated(part, contrast, label, str(problem), level))
            continue
        found.append(within(inside, part, contrast, label, level))
    known = [one.estimate for one in found if one.estimate is not None]
    said = f"without each {of} in turn: from {signed(min(known))} to {signed(max(known))}" if known else ""
    first = replace(whole, notes=(*whole.notes, *([said] if said else [])))
    return Estimates(f"Without each {of}, {contrast[0]} - {contrast[1]}", (first, *found))
