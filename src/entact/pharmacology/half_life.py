"""Terminal half-lives, of a simulation of their own: they depend on neither the end nor the steps of another.

Regression of the logarithm on time, after the last dose, over what an assay could see: from where a
concentration has fallen to half of its maximum, to where it has fallen to a sixteenth of it. So a
metabolite is not fitted while it still rises, and no digit is read that the integration has not computed.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

LASTS: Final = 144.0
"""h after the last dose: six days, in which the slowest metaboliser's HMMA falls to a sixteenth"""
APART: Final = 0.5
"""h between the times that are fitted"""
BEGINS, ENDS = 1.0 / 2.0, 1.0 / 16.0
"""of the maximum, where the fit begins and ends"""
FEWEST: Final = 4
"""times below which no line is drawn"""
TRACE: Final = 1e-3
"""ng/mL: a maximum below it is no substance in plasma but an error of the integration"""


def fitted_times(last: float) -> Array:
    """The times that are fitted after a last dose at this time, h."""
    times: Array = np.asarray(last + APART * np.arange(math.ceil(LASTS / APART) + 1), np.float64)
    return times


def is_substance(name: str) -> bool:
    """Whether an output is a substance in plasma: hormones return to a baseline instead."""
    return name.endswith(("mdma", "mda", "hmma"))


def fitted(times: Array, values: Array) -> Array:
    """The half-life of each row of values (persons x times), in the unit of the times."""
    top = values.max(axis=1, keepdims=True)
    late = np.arange(times.size) > values.argmax(axis=1)[:, None]
    chosen = late & (values <= BEGINS * top) & (values >= ENDS * top) & (top > TRACE)
    logs = np.log(np.maximum(values, 1e-300))
    n = np.maximum(chosen.sum(axis=1), 1)[:, None]
    x = np.where(chosen, times - np.sum(chosen * times, axis=1, keepdims=True) / n, 0.0)
    slope = np.sum(x * logs, axis=1) / np.maximum(np.sum(x * x, axis=1), 1e-300)
    told = (chosen.sum(axis=1) >= FEWEST) & (slope < 0.0)
    halves: Array = np.where(told, -math.log(2.0) / np.where(told, slope, -1.0), np.nan)
    return halves
