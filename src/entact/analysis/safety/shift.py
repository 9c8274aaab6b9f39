"""From which grade to which worst one people went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl

from entact.analysis.frame import public
from entact.analysis.safety.people import need


@public
def shift(
    rows: pl.DataFrame, grades: Sequence[str], *, before: str = "before", after: str = "after"
) -> pl.DataFrame:
    """Participants by their grade before and their worst one after, of each arm.

    Args:
        rows: participant, arm, the grade before (one for each participant) and each one after, one row a
            measurement. grades: all of them, the mildest first.
    Returns:
        arm, the grade before ("unknown" where there is none), then a column for each worst grade afterwards
        and "unknown", counting participants; each pair of arm and grade before is there, 0 where nobody is.
    Raises:
        ValueError: for a grade that is none of these, or somebody with two before.
    """
    need(rows, ("participant", "arm", before, after), "rows")
    order = {grade: place for place, grade in enumerate(grades)}
    known = rows.select("participant", "arm", pl.col(before).cast(pl.String), pl.col(after).cast(pl.String))
    for column in (before, after):
        strange = set(known[column].drop_nulls()) - set(order)
        if strange:
            raise ValueError(f"{column} holds {min(strange)!r}, which is none of: {', '.join(grades)}")
    several = known.drop_nulls(before).group_by("participant").agg(pl.col(before).n_unique().alias("n"))
    if (several["n"] > 1).any():
        raise ValueError(
            f"participant {several.filter(pl.col('n') > 1)['participant'][0]} has two grades before"
        )
    worst = known.group_by("participant", "arm").agg(
        pl.col(before).drop_nulls().first(),
        pl.col(after).replace_strict(order, default=None, return_dtype=pl.Int64).max().alias("worst"),
    )
    names = [*grades, "unknown"]
    arms = worst["arm"].cast(pl.String).to_list()
    counted = Counter(zip(arms, worst[before].to_list(), worst["worst"].to_list(), strict=True))
    found = []
    for arm in sorted({one for one in arms if one is not None}):
        for start in names:
            own = None if start == "unknown" else start
            found.append((arm, start, *(counted[arm, own, order.get(end)] for end in names)))
    schema = {"arm": pl.String, before: pl.String, **dict.fromkeys(names, pl.Int64)}
    return pl.DataFrame(found, schema=schema, orient="row")
