"""Published results that entered no fit, beside what the model says: the held-out set.

Each set in `heldout.yaml` was fixed before any of its rows was simulated; here each number is simulated, by
the same key, in as many people of the study's kind as are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from entact.pharmacology.check import Check, durations
from entact.pharmacology.parameters import Model, read_yaml, shipped_model
from entact.pharmacology.person import Sex
from entact.pharmacology.population import Population
from entact.pharmacology.regimen import Regimen
from entact.pharmacology.simulation import simulate

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

FILE: Final = Path(__file__).with_name("heldout.yaml")
PERSONS: Final = 2_000
"""simulated for each row"""
CENTRAL: Final = 0.95
"""share of simulated groups within which a published extreme has to lie"""
WANTED: Final = 0.8
"""share of the means with a published SD that has to be within one of it"""
NO_SD: Final = "held out, no SD"
"""kind of a row whose published number came without a standard deviation"""
EXTREME: Final = "extreme"
"""kind of a row that is the highest of all readings of all persons"""
READ: Final = (1.5, 2.0, 2.5, 3.0, 5.0)
"""h at which oxytocin was read (S03)"""


@dataclass(frozen=True)
class Volunteers:
    """Healthy people of a study's kind: their number, share of women, and age where it was published."""

    model: Model
    persons: int
    seed: int
    n: int
    women: int | None = None
    age: float | None = None

    def after(
        self, dose: str, *outputs: str, until: str = "24 h", every: str = "10 min", **more: Any
    ) -> Course:
        """Their outputs after one dose: women and men apart, as many of each as the study had."""
        medicines = more.pop("medicines", ())
        women = round(self.persons * (0.5 if self.women is None else self.women / self.n))
        regimen = (
            Regimen.mda(dose, **more) if more.pop("drug", "MDMA") == "MDA" else Regimen.mdma(dose, **more)
        )
        parts = []
        counts: tuple[tuple[Sex, int], ...] = (("female", women), ("male", self.persons - women))
        for sex, count in counts:
            if count:
                who = Population.healthy(count, seed=self.seed, sex=sex, age=self.age, medicines=medicines)
                parts.append(
                    simulate(regimen, who, until=until, every=every, outputs=outputs, model=self.model)
                )
        return Course(
            parts[0].times, {name: np.vstack([part.values(name) for part in parts]) for name in outputs}
        )


@dataclass(frozen=True)
class Course:
    """Outputs of people (persons x times, h)."""

    times: Array
    values: Mapping[str, Array]

    def highest(self, name: str) -> Array:
        """Each person's highest value."""
        return np.asarray(self.values[name].max(axis=1))

    def rise(self, name: str) -> Array:
        """Each person's highest value beyond that before the dose."""
        return self.highest(name) - self.values[name][:, 0]

    def at(self, name: str, hour: float) -> Array:
        """Everybody's value at a time."""
        return np.asarray(self.values[name][:, int(np.abs(self.times - hour).argmin())])

    def time(self, name: str) -> Array:
        """When each person's value is highest, in h."""
        return np.asarray(self.times[self.values[name].argmax(axis=1)])

    def half_life(self, name: str) -> Array:
        """Each person's terminal half-life from 8 to 24 h, in h."""
        chosen = (self.times >= 8 - 1e-9) & (self.times <= 24 + 1e-9)
        slopes = np.polyfit(self.times[chosen], np.log(self.values[name][:, chosen]).T, 1)[0]
        return np.asarray(-np.log(2.0) / slopes)


def held_out(model: Model | None = None, *, persons: int = PERSONS, seed: int = 20_260_101) -> list[Check]:
    """The rows of the held-out set beside what the model says.

    Args:
        model: other numbers than those shipped.
        persons: simulated for each row.
        seed: of the people.

    Returns:
        Checks of kind `held out` (a mean with its SD), `held out, no SD` (with what the reference accepts),
        `extreme` or `direction`, in the order of the file.
    """
    published = read_yaml(FILE)
    shipped = shipped_model() if model is None else model
    people = {
        name: Volunteers(shipped, persons, seed, **{k: v for k, v in study["who"].items() if k != "weight"})
        for name, study in published["studies"].items()
    }
    numbers = simulated(people)
    return [
        check(key, row, published["studies"][row["study"]], numbers[key])
        for key, row in published["rows"].items()
    ]


def check(key: str, row: Mapping[str, Any], study: Mapping[str, Any], found: Array) -> Check:
    """A row of the file with what was simulated: of many people, a mean; of groups of them, a share."""
    unit, least, most = str(row.get("unit", "1")), -np.inf, np.inf
    simulated = float(np.mean(found))
    if "mean" in row:
        by = row.get("sd", row.get("within"))
        least, most = row["mean"] - by, row["mean"] + by
        said = f"{row['mean']:g} (SD {row['sd']:g})" if "sd" in row else f"{row['mean']:g}"
    elif "extreme" in row:
        said, unit = f"{row['extreme']:g} {unit}", "of groups below it"
        simulated = float(np.mean(found < row["extreme"]))
        least, most = (1 - CENTRAL) / 2, (1 + CENTRAL) / 2
    else:
        said = "more" if "more" in row else "less"
        least, most = row.get("more", least), row.get("less", most)
    return Check(
        id=str(row["study"]),
        what=str(row["what"]),
        unit=unit,
        published=said,
        simulated=simulated,
        least=float(least),
        most=float(most),
        source=str(study["source"]),
        role="held out" if "sd" in row else EXTREME if "extreme" in row else NO_SD,
    )


def within_one_sd(checks: Sequence[Check]) -> tuple[int, int]:
    """How many means are within one published SD, of how many that have one."""
    own = [found for found in checks if found.kind == "held out"]
    return sum(found.passed is True for found in own), len(own)


def simulated(people: Mapping[str, Volunteers]) -> dict[str, Array]:
    """What each row asks for, in the people of its study."""
    found: dict[str, Array] = {}
    feeling = people["S01"].after("100 mg HCl", "subjective", until="12 h", every="5 min")
    found["duration_100"] = durations(feeling.times, feeling.values["subjective"])
    hormones = people["S02"].after("100 mg HCl", "cortisol", "prolactin", until="3 h")
    before = hormones.at("cortisol", 0.0)
    found["cortisol_2h"] = middle(hormones.at("cortisol", 2.0) / before)
    found["prolactin_2h"] = middle(hormones.at("prolactin", 2.0) - hormones.at("prolactin", 0.0))
    oxytocin = people["S03"].after("100 mg HCl", "oxytocin", until="6 h")
    read = np.column_stack([oxytocin.at("oxytocin", hour) for hour in READ])
    rest = oxytocin.at("oxytocin", 0.0)
    found["oxytocin_rise"] = middle((read.max(axis=1) - rest) / rest)
    found["oxytocin_time"] = np.asarray(READ)[[int(np.median(read, axis=0).argmax())]]
    found |= plasma(people) | heart(people) | enantiomers(people["S08"])
    found["feeling_peak"] = people["S09"].after("1.5 mg/kg HCl", "subjective", until="8 h").time("subjective")
    warm = people["S10"].after("2 mg/kg HCl", "temperature", until="8 h")
    found["temperature_2"] = warm.rise("temperature")
    low, high = (
        people["S11"].after(f"{dose} mg/kg HCl", "systolic", "heart_rate", until="6 h")
        for dose in ("0.75", "1.5")
    )
    for name in ("systolic", "heart_rate"):
        found[f"{name}_low"] = ratio(high.rise(name), low.rise(name))
    late = people["S13"].after("100 mg HCl", "subjective", until="12 h")
    found["feeling_morning"] = 100 * late.at("subjective", 11.0) / late.highest("subjective")
    return found | mda(people, feeling)


def plasma(people: Mapping[str, Volunteers]) -> dict[str, Array]:
    """S04, S07: concentrations after one dose."""
    once = people["S04"].after("100 mg HCl", "mdma")
    found = {"tmax_100": once.time("mdma"), "half_life_100": once.half_life("mdma")}
    for dose in (75, 125):
        course = people["S07"].after(f"{dose} mg HCl", "mdma")
        found |= {
            f"cmax_{dose}": course.highest("mdma"),
            f"half_life_{dose}": course.half_life("mdma"),
        }
    return found


def heart(people: Mapping[str, Volunteers]) -> dict[str, Array]:
    """S05, S06: highest rate and pressures, of each person and of groups as large as the study."""
    found: dict[str, Array] = {}
    names = ("systolic", "diastolic", "heart_rate")
    for label, medicines in (("alone", ()), ("pindolol", ("pindolol",))):
        course = people["S05"].after("1.6 mg/kg HCl", *names, until="8 h", medicines=medicines)
        mean = (course.values["systolic"] + 2 * course.values["diastolic"]) / 3
        found[f"mean_pressure_{label}"] = mean.max(axis=1)
        found[f"heart_rate_{label}"] = course.highest("heart_rate")
    eight = people["S06"]
    low, high = (eight.after(f"{dose} mg/kg base", *names, until="8 h") for dose in ("1.0", "1.6"))
    order = np.random.default_rng(eight.seed).permutation(eight.persons)
    for name in names:
        both = np.maximum(low.highest(name), high.highest(name))[order]
        whole = len(both) // eight.n * eight.n
        found[f"{name}_extreme"] = both[:whole].reshape(-1, eight.n).max(axis=1)
    return found


def mda(people: Mapping[str, Volunteers], mdma: Course) -> dict[str, Array]:
    """S01: what MDA itself does, beside MDMA in the same people."""
    own = people["S01"].after("92 mg HCl", "subjective", until="24 h", every="5 min", drug="MDA")
    lasted, less = (durations(one.times, one.values["subjective"]) for one in (own, mdma))
    return {
        "duration_mda": lasted,
        "duration_mda_mdma": ratio(lasted, less),
        "feeling_mda_mdma": ratio(own.rise("subjective"), mdma.rise("subjective")),
    }


def enantiomers(people: Volunteers) -> dict[str, Array]:
    """S08: what S does beside the racemate and R."""
    names = ("systolic", "subjective", "prolactin", "cortisol", "oxytocin", "hmma")
    racemate = people.after("125 mg HCl", *names, until="12 h")
    s, r, more_r = (
        people.after(f"{mg} mg HCl", *names, until="12 h", enantiomer=form)
        for mg, form in ((125, "S"), (125, "R"), (250, "R"))
    )
    found = {
        f"{name}_s_racemate": ratio(s.rise(name), racemate.rise(name)) for name in ("systolic", "subjective")
    }
    found |= {f"{name}_s_r": ratio(s.rise(name), more_r.rise(name)) for name in ("systolic", "subjective")}
    for name in ("prolactin", "cortisol", "oxytocin"):
        found[f"{name}_s"] = ratio(s.rise(name), racemate.rise(name))
    for name in ("cortisol", "oxytocin"):
        found[f"{name}_s_r"] = ratio(s.rise(name), r.rise(name))
    return {**found, "hmma_r_s": ratio(r.highest("hmma"), s.highest("hmma"))}


def middle(values: Array) -> Array:
    """The median, where a median was published."""
    return np.asarray([np.median(values)])


def ratio(above: Array, below: Array) -> Array:
    """Of means."""
    return np.asarray([above.mean() / below.mean()])
