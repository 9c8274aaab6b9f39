"""How long each was followed, and whether it ended with the event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from entact.analysis.frame import public
from entact.analysis.result import Group

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Times:
    """Times (n,) and whether the event ended them; else they are censored.

    Raises:
        ValueError: for no times, or one that is negative or no number.
    """

    time: Floats
    event: Flags
    name: str = ""

    def __post_init__(self) -> None:
        called = f" in {self.name}" if self.name else ""
        if not self.time.size:
            raise ValueError(f"nobody{called} has a time")
        if not np.isfinite(self.time).all() or self.time.min() < 0:
            wrong = self.time[~(np.isfinite(self.time) & (self.time >= 0))][0]
            raise ValueError(f"a time{called} is {wrong:g}; times are finite, and not negative")

    @classmethod
    @public
    def of(cls, time: pl.Series, event: pl.Series, name: str = "") -> Times:
        """From columns; rows in which either is null are left out. `event`: true and false, or 1 and 0."""
        if event.name.upper() == "CNSR":
            raise ValueError(
                "CNSR is 1 where a time is censored (CDISC's ADTTE); make a column that is 1 where "
                "the event came"
            )
        rows = pl.DataFrame({"time": time.cast(pl.Float64), "event": event}).drop_nulls()
        strange = [
            one
            for one in rows["event"].unique(maintain_order=True).to_list()
            if one not in (0, 1, True, False)
        ]
        if strange:
            raise ValueError(
                f"{strange[0]!r} is no event; write true and false, or 1 and 0, or say what of it is one, as "
                f"in 'ended: {{{event.name}: {strange[0]}}}'"
            )
        return cls(rows["time"].to_numpy(), rows["event"].cast(pl.Float64).to_numpy() == 1, name)

    @property
    def n(self) -> int:
        """People."""
        return int(self.time.size)

    def group(self) -> Group:
        """As a group of a result."""
        return Group(self.name or "all", self.n, events=int(self.event.sum()))

    def table(self) -> tuple[Floats, Floats, Floats]:
        """Distinct times of events, and at each how many are at risk and have it."""
        when = np.unique(self.time[self.event])
        ordered = np.sort(self.time)
        at_risk = (self.n - np.searchsorted(ordered, when, side="left")).astype(float)
        died = np.array([float((self.time[self.event] == t).sum()) for t in when])
        return when, at_risk, died
