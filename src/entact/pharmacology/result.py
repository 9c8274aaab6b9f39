"""What a simulation found: series, statistics and bands, each with its name and unit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from entact.pharmacology.regimen import Regimen

if TYPE_CHECKING:
    import polars as pl

    from entact.pharmacology.people import People
    from entact.pharmacology.variables import Variable

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

REASONS = {1: "too many steps: the equations are stiff for these parameters", 2: "values that are not finite"}
"""why an integration failed, by its status"""


class NotConverged(ArithmeticError):
    """An integration that did not reach its end: names the persons and the reason."""


@dataclass(eq=False)
class Simulation:
    """The course of each person; what is asked of it comes with names and units, as Polars.

    `notes` has to stand beside whatever is shown of it; `times` are in h since the initial dose.
    """

    regimen: Regimen
    who: People
    times: Array
    columns: tuple[Variable, ...]
    fitted: tuple[str, ...]
    limits: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]
    raw: Array = field(repr=False)
    statistics: Array = field(repr=False)
    when: Any = field(repr=False)
    above: Array = field(repr=False)
    terminal: Callable[[], Array] = field(repr=False)
    status: Any = field(repr=False)
    steps: Any = field(repr=False)

    @property
    def n(self) -> int:
        """How many persons."""
        return int(self.status.size)

    @property
    def units(self) -> dict[str, str]:
        """The unit of time and of each output."""
        return {"time": "h", **{variable.name: variable.unit for variable in self.columns}}

    @cached_property
    def half_lives(self) -> Array:
        """Terminal half-lives, substances x persons (h): of module `half_life`, when first asked for."""
        found = self.terminal()
        found[:, self.failed] = np.nan
        return found

    @property
    def failed(self) -> Any:
        """Places of the persons whose integration failed; their numbers are NaN."""
        return np.flatnonzero(self.status)

    def judge(self, on_failure: Literal["raise", "flag"]) -> None:
        """Refuses, or flags, integrations that failed. Errors: `NotConverged`."""
        if not self.failed.size:
            return
        why = "; ".join(
            f"{np.sum(self.status == code):,} by {REASONS[code]}" for code in sorted(set(self.status) - {0})
        )
        said = (
            f"{self.failed.size:,} of {self.n:,} integrations failed: {why} (first: person {self.failed[0]})"
        )
        if on_failure == "raise":
            raise NotConverged(said)
        for numbers in (self.statistics, self.above):
            numbers[..., self.failed] = np.nan
        if self.raw.size:
            blocks = self.raw.reshape(-1, self.times.size, len(self.columns), 8)
            blocks[self.failed // 8, :, :, self.failed % 8] = np.nan
        self.notes = (*self.notes, said)

    def _place(self, name: str) -> int:
        for place, variable in enumerate(self.columns):
            if variable.name == name:
                return place
        known = ", ".join(variable.name for variable in self.columns)
        raise KeyError(f"output {name!r} was not simulated; there are: {known}")

    def _asked(self, names: Sequence[str]) -> list[Variable]:
        return [self.columns[self._place(name)] for name in names] if names else list(self.columns)

    def values(self, name: str) -> Array:
        """An output of every person at every time (persons x times), in its unit.

        Errors: `KeyError` for an output that was not simulated, `ValueError` where only the summary was kept.
        """
        place = self._place(name)
        if not self.raw.size:
            raise ValueError("the simulation kept its summary only: call simulate without summary_only")
        blocks = self.raw.reshape(-1, self.times.size, len(self.columns), 8)[:, :, place, :]
        return np.ascontiguousarray(blocks.transpose(0, 2, 1).reshape(-1, self.times.size)[: self.n])

    def series(self, *names: str) -> pl.DataFrame:
        """The outputs named (else all), a row a person and time; `units` has the unit of each column."""
        import polars as pl

        columns: dict[str, Any] = {
            "person": np.repeat(np.arange(self.n), self.times.size),
            "time": np.tile(self.times, self.n),
        }
        for variable in self._asked(names):
            columns[variable.name] = self.values(variable.name).ravel()
        return pl.DataFrame(columns)

    def long(self, *names: str) -> pl.DataFrame:
        """The outputs named (else all), a row a person, time and output, with its unit in the row."""
        wide = self.series(*names)
        frame = wide.unpivot(index=["person", "time"], variable_name="output", value_name="value")
        return frame.with_columns(unit=frame["output"].replace_strict(self.units))

    def summary(self, *names: str) -> pl.DataFrame:
        """A row a person and output: highest and lowest value and their times, area, terminal half-life.

        Of a substance in plasma, `peak` is Cmax, `peak_at` Tmax (h), `area` AUC (unit times h) from 0 to the
        end, by the linear trapezoidal rule; all are of the output times. `half_life` (h) is of `half_life`,
        whatever the end; null for what is no substance.
        """
        import polars as pl

        frames = []
        for variable in self._asked(names):
            place = self._place(variable.name)
            half: Any = pl.lit(None, pl.Float64)
            if variable.name in self.fitted:
                half = pl.Series(self.half_lives[self.fitted.index(variable.name)])
            frame = pl.DataFrame(
                {
                    "person": np.arange(self.n),
                    "peak": self.statistics[0, place],
                    "peak_at": self.times[self.when[0, place]],
                    "trough": self.statistics[1, place],
                    "trough_at": self.times[self.when[1, place]],
                    "area": self.statistics[2, place],
                }
            )
            frames.append(
                frame.with_columns(half.alias("half_life")).select(
                    "person",
                    pl.lit(variable.name).alias("output"),
                    pl.lit(variable.unit).alias("unit"),
                    pl.exclude("person"),
                )
            )
        return pl.concat(frames)

    def time_above(self) -> pl.DataFrame:
        """A row a person and limit that was asked for: how long the output was above it, in h."""
        import polars as pl

        frames = [
            pl.DataFrame({"person": np.arange(self.n), "hours": self.above[j]}).select(
                "person",
                pl.lit(name).alias("output"),
                pl.lit(value).alias("limit"),
                pl.lit(self.units[name]).alias("unit"),
                "hours",
            )
            for j, (name, value) in enumerate(self.limits)
        ]
        schema = {
            "person": pl.Int64,
            "output": pl.String,
            "limit": pl.Float64,
            "unit": pl.String,
            "hours": pl.Float64,
        }
        return pl.concat(frames) if frames else pl.DataFrame(schema=schema)

    def _named(self, name: str, what: str, values: Any, unit: str) -> pl.Series:
        import polars as pl

        return pl.Series(f"{name} {what} [{unit}]", values)

    def peak(self, name: str) -> pl.Series:
        """The highest value of an output in each person."""
        return self._named(name, "peak", self.statistics[0, self._place(name)], self.units[name])

    def peak_time(self, name: str) -> pl.Series:
        """When an output is highest in each person, in h since the initial dose."""
        return self._named(name, "peak at", self.times[self.when[0, self._place(name)]], "h")

    def trough(self, name: str) -> pl.Series:
        """The lowest value of an output in each person."""
        return self._named(name, "trough", self.statistics[1, self._place(name)], self.units[name])

    def area(self, name: str) -> pl.Series:
        """The area under the curve of an output in each person, from 0 to the end."""
        return self._named(name, "area", self.statistics[2, self._place(name)], f"{self.units[name]} h")

    def half_life(self, name: str) -> pl.Series:
        """The terminal half-life of a substance in each person, in h; NaN where none can be told."""
        if name not in self.fitted:
            raise KeyError(f"{name!r} has no terminal half-life; these have: {', '.join(self.fitted)}")
        return self._named(name, "half-life", self.half_lives[self.fitted.index(name)], "h")

    def probability_above(self, name: str, limit: float) -> float:
        """The fraction of persons in whom an output is above a limit (in its unit) at some output time."""
        return self._fraction(self.statistics[0, self._place(name)] > limit, name, limit)

    def probability_below(self, name: str, limit: float) -> float:
        """The fraction of persons in whom an output is below a limit (in its unit) at some output time."""
        return self._fraction(self.statistics[1, self._place(name)] < limit, name, limit)

    def _fraction(self, crossed: Any, name: str, limit: float) -> float:
        if not math.isfinite(limit):
            raise ValueError(f"limit of {name}: {limit!r} is no number")
        went = self.status == 0
        return float(np.mean(crossed[went])) if went.any() else math.nan

    def bands(self, *names: str, quantiles: Sequence[float] = (0.05, 0.5, 0.95)) -> pl.DataFrame:
        """Quantiles over the persons, a row an output and time: `output`, `unit`, `time` (h), `q05`, `q50`.

        Errors: `ValueError` for quantiles that are none, or where only the summary was kept.
        """
        import polars as pl

        if not quantiles or not all(0.0 <= quantile <= 1.0 for quantile in quantiles):
            raise ValueError(f"quantiles {quantiles!r}: each is between 0 and 1")
        frames = []
        for variable in self._asked(names):
            values = self.values(variable.name)
            found = np.quantile(values[self.status == 0], quantiles, axis=0)
            columns = {
                f"q{100 * quantile:04.1f}".replace(".0", ""): row
                for quantile, row in zip(quantiles, found, strict=True)
            }
            frame = pl.DataFrame({"time": self.times, **columns})
            frames.append(
                frame.select(
                    pl.lit(variable.name).alias("output"), pl.lit(variable.unit).alias("unit"), pl.all()
                )
            )
        return pl.concat(frames)

    def __str__(self) -> str:
        return f"{self.regimen}: {self.who} · to {self.times[-1]:g} h · SIMULATED"
