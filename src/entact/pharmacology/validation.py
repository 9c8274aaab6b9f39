"""What was published beside what the model says: the checks of the reference, all with one set of numbers.

`validation.yaml` has what was published and the limits; here each number is simulated, by the same key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import numpy as np

from entact.pharmacology.check import (
    DURATION,
    Check,
    Laboratory,
    area,
    beyond_rest,
    durations,
    half_life,
    highest,
    peak_at,
    rise,
)
from entact.pharmacology.parameters import Model, read_yaml, shipped_model
from entact.pharmacology.person import Person
from entact.pharmacology.regimen import Regimen
from entact.pharmacology.result import Simulation
from entact.pharmacology.signs import interactions

FILE: Final = Path(__file__).with_name("validation.yaml")
PERSONS: Final = 20_000
"""virtual subjects of the checks on populations"""
SHARE_75: Final = 0.18
"""share of 75 mg among the 166 subjects of F066 and F067, the rest had 125 mg: assumption, from memory"""
LIMITS: Final = {"systolic": 160.0, "heart_rate": 100.0, "temperature": 38.0}
"""of F066"""

Numbers = dict[str, float]


def validate(
    model: Model | None = None, *, persons: int = PERSONS, seed: int = 20_260_101, threads: int = 1
) -> list[Check]:
    """All checks of the reference with one set of numbers.

    Args:
        model: other numbers than those shipped.
        persons: virtual subjects of the checks on populations.
        seed, threads: of the simulations.

    Returns:
        V01 to V19 in the order of the reference, then facts that are no check of its table.
    """
    lab = Laboratory(shipped_model() if model is None else model, persons, seed, threads)
    numbers: Numbers = {}
    for measure in (concentrations, repeated, enantiomers, metabolites, limits_crossed, course, hormones):
        numbers |= measure(lab)
    for measure in (recovery, heart, sexes):
        numbers |= measure(lab)
    published = read_yaml(FILE)
    checks = [check(row, numbers[key]) for key, row in published["checks"].items()]
    checks += interactions(lab, published["signs"])
    return sorted(checks, key=lambda found: (not found.id.startswith("V"), found.id))


def check(row: Mapping[str, object], simulated: float) -> Check:
    """A row of `validation.yaml` with the number that was simulated."""
    return Check(
        id=str(row["id"]),
        what=str(row["what"]),
        unit=str(row["unit"]),
        published=str(row["published"]),
        simulated=simulated,
        least=float(str(row.get("least", "-inf"))),
        most=float(str(row.get("most", "inf"))),
        source=str(row["source"]),
        status=str(row.get("status", "read")),
        role=str(row.get("role", "fitted")),
    )


def concentrations(lab: Laboratory) -> Numbers:
    """V01-V04, V12, F005, F006: concentration, and rise of pressure and heart rate, after one dose."""
    low, high = (lab.man(Regimen.mdma(dose)) for dose in ("75 mg HCl", "125 mg HCl"))
    least, larger, most = (lab.man(Regimen.mdma(dose)) for dose in ("50 mg HCl", "135 mg HCl", "150 mg HCl"))
    per_kg, more_per_kg = (lab.man(Regimen.mdma(f"{dose} mg/kg base"), "24 h") for dose in ("1.0", "1.6"))
    peaks = (
        lab.crowd(per_kg.regimen, 0.2, outputs=["mdma"], until="12 h", every="10 min").peak("mdma").to_numpy()
    )
    found = {
        "cmax_kg": highest(per_kg, "mdma"),
        "cmax_kg_more": highest(more_per_kg, "mdma"),
        "hmma_kg": highest(per_kg, "hmma"),
        "hmma_kg_more": highest(more_per_kg, "hmma") / highest(per_kg, "hmma"),
        "cmax_cv": 100 * float(peaks.std() / peaks.mean()),
        "cmax_50": highest(least, "mdma"),
        "cmax_135": highest(larger, "mdma"),
        "auc_widest": area(most, "mdma", 0, 24) / area(least, "mdma", 0, 24),
        "auc_ratio": area(high, "mdma", 0, 24) / area(low, "mdma", 0, 24),
    }
    for dose, run in ((75, low), (125, high)):
        found |= {
            f"cmax_{dose}": highest(run, "mdma"),
            f"tmax_{dose}": peak_at(run, "mdma"),
            f"half_life_{dose}": half_life(run, "mdma"),
            f"auc_{dose}": area(run, "mdma", 0, 24),
            f"systolic_{dose}": rise(run, "systolic"),
            f"heart_rate_{dose}": rise(run, "heart_rate"),
        }
    return found


def repeated(lab: Laboratory) -> Numbers:
    """V06, V10, V16, F012, F013, F015, F044: CYP2D6 inactivated by the drug, inhibited, or missing."""
    once, again = Regimen.mdma("100 mg HCl"), Regimen.mdma("100 mg HCl").then("100 mg HCl", at="24 h")
    single, double = lab.man(once), lab.man(again)
    inhibited = lab.man(once, "48 h", "paroxetine")
    split = lab.man(Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h"), "96 h")
    whole = lab.man(Regimen.mdma("180 mg HCl"), "96 h")
    extensive, poor = (lab.man(Regimen.mdma("125 mg HCl"), cyp2d6=gene) for gene in ("extensive", "poor"))
    fed = lab.man(Regimen.mdma("100 mg HCl", food="fed"), "96 h")
    fasted = lab.man(once, "96 h")
    near = lab.man(once.then("100 mg HCl", at="4 h"), "96 h")
    found = {
        "auc_near": area(near, "mdma", 0, 96) / (2 * area(fasted, "mdma", 0, 96)),
        "subjective_near": rise(near, "subjective", 4) / rise(near, "subjective", 0, 4),
        "auc_fed": area(fed, "mdma", 0, 96) / area(fasted, "mdma", 0, 96),
        "tmax_fed": peak_at(fed, "mdma") - peak_at(fasted, "mdma"),
        "hmma_poor": highest(poor, "hmma") / highest(extensive, "hmma"),
        "auc_again": area(double, "mdma", 24, 48) / area(double, "mdma", 0, 24),
        "cmax_again": highest(double, "mdma", 24) / highest(double, "mdma", 0, 24),
        "auc_paroxetine": area(inhibited, "mdma", 0, 24) / area(single, "mdma", 0, 24),
        "hmma_paroxetine": highest(inhibited, "hmma") / highest(single, "hmma"),
        "auc_split": area(split, "mdma", 0, 96) / area(whole, "mdma", 0, 96),
        "early_auc_split": area(split, "mdma", 0, 4) / area(whole, "mdma", 0, 4),
        "tmax_split": peak_at(split, "mdma") - peak_at(whole, "mdma"),
        "auc_poor": area(poor, "mdma", 0, 48) / area(extensive, "mdma", 0, 48),
        "cmax_poor": highest(poor, "mdma") / highest(extensive, "mdma"),
        "enzyme": float(np.interp(2.0, extensive.times, extensive.values("cyp2d6")[0])),
    }
    for name in ("subjective", "systolic", "heart_rate", "prolactin", "cortisol"):
        found[f"{name}_again"] = rise(double, name, 24) / rise(double, name, 0, 24)
    return found


def enantiomers(lab: Laboratory) -> Numbers:
    """V07, V08, F011: R and S after the racemate, and each alone."""
    small, large = lab.man(Regimen.mdma("40 mg HCl"), "96 h"), lab.man(Regimen.mdma("125 mg HCl"))
    return {
        "ratio_40": area(small, "r_mdma", 0, 96) / area(small, "s_mdma", 0, 96),
        "half_life_r_40": half_life(small, "r_mdma"),
        "half_life_s_40": half_life(small, "s_mdma"),
        "half_life_s_125": half_life(large, "s_mdma"),
        "half_life_r_125": half_life(large, "r_mdma"),
        "half_life_s_alone": half_life(lab.man(Regimen.mdma("125 mg HCl", enantiomer="S")), "s_mdma"),
        "half_life_r_alone": half_life(lab.man(Regimen.mdma("125 mg HCl", enantiomer="R")), "r_mdma"),
        "half_life_r_double": half_life(lab.man(Regimen.mdma("250 mg HCl", enantiomer="R")), "r_mdma"),
    }


def metabolites(lab: Laboratory) -> Numbers:
    """V09, V19, F010: how much of a dose becomes MDA, HMMA in plasma, and MDMA in urine."""
    from entact.pharmacology.individual import vectors
    from entact.pharmacology.variables import INPUTS

    man = Person(weight="70 kg", age=27).covariates()
    inputs = dict(zip(INPUTS, vectors(lab.model, man, np.zeros((1, len(lab.model.random))))[0], strict=True))
    found = mda_alone(lab)
    small = lab.man(Regimen.mdma("40 mg HCl"), "24 h")
    for column, form in enumerate(("r", "s")):
        excreted = 0.001 * inputs[f"renal_{form}"] * area(small, f"{form}_mdma", 0, 24)
        found[f"urine_{form}"] = 100 * excreted / float(small.regimen.mg(man["weight"])[column][0, 0])
    for dose in (75, 125):
        run = lab.man(Regimen.mdma(f"{dose} mg HCl"), "120 h")
        swallowed = float(sum(part.sum() for part in run.regimen.mg(man["weight"])))
        formed = sum(
            0.001 * inputs[f"demethylation_{form}"] * area(run, f"{form}_mdma", 0, 120) for form in ("r", "s")
        )
        found[f"mda_{dose}"] = 100 * (inputs["arrives_as_mda"] + formed / swallowed)
    return found


def mda_alone(lab: Laboratory) -> Numbers:
    """F097: MDA itself by mouth, beside a like dose of MDMA."""
    own, other = (
        lab.man(Regimen.mda("1.4 mg/kg HCl"), "120 h"),
        lab.man(Regimen.mdma("1.5 mg/kg HCl"), "48 h"),
    )
    late = 100 * beyond_rest(own, "subjective", 8) / rise(own, "subjective")
    found = {
        "mda_alone": highest(own, "mda"),
        "mda_alone_area": area(own, "mda", 0, 120),
        "mda_alone_tmax": peak_at(own, "mda"),
        "mda_alone_half_life": half_life(own, "mda") / half_life(other, "mdma"),
        "mda_alone_8h": late / (100 * beyond_rest(other, "subjective", 6) / rise(other, "subjective")),
        "mda_formed_tmax": peak_at(other, "mda"),
    }
    for name in ("systolic", "heart_rate", "prolactin", "cortisol"):
        found[f"mda_alone_{name}"] = rise(own, name) / rise(other, name)
    return found


def limits_crossed(lab: Laboratory) -> Numbers:
    """V11: how many healthy volunteers cross a limit at some reading, after 75 or 125 mg."""
    low = lab.crowd(Regimen.mdma("75 mg HCl"), SHARE_75, outputs=list(LIMITS))
    high = lab.crowd(Regimen.mdma("125 mg HCl"), 1 - SHARE_75, outputs=list(LIMITS))
    found = {}
    for name, limit in LIMITS.items():
        few, many = low.probability_above(name, limit), high.probability_above(name, limit)
        found[f"{name}_above"] = SHARE_75 * few + (1 - SHARE_75) * many
        found[f"{name}_more"] = many - few
    return found


def course(lab: Laboratory) -> Numbers:
    """V15, F007, F072: when the subjective effect comes, how long it lasts, and its fall before plasma's."""
    lasted = np.concatenate(
        [
            durations(run.times, run.values("subjective"))
            for run in (
                lab.crowd(Regimen.mdma(dose), part, outputs=["subjective"], until="12 h", every="5 min")
                for dose, part in (("75 mg HCl", 0.2 * SHARE_75), ("125 mg HCl", 0.2 * (1 - SHARE_75)))
            )
        ]
    )
    run = lab.man(Regimen.mdma("125 mg HCl"))
    effect = run.values("subjective")[0]
    found = {
        "duration": float(lasted.mean()),
        "duration_sd": float(lasted.std()),
        "onset": 60 * float(run.times[int((effect >= DURATION * effect.max()).argmax())]),
        "peak": 60 * peak_at(run, "subjective"),
    }
    for name in ("subjective", "systolic"):
        rising, falling = at_half_of_plasma(run, name)
        found[f"{name}_falling"] = falling / rising
    return found


def hormones(lab: Laboratory) -> Numbers:
    """V14, V18, F068, F081: hormones, the amygdala, and sodium with fluids free or restricted."""
    run, large = lab.man(Regimen.mdma("1.5 mg/kg HCl"), "12 h"), lab.man(Regimen.mdma("125 mg HCl"))
    low = lab.man(Regimen.mdma("0.75 mg/kg HCl"), "12 h")
    found = {
        "oxytocin_low": highest(low, "oxytocin") / float(low.values("oxytocin")[0, 0]),
        "oxytocin": highest(run, "oxytocin") / float(run.values("oxytocin")[0, 0]),
        "oxytocin_peak": 60 * peak_at(run, "oxytocin"),
        "amygdala": float(large.trough("amygdala")[0]),
        "prolactin": highest(large, "prolactin") / float(large.values("prolactin")[0, 0]),
        "cortisol": highest(large, "cortisol") / float(large.values("cortisol")[0, 0]),
    }
    waters: tuple[Literal["free", "restricted"], ...] = ("free", "restricted")
    for water in waters:
        halves = [
            lab.crowd(Regimen.mdma(dose, water=water), 0.5, outputs=["sodium"])
            for dose in ("100 mg HCl", "125 mg HCl")
        ]
        found[f"sodium_{water}"] = math.fsum(half.probability_below("sodium", 135.0) for half in halves) / 2
    return found


def recovery(lab: Laboratory) -> Numbers:
    """F098, F097: what is left at the end of a session, and a day after its beginning."""
    session = lab.man(Regimen.mdma("125 mg HCl", supplement="62.5 mg HCl", after="2 h"), "24 h")
    once = lab.man(Regimen.mdma("1.5 mg/kg HCl"), "24 h")
    found = {
        f"{name}_{hour}h": beyond_rest(session, name, hour)
        for name, hour in (
            *(("systolic", 8), ("heart_rate", 8), ("systolic", 24), ("heart_rate", 24)),
            *(("temperature", 24), ("subjective", 24)),
        )
    }
    found["subjective_6h"] = 100 * beyond_rest(once, "subjective", 6) / rise(once, "subjective")
    for name in ("systolic", "diastolic", "heart_rate"):
        found[f"{name}_lester"] = beyond_rest(once, name, 1.5)
    return found


def heart(lab: Laboratory) -> Numbers:
    """F099: heart rate and mean pressure, alone, with pindolol, and with propranolol in a population."""
    regimen = Regimen.mdma("1.6 mg/kg HCl")
    found: Numbers = {}
    for name, run in (
        ("alone", lab.man(regimen, "12 h")),
        ("pindolol", lab.man(regimen, "12 h", "pindolol")),
    ):
        pressure = (run.values("systolic")[0] + 2 * run.values("diastolic")[0]) / 3
        found |= {
            f"heart_rate_{name}": highest(run, "heart_rate"),
            f"mean_pressure_{name}": float(pressure.max()),
        }
    slow = lab.crowd(regimen, 0.2, outputs=["heart_rate"], medicines=["propranolol"])
    return {**found, "slow_propranolol": slow.probability_below("heart_rate", 40.0)}


def sexes(lab: Laboratory) -> Numbers:
    """F045, F095: mean effects of women over those of men, at equal mg/kg."""
    names = ("subjective", "systolic", "heart_rate", "temperature", "mdma")
    regimen = Regimen.mdma("1.5 mg/kg HCl")
    means: dict[str, list[float]] = {name: [] for name in names}
    for sex in ("female", "male"):
        run = lab.crowd(regimen, 0.1, outputs=list(names), sex=sex)
        for name in names:
            values = run.values(name)
            means[name].append(float((values.max(axis=1) - values[:, 0]).mean()))
    return {f"{name}_sex": women / men for name, (women, men) in means.items()}


def at_half_of_plasma(run: Simulation, name: str) -> tuple[float, float]:
    """Rises of an output where plasma passes half of its maximum: on the way up, and on the way down."""
    plasma = run.values("mdma")[0]
    rises = run.values(name)[0] - run.values(name)[0, 0]
    top = int(plasma.argmax())
    half = 0.5 * plasma[top]
    up = float(np.interp(half, plasma[: top + 1], rises[: top + 1]))
    return up, float(np.interp(half, plasma[top:][::-1], rises[top:][::-1]))
