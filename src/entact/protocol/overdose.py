"""Whether a level gives more of MDMA or its kin in one session than anybody was ever given in a study.

The model of the drug refuses such a dose (`entact.pharmacology`); a study file that plans one is refused
before anybody asks the model. Of other substances nothing is known here, and nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from entact.protocol.problem import Fault, Path
from entact.protocol.quantity import parse_quantity
from entact.protocol.study import StudyFile, Units

ACID: Final = {"hydrochloride": 36.46, "hydrobromide": 80.91, "sulfate": 49.04, "tartrate": 150.09}
"""g of acid for a mole of base; of the sulfate one acid for two bases"""
MILLIGRAMS: Final = {"g": 1000.0, "mg": 1.0, "ug": 0.001, "µg": 0.001}


class Most(NamedTuple):
    """The most that was given within 24 h: g/mol of the base, mg of hydrochloride, and where that is said."""

    weight: float
    hydrochloride: float
    source: str

    @property
    def base(self) -> float:
        """mg of base."""
        return self.hydrochloride * self.weight / (self.weight + ACID["hydrochloride"])


_RACEMATE: Final = Most(193.24, 250.0, "the most that a source of the model of MDMA gave (fact F011)")
_OF_S: Final = Most(193.24, 125.0, "half of that of MDMA, of which half is S-MDMA")
_OF_MDA: Final = Most(179.22, 117.0, "molecule for molecule as much as of S-MDMA")

_MDMA: Final = re.compile(
    r"(?<![A-Z])(MDMA|MIDOMAFETAMINE|\S*METHYLENEDIOXY-?(N-)?METH?(YL)?AMPHETAMINE)(?![A-Z])"
)
_S: Final = re.compile(r"^\W*S\W")
_MDA: Final = re.compile(r"(?<![A-Z])(MDA|TENAMFETAMINE|\S*METHYLENEDIOXYAMPHETAMINE)(?![A-Z])")


def most_of(substance: str) -> Most | None:
    """The most of a substance, under whatever spelling (`3,4-MDMA`, `MDMA hydrochloride`); None of others."""
    text = substance.upper()
    if _MDMA.search(text):
        return _OF_S if _S.match(text) else _RACEMATE
    return _OF_MDA if _MDA.search(text) else None


def check_overdose(file: StudyFile) -> Iterator[Fault]:
    """Each level, in each arm, with its supplement."""
    for name, regimen in file.regimens.items():
        supplement = regimen.supplement.give if regimen.supplement is not None else None
        yield from _too_much(file, ("regimens", name), regimen.product, regimen.initial, supplement)
        for arm, dose in regimen.arms.items():
            path: Path = ("regimens", name, "arms", arm)
            product = dose.product or regimen.product
            yield from _too_much(file, path, product, dose.initial, dose.supplement)


def _too_much(
    file: StudyFile, path: Path, product: str | None, initial: Units, supplement: Units | None
) -> Iterator[Fault]:
    given = [initial] if supplement is None else [initial, supplement]
    for name, one in file.products.items():
        most = most_of(one.substance)
        if most is None or name != (product or name) or initial.strength not in one.strengths:
            continue
        share = most.weight / (most.weight + ACID.get(one.salt, 0.0))
        base = sum(_milligrams(dose) for dose in given) * share
        if base > most.base * 1.0001:
            yield Fault(
                path,
                f"{' + '.join(f'{dose.count} x {dose.strength}' for dose in given)} is {base:.0f} mg of "
                f"{one.substance} base in one session, and {most.base:.0f} mg ({most.hydrochloride:g} mg of "
                f"hydrochloride) is {most.source}: nobody was ever given so much, and an overdose kills",
            )


def _milligrams(dose: Units) -> float:
    strength = parse_quantity(dose.strength)
    return dose.count * float(strength.value) * MILLIGRAMS.get(strength.unit, 0.0)
