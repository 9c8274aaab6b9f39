"""Analysis of covariance: adjusted means of the arms and their difference, by least squares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import sqrt
from typing import Any, Literal

import numpy as np
import polars as pl
from scipy.special import stdtr, stdtrit

from entact.analysis.frame import known, public
from entact.analysis.result import Estimate, Estimates, Group, Side

Spread = Literal["model", "HC0", "HC2", "HC3"]
Weights = Literal["equal", "proportional", "observed"]

_SANDWICH: dict[str, Any] = {"model": None, "HC0": "CR0", "HC2": "CR2", "HC3": "CR3"}
ROUNDING = 1e-20
"""A residual variance beside the mean square of the outcome, below which it may be rounding alone."""
_ALONE = (
    "one value alone determines a part of it, as of the only participant of a site, so that nothing is known "
    "of its spread: no robust interval; leave levels together, or take the variance of the model"
)
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
    if variance not in _SANDWICH:
        raise ValueError(f"a variance {variance!r} is not known; write one of: {', '.join(_SANDWICH)}")
    fit = fit_once(formula, data, variance=variance, level=level)
    means = fit.lsmeans(arm, weights=weights)
    which = combination or f"{contrast[0]} - {contrast[1]}"
    found = means.contrast(which).to_polars().row(0, named=True)
    if found["estimate"] is None:
        raise ValueError(f"{contrast[0]} - {contrast[1]} cannot be estimated from these rows")
    how = _how(formula)
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
            notes=() if each[name]["se"] is not None else (_ALONE,),
            label=name,
        )
        for name, group in zip(compared, own, strict=True)
    ]
    if found["se"] is None:
        raise ValueError(f"{contrast[0]} - {contrast[1]}: {_ALONE}")
    difference = _difference(
        (found["estimate"], found["se"], found["df"]), contrast, how, own, level=level, null=null, side=side
    )
    if weights == "observed":
        difference = replace(difference, notes=("marginal: averaged over the covariates of everybody",))
    return Estimates("", (difference, *rows_found))


def fit_once(formula: str, data: pl.DataFrame, *, variance: Spread = "model", level: float = 0.95) -> Any:
    """The linear model of one row a person, with what is known of a mixed model's means and contrasts.

    Raises:
        ValueError: when the rows do not allow it; the message says why.
    """
    from entact.analysis.mmrm import REML, NotConverged, Residual, mmrm

    rows = data.with_row_index(_ROW).with_columns(pl.col(_ROW).cast(pl.String), pl.lit("end").alias(_ONCE))
    try:
        # With one value a person the likelihood of a mixed model is that of least squares.
        return mmrm(
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


def adjusted_difference(
    formula: str, data: pl.DataFrame, contrast: tuple[str, str], *, level: float = 0.95
) -> Estimate:
    """What `ancova` says of the difference, without the adjusted means: for many models of one table.

    Where the arm interacts with nothing and no column is explained by others, the difference is one
    combination of coefficients for everybody, whatever the weights; else it is `ancova` that is asked.

    Raises:
        ValueError: as `ancova` does.
    """
    from entact.analysis.adjustment.model import linear
    from entact.analysis.mmrm.columns import Factor

    try:
        fit = linear(formula, data)
    except ValueError:
        return ancova(formula, data, contrast, level=level)[0]  # which says what is wrong with it
    arm, size = fit.rows.columns.get("arm"), float(np.square(fit.rows.y).mean())
    if not (isinstance(arm, Factor) and set(contrast) <= set(arm.levels) and fit.rows.kept.all()):
        return ancova(formula, data, contrast, level=level)[0]
    one, two = (fit.rows.at("arm", arm.levels.index(name)) for name in contrast)
    apart = one - two
    if not (apart == apart[0]).all() or fit.scale <= ROUNDING * size:
        return ancova(formula, data, contrast, level=level)[0]
    along, df = apart[0], float(fit.rows.n - fit.beta.size)
    found = float(along @ fit.beta), sqrt(fit.scale * float(along @ fit.bread @ along)), df
    groups = _groups(formula, data, "arm", contrast)
    return _difference(found, contrast, _how(formula), groups, level=level, null=0.0, side="two_sided")


def _how(formula: str) -> str:
    return f"analysis of covariance, {formula}; least squares"


def _difference(
    found: tuple[float, float, float],
    contrast: tuple[str, str],
    how: str,
    groups: tuple[Group, ...],
    *,
    level: float,
    null: float,
    side: Side,
) -> Estimate:
    """A difference, its standard error and degrees of freedom as an estimate."""
    estimate, se, df = found
    t = (estimate - null) / se
    reach = float(stdtrit(df, 0.5 + level / 2)) * se
    return Estimate(
        "adjusted mean difference",
        how,
        estimate,
        estimate - reach,
        estimate + reach,
        level,
        se=se,
        df=df,
        statistic=t,
        p=t_tail(t, df, side),
        null=null,
        side=side,
        groups=groups,
        notes=("conditional: between people with the same covariates",),
        label=f"{contrast[0]} - {contrast[1]}",
    )


def t_tail(t: float, df: float, side: Side) -> float:
    """p of a t statistic: of both sides, or of that on which it is greater or less."""
    if side == "two_sided":
        return 2 * float(stdtr(df, -abs(t)))
    return float(stdtr(df, -t if side == "greater" else t))


def _groups(formula: str, data: pl.DataFrame, arm: str, contrast: tuple[str, ...]) -> tuple[Group, ...]:
    from entact.analysis.mmrm.formula import parse

    parsed = parse(formula)
    used = known(data, [*parsed.response.variables, *parsed.variables])
    everybody = used[parsed.response.variables[0]].cast(pl.Float64).to_numpy()
    arms = np.array(used[arm].cast(pl.String).to_list(), dtype=object)
    found = []
    for name in contrast:
        values = everybody[arms == name]
        found.append(
            Group(
                name,
                values.size,
                mean=float(values.mean()) if values.size else None,
                sd=float(values.std(ddof=1)) if values.size > 1 else None,
            )
        )
    return tuple(found)
