"""The sign table: what a pretreatment does to each effect of MDMA, published beside simulated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from entact.pharmacology.check import Check, Laboratory, area, durations, highest, rise
from entact.pharmacology.regimen import Regimen
from entact.pharmacology.result import Simulation

SAME: Final = 10.0
"""%: a change of an effect by no more counts as none"""
CHANGED: Final = 2.0
"""%: a change by less counts as none, whichever direction was published"""
SESSION: Final = 8.0
"""h in which effects are looked for: later a pretreatment of the day wears off, and rest is another"""
LIMITS: Final = {
    "+": (CHANGED, math.inf, "rises"),
    "-": (-math.inf, -CHANGED, "falls"),
    "=": (-SAME, SAME, "unchanged"),
}


def effects(run: Simulation) -> dict[str, float]:
    """The effects of MDMA that the sign table speaks of, in the first person.

    Of plasma the area, of feeling the maximum, of the rest the rise over the value before the dose, with the
    pretreatment on board: what it does by itself to a resting heart is no interaction.
    """
    pressure = (run.values("systolic")[0] + 2 * run.values("diastolic")[0]) / 3
    return {
        "plasma": area(run, "mdma", 0, 24),
        "subjective": highest(run, "subjective"),
        "duration": float(durations(run.times, run.values("subjective"))[0]),
        "pressure": float((pressure - pressure[0])[run.times <= SESSION].max()),
        "heart_rate": rise(run, "heart_rate", 0, SESSION),
        "temperature": rise(run, "temperature", 0, SESSION),
        "cortisol": rise(run, "cortisol", 0, SESSION),
    }


def interactions(lab: Laboratory, signs: Mapping[str, Mapping[str, str]]) -> list[Check]:
    """V17: every filled cell of the sign table, as the change of an effect of MDMA in %."""
    alone: dict[str, dict[str, float]] = {}
    checks = []
    for medicine, row in signs.items():
        dose = row["dose"]
        if dose not in alone:
            alone[dose] = effects(lab.man(Regimen.mdma(dose), "24 h"))
        together = effects(lab.man(Regimen.mdma(dose), "24 h", medicine))
        for name in (field for field in row if field not in ("dose", "source")):
            least, most, word = LIMITS[row[name]]
            change = 100 * (together[name] / alone[dose][name] - 1)
            what = f"{medicine}, {dose}: {name.replace('_', ' ')}"
            checks.append(Check("V17", what, "% change", word, change, least, most, row["source"]))
    return checks
