"""What is expected after an intercurrent event, as objects: missing at random, or as in the reference arm.

Each says from the mean of a participant's own arm and of the reference (N, m), and the place of the event
(N,), what mean the visits have from which values are imputed.

Source: Carpenter, Roger & Kenward 2013, Journal of Biopharmaceutical Statistics 23:1352; as in R rbmi.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Assumption(Protocol):
    """An assumption about what was not seen after an event."""

    @property
    def title(self) -> str:
        """As a paper would say it."""
        ...

    @property
    def at_random(self) -> bool:
        """Whether values seen after the event inform the imputation model."""
        ...

    def means(self, own: Floats, reference: Floats, event: Ints) -> Floats:
        """Means (..., N, m) of the visits of each participant."""
        ...


@dataclass(frozen=True, slots=True)
class MissingAtRandom:
    """As those of the same arm who were seen."""

    title = "missing at random"
    at_random = True

    def means(self, own: Floats, reference: Floats, event: Ints) -> Floats:
        return own


@dataclass(frozen=True, slots=True)
class JumpToReference:
    """As the reference arm from the event on (J2R)."""

    title = "jump to reference"
    at_random = False

    def means(self, own: Floats, reference: Floats, event: Ints) -> Floats:
        return np.where(_after(own, event), reference, own)


@dataclass(frozen=True, slots=True)
class CopyReference:
    """As the reference arm at every visit, for whoever had the event (CR)."""

    title = "copy reference"
    at_random = False

    def means(self, own: Floats, reference: Floats, event: Ints) -> Floats:
        return np.where((event < own.shape[-1])[:, None], reference, own)


@dataclass(frozen=True, slots=True)
class CopyIncrements:
    """From where the own arm stood before the event on, changes as in the reference arm (CIR)."""

    title = "copy increments in reference"
    at_random = False

    def means(self, own: Floats, reference: Floats, event: Ints) -> Floats:
        before = np.maximum(event - 1, 0)
        step = _at(own, before) - _at(reference, before)
        moved = reference + np.where(event > 0, step, 0.0)[..., None]
        return np.where(_after(own, event), moved, own)


@dataclass(frozen=True, slots=True)
class LastMean:
    """The mean of the own arm at the last visit before the event, carried forward (LMCF)."""

    title = "last mean carried forward"
    at_random = False

    def means(self, own: Floats, reference: Floats, event: Ints) -> Floats:
        last = _at(own, np.maximum(event - 1, 0))[..., None]
        return np.where(_after(own, event) & (event > 0)[:, None], last, own)


ASSUMPTIONS: dict[str, Assumption] = {
    "missing_at_random": MissingAtRandom(),
    "jump_to_reference": JumpToReference(),
    "copy_reference": CopyReference(),
    "copy_increments": CopyIncrements(),
    "last_mean": LastMean(),
}


def _after(own: Floats, event: Ints) -> NDArray[np.bool_]:
    after: NDArray[np.bool_] = np.arange(own.shape[-1]) >= event[:, None]
    return after


def _at(values: Floats, place: Ints) -> Floats:
    found: Floats = values[..., np.arange(len(place)), place]
    return found
