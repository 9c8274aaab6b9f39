"""A plan as values: each analysis with its method, the rows it takes, and the question it puts to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Protocol

import polars as pl

from entact.analysis.estimand import Estimand, Intercurrent
from entact.analysis.family import Family
from entact.analysis.frame import held, keep, of_arm
from entact.analysis.result import Estimates, Side

ROLES = ("participant", "arm", "visit", "site", "value", "baseline", "day")
"""The columns that methods know by their names; every other column keeps its own."""

Cell = str | int | float | bool
Where = Mapping[str, Cell | tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the first arm minus the second, at a visit.

    Attributes:
        contrast, at: None where the data have one arm, one visit. level: of intervals.
        combination: arm -> factor of its mean, where the contrast is one of several arms together.
        null, side: what is tested, as a margin of non-inferiority and the side on which treatment is better.
    """

    contrast: tuple[str, str] | None = None
    at: str | None = None
    level: float = 0.95
    null: float | None = None
    side: Side = "two_sided"
    combination: Mapping[str, float] | None = None

    @property
    def label(self) -> str:
        """As in "mdma - placebo at week 18"."""
        pair = "" if self.contrast is None else f"{self.contrast[0]} - {self.contrast[1]}"
        return f"{pair} at {self.at}".strip() if self.at else pair

    def pair(self) -> tuple[str, str]:
        """The two arms; a ValueError where none are named."""
        if self.contrast is None:
            raise ValueError("a comparison needs two arms; name them in `contrast`, as in 'mdma - placebo'")
        return self.contrast

    def here(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of the visit, if one is named: one of each participant."""
        if self.at is not None:
            if "visit" not in rows.columns:
                raise ValueError(f"the rows have no visit, and the contrast is at {self.at}")
            rows = keep(rows, rows["visit"].cast(pl.String) == self.at)
            if rows.is_empty():
                raise ValueError(f"nobody has a value at {self.at}")
        if rows.is_empty():
            raise ValueError("nobody has a value")
        if rows["participant"].n_unique() < len(rows):
            twice = rows.filter(pl.col("participant").is_duplicated())
            raise ValueError(
                f"participant {twice['participant'][0]} has {_times(twice)} rows here, where one is meant; "
                "say at which visit, or which rows count"
            )
        return rows

    def arms(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of the two arms at the visit; a ValueError where one is empty.

        Of several arms together those whose means are added, and those whose means are taken off.
        """
        rows = self.here(rows)
        if self.combination is not None:
            own = rows["arm"].cast(pl.String)
            if absent := sorted(self.combination.keys() - set(own)):
                raise ValueError(
                    f"nobody in arm {absent[0]!r} has a value; there are: {', '.join(sorted(set(own)))}"
                )
            added, taken = (
                [arm for arm, one in self.combination.items() if one * sign > 0] for sign in (1, -1)
            )
            return keep(rows, own.is_in(added)), keep(rows, own.is_in(taken))
        parts = []
        for arm in self.pair():
            part = of_arm(rows, arm)
            if part.is_empty():
                there = ", ".join(sorted(str(name) for name in rows["arm"].unique()))
                raise ValueError(f"nobody in arm {arm!r} has a value; there are: {there}")
            parts.append(part)
        return parts[0], parts[1]


def _times(twice: pl.DataFrame) -> int:
    return twice.filter(pl.col("participant") == twice["participant"][0]).height


@dataclass(frozen=True, slots=True)
class Event:
    """What counts as an event in a column: some values, or numbers of at least or at most a limit."""

    values: tuple[Cell, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    def of(self, column: pl.Series) -> pl.Series:
        """True and false, null where the column is; a ValueError where its kind does not fit."""
        if self.values:
            kind: type[Cell] | tuple[type[Cell], ...]
            if column.dtype == pl.Boolean:
                what, kind = "true and false", bool
            elif column.dtype.is_numeric():
                what, kind = "numbers", (int, float)
            else:
                what, kind = held(column.dtype), str
            for value in self.values:
                if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                    raise ValueError(f"the event is {value!r}, and column {column.name!r} holds {what}")
            if kind is bool:
                return column.is_in([bool(value) for value in self.values])
            if kind is str:
                return column.cast(pl.String).is_in([str(value) for value in self.values])
            return column.cast(pl.Float64).fill_nan(None).is_in([float(value) for value in self.values])
        if not column.dtype.is_numeric():
            raise ValueError(f"the event has a limit, and column {column.name!r} holds {held(column.dtype)}")
        found = column.cast(pl.Float64).fill_nan(None)
        # 30.3 - 40.3 is a fall of 10, and of 9.999999999999996 in floating point
        low = True if self.at_least is None else found >= self.at_least - _near(self.at_least)
        high = True if self.at_most is None else found <= self.at_most + _near(self.at_most)
        return found.is_not_nan() & low & high


def _near(limit: float) -> float:
    return 1e-9 * max(1.0, abs(limit))


class Method(Protocol):
    """A way to answer a question from rows with the columns of `ROLES`."""

    def answer(self, rows: pl.DataFrame, question: Question) -> Estimates:
        """What the rows say; a ValueError says why they say nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """One analysis of a plan.

    Attributes:
        id: its name. value: column of the outcome, where it is not the plan's.
        event: what counts as a yes in it. where: the rows that it takes, column -> value or values.
        set, estimand: by name. alpha: at which it is tested.
        change: whether the value becomes its change from baseline, `absolute` or `percent`.
        said: what the plan's file says, word for word. relies: what else of it this analysis hangs
            on, its set and estimand among them; the digest is that of both.
    """

    id: str
    method: Method
    question: Question
    value: str | None = None
    event: Event | None = None
    where: Where = field(default_factory=dict)
    set: str = "all"
    estimand: str = "observed"
    alpha: float = 0.05
    change: str | None = None
    said: Mapping[str, object] = field(default_factory=dict)
    relies: Mapping[str, object] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of what the plan says of this analysis."""
        if not self.said:
            return digest_of({"id": self.id, "method": repr(self.method), **asdict(self.question)})
        return digest_of({"says": self.said, "relies on": self.relies})


@dataclass(frozen=True, slots=True)
class Plan:
    """Analyses by id, and how to find in a frame what they speak of.

    Attributes:
        columns: role -> column of the frame. visits, arms: their order. sets: name -> the rows of its people.
        events, estimands: intercurrent events, and what each estimand does with them, by name.
        family: which are tested together.
    """

    analyses: tuple[Planned, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    visits: tuple[str, ...] = ()
    sets: Mapping[str, Where] = field(default_factory=dict)
    events: Mapping[str, Intercurrent] = field(default_factory=dict)
    estimands: Mapping[str, Estimand] = field(default_factory=dict)
    said: Mapping[str, object] = field(default_factory=dict)
    family: Family | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the whole plan."""
        return digest_of(self.said or {one.id: one.digest for one in self.analyses})


def digest_of(data: object) -> str:
    """SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
