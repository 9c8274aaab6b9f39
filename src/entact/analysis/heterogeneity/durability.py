"""Whether a difference lasts: at each visit of the follow-up, and how it changes from the first."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from entact.analysis.frame import public
from entact.analysis.result import Estimate, Estimates, Group
from entact.analysis.safety.people import need


@public
def durability(
    rows: pl.DataFrame,
    fixed: str,
    contrast: tuple[str, str],
    visits: Sequence[str],
    *,
    level: float = 0.95,
) -> Estimates:
    """The adjusted difference of two arms at each visit, and that at later visits less that at the first.

    Args:
        rows: participant, arm, visit, value and covariates, one row a participant and visit.
        fixed: of a mixed model for repeated measures, with arm and visit and their interaction. visits: of
            the follow-up in their order; the first is the end of treatment. All visits of the rows are
            modelled.
    Raises:
        ValueError: when there are fewer than two visits, or the rows do not allow the model.
    Source: Mallinckrodt et al. 2008, Drug Information Journal 42:303. Unstructured covariance, REML and
        Kenward-Roger. Equivalent to R `emmeans::contrast(interaction = TRUE)` of an `mmrm` fit.
    """
    from entact.analysis.mmrm import KenwardRoger, NotConverged, Unstructured, mmrm

    need(rows, ("participant", "arm", "visit", "value"), "rows")
    if len(visits) < 2:
        raise ValueError("durability needs two visits at least; name them in their order")
    there = set(rows.drop_nulls("value")["visit"].cast(pl.String))
    gone = [visit for visit in visits if visit not in there]
    if gone:
        raise ValueError(f"nobody has a value at {gone[0]!r}; there are: {', '.join(sorted(there))}")
    own = rows.with_columns(pl.col("arm").cast(pl.String))
    try:
        fit = mmrm(
            f"value ~ {fixed}",
            own,
            subject="participant",
            visit="visit",
            covariance=Unstructured(),
            df=KenwardRoger(),
            level=level,
        )
    except NotConverged as problem:
        raise ValueError(str(problem)) from problem
    differences = fit.lsmeans("arm", by="visit").contrast({contrast[0]: 1.0, contrast[1]: -1.0})
    at = {visit: differences.labels["visit"].index(visit) for visit in visits}
    whole = range(len(differences.labels["visit"]))
    label, first = f"{contrast[0]} - {contrast[1]}", visits[0]
    weights = {f"{label} at {one}": [float(at[one] == place) for place in whole] for one in visits}
    weights |= {
        f"{one} less {first}": [float(at[one] == place) - float(at[first] == place) for place in whole]
        for one in visits[1:]
    }
    made = differences.combine(weights).to_polars()
    method = f"mixed model for repeated measures, {fixed}; unstructured, REML, Kenward-Roger"
    found = []
    measures = ["adjusted mean difference"] * len(visits) + ["change of the difference"] * (len(visits) - 1)
    asked = zip(made.iter_rows(named=True), [*visits, *visits[1:]], measures, strict=True)
    for row, visit, measure in asked:
        if row["estimate"] is None:
            raise ValueError(f"{row['combination']} cannot be estimated from these rows")
        here = own.filter(pl.col("visit").cast(pl.String) == visit)
        found.append(
            Estimate(
                measure,
                method,
                row["estimate"],
                row["low"],
                row["high"],
                level,
                se=row["se"],
                df=row["df"],
                statistic=row["t"],
                p=row["p"],
                null=0.0,
                groups=tuple(Group(arm, here.filter(arm=arm)["value"].count()) for arm in contrast),
                label=row["combination"],
            )
        )
    return Estimates(f"Durability, {label}", tuple(found))
