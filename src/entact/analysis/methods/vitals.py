"""Methods for vital signs on days of dosing: the peak of each session, and who was ever beyond a limit.

The value is a measurement after the dose, in rows of a session and a parameter; `before` is the last one
before that dose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from entact.analysis.methods.shares import share_known
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, Group
from entact.analysis.safety import Limits, dose_day_peaks, vital_outliers
from entact.analysis.safety.people import need


@dataclass(frozen=True, slots=True)
class DoseDayPeaks:
    """The greatest value of each parameter in each session: its mean, and how far it rose.

    Attributes:
        session, parameter, before: columns.
    """

    session: str
    parameter: str
    before: str

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        table = dose_day_peaks(_named(rows, self.session, self.parameter, self.before))
        found = []
        for row in table.iter_rows(named=True):
            label = f"{row['parameter']}, {row['session']}, {row['arm']}"
            n = row["participants"]
            peaks = (Group(row["arm"], n, mean=row["mean peak"], sd=row["SD"], median=row["median"]),)
            risen = (Group(row["arm"], row["risen"]),)
            counted = "the greatest value of each participant after the dose"
            none = () if n else (f"nobody in {row['arm']} has a value",)
            found += [
                Estimate("mean peak", counted, row["mean peak"], groups=peaks, notes=none, label=label),
                Estimate("greatest peak", counted, row["greatest"], groups=peaks, notes=none, label=label),
                Estimate(
                    "mean rise",
                    f"{counted}, less the last one before it",
                    row["mean rise"],
                    groups=risen,
                    notes=() if row["risen"] else (f"nobody in {row['arm']} has a value before and after",),
                    label=label,
                ),
            ]
        return Estimates("Peaks after the dose", tuple(found))


@dataclass(frozen=True, slots=True)
class VitalOutliers:
    """Shares of each arm that were ever at or beyond a limit in a session.

    Attributes:
        session, parameter, before: columns. limits: of each parameter that has some.
    """

    session: str
    parameter: str
    before: str
    limits: Mapping[str, Limits]

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        own = _named(rows, self.session, self.parameter, self.before)
        found = []
        for session, parameter, arm, criterion, many, known in vital_outliers(own, self.limits).iter_rows():
            label = f"{parameter}, {session}, {arm}, {criterion}"
            note = f"of nobody in {arm} it could be told"
            found.append(share_known(many, known, arm, level=question.level, label=label, else_note=note))
        return Estimates("Beyond limits", tuple(found))


def _named(rows: pl.DataFrame, session: str, parameter: str, before: str) -> pl.DataFrame:
    if rows.is_empty():
        raise ValueError("nobody is there")
    need(rows, (session, parameter, before), "rows")
    own = rows if "arm" in rows.columns else rows.with_columns(arm=pl.lit("all"))
    return own.select(
        "participant",
        "arm",
        pl.col(session).alias("session"),
        pl.col(parameter).alias("parameter"),
        pl.col("value"),
        pl.col(before).alias("before"),
    )
