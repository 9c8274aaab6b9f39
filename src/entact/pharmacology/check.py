"""What a check is, the simulations it is made of, and what is measured of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from entact.pharmacology.parameters import Model
from entact.pharmacology.person import Person, Sex
from entact.pharmacology.population import Population
from entact.pharmacology.regimen import Regimen
from entact.pharmacology.result import Simulation
from entact.pharmacology.simulation import simulate

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

READINGS: Final = "30 min"
"""between readings of pressure, heart rate, temperature and sodium, until 6 h: assumption"""
NOTHING: Final = 1e-5
"""% change that is the error of the integration: no part of the model lets the medicine act there"""
DURATION: Final = 0.10
"""a subjective effect lasts while above this fraction of the person's own maximum: assumption, from memory"""


@dataclass(frozen=True)
class Check:
    """One published number or direction beside the simulated one."""

    id: str
    what: str
    unit: str
    published: str
    simulated: float
    least: float = -math.inf
    most: float = math.inf
    source: str = ""
    status: str = "read"
    role: str = "fitted"

    @property
    def kind(self) -> str:
        """What a pass says: of a number fitted or held out; of a direction; or nothing, by construction."""
        if self.unit == "% change" and abs(self.simulated) < NOTHING:
            return "by construction"
        if not (math.isfinite(self.least) and math.isfinite(self.most)):
            return "direction"
        return self.role

    @property
    def judged(self) -> bool:
        """Whether there are limits."""
        return math.isfinite(self.least) or math.isfinite(self.most)

    @property
    def passed(self) -> bool | None:
        """Whether the simulated number is within the limits; None where it is only reported."""
        return bool(self.least <= self.simulated <= self.most) if self.judged else None

    @property
    def limits(self) -> str:
        """The limits in words."""
        if not self.judged:
            return "reported only"
        if not math.isfinite(self.most):
            return f"at least {self.least:g}"
        if not math.isfinite(self.least):
            return f"at most {self.most:g}"
        return f"{self.least:g} to {self.most:g}"

    @property
    def row(self) -> str:
        """The check as a row of a Markdown table: id, what, published, simulated, limits, kind."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        limits = f"{self.limits}: **fails**" if self.passed is False else self.limits
        kind = self.kind if self.judged else ""
        # What is so by construction differs by the error of the integration, on each machine by another.
        simulated = 0.0 if self.kind == "by construction" else self.simulated
        cells = (self.id, self.what, self.published, f"{simulated:.3g}{unit}", limits, kind)
        return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Laboratory:
    """Makes the simulations of the checks: one model, a number of persons, a seed."""

    model: Model
    persons: int
    seed: int
    threads: int

    def man(
        self, regimen: Regimen, until: str = "48 h", *medicines: str, cyp2d6: str = "extensive"
    ) -> Simulation:
        """The typical man of 70 kg."""
        who = Person(weight="70 kg", age=27, cyp2d6=cyp2d6, medicines=medicines)
        return simulate(regimen, who, until=until, model=self.model)

    def crowd(
        self,
        regimen: Regimen,
        share: float = 1.0,
        *,
        until: str = "6 h",
        every: str = READINGS,
        outputs: Sequence[str],
        medicines: Sequence[str] = (),
        sex: Sex | None = None,
    ) -> Simulation:
        """Healthy volunteers: a share of the persons."""
        n, seed = max(8, round(share * self.persons)), self.seed + round(1000 * share)
        who = Population.healthy(n, seed=seed, medicines=medicines, sex=sex)
        return simulate(
            regimen, who, until=until, every=every, outputs=outputs, model=self.model, threads=self.threads
        )


def area(simulation: Simulation, name: str, start: float, stop: float) -> float:
    """The area under the curve of the first person from start to stop (h)."""
    times = simulation.times
    chosen = (times >= start - 1e-9) & (times <= stop + 1e-9)
    return float(np.trapezoid(simulation.values(name)[0, chosen], times[chosen]))


def highest(simulation: Simulation, name: str, start: float = 0.0, stop: float = math.inf) -> float:
    """The highest value of the first person from start to stop (h)."""
    chosen = (simulation.times >= start - 1e-9) & (simulation.times < stop - 1e-9)
    return float(simulation.values(name)[0, chosen].max())


def rise(simulation: Simulation, name: str, start: float = 0.0, stop: float = math.inf) -> float:
    """By how much an output of the first person rises over its value before the initial dose."""
    return highest(simulation, name, start, stop) - float(simulation.values(name)[0, 0])


def beyond_rest(simulation: Simulation, name: str, at: float) -> float:
    """By how much an output of the first person differs at a time (h) from its value before the dose."""
    values = simulation.values(name)[0]
    return float(np.interp(at, simulation.times, values) - values[0])


def half_life(simulation: Simulation, name: str, start: float = 8.0, stop: float = 24.0) -> float:
    """Terminal half-life of the first person by log-linear regression from start to stop (h)."""
    chosen = (simulation.times >= start - 1e-9) & (simulation.times <= stop + 1e-9)
    slope = np.polyfit(simulation.times[chosen], np.log(simulation.values(name)[0, chosen]), 1)[0]
    return float(-math.log(2.0) / slope)


def durations(times: Array, effects: Array) -> Array:
    """How long each person's effect (persons x times) is above a tenth of its maximum, in h; straight between
    times."""
    limits = DURATION * effects.max(axis=1)
    persons = np.arange(len(effects))
    above = effects >= limits[:, None]
    first, last = above.argmax(axis=1), effects.shape[1] - 1 - above[:, ::-1].argmax(axis=1)

    def crossing(inside: Array, outside: Array) -> Array:
        height, low = effects[persons, inside], effects[persons, outside]
        part = np.where(height > low, (height - limits) / np.maximum(height - low, 1e-300), 0.0)
        return np.asarray(times[inside] + part * (times[outside] - times[inside]))

    ends = crossing(last, np.minimum(last + 1, effects.shape[1] - 1))
    return np.asarray(ends - crossing(first, np.maximum(first - 1, 0)))


def peak_at(simulation: Simulation, name: str) -> float:
    """When an output of the first person is highest, in h."""
    return float(simulation.peak_time(name)[0])
