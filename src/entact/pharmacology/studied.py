"""What was studied in people, and where a question goes beyond it: said beside the answer, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from entact.pharmacology.quantity import MOST, OVERDOSE, NotAQuantity
from entact.pharmacology.regimen import STUDIED, Regimen

if TYPE_CHECKING:
    from entact.pharmacology.people import People

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

RANGES: Final = {
    "weight": (45.0, 120.0, "kg", "body weight"),
    "age": (18.0, 65.0, "a", "age"),
    "systolic_baseline": (90.0, 150.0, "mmHg", "systolic pressure at rest"),
    "diastolic_baseline": (50.0, 95.0, "mmHg", "diastolic pressure at rest"),
    "heart_rate_baseline": (45.0, 100.0, "1/min", "heart rate at rest"),
}
"""of the people in the studies behind the model, by covariate: assumption, as few tables were readable"""
ROUNDED: Final = 1.0001
MANY: Final = 100_000
"""people whose covariates are looked at at once"""


def beyond_studied(regimen: Regimen, who: People) -> tuple[str, ...]:
    """In what a question goes beyond what was studied, each as a sentence.

    Errors: `NotAQuantity` where somebody would swallow more within 24 h than the model is asked about.
    """
    count: dict[str, int] = {}
    for start in range(0, who.n, MANY):
        people = who.covariates(start, min(start + MANY, who.n))
        for said, number in _counted(regimen, people).items():
            count[said] = count.get(said, 0) + number
    return tuple(
        said + ("." if who.n == 1 else f": {number:,} of {who.n:,} people.")
        for said, number in count.items()
        if number
    )


def _counted(regimen: Regimen, people: Mapping[str, Array]) -> dict[str, int]:
    weight = people["weight"]
    most = regimen.most_in_a_day(weight)
    if (most > MOST * ROUNDED).any():
        raise NotAQuantity(
            f"{regimen} is {most.max():.0f} mg of base within 24 h in a person of "
            f"{weight[int(most.argmax())]:.0f} kg, more than {OVERDOSE}"
        )
    found = {
        "More within 24 h than the 180 mg of hydrochloride that trials of the therapy gave in a session": most
        > STUDIED * ROUNDED,
    }
    for name, (least, highest, unit, title) in RANGES.items():
        if name in people:
            outside = (people[name] < least) | (people[name] > highest)
            found[f"Outside of what was studied ({title} {least:g} to {highest:g} {unit})"] = outside
    return {said: int(np.sum(which)) for said, which in found.items()}
