"""The other way round: what MDMA does to a medicine that CYP2D6 clears, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from entact.pharmacology.individual import MOLAR
from entact.pharmacology.parameters import Model, shipped_model
from entact.pharmacology.person import Person
from entact.pharmacology.pharmacopoeia import Substrate, pharmacopoeia
from entact.pharmacology.regimen import NotARegimen, Regimen
from entact.pharmacology.simulation import simulate

DAYS: Final = 21
"""d after the last dose: CYP2D6 is back by then"""
USUAL: Final = 1.25
"""times the usual exposure that counts as usual (as bioequivalence has it)"""


@dataclass(frozen=True)
class Effect:
    """What a regimen does to a substrate of CYP2D6: its exposure as a multiple of the usual, over time.

    `most`: the highest multiple, at `at` (h); `until` (h): above `USUAL` until then, 0 if never. Of what is
    activated by CYP2D6, `formed` is the least that is formed of it, as a fraction of the usual.
    """

    substrate: Substrate
    most: float
    at: float
    until: float
    formed: float

    @property
    def sentence(self) -> str:
        """The effect in words."""
        one = self.substrate
        share = f"CYP2D6 clears {100 * one.fraction:.0f} % of it (assumed)"
        if one.activates:
            return (
                f"{one.name}: {100 * self.formed:.0f} % of the usual {one.activates} is formed at "
                f"{self.at:.1f} h, and less than 80 % until {self.until / 24:.1f} d; it works less."
            )
        last = (
            f"and above {USUAL:g} times until {self.until / 24:.1f} d"
            if self.until
            else f"never above {USUAL:g}"
        )
        return f"{one.name}: exposure {self.most:.2g} times the usual at {self.at:.1f} h, {last}; {share}."


def substrate_effect(regimen: Regimen, who: Person, name: str, *, model: Model | None = None) -> Effect:
    """What a regimen does to a medicine that CYP2D6 clears, in a person.

    The multiple at a moment is that of the steady exposure which the clearance of that moment would give
    (Rowland and Matin 1973): 1 / (fraction x activity + 1 - fraction), activity being the active enzyme as a
    fraction of the person's own, less what MDMA occupies.

    Arguments: `regimen`, `who`; `name` of the medicine, or its brand.

    Errors: `NotAMedicine` for one that is not known to be cleared by CYP2D6; `NotARegimen` for MDA.
    """
    model = shipped_model() if model is None else model
    one = pharmacopoeia().substrate(name)
    if regimen.drug != "MDMA":
        raise NotARegimen(f"what {regimen.drug} itself does to CYP2D6 is not followed: ask of MDMA")
    until = f"{float(regimen.times[-1]) + 24 * DAYS:g} h"
    run = simulate(
        regimen, replace(who, medicines=()), until=until, every="30 min",
        outputs=["cyp2d6", "r_mdma", "s_mdma"], model=model,
    )  # fmt: skip
    occupied = sum(
        model["unbound"] * run.values(f"{form}_mdma")[0] / MOLAR["mdma"] / model[f"km_{form}"]
        for form in "rs"
    )
    activity = run.values("cyp2d6")[0] / (1.0 + occupied)
    multiple = 1.0 / (one.fraction * activity + 1.0 - one.fraction)
    least = int(np.argmin(activity))
    beyond = activity < 0.8 if one.activates else multiple > USUAL
    last = float(run.times[np.flatnonzero(beyond)[-1]]) if beyond.any() else 0.0
    return Effect(one, float(multiple.max()), float(run.times[least]), last, float(activity.min()))
