"""What a dose does to the vital signs of a virtual participant, as the pharmacology's model has it.

Only where the parameters say which arms' capsules hold the drug. The rise is added to the person's own value
at rest; whose body it is follows from the seed, the same in every session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from entact.pharmacology import Population, Regimen, simulate
from entact.protocol import Release
from entact.protocol.quantity import parse_quantity

SUBSTANCE: Final = "MDMA"
SALTS: Final = {"hydrochloride": "HCl", "free_base": "base"}
SIGNS: Final = ("systolic", "diastolic", "heart_rate", "temperature")  # of the model that a form may have
UNTIL, EVERY = "14 h", "5 min"  # a session is over by then
ACCURACY = 1e-5  # beyond what a cuff can tell
YOUNGEST = 18.0

Doses = Mapping[str, tuple[float, float]]
"""Dose level -> mg of the initial dose and of the supplement, as labelled."""


@lru_cache(maxsize=16)
def doses_of(release: Release) -> tuple[Doses, str]:
    """What each dose level of a study holds in the active arm, and in which form.

    Raises:
        ValueError: when the study gives something else than MDMA, or it in two forms.
    """
    products = release.file.products.values()
    substances, salts = {one.substance for one in products}, {one.salt for one in products}
    if substances != {SUBSTANCE} or len(salts) != 1:
        raise ValueError(f"the model is of {SUBSTANCE} in one form, the products are {sorted(substances)}")
    doses = {}
    for level, regimen in release.file.regimens.items():
        given = [regimen.initial, regimen.supplement.give if regimen.supplement is not None else None]
        amounts = [
            0.0 if one is None else one.count * float(parse_quantity(one.strength).value) for one in given
        ]
        doses[level] = (amounts[0], amounts[1])
    return doses, SALTS[next(iter(salts))]


@dataclass
class Body:
    """One virtual participant as the model sees them, with what their arm's capsules hold.

    Attributes:
        index, seed: whose body it is. weight: kg. age: years. doses, form: of the study (`doses_of`).
        share: of a labelled dose that the arm's capsules hold.
    """

    index: int
    seed: int
    weight: float
    sex: str
    age: float
    doses: Doses
    form: str
    share: float
    _rises: dict[tuple[str, float | None], tuple[Any, dict[str, Any]]] = field(
        default_factory=dict, repr=False
    )

    def rises(self, level: str, minutes: float, supplement: float | None) -> dict[str, float]:
        """How far each sign is above its value before the dose.

        Args:
            level: the dose level. minutes: since the initial dose. supplement: when it was taken, in minutes
                since the initial dose, if it was.
        """
        if minutes <= 0.0 or self.share == 0.0:
            return dict.fromkeys(SIGNS, 0.0)
        if (level, supplement) not in self._rises:
            self._rises[level, supplement] = self._simulated(level, supplement)
        times, rises = self._rises[level, supplement]
        return {sign: float(np.interp(minutes / 60.0, times, rise)) for sign, rise in rises.items()}

    def _simulated(self, level: str, supplement: float | None) -> tuple[Any, dict[str, Any]]:
        initial, more = (f"{amount * self.share:g} mg {self.form}" for amount in self.doses[level])
        regimen = (
            Regimen.mdma(initial)
            if supplement is None
            else Regimen.mdma(initial, supplement=more, after=f"{supplement:g} min")
        )
        found = simulate(regimen, self, until=UNTIL, every=EVERY, outputs=SIGNS, rtol=ACCURACY)
        values = {sign: found.values(sign)[0] for sign in SIGNS}
        return found.times, {sign: value - value[0] for sign, value in values.items()}

    @property
    def n(self) -> int:
        """One person."""
        return 1

    @property
    def medicines(self) -> Sequence[str]:
        """None: what interacts has been washed out before a session."""
        return ()

    @property
    def _people(self) -> Population:
        sex: Any = self.sex
        return Population.healthy(
            self.index + 1,
            seed=self.seed,
            weight=f"{self.weight:g} kg",
            sex=sex,
            age=max(self.age, YOUNGEST),
        )

    def covariates(self, start: int = 0, stop: int = 1) -> dict[str, Any]:
        """Weight, sex and age of the participant; the rest as the model's population has it."""
        return self._people.covariates(self.index, self.index + 1)

    def etas(self, start: int, stop: int, count: int) -> Any:
        """In what this person differs from a typical one."""
        return self._people.etas(self.index, self.index + 1, count)
