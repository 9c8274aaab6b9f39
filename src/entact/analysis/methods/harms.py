"""Methods for what was measured of safety: shifts of grades, livers, long QT, and QTc by concentration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from entact.analysis.binary import Arm, share
from entact.analysis.frame import held, keep, put
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates, Group
from entact.analysis.safety import (
    SUICIDALITY,
    concentration_qtc,
    edish,
    qt_categories,
    shift,
    suicidality_shift,
)
from entact.analysis.safety.liver import QUADRANTS
from entact.analysis.safety.people import need


@dataclass(frozen=True, slots=True)
class Shift:
    """From which grade before to which worst one afterwards the people of each arm went."""

    before: str
    grades: tuple[str, ...]

    takes_text = True
    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if rows.is_empty():
            raise ValueError("nobody is there")
        if self.before not in rows.columns:
            raise ValueError(f"there is no column {self.before!r}; there are: {', '.join(rows.columns)}")
        own = rows if "arm" in rows.columns else rows.with_columns(arm=pl.lit("all"))
        own = own.with_columns(
            _grade(own["value"]).alias("value"), _grade(own[self.before]).alias(self.before)
        )
        table = shift(own, self.grades, before=self.before, after="value")
        return _shifts(table, self.grades, self.before, question.level)


@dataclass(frozen=True, slots=True)
class SuicidalityShift:
    """From which grade of suicidality to which worst one afterwards; the value is the type of ideation.

    Attributes:
        behaviour: column of true and false. time: column that says `before` or `after` of an assessment.
    """

    behaviour: str
    time: str

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if rows.is_empty():
            raise ValueError("nobody is there")
        need(rows, (self.behaviour, self.time), "rows")
        own = rows if "arm" in rows.columns else rows.with_columns(arm=pl.lit("all"))
        if own[self.behaviour].dtype not in (pl.Boolean, pl.Null):
            kind = held(own[self.behaviour].dtype)
            raise ValueError(f"column {self.behaviour!r} holds {kind}; it is true or false, or empty")
        own = own.select(
            "participant",
            "arm",
            pl.col(self.time).alias("time"),
            pl.col("value").alias("ideation"),
            pl.col(self.behaviour).alias("behaviour"),
        )
        return _shifts(suicidality_shift(own), SUICIDALITY, "before", question.level)


@dataclass(frozen=True, slots=True)
class LiverPeaks:
    """How many of each arm had peaks of ALT (the value) and bilirubin, both as multiples of their limit."""

    bilirubin: str

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if rows.is_empty():
            raise ValueError("nobody is there")
        need(rows, (self.bilirubin,), "rows")
        own = rows if "arm" in rows.columns else rows.with_columns(arm=pl.lit("all"))
        own = own.with_columns(pl.col("value").alias("alt"), pl.col(self.bilirubin).alias("bilirubin"))
        found: list[Estimate] = []
        for (arm,), part in own.group_by(["arm"], maintain_order=True):
            peaks = edish(part)
            known = peaks.filter(pl.col("quadrant") != "unknown").height
            lost = peaks.height - known
            notes = (f"{lost} in {arm} without ALT or bilirubin",) if lost else ()
            if not known:
                raise ValueError(f"nobody in {arm} has both ALT and bilirubin")
            for quadrant in QUADRANTS:
                one = share(
                    Arm(peaks.filter(quadrant=quadrant).height, known, str(arm)), level=question.level
                )
                found.append(replace(one, label=f"{arm}, {quadrant}", notes=notes))
        return Estimates("Liver tests", tuple(found))


@dataclass(frozen=True, slots=True)
class LongQT:
    """How many of each arm ever had a QTcF above 450, 480 or 500 ms, or a rise above 30 or 60 ms."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        if rows.is_empty():
            raise ValueError("nobody has a value")
        least = rows["value"].cast(pl.Float64).min()
        if isinstance(least, float) and least < 100:
            raise ValueError(f"QTcF is in milliseconds, as in 412, and a value is {least:g}")
        if "baseline" not in rows.columns:
            raise ValueError("a rise is counted from the baseline, and the rows have none")
        own = rows if "arm" in rows.columns else rows.with_columns(arm=pl.lit("all"))
        table = qt_categories(put(own, own["value"].alias("qtcf")))
        found: list[Estimate] = []
        for arm, category, many, known in table.iter_rows():
            if not known:
                continue
            one = share(Arm(many, known, arm), level=question.level)
            found.append(replace(one, label=f"{arm}, {category}"))
        return Estimates("QTcF", tuple(found))


@dataclass(frozen=True, slots=True)
class ConcentrationQTc:
    """How the change of QTc goes with the concentration, and what that comes to at concentrations.

    Attributes:
        concentration, time: columns; without `time` the visit is the time after the dose.
        concentrations: what each is called. slopes: `random`, or `common` to everybody.
    """

    concentration: str
    concentrations: Mapping[str, float]
    time: str | None = None
    slopes: str = "random"

    takes_missing = True

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        pair = question.pair()
        time = self.time or "visit"
        for name in ("arm", "baseline", self.concentration, time):
            if name not in rows.columns:
                raise ValueError(f"there is no column {name!r}; there are: {', '.join(rows.columns)}")
        arm = pl.col("arm").cast(pl.String)
        own = keep(rows, rows["arm"].cast(pl.String).is_in(list(pair)))
        own = own.select(
            "participant",
            "baseline",
            (arm == pair[0]).alias("active"),
            # nobody draws blood of placebo for what is not in it
            pl.when(arm == pair[1])
            .then(pl.col(self.concentration).cast(pl.Float64).fill_null(0.0))
            .otherwise(pl.col(self.concentration).cast(pl.Float64))
            .alias("concentration"),
            pl.col(time).cast(pl.String).alias("time"),
            pl.col("value").alias("change"),
        )
        if own.is_empty():
            raise ValueError(f"nobody in {pair[0]} or {pair[1]} has a value")
        twice = keep(own, own.select("participant", "time").is_duplicated())
        if len(twice):
            raise ValueError(
                f"participant {twice['participant'][0]} has two values at {twice['time'][0]}; say which "
                "column is the `time` after the dose"
            )
        try:
            found = concentration_qtc(
                own, self.concentrations, level=question.level, slopes=self.slopes == "random"
            )
        except ValueError as problem:
            raise ValueError(str(problem).replace("slopes=False", "`slopes: common`")) from problem
        blank = rows.filter(arm == pair[1], pl.col(self.concentration).is_null()).height
        if not blank:
            return found
        note = f"{blank} measurements of {pair[1]} without a concentration taken as 0"
        return Estimates(found.title, (replace(found[0], notes=(*found[0].notes, note)), *found.rows[1:]))


def _shifts(table: pl.DataFrame, grades: Sequence[str], before: str, level: float) -> Estimates:
    """The share of each arm that got worse, and the cells of the table that hold somebody."""
    found = []
    for arm in table["arm"].unique(maintain_order=True):
        mine = table.filter(arm=arm)
        n = int(mine.select(pl.sum_horizontal(*grades, "unknown").sum()).item())
        known = [row for row in mine.iter_rows(named=True) if row[before] != "unknown"]
        worse = sum(row[grade] for row in known for grade in grades[grades.index(row[before]) + 1 :])
        whole = sum(row[grade] for row in known for grade in grades)
        if not whole:
            raise ValueError(f"nobody in {arm} has a grade before and one afterwards")
        one = share(Arm(worse, whole, str(arm)), level=level)
        lost = n - whole
        notes = (f"{lost} in {arm} without a grade before or afterwards",) if lost else ()
        found.append(replace(one, measure="share that got worse", label=str(arm), notes=notes))
        cells = [
            (row[before], grade, row[grade])
            for row in mine.iter_rows(named=True)
            for grade in (*grades, "unknown")
            if row[grade]
        ]
        found += [
            Estimate(
                "participants",
                "counted: the grade before, and the worst one afterwards",
                float(many),
                groups=(Group(str(arm), n),),
                label=f"{arm}: {start} to {end}",
            )
            for start, end, many in cells
        ]
    return Estimates("Shift", tuple(found))


def _grade(column: pl.Series) -> pl.Series:
    """Grades as text: 3.0 is called 3."""
    if column.dtype.is_numeric() and column.dtype.is_float():
        known = column.drop_nulls()
        if bool((known == known.floor()).all()):
            column = column.cast(pl.Int64)
    return column.cast(pl.String)
