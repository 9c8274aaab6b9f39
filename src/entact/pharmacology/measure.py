"""One number of a course, by which courses are compared: a peak, a time, an area, a half-life."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

import numpy as np

from entact.pharmacology.simulation import NotASimulation

if TYPE_CHECKING:
    from entact.pharmacology.result import Simulation

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

KINDS: Final = ("peak", "peak_at", "trough", "trough_at", "area", "half_life")


@dataclass(frozen=True)
class Measure:
    """One number of a course: `peak`, `trough` and their times, `area` or `half_life` of an output."""

    kind: str
    output: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.output}"

    def unit(self, simulation: Simulation) -> str:
        """The unit of the number."""
        own = simulation.units[self.output]
        return {"peak": own, "trough": own, "area": f"{own} h"}.get(self.kind, "h")

    def values(self, simulation: Simulation) -> Array:
        """The number in each person."""
        place = [variable.name for variable in simulation.columns].index(self.output)
        if self.kind == "half_life":
            return np.asarray(simulation.half_lives[simulation.fitted.index(self.output)])
        if self.kind.endswith("_at"):
            return np.asarray(simulation.times[simulation.when[int(self.kind == "trough_at"), place]])
        return np.asarray(simulation.statistics[("peak", "trough", "area").index(self.kind), place])


def read_measure(text: str) -> Measure:
    """The number that a text asks for: `peak:systolic`, `area:mdma`, `trough:sodium`, `half_life:s_mdma`.

    Raises:
        NotASimulation: anything else, with the nearest that there is.
    """
    from entact.pharmacology.variables import OUTPUTS

    kind, colon, output = (part.strip() for part in text.partition(":"))
    if not colon or not output:
        raise NotASimulation(f"{text!r}: write what and of which output, like peak:systolic or area:mdma")
    if kind not in KINDS:
        raise NotASimulation(
            f"{text!r}: {kind!r} is not known{nearest(kind, KINDS)}; known: {', '.join(KINDS)}"
        )
    names = [variable.name for variable in OUTPUTS]
    if output not in names:
        raise NotASimulation(
            f"{text!r}: output {output!r} is not known{nearest(output, names)}; known: {', '.join(names)}"
        )
    if kind == "half_life" and not output.endswith(("mdma", "mda", "hmma")):
        raise NotASimulation(f"{text!r}: only a substance in plasma has a terminal half-life")
    return Measure(kind, output)


def nearest(name: str, known: Iterable[str]) -> str:
    """The nearest name that there is, as the end of a message."""
    close = get_close_matches(name, list(known), n=1)
    return f"; the nearest is {close[0]!r}" if close else ""
