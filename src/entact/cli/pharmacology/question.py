"""What is asked on the command line, as the room wants it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entact.pharmacology import Person, Population, Regimen
    from entact.pharmacology.notation import Limit


@dataclass(frozen=True)
class Question:
    """The options that say what is swallowed and by whom, as they were typed."""

    initial: str
    supplement: str | None = None
    then: Sequence[str] = ()
    enantiomer: Any = "racemic"
    food: Any = "fasted"
    water: Any = "free"
    weight: str | None = None
    sex: Any = None
    age: float | None = None
    cyp2d6: str | None = None
    medicines: Sequence[str] = ()
    population: int | None = None
    seed: int = 1
    limits: Sequence[str] = field(default=())
    substrates: Sequence[str] = ()
    kind: str = "healthy"
    pressure: str | None = None
    heart_rate: float | None = None
    drug: Any = "MDMA"

    def regimen(self) -> Regimen:
        """What is swallowed. Errors: as of `Regimen.mdma`."""
        from entact.pharmacology.notation import build_regimen

        return build_regimen(
            self.initial,
            self.supplement,
            self.then,
            enantiomer=self.enantiomer,
            food=self.food,
            water=self.water,
            drug=self.drug,
        )

    def who(self) -> Person | Population:
        """One person, or a population with what was said fixed in everyone.

        Errors: `NotAPerson`, `NotAQuantity`, `NotAMedicine`.
        """
        if self.population is not None:
            return find_people(
                self.population,
                self.seed,
                self.weight,
                self.sex,
                self.age,
                self.cyp2d6,
                self.medicines,
                self.kind,
                self.pressure,
                self.heart_rate,
            )
        from entact.pharmacology import Person
        from entact.pharmacology.person import NotAPerson

        check_medicines(self.medicines)
        if self.kind != "healthy":
            raise NotAPerson(f"{self.kind} are people: say how many, like --population 1000")
        given = _given(self.weight, self.sex, self.age, self.cyp2d6)
        given |= {"pressure": self.pressure, "heart_rate": self.heart_rate}
        return Person(medicines=list(self.medicines), **given)

    def read_limits(self) -> list[Limit]:
        """The limits, each once. Errors: `NotALimit`."""
        from entact.pharmacology.notation import read_limit

        return list(dict.fromkeys(read_limit(text) for text in self.limits))


def find_people(
    n: int,
    seed: int,
    weight: str | None,
    sex: Any,
    age: float | None,
    cyp2d6: str | None,
    medicines: Sequence[str],
    kind: str = "healthy",
    pressure: str | None = None,
    heart_rate: float | None = None,
) -> Population:
    """So many people of a kind, with what was said fixed in everyone.

    Errors: `NotAPerson`, `NotAQuantity`, `NotAMedicine`.
    """
    from entact.pharmacology import Population

    check_medicines(medicines)
    given = _given(weight, sex, age, cyp2d6) | {"pressure": pressure, "heart_rate": heart_rate}
    return Population(n, seed, kind, medicines=list(medicines), **given)


def check_medicines(names: Sequence[str]) -> None:
    """Refuses, before anything is simulated, what the model does not know. Errors: `NotAMedicine`."""
    from entact.pharmacology.prescription import find_medicines

    find_medicines(names)


def _given(weight: str | None, sex: Any, age: float | None, cyp2d6: str | None) -> dict[str, Any]:
    """The covariates that were said."""
    gene = None if cyp2d6 is None else phenotype(cyp2d6)
    given = {"weight": weight, "sex": sex, "age": age, "cyp2d6": gene}
    return {name: value for name, value in given.items() if value is not None}


def phenotype(text: str) -> str | float:
    """A CYP2D6 phenotype, or an activity score where it is a number."""
    try:
        return float(text)
    except ValueError:
        return text
