"""What else is on board, as what it does to a state of the model: a transporter, a receptor, an enzyme."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

BLOCKS: Final = ("sert", "net", "dat", "alpha1", "beta1", "beta2", "ht2a", "d2", "cyp2d6")
"""targets that a medicine takes: concentration over inhibition constant"""
FRACTIONS: Final = ("tone", "cortisol")
"""what a medicine leaves of a function, or makes of it"""
LOSS: Final = "cyp2d6_loss"
PARTIAL: Final = "beta_partial"
ACTIONS: Final = (*BLOCKS, LOSS, PARTIAL, *FRACTIONS)
PEAK: Final = 1.5
"""h after the initial dose at which MDMA acts most: of then are the sizes of what is taken on the day"""
GRADES: Final = {
    "A": "studied with MDMA in people",
    "B": "not studied with MDMA itself; sizes as of its class, which was",
    "C": "no human data with MDMA in the reference; a prediction from its receptor profile",
    "D": "no human data with MDMA in the reference, and nothing of it acts on a state of the model: an "
    "interaction could not be seen here, which is not to say that there is none",
}
"""how good the evidence is, by letter"""


class NotAMedicine(ValueError):
    """A co-medication that the model doesn't know or won't simulate: says why, and what would be right."""


@dataclass(frozen=True)
class Medicine:
    """One co-medication: its actions at a level of 1, its level, and what is known of it in people.

    `usual`: mg to which the actions belong. `level`: of that dose, at the initial dose of MDMA. `began`: the
    level while taken as usual; `tapered`, `since`: h over which it was reduced, and since it was last taken.
    `is_of_the_day`: given once before the session, not daily.
    """

    name: str
    dose: str
    actions: Mapping[str, float] = field(default_factory=dict)
    human: tuple[str, ...] = ()
    note: str = ""
    grade: str = "C"
    family: str = ""
    brands: tuple[str, ...] = ()
    half_life: float = math.nan
    usual: float = math.nan
    level: float = 1.0
    began: float = 1.0
    tapered: float = 0.0
    since: float = 0.0
    is_of_the_day: bool = False

    @property
    def falls(self) -> bool:
        """Whether its level falls throughout the session; what is taken daily is about constant."""
        return self.is_of_the_day or self.since > 0.0 or self.tapered > 0.0

    @property
    def at_first(self) -> float:
        """Its level at the initial dose, of that to which its actions belong."""
        if not self.is_of_the_day or self.since > 0.0 or self.tapered > 0.0:
            return self.level
        return float(self.level * 2.0 ** (PEAK / self.half_life))

    @property
    def warning(self) -> str:
        """What every output has to say about its evidence; empty where people were studied."""
        return (
            "" if self.grade == "A" else f"{self.name} with MDMA: {GRADES[self.grade]} (grade {self.grade})."
        )

    @property
    def assumed(self) -> str:
        """What is assumed of it: dose, route, and its level over time."""
        course = f"by its half-life of {self.half_life:g} h (from memory)" if self.falls else ""
        if self.since == 0.0 and self.began == 1.0 and self.tapered == 0.0:
            told = f"its level falls {course}" if self.falls else "its level constant throughout the session"
            return f"{self.name}: assumed {self.dose}, {told}."
        times = "" if self.began == 1.0 else f"{self.began:.3g} times the effect of "
        words = [f"{self.name}: assumed {times}{self.dose}"]
        if self.tapered:
            words.append(f"tapered evenly over {self.tapered / 24:.3g} d")
        if self.since:
            words.append(
                f"last taken {self.since / 24:.3g} d before, half-life {self.half_life:g} h (from memory)"
            )
        left = f"{100 * self.level:.2g} % of the usual level is left" if self.level > 0.0 else "washed out"
        then = "and falls further in" if self.falls else "constant throughout"
        return f"{', '.join(words)}: {left}, {then} the session."

    def at(self, before: float) -> float:
        """Its level so many hours before the initial dose of MDMA (or after, if negative)."""
        rate = math.log(2.0) / self.half_life
        past = self.since - before
        if past >= 0.0:
            return self.began * _after_taper(rate, self.tapered) * math.exp(-rate * past)
        if self.tapered == 0.0 or -past >= self.tapered:
            return self.began
        # Within the taper what is taken falls evenly: the level is that of a line that ends where it is.
        run = self.tapered + past
        left = 1.0 - run / self.tapered
        lag = (1.0 - math.exp(-rate * run)) / rate / self.tapered
        return self.began * (left + lag)

    def scaled(self) -> dict[str, float]:
        """Its actions at its level."""
        found = {}
        for action, size in self.actions.items():
            if action in FRACTIONS:
                found[action] = float(size**self.level)
            else:
                found[action] = size if action == PARTIAL else size * self.level
        return found

    def falling(self) -> dict[str, float]:
        """Its actions at the initial dose as what falls with its level; a fraction is split in more and less.

        At a level of L times that, a fraction is (1 + more L) / (1 + less L).
        """
        found = {}
        for action, size in self.actions.items():
            if action in FRACTIONS:
                more = size > 1.0
                off = size - 1.0 if more else 1.0 / size - 1.0
                found[f"{action}_{'more' if more else 'less'}"] = off * self.at_first
            elif action != PARTIAL:
                found[action] = size * self.at_first
        return found


def _after_taper(rate: float, over: float) -> float:
    """What is left of a steady level where the dose fell evenly to nothing over so many hours."""
    return 1.0 if over == 0.0 else (1.0 - math.exp(-rate * over)) / (rate * over)


def beta_blocker(name: str, *, beta1: float, beta2: float = 0.0, alpha1: float = 0.0) -> Medicine:
    """A beta-blocker by its receptor profile.

    Args:
        name: what to call it.
        beta1, beta2, alpha1: fraction of each receptor that it takes, 0 to below 1.

    Raises:
        NotAMedicine: a fraction out of range, or a blocker of nothing.
    """
    taken = {"beta1": beta1, "beta2": beta2, "alpha1": alpha1}
    for receptor, fraction in taken.items():
        if not 0.0 <= fraction < 1.0:
            raise NotAMedicine(
                f"{name}: {receptor} is the fraction of receptors taken, 0 to below 1, not {fraction}"
            )
    if beta1 == 0.0 and beta2 == 0.0:
        raise NotAMedicine(f"{name}: a beta-blocker takes beta1 or beta2 receptors")
    return Medicine(
        name, "the receptor profile given", {k: f / (1.0 - f) for k, f in taken.items() if f > 0.0}
    )


def combine(medicines: Iterable[Medicine]) -> dict[str, float]:
    """The actions of several medicines together: competitors add up, fractions left multiply."""
    total = {action: 1.0 if action in FRACTIONS else 0.0 for action in ACTIONS}
    for medicine in medicines:
        for action, size in medicine.scaled().items():
            if action == PARTIAL:
                total[action] = max(total[action], size)
            else:
                total[action] = total[action] * size if action in FRACTIONS else total[action] + size
    return total


def combine_falling(medicines: Iterable[Medicine]) -> tuple[dict[str, float], float]:
    """What falls of several medicines together, and the rate in 1/h: that of the one that stays longest."""
    total: dict[str, float] = {}
    rate = math.inf
    for medicine in medicines:
        rate = min(rate, math.log(2.0) / medicine.half_life)
        for action, size in medicine.falling().items():
            total[action] = total.get(action, 0.0) + size
    return total, rate if math.isfinite(rate) else 0.0


def enzyme_at_first(medicines: Iterable[Medicine], turnover: Any) -> Any:
    """Active CYP2D6 before the initial dose, by what inactivated it; `turnover` in 1/h, of one or many."""
    losses = [(one, one.actions[LOSS]) for one in medicines if LOSS in one.actions]
    start = max((one.since + one.tapered for one, _ in losses), default=0.0)

    def loss(before: float) -> float:
        return sum(size * one.at(before) for one, size in losses)

    active: Any = 1.0 / (1.0 + loss(start))
    steps = math.ceil(start / 2.0)
    for step in range(steps):
        # Exact where the loss is constant, of which the mean over the step is taken.
        length = start / steps
        before = start - (step + 0.5) * length
        rate = turnover * (1.0 + loss(before))
        end = turnover / rate
        active = end + (active - end) * np.exp(-rate * length)
    return active


def warnings_of(medicines: Iterable[Medicine]) -> tuple[str, ...]:
    """What every output of a simulation with these medicines has to say."""
    on_board = tuple(medicines)
    said = [medicine.assumed for medicine in on_board]
    said += [medicine.warning for medicine in on_board if medicine.warning]
    if len(on_board) > 1:
        names = " and ".join(medicine.name for medicine in on_board)
        said.append(
            f"{names} together with MDMA: no human data; the effects of each are combined by the model"
        )
    falling = [medicine.name for medicine in on_board if medicine.falls]
    if len({medicine.half_life for medicine in on_board if medicine.falls}) > 1:
        said.append(f"{' and '.join(falling)} fall together, as the one with the longest half-life does.")
    said += [f"{medicine.name}: {medicine.note}" for medicine in on_board if medicine.note]
    return tuple(said)
