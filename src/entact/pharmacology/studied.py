"""What was studied in people, and where a question goes beyond it: said beside the answer, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from entact.pharmacology.quantity import BASE_WEIGHT, KILLS, MDA_WEIGHT, MOST, OVERDOSE, NotAQuantity
from entact.pharmacology.regimen import DAY, STUDIED, Regimen

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
DAYS: Final = 72.0
"""h within which doses a day apart still add up: half of the last is on board, and CYP2D6 is away"""
LIGHT: Final = 45.0
"""kg of the lightest of the people studied: assumption"""
SAID_S: Final = f"the most of S-MDMA that was given, alone or within 250 mg of the racemate): {KILLS}"
SAID_KG: Final = f"the largest doses that were given, in a person of 45 kg): {KILLS}"
SAID_MDA: Final = f"117 mg of its hydrochloride; studied were 92 mg and 1.4 mg/kg): {KILLS}"
OF_MDA: Final = (
    "MDA itself was studied in two small studies (F097); what it does to CYP2D6 is not followed, nor its HMA."
)
SAID_DAYS: Final = f"375 mg of hydrochloride; studied were 200 mg on two days): {KILLS}"
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
    always = (OF_MDA,) if regimen.drug == "MDA" else ()
    return always + tuple(
        said + ("." if who.n == 1 else f": {number:,} of {who.n:,} people.")
        for said, number in count.items()
        if number
    )


def refuse_overdose(regimen: Regimen, weight: Array) -> None:
    """Refuses more than was ever given, in all, of S-MDMA, for a kg, or within days.

    Half of the racemate is S-MDMA, which does most of what MDMA does: 250 mg of it alone are like 500 mg.

    Errors: `NotAQuantity` says how much it is, in whom, and what would be the most.
    """
    both, r, s = regimen.most_within(DAY, weight)
    days = regimen.most_within(DAYS, weight)[0]
    half = MOST / 2
    if regimen.drug == "MDA":  # counted as S-MDMA, molecule for molecule
        own = MDA_WEIGHT / BASE_WEIGHT
        amount, most = own * both, own * half
        if (amount > most * ROUNDED).any():
            place = int(amount.argmax())
            raise NotAQuantity(
                f"{regimen} is {amount[place]:.3g} mg of MDA base within 24 h in a person of "
                f"{weight[place]:.0f} kg, more than {most:.0f} mg ({SAID_MDA}"
            )
    heavy = np.where(weight > 0.0, weight, np.inf)  # a weight that is none is refused elsewhere
    for amount, most, what, reason in (
        (both, MOST, "mg of base within 24 h", OVERDOSE),
        (s, half, "mg of S-MDMA base within 24 h", f"{half:.0f} mg (125 mg of hydrochloride, {SAID_S}"),
        (s / heavy, half / LIGHT, "mg/kg of S-MDMA base within 24 h", f"{half / LIGHT:.2f} ({SAID_KG}"),
        (r / heavy, MOST / LIGHT, "mg/kg of R-MDMA base within 24 h", f"{MOST / LIGHT:.2f} ({SAID_KG}"),
        (days, 1.5 * MOST, f"mg of base within {DAYS:g} h", f"{1.5 * MOST:.0f} mg ({SAID_DAYS}"),
    ):
        if (amount > most * ROUNDED).any():
            place = int(amount.argmax())
            raise NotAQuantity(
                f"{regimen} is {amount[place]:.3g} {what} in a person of {weight[place]:.0f} kg, "
                f"more than {reason}"
            )


def _days_in_a_row(regimen: Regimen) -> int:
    """The longest run of days with a dose, each less than two days after the one before."""
    days = sorted({int(time // DAY) for time in regimen.times})
    longest = run = 1
    for before, day in pairwise(days):
        run = run + 1 if day - before == 1 else 1
        longest = max(longest, run)
    return longest


def _counted(regimen: Regimen, people: Mapping[str, Array]) -> dict[str, int]:
    weight = people["weight"]
    refuse_overdose(regimen, weight)
    most = regimen.most_within(DAY, weight)[0]
    found = {
        "Doses on more days in a row than the two that were studied": np.full(
            len(weight), _days_in_a_row(regimen) > 2
        ),
        "More within 24 h than the 180 mg of hydrochloride that trials of the therapy gave in a session": most
        > STUDIED * ROUNDED,
    }
    for name, (least, highest, unit, title) in RANGES.items():
        if name in people:
            outside = (people[name] < least) | (people[name] > highest)
            found[f"Outside of what was studied ({title} {least:g} to {highest:g} {unit})"] = outside
    return {said: int(np.sum(which)) for said, which in found.items()}
