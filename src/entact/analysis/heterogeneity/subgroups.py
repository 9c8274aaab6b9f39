"""The difference of two arms in each subgroup, and whether subgroups differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from scipy.special import fdtrc

from entact.analysis.adjustment.model import linear
from entact.analysis.continuous import adjusted_difference
from entact.analysis.frame import as_categories, keep, public, sort_groups
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, Group
from entact.analysis.safety.people import need


@public
def subgroups(
    rows: pl.DataFrame,
    fixed: str,
    contrast: tuple[str, str],
    by: Sequence[str],
    *,
    level: float = 0.95,
) -> Estimates:
    """The adjusted difference of everybody, of each level of each column, and the test of each interaction.

    Args:
        rows: participant, arm, value and covariates, one row a participant. fixed: as for `ancova`, with the
            arm. by: columns of subgroups, as sex or site; a level is a category, whatever it holds. Within a
            level its own column leaves the model.
    Returns:
        "all" first; then each column's interaction (an F test of both arms, without an estimate),
        and its levels. A level in which the difference cannot be estimated says why.
    Raises:
        ValueError: when the rows of everybody do not allow the model, or a column is not there.
    Source: ICH E9, 5.7. Equivalent to R `anova(lm(..), lm(.. + arm:by))`.
    """
    own = of_arms(rows, contrast, *by)
    formula = f"value ~ {fixed}"
    found = [replace(adjusted_difference(formula, own, contrast, level=level), label="all")]
    for column in by:
        inside = f"value ~ {without(fixed, column)}"
        known = own.drop_nulls(column)
        cast = known.with_columns(_as_level(known[column]))
        lost = len(own) - len(known)
        notes = (f"{column} of {lost} participants unknown",) if lost else ()
        test = _interaction(formula, cast, column, contrast, level)
        found.append(replace(test, notes=(*test.notes, *notes)))
        for key, part in sort_groups(cast, [column]).group_by(column, maintain_order=True):
            found.append(within(inside, part, contrast, f"{column}: {key[0]}", level))
    return Estimates(f"Subgroups, {contrast[0]} - {contrast[1]}", tuple(found))


def without(fixed: str, column: str) -> str:
    """The terms of a model but for a column's own, which does not vary within a subgroup.

    Raises:
        ValueError: when the column interacts with others: the subgroups are what tells whether it does.
    """
    terms = [term.strip() for term in fixed.split("+")]
    kept = [term for term in terms if term.replace(" ", "") not in (column, f"C({column})")]
    if re.search(rf"(?<![\w.]){re.escape(column)}(?![\w.])", " + ".join(kept)):
        raise ValueError(
            f"{column!r} interacts in `fixed`, and each subgroup is one of it; take it out there"
        )
    return " + ".join(kept) or "1"


def _as_level(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, pl.Enum):
        return column
    return column.cast(pl.String)


def not_estimated(
    rows: pl.DataFrame,
    contrast: tuple[str, str],
    label: str,
    why: str,
    level: float,
    measure: str = "adjusted mean difference",
) -> Estimate:
    """A row without an estimate, that says who is in it and why there is none."""
    groups = tuple(Group(arm, rows.filter(arm=arm).height) for arm in contrast)
    return Estimate(
        measure, "none", None, level=level, groups=groups, notes=(f"{label}: {why}",), label=label
    )


def of_arms(rows: pl.DataFrame, contrast: tuple[str, str], *columns: str) -> pl.DataFrame:
    """Who of the two arms has a value, once each; a ValueError for a column that is not there."""
    need(rows, ("participant", "arm", "value", *columns), "rows")
    own = Question(contrast).here(rows)
    compared = own["arm"].cast(pl.String).is_in(list(contrast)) & own["value"].is_not_null()
    return as_categories(keep(own, compared), "arm")


def within(formula: str, part: pl.DataFrame, contrast: tuple[str, str], label: str, level: float) -> Estimate:
    """The adjusted difference in a part of the rows, or why there is none."""
    try:
        return replace(adjusted_difference(formula, part, contrast, level=level), label=label)
    except ValueError as problem:
        return not_estimated(part, contrast, label, str(problem), level)


def _interaction(
    formula: str, rows: pl.DataFrame, column: str, contrast: tuple[str, str], level: float
) -> Estimate:
    """The F test of arm by subgroup beside the model's terms."""
    label = f"{column}: interaction"
    try:
        small = linear(f"{formula} + {column}", rows)
        large = linear(f"{formula} + {column} + arm:{column}", rows)
    except ValueError as problem:
        return not_estimated(rows, contrast, label, str(problem), level, "interaction")
    df = large.rows.x.shape[1] - small.rows.x.shape[1]
    rest = large.rows.n - large.rows.x.shape[1]
    if df < 1 or not large.scale > 0:
        return not_estimated(rows, contrast, label, "no two levels have both arms", level, "interaction")
    between = (float(small.residual @ small.residual) - float(large.residual @ large.residual)) / df
    f = max(between / large.scale, 0.0)
    return Estimate(
        "interaction",
        f"F test of arm:{column} beside {formula}; {df} and {rest} degrees of freedom",
        None,
        level=level,
        df=float(rest),
        statistic=f,
        p=float(fdtrc(df, rest, f)),
        groups=tuple(Group(arm, int((rows["arm"] == arm).sum())) for arm in contrast),
        label=label,
    )
