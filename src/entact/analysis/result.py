"""What an analysis found, as values: an estimate with its interval and test, and tables of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from math import isnan
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from entact.analysis.mmrm.show import Sheet

Side = Literal["two_sided", "greater", "less"]
SIDES: tuple[Side, ...] = ("two_sided", "greater", "less")

ARD: dict[str, type[pl.DataType]] = {
    "label": pl.String,
    "measure": pl.String,
    "method": pl.String,
    "group": pl.String,
    "statistic": pl.String,
    "value": pl.Float64,
    "text": pl.String,
}
"""Columns of analysis results data: one row a statistic; `value` is null where it is no number."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group behind an estimate: its name, how many are in it, and what is known of it."""

    name: str
    n: int
    events: int | None = None
    share: float | None = None
    mean: float | None = None
    sd: float | None = None
    median: float | None = None

    def statistics(self) -> Iterator[tuple[str, float]]:
        """Each number that is there, by its name."""
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name != "name" and value is not None:
                yield one.name, value


@dataclass(frozen=True, repr=False, slots=True)
class Estimate:
    """One estimate with its interval and test; what does not exist is None, and `notes` say why.

    Attributes:
        measure: what is estimated, as in "risk difference". method: how, as a paper would say it.
        low, high: of the interval at `level`; infinite where it is open.
        p: of the test that the measure is `null`, on the `side` on which the estimate is expected.
        groups: who is behind it. label: which of several it is, as in "mdma - placebo at week 18".
    """

    measure: str
    method: str
    estimate: float | None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    se: float | None = None
    df: float | None = None
    statistic: float | None = None
    p: float | None = None
    null: float | None = None
    side: Side = "two_sided"
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("estimate", "low", "high", "se", "df", "statistic", "p"):
            value = getattr(self, name)
            if value is not None and isnan(value):
                raise ValueError(
                    f"the {self.measure} by {self.method} has no {name.replace('low', 'lower limit')}: "
                    "the numbers do not determine it"
                )

    def to_polars(self) -> pl.DataFrame:
        """One row: label, measure, method, the numbers, and notes."""
        return _frame([self])

    def to_ard(self) -> pl.DataFrame:
        """Analysis results data: one row a statistic."""
        return pl.DataFrame(list(_ard(self)), schema=ARD, orient="row")

    def _sheet(self) -> Sheet:
        return _sheet("", [self])

    def __str__(self) -> str:
        return self._sheet().text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._sheet().html()

    def __rich__(self) -> object:
        return self._sheet().rich()


@dataclass(frozen=True, repr=False, slots=True)
class Estimates(Sequence[Estimate]):
    """Several estimates under one title."""

    title: str
    rows: tuple[Estimate, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> Estimate:  # type: ignore[override]
        return self.rows[at]

    def to_polars(self) -> pl.DataFrame:
        """One row an estimate."""
        return _frame(self.rows)

    def to_ard(self) -> pl.DataFrame:
        """Analysis results data: one row a statistic."""
        return pl.DataFrame([row for one in self.rows for row in _ard(one)], schema=ARD, orient="row")

    def _sheet(self) -> Sheet:
        return _sheet(self.title, self.rows)

    def __str__(self) -> str:
        return self._sheet().text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._sheet().html()

    def __rich__(self) -> object:
        return self._sheet().rich()


MOST_LABELS = 3
"""Rows up to which a note that is theirs alone says so."""
_NUMBERS = ("estimate", "se", "df", "low", "high", "level", "statistic", "p", "null")


def _frame(rows: Sequence[Estimate]) -> pl.DataFrame:
    words: dict[str, list[str | None]] = {
        name: [getattr(one, name) for one in rows] for name in ("label", "measure", "method", "side")
    }
    numbers = {name: [getattr(one, name) for one in rows] for name in _NUMBERS}
    return pl.DataFrame(
        {
            **{name: pl.Series(values, dtype=pl.String) for name, values in words.items()},
            **{name: pl.Series(values, dtype=pl.Float64, strict=False) for name, values in numbers.items()},
            "n": pl.Series([sum(group.n for group in one.groups) for one in rows], dtype=pl.Int64),
            "notes": pl.Series(["; ".join(one.notes) for one in rows], dtype=pl.String),
        }
    )


def _ard(one: Estimate) -> Iterator[tuple[str, str, str, str, str, float | None, str]]:
    about = (one.label, one.measure, one.method)
    for group in one.groups:
        for name, value in group.statistics():
            yield (*about, group.name, name, float(value), _text(name, value))
    for name in _NUMBERS:
        value = getattr(one, name)
        if value is not None:
            yield (*about, "", name, float(value), _text(name, value))
        elif name == "estimate":
            yield (*about, "", name, None, "not estimable")
    yield (*about, "", "side", None, one.side)
    for note in one.notes:
        yield (*about, "", "note", None, note)


def _text(name: str, value: float) -> str:
    from entact.analysis.mmrm.show import number, probability

    if name in ("n", "events"):
        return str(int(value))
    return probability(value) if name == "p" else number(value)


def _sheet(title: str, rows: Sequence[Estimate]) -> Sheet:
    from entact.analysis.mmrm.show import Sheet, number, probability

    def said(value: float | None) -> str:
        if value is None:
            return "–"
        return ("−∞" if value < 0 else "∞") if value in (float("inf"), float("-inf")) else number(value)

    tested = any(one.p is not None for one in rows)
    labelled = any(one.label for one in rows)
    level = f"{100 * rows[0].level:g} % interval" if rows else "interval"
    heads = [*(["", "measure"] if labelled else ["measure"]), "n", "estimate", "SE", level]
    heads += ["p", "tested against"] if tested else []
    cells, notes = [], []
    for one in rows:
        interval = "–" if one.low is None and one.high is None else f"{said(one.low)} to {said(one.high)}"
        cell = [*([one.label, one.measure] if labelled else [one.measure])]
        cell += [_people(one), said(one.estimate), said(one.se), interval]
        if tested:
            beside = {"two_sided": "", "greater": "at most ", "less": "at least "}[one.side]
            against = "–" if one.null is None else beside + f"{one.null:g}".replace("-", "−")
            cell += ["–" if one.p is None else probability(one.p), against]
        cells.append(cell)
        notes += [note for note in _told(one, rows) if note not in notes]
    return Sheet(title, heads, cells, 2 if labelled else 1, notes)


def _told(one: Estimate, rows: Sequence[Estimate]) -> list[str]:
    """How a row was found, and its notes; with its label where others of the measure say other things."""
    beside = [other for other in rows if other.measure == one.measure]
    told = [] if one.method == "none" else [one.method]
    found = []
    for note in (*told, *one.notes):
        own = [other.label for other in beside if note in (other.method, *other.notes)]
        some = len(own) < len(beside) and len(own) <= MOST_LABELS and all(own)
        named = any(re.search(rf"(?<!\w){re.escape(label)}(?!\w)", note) for label in own)
        found.append(f"{', '.join(own)}: {note}" if some and not named else note)
    return found


def signed(value: float) -> str:
    """A number in a sentence, with the sign that tables have."""
    return f"{value:.4g}".replace("-", "−")


def strata_told(many: int) -> str:
    """How many strata, in words."""
    return "1 stratum" if many == 1 else f"{many} strata"


def _people(one: Estimate) -> str:
    if any(group.events is not None for group in one.groups):
        return ", ".join(f"{group.events}/{group.n}" for group in one.groups)
    return ", ".join(str(group.n) for group in one.groups) or "–"
