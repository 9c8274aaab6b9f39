"""What a dose does to the vital signs of a virtual participant, as the pharmacology's model has it.

Only where an arm's capsules hold the drug: the parameters say so, or the study file's substance, salt and
dose. The rise is added to the person's own value at rest; whose body it is follows from the seed, the same in
every session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np

from entact.cohort.usual import healthy, usual
from entact.course.state.form import VITALS
from entact.pharmacology import Population, Regimen, simulate
from entact.pharmacology.quantity import Dose
from entact.protocol import Release
from entact.protocol.quantity import parse_quantity
from entact.protocol.study import Regimen as DoseLevel

SUBSTANCE: Final = "MDMA"
MILLIGRAMS: Final = {"mg": 1.0, "g": 1000.0, "ug": 0.001}
SALTS: Final = {"hydrochloride": "HCl", "free_base": "base"}
SIGNS: Final = ("systolic", "diastolic", "heart_rate", "temperature")  # of the model that a form may have
UNTIL, EVERY = "14 h", "5 min"  # a session is over by then
ACCURACY = 1e-5  # beyond what a cuff can tell
YOUNGEST, OLDEST = 18.0, 100.0
LIGHTEST, HEAVIEST = 30.0, 250.0  # kg; nobody else does the model know

Doses = Mapping[str, tuple[float, float]]
"""Dose level -> mg of the initial dose and of the supplement, as labelled."""


@lru_cache(maxsize=16)
def doses_of(release: Release, arm: str | None = None) -> tuple[Doses, str]:
    """What each dose level of a study holds in an arm whose capsules hold the drug, and in which form.

    Raises:
        ValueError: when the study gives something else than MDMA, it in two forms, or so much of it that
            nobody ever studied it.
    """
    form = _form_of(release)
    return {level: _amounts(regimen, arm, form) for level, regimen in release.file.regimens.items()}, form


def drug_of(release: Release, arms: Iterable[str]) -> dict[str, float]:
    """What share of a labelled dose each arm's capsules hold, by the study file alone.

    None of it in a placebo; nothing at all is said where the model does not know what the study gives.
    """
    try:
        for arm in arms:
            doses_of(release, arm)
    except ValueError:
        return {}
    roles = {name: said.role for name, said in release.file.arms.items()}
    return {arm: 0.0 if roles.get(arm) == "placebo" else 1.0 for arm in arms}


def _form_of(release: Release) -> str:
    products = release.file.products.values()
    substances, salts = {one.substance for one in products}, {one.salt for one in products}
    if {one.upper() for one in substances} != {SUBSTANCE} or len(salts) != 1:
        raise ValueError(f"the model is of {SUBSTANCE} in one form, the products are {sorted(substances)}")
    if (salt := next(iter(salts))) not in SALTS:
        raise ValueError(f"the model knows no {salt} of {SUBSTANCE}")
    return SALTS[salt]


def _amounts(regimen: DoseLevel, arm: str | None, form: str) -> tuple[float, float]:
    own = regimen.arms.get(arm or "")
    supplement = regimen.supplement.give if regimen.supplement is not None else None
    given = [regimen.initial, supplement] if own is None else [own.initial, own.supplement]
    initial, more = (0.0 if one is None else one.count * _milligrams(one.strength) for one in given)
    Dose.parse(f"{initial + more:g} mg {form}")  # so much at once is refused
    return initial, more


def _milligrams(strength: str) -> float:
    quantity = parse_quantity(strength)
    if quantity.unit not in MILLIGRAMS:
        raise ValueError(f"{strength!r} is no mass that the model knows; write it in {', '.join(MILLIGRAMS)}")
    return float(quantity.value) * MILLIGRAMS[quantity.unit]


def as_signs(release: Release, rises: Mapping[str, float]) -> dict[str, float]:
    """What the model says of its signs, as the study names them and in its units."""
    return {name: rises[sign] * factor for name, sign, factor in _signs(release)}


@lru_cache(maxsize=64)
def _signs(release: Release) -> tuple[tuple[str, str, float], ...]:
    form = release.forms.get(VITALS)
    known = {name: usual(name, item) for name, item in form.items.items()} if form is not None else {}
    return tuple((name, one.name, one.factor) for name, one in known.items() if one and one.name in SIGNS)


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

    @classmethod
    def of(
        cls,
        index: int,
        seed: int,
        said: Mapping[str, float | str],
        doses: Doses,
        form: str,
        share: float,
    ) -> Body:
        """The body of a participant of whom some characteristics are said; else that of a healthy adult."""
        weight, age = (float(said.get(name, healthy(name).mean)) for name in ("weight", "age"))
        sex = str(said.get("sex", "female" if index % 2 else "male"))
        return cls(index, seed, min(max(weight, LIGHTEST), HEAVIEST), sex, age, doses, form, share)

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
            age=min(max(self.age, YOUNGEST), OLDEST),
        )

    def covariates(self, start: int = 0, stop: int = 1) -> dict[str, Any]:
        """Weight, sex and age of the participant; the rest as the model's population has it."""
        return self._people.covariates(self.index, self.index + 1)

    def etas(self, start: int, stop: int, count: int) -> Any:
        """In what this person differs from a typical one."""
        return self._people.etas(self.index, self.index + 1, count)
