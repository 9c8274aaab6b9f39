"""How QTc changes with the concentration in plasma, and what that comes to at a concentration of interest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from entact.analysis.frame import keep, known, public, put
from entact.analysis.result import Estimate, Estimates, Group
from entact.analysis.safety.people import need

CONCERN = 10.0
"""Milliseconds that the upper limit has to stay below (ICH E14, 2.2.4)."""


@public
def concentration_qtc(
    rows: pl.DataFrame,
    concentrations: Mapping[str, float],
    *,
    level: float = 0.90,
    slopes: bool = True,
) -> Estimates:
    """The slope of the change of QTc on concentration, and the difference from placebo at concentrations.

    A linear mixed model: change of QTc from baseline by treatment, concentration, time and the baseline less
    its mean, with a random intercept and slope of each participant, REML and Kenward-Roger. The difference at
    a concentration is treatment + slope x concentration; its upper limit at the mean greatest concentration
    is compared with 10 ms.

    Args:
        rows: one a measurement after a dose: participant, `active` (whether the treatment is, not placebo),
            `concentration` (0 for placebo), `time` after the dose (its name), `change` of QTc and `baseline`,
            in ms.
        concentrations: what each is called, as "mean greatest": in the units of the column.
        level: of two-sided intervals; 0.90 as E14 has it. slopes: whether people differ in their slopes.
    Raises:
        ValueError: when placebo has a concentration, or the rows cannot be fitted.
    Source: Garnett et al. 2018, Journal of Pharmacokinetics and Pharmacodynamics 45:383; ICH E14 Q&A (R3),
        5.1. Equivalent to R `lmerTest::lmer` with Kenward and Roger's degrees of freedom (pbkrtest, which
        takes the expected information).
    """
    from entact.analysis.mixed import RandomEffect, mixed
    from entact.analysis.mmrm import NotConverged

    columns = ("participant", "active", "concentration", "time", "change", "baseline")
    need(rows, columns, "rows")
    numbers = ("concentration", "change", "baseline")
    own = rows.select(
        *[pl.col(name).cast(pl.Float64).fill_nan(None) for name in numbers],
        pl.col("participant").cast(pl.String),
        pl.col("time").cast(pl.String),
        pl.col("active").cast(pl.Float64),
    )
    whole = known(own, own.columns)
    wrong = keep(whole, (whole["active"] == 0) & (whole["concentration"] != 0))
    if len(wrong):
        raise ValueError(f"participant {wrong['participant'][0]} has a concentration without the active drug")
    if (whole["concentration"] < 0).any():
        raise ValueError("a concentration is not below 0; write 0 below quantification")
    if whole["active"].n_unique() < 2:
        raise ValueError("both arms are needed: placebo says what QTc does by itself over the day")
    base = keep(whole, whole["participant"].is_first_distinct())["baseline"].mean()
    assert isinstance(base, float)
    whole = put(whole, (whole["baseline"] - base).alias("centred"))
    times = "C(time) + " if whole["time"].n_unique() > 1 else ""
    formula = f"change ~ active + concentration + {times}centred"
    terms = "1 + concentration" if slopes else "1"
    try:
        fit = mixed(
            formula, whole, random=RandomEffect("participant", terms), information="expected", level=level
        )
    except NotConverged as problem:
        raise ValueError(f"{problem}; without random slopes it may be fitted: slopes=False") from problem
    groups = tuple(
        Group(name, whole["participant"].filter(whole["active"] == code).n_unique())
        for name, code in (("active", 1.0), ("placebo", 0.0))
    )
    method = f"linear mixed model, {formula} + ({terms} | participant), Kenward-Roger"
    lost = len(own) - len(whole)
    notes = (*fit.notes, *([f"{lost} measurements left out, something unknown"] if lost else []))
    found = [("slope", "ms per unit of concentration", {"concentration": 1.0})]
    found += [
        (f"{name} ({at:g})", "difference of QTc change, ms", {"active": 1.0, "concentration": float(at)})
        for name, at in concentrations.items()
    ]
    made = []
    for label, measure, row in found:
        one = fit.test(row)
        high = float(one.high[0])
        said = notes
        if label != "slope":
            below = "below" if high < CONCERN else "not below"
            said = (*notes, f"{label}: upper limit {high:.2f} ms, {below} {CONCERN:g} ms")
        se = float(one.se[0])
        if not np.isfinite(se):
            raise ValueError("the slope on concentration cannot be estimated from these rows")
        made.append(
            Estimate(
                measure,
                method,
                float(one.estimate[0]),
                float(one.low[0]),
                high,
                level,
                se=se,
                df=float(one.df[0]),
                statistic=float(one.t[0]),
                p=float(one.p[0]),
                null=0.0,
                groups=groups,
                notes=said,
                label=label,
            )
        )
    return Estimates("Concentration and QTc", tuple(made))
