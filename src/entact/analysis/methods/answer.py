"""What methods have in common: the label of a result, and the rows cut into strata."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from entact.analysis.frame import cut_groups, known, of_arm
from entact.analysis.planned import Question
from entact.analysis.result import Estimate, Estimates


@dataclass(frozen=True, slots=True)
class Cut:
    """A stratum with the values of both arms."""

    name: str
    first: pl.Series
    second: pl.Series


def labelled(found: Estimate, question: Question, *notes: str) -> Estimates:
    """A single estimate under the question's label."""
    return Estimates("", (replace(found, label=question.label, notes=(*found.notes, *notes)),))


def other_arms(rows: pl.DataFrame, question: Question) -> tuple[str, ...]:
    """A note of who is in no arm compared, for a model that is fitted to the two arms alone."""
    others = ~rows["arm"].cast(pl.String).is_in(list(question.pair()))
    return (
        (f"fitted to the two arms compared: {others.sum()} of other arms left out",) if others.any() else ()
    )


def categories(column: pl.Series) -> pl.Series:
    """Categories as text: 3.0 is called 3, so that two columns name them alike.

    Raises:
        ValueError: for a number without end, which is no category.
    """
    if not column.dtype.is_float():
        return column.cast(pl.String)
    if bool(column.is_infinite().any()):
        raise ValueError("a value is infinite, and no category")
    text = [None if one is None else str(int(one) if one.is_integer() else one) for one in column.to_list()]
    return pl.Series(text, dtype=pl.String)


def cut(rows: pl.DataFrame, question: Question, by: tuple[str, ...]) -> tuple[list[Cut], tuple[str, ...]]:
    """The values of both arms in each stratum that has them, and notes of who is in none."""
    for name in by:
        if name not in rows.columns:
            raise ValueError(f"the stratum {name!r} is no column; there are: {', '.join(rows.columns)}")
    here, arms = question.here(rows), question.pair()
    placed = known(here, by)
    notes = []
    if len(placed) < len(here):
        notes.append(f"{len(here) - len(placed)} participants of no known stratum left out")
    found, alone = [], []
    for key, part in parts(placed, list(by)):
        name = ", ".join(str(step) for step in key)
        first, second = (of_arm(part, arm)["value"] for arm in arms)
        if len(first) and len(second):
            found.append(Cut(name, first, second))
        elif len(first) + len(second):
            alone.append(name)
    if alone:
        notes.append(f"strata with one arm only say nothing: {', '.join(alone)}")
    return found, tuple(notes)


def parts(rows: pl.DataFrame, keys: list[str]) -> list[tuple[tuple[object, ...], pl.DataFrame]]:
    """The rows of each combination of keys, in order."""
    return cut_groups(rows, keys) if keys else [((), rows)]
