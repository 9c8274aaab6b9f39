"""What a plan says in words, done: the model-based difference of two arms at a visit."""

from __future__ import annotations

from dataclasses import dataclass

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
) -> ModelDifference:
    """The first arm minus the second at a visit, by the model that a plan names.

    Args:
        frame: one row for each participant and visit; columns participant, visit, arm, site, baseline, value.
        fixed: fixed effects over these names, such as `arm * visit + baseline + site`.
        contrast: the two arms. at: the visit. covariance, df: as a plan names them.
        pool_sites_below: sites with fewer participants are taken as one.
    Raises:
        ValueError: when the plan names what is not known, or the rows cannot be fitted; the message says why.
    Source: Kenward & Roger 1997; Mallinckrodt et al. 2008.
    """
    from entact.analysis.mmrm import (
        REML,
        CompoundSymmetry,
        KenwardRoger,
        NotConverged,
        Satterthwaite,
        Unstructured,
        mmrm,
    )

    structures = {"unstructured": Unstructured(), "compound_symmetry": CompoundSymmetry()}
    freedoms: dict[str, KenwardRoger | Satterthwaite] = {
        "kenward_roger": KenwardRoger(),
        "satterthwaite": Satterthwaite(),
    }
    if covariance not in structures or df not in freedoms:
        raise ValueError(
            f"the plan names covariance {covariance!r} and degrees of freedom {df!r}; "
            f"known are {', '.join(structures)} and {', '.join(freedoms)}"
        )
    try:
        fit = mmrm(
            f"value ~ {fixed}",
            _pool(frame, pool_sites_below),
            subject="participant",
            visit="visit",
            covariance=structures[covariance],
            method=REML,
            df=freedoms[df],
        )
    except NotConverged as problem:
        raise ValueError(str(problem)) from problem
    first, second = contrast
    found = fit.lsmeans("arm", by="visit").at(visit=at).contrast(f"{first} - {second}").to_polars()
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
        participants=frame["participant"].n_unique(),
        fit=f"{covariance.replace('_', ' ')}, REML, {df.replace('_', '-').title()}",
    )


def _pool(frame: pl.DataFrame, below: int | None) -> pl.DataFrame:
    if below is None:
        return frame
    size = pl.col("participant").n_unique().over("site")
    return frame.with_columns(
        pl.when(size < below).then(pl.lit(POOLED)).otherwise(pl.col("site")).alias("site")
    )
