"""The model-based difference of two arms at a visit, by the words of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

POOLED = "pooled"  # the sites with too few participants, taken as one


@dataclass(frozen=True, slots=True)
class ModelDifference:
    """Difference of two arms at a visit by a mixed model for repeated measures, with its 95 % interval.

    `participants` counts those in the model; `fit` says in words which structure was fitted and how it ended.
    """

    difference: float
    se: float
    df: float
    low: float
    high: float
    p: float
    participants: int
    fit: str


def model_difference(
    frame: pl.DataFrame,
    *,
    fixed: str,
    contrast: tuple[str, str],
    at: str,
    covariance: str = "unstructured",
    df: str = "kenward_roger",
    pool_sites_below: int | None = None,
    combination: Mapping[str, float] | None = None,
    equal_at: str | None = None,
) -> ModelDifference:
    """The first arm minus the second at a visit, by the model that a plan names.

    Args:
        frame: one row for each participant and visit; columns participant, visit, arm, site, value, the
            covariates that `fixed` names, and day for a structure in time.
        fixed: fixed effects over these names, such as `arm * visit + baseline + site`.
        contrast: the two arms. at: the visit. covariance, df: as a plan names them.
        pool_sites_below: sites with fewer participants are taken as one.
        combination: arm -> factor of its mean, where several arms are compared together.
        equal_at: the visit before treatment, at which randomised arms are equal, where it is an outcome too.
    Raises:
        ValueError: when the plan names what is not known, or the rows cannot be fitted; the message says why.
    Source: Kenward & Roger 1997; Mallinckrodt et al. 2008.
    """
    from entact.analysis.mmrm import REML

    structure, frame = _named(covariance, _structures(), "covariance"), _categories(frame)
    pooled = pool_sites(frame, pool_sites_below)
    fit = _fit(f"value ~ {fixed}", pooled, structure, freedom(df), REML, equal_at)
    first, second = contrast
    which = combination or f"{first} - {second}"
    found = fit.lsmeans("arm", by="visit").at(visit=at).contrast(which).to_polars()
    told = f"{covariance.replace('_', ' ')}, REML, {df.replace('_', '-').title()}"
    if equal_at is not None:
        told += f"; arms equal at {equal_at}"
    return _difference(found, fit, at, told)


def model_means(
    frame: pl.DataFrame,
    *,
    fixed: str,
    covariance: str = "unstructured",
    df: str = "kenward_roger",
    level: float = 0.95,
) -> Any:
    """The adjusted means of every arm at every visit, as `entact.analysis.mmrm.lsmeans` has them.

    Args:
        frame, fixed, covariance, df: as for `model_difference`. level: of intervals.
    Raises:
        ValueError: when the plan names what is not known, or the rows cannot be fitted; the message says why.
    """
    from entact.analysis.mmrm import REML

    structure = _named(covariance, _structures(), "covariance")
    fit = _fit(f"value ~ {fixed}", _categories(frame), structure, freedom(df), REML, level=level)
    return fit.lsmeans("arm", by="visit")


def model_covariance(
    frame: pl.DataFrame,
    *,
    fixed: str,
    at: str,
    covariance: str = "unstructured",
    pool_sites_below: int | None = None,
) -> tuple[tuple[str, ...], np.ndarray]:
    """What is left between visits of one participant, given what the model of a plan knows of them.

    Args:
        frame, fixed, covariance, pool_sites_below: as for `model_difference`. at: the last visit that counts.
    Returns:
        The visits up to it, and their covariance.
    Raises:
        ValueError: when the rows cannot be fitted, or nobody was seen then; the message says why.
    """
    from entact.analysis.mmrm import REML

    structure = _named(covariance, _structures(), "covariance")
    fit = _fit(f"value ~ {fixed}", pool_sites(_categories(frame), pool_sites_below), structure, None, REML)
    if at not in fit.visits:
        raise ValueError(f"nobody has a value at {at}")
    until = fit.visits.index(at) + 1
    [matrix] = fit.covariance.values()
    return fit.visits[:until], matrix[:until, :until]


def _fit(
    formula: str,
    frame: pl.DataFrame,
    covariance: Any,
    df: Any,
    method: Any,
    equal_at: str | None = None,
    level: float = 0.95,
) -> Any:
    from entact.analysis.mmrm import KenwardRoger, NotConverged, Unstructured, mmrm

    try:
        return mmrm(
            formula,
            frame,
            subject="participant",
            visit="visit",
            covariance=covariance or Unstructured(),
            method=method,
            df=df or KenwardRoger(),
            equal_at=None if equal_at is None else {"arm": equal_at},
            level=level,
        )
    except NotConverged as problem:
        raise ValueError(str(problem)) from problem


def _structures() -> dict[str, Any]:
    from entact.analysis.mmrm import (
        AnteDependence,
        AutoRegressive,
        CompoundSymmetry,
        SpatialExponential,
        SpatialGaussian,
        Toeplitz,
        Unstructured,
    )

    return {
        "unstructured": Unstructured(),
        "compound_symmetry": CompoundSymmetry(),
        "auto_regressive": AutoRegressive(),
        "ante_dependence": AnteDependence(),
        "toeplitz": Toeplitz(),
        "spatial_exponential": SpatialExponential("day"),
        "spatial_gaussian": SpatialGaussian("day"),
    }


def freedom(df: str) -> Any:
    """The method for degrees of freedom that a plan names."""
    from entact.analysis.mmrm import KenwardRoger, Satterthwaite

    return _named(df, {"kenward_roger": KenwardRoger(), "satterthwaite": Satterthwaite()}, "df")


def _named(name: str, known: Mapping[str, Any], what: str) -> Any:
    if name not in known:
        raise ValueError(f"the plan names {what} {name!r}; known are {', '.join(known)}")
    return known[name]


def _difference(found: pl.DataFrame, fit: Any, at: str, told: str) -> ModelDifference:
    row = found.row(0, named=True)
    if row["estimate"] is None:
        raise ValueError(f"the difference at {at} cannot be estimated from these rows")
    return ModelDifference(
        difference=row["estimate"],
        se=row["se"],
        df=row["df"],
        low=row["low"],
        high=row["high"],
        p=row["p"],
        participants=fit.model.layout.participants,
        fit=told,
    )


def _categories(frame: pl.DataFrame) -> pl.DataFrame:
    """Arm, visit and site as categories, even where they are kept as numbers; visits in time."""
    made = []
    for name in ("arm", "visit", "site"):
        if name in frame.columns and frame.schema[name].is_numeric():
            numbers = frame[name].unique().drop_nulls().sort()
            whole = numbers.dtype.is_float() and bool((numbers == numbers.floor()).all())
            kind = pl.Int64 if whole else numbers.dtype
            levels = pl.Enum(numbers.cast(kind).cast(pl.String))
            made.append(pl.col(name).cast(kind).cast(pl.String).cast(levels))
    if "day" in frame.columns and frame.schema["visit"] == pl.String:
        made.append(pl.col("visit").cast(pl.Enum(_in_time(frame))))
    return frame.with_columns(made)


def _in_time(frame: pl.DataFrame) -> list[str]:
    """The visits in the order in which participants come to them: text sorts by alphabet, which is none."""
    days = frame.pivot(on="visit", index="participant", values="day", aggregate_function="first").drop(
        "participant"
    )
    values = days.cast(pl.Float64).to_numpy()
    later = np.array(
        [[np.nanmedian(np.append(np.sign(one - other), 0.0)) for other in values.T] for one in values.T]
    ).sum(axis=1)
    return [days.columns[place] for place in np.argsort(later, kind="stable")]


def pool_sites(frame: pl.DataFrame, below: int | None) -> pl.DataFrame:
    """The rows with the sites of fewer participants taken as one."""
    if below is None:
        return frame
    if "site" not in frame.columns:
        raise ValueError("small sites are pooled, and the rows have no site: say which column `site` is")
    size = pl.col("participant").n_unique().over("site")
    own = pl.col("site").cast(pl.String)
    return frame.with_columns(pl.when(size < below).then(pl.lit(POOLED)).otherwise(own).alias("site"))
