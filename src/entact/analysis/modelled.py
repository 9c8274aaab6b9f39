"""The model-based difference of two arms at a visit, by the words of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from entact.analysis.frame import as_categories

POOLED = "pooled"  # the sites with too few participants, taken as one


class AdjustedMean(NamedTuple):
    """Of an arm at a visit, with how many had a value then."""

    arm: str
    visit: str
    n: int
    mean: float
    se: float
    df: float


@dataclass(frozen=True, slots=True)
class ModelDifference:
    """Difference of two arms at a visit by a mixed model for repeated measures, with its 95 % interval.

    `participants` counts those in the model; `fit` says in words which structure was fitted and how it ended;
    `means` are those of the arms compared at every visit.
    """

    difference: float
    se: float
    df: float
    low: float
    high: float
    p: float
    participants: int
    fit: str
    means: tuple[AdjustedMean, ...] = ()


def model_difference(
    frame: pl.DataFrame,
    *,
    fixed: str,
    contrast: tuple[str, str],
    at: str,
    covariance: str | Sequence[str] = "unstructured",
    df: str = "kenward_roger",
    pool_sites_below: int | None = None,
    combination: Mapping[str, float] | None = None,
    equal_at: str | None = None,
    average: Sequence[str] = (),
) -> ModelDifference:
    """The first arm minus the second at a visit, by the model that a plan names.

    Args:
        frame: one row for each participant and visit; columns participant, visit, arm, site, value, the
            covariates that `fixed` names, and day for a structure in time.
        fixed: fixed effects over these names, such as `arm * visit + baseline + site`.
        average: visits over whose mean the arms are compared, each alike, instead of at one.
        contrast: the two arms. at: the visit. covariance, df: as a plan names them; of several
            covariances the first with which the model is found.
        pool_sites_below: sites with fewer participants are taken as one.
        combination: arm -> factor of its mean, where several arms are compared together.
        equal_at: the visit before treatment, at which randomised arms are equal, where it is an outcome too.
    Raises:
        ValueError: when the plan names what is not known, or the rows cannot be fitted; the message says why.
    Source: Kenward & Roger 1997; Mallinckrodt et al. 2008.
    """
    from entact.analysis.mmrm import REML

    structures, frame = _several(covariance), _categories(frame)
    pooled = pool_sites(frame, pool_sites_below)
    fit, tried = _fit(f"value ~ {fixed}", pooled, structures, freedom(df), REML, equal_at)
    first, second = contrast
    which = combination or f"{first} - {second}"
    means = fit.lsmeans("arm", by="visit")
    if absent := [one for one in average if one not in fit.visits]:
        raise ValueError(f"nobody has a value at {absent[0]}, over which the arms would be averaged")
    here = means.average("visit", dict.fromkeys(average, 1 / len(average))) if average else means.at(visit=at)
    found = here.contrast(which).to_polars()
    told = _told(tried, df)
    if equal_at is not None:
        told += f"; arms equal at {equal_at}"
    arms = contrast if combination is None else tuple(combination)
    cells = {(row["visit"], row["arm"]): row for row in means.to_polars().iter_rows(named=True)}
    own = tuple(
        AdjustedMean(arm, visit, row["n"], row["estimate"], row["se"], row["df"])
        for visit in fit.visits
        for arm in arms
        if (row := cells[visit, arm])["estimate"] is not None
    )
    where = f"at {at}" if not average else f"over the mean of {', '.join(average)}"
    return replace(_difference(found, fit, where, told), means=own)


def model_means(
    frame: pl.DataFrame,
    *,
    fixed: str,
    covariance: str | Sequence[str] = "unstructured",
    df: str = "kenward_roger",
    level: float = 0.95,
) -> tuple[Any, str]:
    """The adjusted means of every arm at every visit, and the model in words.

    Args:
        frame, fixed, covariance, df: as for `model_difference`. level: of intervals.
    Raises:
        ValueError: when the plan names what is not known, or the rows cannot be fitted; the message says why.
    """
    from entact.analysis.mmrm import REML

    structures = _several(covariance)
    fit, tried = _fit(f"value ~ {fixed}", _categories(frame), structures, freedom(df), REML, level=level)
    return fit.lsmeans("arm", by="visit"), _told(tried, df)


def model_covariance(
    frame: pl.DataFrame,
    *,
    fixed: str,
    at: str,
    covariance: str | Sequence[str] = "unstructured",
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

    rows = pool_sites(_categories(frame), pool_sites_below)
    fit, _ = _fit(f"value ~ {fixed}", rows, _several(covariance), None, REML)
    if at not in fit.visits:
        raise ValueError(f"nobody has a value at {at}")
    until = fit.visits.index(at) + 1
    [matrix] = fit.covariance.values()
    return fit.visits[:until], matrix[:until, :until]


def _fit(
    formula: str,
    frame: pl.DataFrame,
    covariance: Mapping[str, Any],
    df: Any,
    method: Any,
    equal_at: str | None = None,
    level: float = 0.95,
) -> tuple[Any, list[str]]:
    """The model with the first structure with which it is found, and the names of those tried, that last.

    Args:
        covariance: structures by the plan's names, in their order.
    """
    from entact.analysis.mmrm import KenwardRoger, NotConverged, mmrm

    tried: list[str] = []
    why: list[str] = []
    for name, structure in covariance.items():
        tried.append(name.replace("_", " "))
        try:
            fit = mmrm(
                formula,
                frame,
                subject="participant",
                visit="visit",
                covariance=structure,
                method=method,
                df=df or KenwardRoger(),
                equal_at=None if equal_at is None else {"arm": equal_at},
                level=level,
            )
        except np.linalg.LinAlgError:  # a ValueError too, in words of matrices
            why.append("the rows do not determine the model: too few people, or too many terms")
        except (NotConverged, ValueError) as problem:
            why.append(str(problem).partition(". Fewer")[0])
        else:
            return fit, tried
    if len(why) > 1:
        raise ValueError("; ".join(f"with {name}: {said}" for name, said in zip(tried, why, strict=True)))
    hint = "the plan may name simpler structures to be tried in their order, as in covariance: "
    more = f"; {hint}[unstructured, toeplitz, compound_symmetry]" if "no optimum" in why[0] else ""
    raise ValueError(f"{why[0]}{more}")


def _told(tried: Sequence[str], df: str) -> str:
    """A fit in words: the structure that it has, those with which none was found, and how it was made."""
    after = f" (none was found with {', '.join(tried[:-1])})" if len(tried) > 1 else ""
    return f"{tried[-1]}{after}, REML, {df.replace('_', '-').title()}"


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


def _several(covariance: str | Sequence[str]) -> dict[str, Any]:
    """The structures that a plan names, in its order."""
    names = (covariance,) if isinstance(covariance, str) else covariance
    return {name: _named(name, _structures(), "covariance") for name in names}


def _named(name: str, known: Mapping[str, Any], what: str) -> Any:
    if name not in known:
        raise ValueError(f"the plan names {what} {name!r}; known are {', '.join(known)}")
    return known[name]


def _difference(found: pl.DataFrame, fit: Any, where: str, told: str) -> ModelDifference:
    row = found.row(0, named=True)
    if row["estimate"] is None:
        raise ValueError(f"the difference {where} cannot be estimated from these rows")
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
    frame = as_categories(frame, *(one for one in ("arm", "site") if frame.schema.get(one) == pl.String))
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
