"""Whether concentrations can be meant in the unit that they were read in: a fit would hide where not."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from entact.pharmacology.data import UNITS_OF_DV, Data
from entact.pharmacology.likelihood import Array, Design, courses
from entact.pharmacology.objective import NotAFit
from entact.pharmacology.parameters import Model

ALL: Final = 20.0
"""times above or below the model's typical concentrations, in the median, beyond which a unit is wrong"""
ONE_PERSON: Final = 50.0
"""the same of the median of one participant"""
ONE_SAMPLE: Final = 200.0
"""the same of a single sample: just after a dose, and late, people differ most"""
LEAST_SEEN: Final = 1.0
"""ng/mL up to which what is left of a dose says nothing of units, as people differ"""
LEAST_MEASURED: Final = 0.01
"""ng/mL below which no assay of plasma measures MDMA (assumption: usual limits are 0.1 to 5)"""


def check_units(data: Data, design: Design, model: Model) -> None:
    """Refuses concentrations so far from the model's that another unit is meant: all, one person's, or one.

    Errors: `NotAFit` names the file, whose or which line, the likely unit and what would be right.
    """
    typical = courses(design, [model], np.zeros((1, design.n, len(model.random))), strict=False)[0]
    told = [(one, sample) for one in data.subjects for sample in one.samples]
    pairs = zip(told, typical, strict=False)  # what is below quantification comes last
    off = np.array([_off(sample.value, expected) for (_, sample), expected in pairs])
    if ratio := _beyond(off, ALL):
        raise NotAFit(f"{data.name}: the concentrations are {_said(ratio)}")
    for who in data.participants:
        own = np.array([one.who == who for one, _ in told])
        if ratio := _beyond(off[own], ONE_PERSON):
            raise NotAFit(f"{data.name}, participant {who}: the concentrations are {_said(ratio)}")
    for (_, sample), value in zip(told, off, strict=True):
        if ratio := _beyond(np.array([value]), ONE_SAMPLE):
            said = f"{sample.value:g} ng/mL is {_said(ratio)}; or leave it out with MDV 1"
            raise NotAFit(f"{data.name}, line {sample.line}, DV: {said}")


def _off(observed: float, expected: float) -> float:
    """The logarithm of observed over expected; NaN where both are so little that it says nothing."""
    if LEAST_MEASURED <= observed <= LEAST_SEEN and expected <= LEAST_SEEN:
        return math.nan
    return math.log(observed / max(expected, LEAST_SEEN))


def _beyond(off: Array, most: float) -> float | None:
    """The median ratio where it is beyond what is plausible."""
    seen = off[~np.isnan(off)]
    if not seen.size:
        return None
    ratio = math.exp(float(np.median(seen)))
    return None if 1.0 / most <= ratio <= most else ratio


def _said(ratio: float) -> str:
    """How far off, which unit that looks like, and what would be right."""
    likely = min(UNITS_OF_DV, key=lambda unit: abs(math.log(UNITS_OF_DV[unit] * ratio)))
    return (
        f"{ratio:.3g} times what the model says after these doses; DV is in ng/mL and AMT in mg, and this "
        f"would look like {likely}: multiply by {UNITS_OF_DV[likely]:.4g}, or say --unit"
    )
