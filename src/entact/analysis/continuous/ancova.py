"""Analysis of covariance: adjusted means of the arms and their difference, by least squares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import polars as pl
from scipy.special import stdtr, stdtrit

from entact.analysis.frame import public
from entact.analysis.result import Estimate, Estimates, Group, Side

Spread = Literal["model", "HC0", "HC2", "HC3"]
Weights = Literal["equal", "proportional", "observed"]

_SANDWICH: dict[str, Any] = {"model": None, "HC0": "CR0", "HC2": "CR2", "HC3": "CR3"}
_ROW, _ONCE = "row of the frame", "once"


@public
def ancova(
    formula: str,
    data: pl.DataFrame,
    contrast: tuple[str, str],
    *,
    arm: str = "arm",
    weights: Weights = "equal",
    variance: Spread = "model",
    level: float = 0.95,
    null: float = 0.0,
    side: Side = "two_sided",
    combination: Mapping[str, float] | None = None,
) -> Estimates:
    """Adjusted means of two arms, and the first less the second.

    Args:
        combination: arm -> factor of its mean, where several arms are compared together.
        formula: outcome ~ terms, with the arm, with or without interactions of arm and covariates.
        data: one row a participant. weights: of the levels of other factors: all alike (emmeans), as often as
            they occur, or everybody as they are (marginal, g-computation).
        variance: of least squares, or robust: HC3 is Mancl and DeRouen's jackknife, HC2 is unbiased if
            variances are equal. The degrees of freedom are those of the residuals.
    Raises:
        ValueError: when the rows do not allow it; the message says why.
    Source: ICH E9, 5.7; FDA 2023, Adjusting for covariates; MacKinnon & White 1985. Equivalent to R `lm`,
        `emmeans` and `sandwich::vcovHC`.
    """
    from entact.analysis.mmrm import REML, NotConverged, Residual, mmrm

    if variance not in _SANDWICH:
        raise ValueError(f"a variance {variance!r} is not known; write one of: {', '.join(_SANDWICH)}")
    rows = data.with_row_index(_ROW).with_columns(pl.col(_ROW).cast(pl.String), pl.lit("end").alias(_ONCE))
    try:
        # With one value a person the likelihood of a mixed model is that of least squares.
        fit = mmrm(
            formula,
            rows,
            subject=_ROW,
            visit=_ONCE,
            method=REML,
            df=Residual(),
            sandwich=_SANDWICH[variance],
            level=level,
        )
    except NotConverged as problem:
        raise ValueError(f"{problem}: does the outcome vary, given the covariates?") from problem
    means = fit.lsmeans(arm, weights=weights)
    which = combination or f"{contrast[0]} - {contrast[1]}"
    found = means.contrast(which).to_polars().row(0, named=True)
    if found["estimate"] is None:
        raise ValueError(f"{contrast[0]} - {contrast[1]} cannot be estimated from these rows")
    how = f"analysis of covariance, {formula}; least squares"
    if variance != "model":
        how += f", robust variance {variance}"
    how += f"; {weights} weights" if weights != "equal" else ""
    compared = contrast if combination is None else tuple(combination)
    own = _groups(formula, data, arm, compared)
    each = {row[arm]: row for row in means.to_polars().iter_rows(named=True)}
    rows_found = [
        Estimate(
            "adjusted mean",
            how,
            each[name]["estimate"],
            each[name]["low"],
            each[name]["high"],
            level,
            se=each[name]["se"],
            df=each[name]["df"],
            groups=(group,),
            label=name,
        )
        for name, group in zip(compared, own, strict=True)
    ]
    t = (found["estimate"] - null) / found["se"]
    reach = float(stdtrit(found["df"], 0.5 + level / 2)) * found["se"]
    difference = Estimate(
        "adjusted mean difference",
        how,
        found["estimate"],
        found["estimate"] - reach,
        found["estimate"] + reach,
        level,
        se=found["se"],
        df=found["df"],
        statistic=t,
        p=t_tail(t, found["df"], side),
        null=null,
        side=side,
        groups=own,
        notes=(
            "marginal: averaged over the covariates of everybody"
            if weights == "observed"
            else "conditional: between people with the same covariates",
        ),
        label=f"{contrast[0]} - {contrast[1]}",
    )
    return Estimates("", (difference, *rows_found))


def t_tail(t: float, df: float, side: Side) -> float:
    """p of a t statistic: of both sides, or of that on which it is greater or less."""
    if side == "two_sided":
        return 2 * float(stdtr(df, -abs(t)))
    return float(stdtr(df, -t if side == "greater" else t))


def _groups(formula: str, data: pl.DataFrame, arm: str, contrast: tuple[str, ...]) -> tuple[Group, ...]:
    from entact.analysis.mmrm.formula import parse

    parsed = parse(formula)
    used = data.drop_nulls([*parsed.response.variables, *parsed.variables])
    found = []
    for name in contrast:
        part = used.filter(pl.col(arm).cast(pl.String) == name)
        values = part[parsed.response.variables[0]].cast(pl.Float64)
        mean, sd = values.mean(), values.std()
        found.append(
            Group(
                name,
                len(values),
                mean=mean if isinstance(mean, float) else None,
                sd=sd if isinstance(sd, float) else None,
            )
        )
    return tuple(found)
