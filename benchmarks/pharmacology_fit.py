"""Where the fitted numbers of the pharmacology come from, and which of them the data identify.

Two fits, each a maximum a posteriori by least squares on logarithms: disposition (concentrations, both
enantiomers, CYP2D6), then effects (feeling, pressure, heart rate, oxytocin) with the disposition held. Each
starts from the shipped numbers: a fit that moves them says that `parameters.yaml` is not what this program
gives, and leaves no covariance. Printed: every target beside what the fit gives; every parameter with its
relative standard error, with and without its prior; profiles of the parameters of CYP2D6, each with the
predicted poor / extensive ratio.

A target's weight is how closely it is to be met, not its published standard error: few are known.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from scipy.optimize import OptimizeResult, least_squares

from entact.pharmacology.check import Laboratory, beyond_rest, durations, highest, peak_at, rise
from entact.pharmacology.parameters import Model, shipped_model
from entact.pharmacology.regimen import Regimen
from entact.pharmacology.uncertain import FILE
from entact.pharmacology.validation import concentrations, enantiomers, metabolites, repeated

Array = NDArray[np.float64]
Numbers = dict[str, float]
MOVED = 0.03
"""a shipped number further from its fit than this fraction fails, or a tenth of its standard error"""
PROFILED = ("kinact", "ki", "cyp2d6_clearance_s", "cyp2d6_clearance_r", "km_s")
FACTORS = (0.5, 0.7, 1.4, 2.0)
STEPS = 4
"""of a profile, at each held value"""


@dataclass(frozen=True, slots=True)
class Target:
    """A number to be met: its value, and the standard deviation of its logarithm as its weight."""

    value: float
    weight: float
    why: str
    absolute: bool = False
    """whether `weight` is in the unit of the number: what may be about nothing has no logarithm"""

    def off(self, found: float) -> float:
        """How far a number is from it, in weights."""
        if self.absolute:
            return (found - self.value) / self.weight
        return math.log(found / self.value) / self.weight


DISPOSITION = {
    "cmax_75": Target(131, 0.03, "V01"),
    "cmax_kg": Target(162.9, 0.06, "V04: 70 mg of base"),
    "cmax_kg_more": Target(291.8, 0.12, "V05: 112 mg of base"),
    "cmax_125": Target(242, 0.05, "V02"),
    "tmax_75": Target(1.9, 0.06, "V01"),
    "tmax_125": Target(2.2, 0.07, "V02"),
    "half_life_75": Target(7.7, 0.06, "V01"),
    "half_life_125": Target(8.6, 0.06, "V02"),
    "auc_ratio": Target(2.1, 0.05, "V03"),
    "auc_again": Target(1.65, 0.03, "V06, held against V10"),
    "cmax_again": Target(1.29, 0.03, "V06"),
    "auc_paroxetine": Target(1.32, 0.04, "V10, held against V06"),
    "ratio_40": Target(2.4, 0.05, "V07"),
    "half_life_r_40": Target(6.5, 0.11, "V07"),
    "half_life_s_40": Target(3.7, 0.055, "V07"),
    "half_life_r_125": Target(11, 0.07, "V08"),
    "half_life_s_125": Target(5.1, 0.07, "V08"),
    "half_life_s_alone": Target(4.2, 0.10, "F011"),
    "half_life_r_alone": Target(12, 0.12, "F011"),
    "half_life_r_double": Target(14, 0.12, "F011"),
    "mda_125": Target(8.5, 0.08, "V09"),
    "hmma_kg": Target(172, 0.08, "V19"),
    "hmma_kg_more": Target(1.0, 0.07, "V20: from 1.0 to 1.6 mg/kg"),
    "mda_alone": Target(229, 0.03, "F097"),
    "mda_alone_area": Target(3636, 0.05, "F097"),
    "urine_r": Target(20, 0.25, "F010"),
    "urine_s": Target(9.3, 0.25, "F010"),
    "mda_cmax": Target(13, 0.20, "assumption, from memory: MDA Cmax after 125 mg, ng/mL"),
}
DISPOSITION_PRIORS = {
    "kinact": Target(0.334, 0.45, "F035-F040: geometric mean and spread"),
    "ki": Target(4.05, 0.42, "F035-F040: geometric mean and spread"),
    "volume_r": Target(350, 0.15, "F019: 389 L"),
    "volume_s": Target(350, 0.15, "F019: 389 L"),
    "km_r": Target(2.9, 0.40, "assumption, from memory of recombinant enzyme"),
    "km_s": Target(1.7, 0.40, "assumption, from memory of recombinant enzyme"),
    "other_to_hmma": Target(0.2, 0.70, "assumption"),
    "absorption_rate": Target(1.5, 0.30, "F020 with its lag and release time"),
    "other_clearance_r": Target(10, 0.60, "assumption"),
    "cyp2d6_clearance_r": Target(50, 1.0, "assumption"),
    "cyp2d6_clearance_s": Target(100, 1.0, "assumption"),
    "renal_clearance": Target(8, 0.70, "assumption"),
    "other_clearance_s": Target(25, 0.70, "assumption"),
    "demethylation_s": Target(5, 0.70, "assumption"),
    "hmma_volume": Target(100, 1.0, "assumption"),
    "hmma_half_life": Target(8, 0.40, "assumption, from memory"),
    "mda_volume": Target(300, 1.0, "assumption"),
    "mda_half_life": Target(9, 1.0, "assumption"),
}
DEMETHYLATION_R_TO_S = 0.3
"""from F010: MDA in urine 1.0 (R) to 1.4 (S) % of dose, at an area ratio of 2.4"""

EFFECTS = {
    "subjective_125": Target(80, 0.05, "assumption: mean maximum of the scale"),
    "subjective_75": Target(48, 0.08, "assumption"),
    "duration_125": Target(3.6, 0.03, "V15: the mean of unlike persons is longer"),
    "duration_75": Target(3.1, 0.06, "V15"),
    "late_2": Target(0.85, 0.15, "F007: of the maximum, 2 h after 125 mg; assumption"),
    "late_3": Target(0.45, 0.25, "F007; assumption"),
    "late_4": Target(0.20, 0.30, "F007; assumption"),
    "systolic_125": Target(38, 0.04, "V12 with V11"),
    "systolic_75": Target(29.5, 0.035, "V12 with V11"),
    "systolic_4h": Target(16, 4, "assumption: rise 4 h after 125 mg, mmHg", absolute=True),
    "systolic_6h": Target(7, 3, "assumption: rise 6 h after 125 mg, mmHg", absolute=True),
    "systolic_8h": Target(3, 2, "R01: 8 h after 125 + 62.5 mg, mmHg", absolute=True),
    "systolic_24h": Target(0, 1, "R02: 24 h after 125 + 62.5 mg, mmHg", absolute=True),
    "heart_rate_8h": Target(3, 2, "R01: 8 h after 125 + 62.5 mg, 1/min", absolute=True),
    "systolic_peak": Target(1.5, 0.15, "F069: 1 to 2 h"),
    "cortisol_24h": Target(0.05, 0.03, "assumption: rise 24 h after 125 mg, of the highest", absolute=True),
    "heart_rate_125": Target(27.5, 0.04, "V12 with V11"),
    "heart_rate_75": Target(21, 0.10, "V12 with V11"),
    "oxytocin_low": Target(0.25, 0.12, "F074: rise of 0.75 mg/kg, not significant", absolute=True),
    "oxytocin": Target(4.5, 0.05, "V14"),
    "oxytocin_peak": Target(1.6, 0.10, "V14"),
    "subjective_again": Target(1.05, 0.025, "F012"),
    "systolic_again": Target(1.05, 0.015, "F012"),
    "subjective_citalopram": Target(0.62, 0.06, "F053: -30 to -80 %, at 125 mg"),
    "systolic_citalopram": Target(0.90, 0.01, "F053: -6 to -14 %"),
    "heart_rate_again": Target(1.05, 0.015, "F012"),
    "prolactin_again": Target(1.0, 0.03, "F012"),
    "cortisol_again": Target(1.08, 0.05, "F012"),
}
EFFECT_PRIORS = {
    "plasma_per_medium": Target(1.2, 0.30, "assumption"),
    "release_norepinephrine": Target(5.8, 0.25, "assumption: rest is a small part of the stimulated tone"),
    "depletion_serotonin": Target(0.65, 0.30, "assumption"),
    "depletion_norepinephrine": Target(0.6, 0.30, "assumption"),
    "subjective_half": Target(3.0, 0.50, "assumption"),
    "tolerance_half": Target(2.2, 0.30, "assumption"),
    "tolerance_half_life": Target(3.0, 0.30, "assumption"),
    "systolic_alpha1": Target(80, 1.0, "assumption"),
    "heart_rate_beta1": Target(120, 1.0, "assumption"),
    "oxytocin_maximum": Target(16, 0.7, "assumption"),
    "oxytocin_half": Target(5, 0.7, "assumption"),
    "sympathetic_tolerance_half_life": Target(3, 0.5, "assumption"),
    "refill_half_life": Target(4, 0.4, "assumption"),
    "weight_serotonin": Target(1.0, 0.7, "assumption"),
    "sympathetic_serotonin": Target(0.2, 0.5, "assumption"),
}


def disposed(values: Mapping[str, float]) -> Model:
    """The model with the fitted parameters of disposition and those that follow."""
    return shipped_model().with_values(
        {**values, "demethylation_r": DEMETHYLATION_R_TO_S * values["demethylation_s"]}
    )


def disposition(values: Mapping[str, float]) -> Numbers:
    """What the targets of disposition are with these parameters."""
    lab = Laboratory(disposed(values), 40, 1, 1)
    found = {**concentrations(lab), **repeated(lab), **enantiomers(lab), **metabolites(lab)}
    found["mda_cmax"] = highest(lab.man(Regimen.mdma("125 mg HCl")), "mda")
    return found


def acted(values: Mapping[str, float]) -> Model:
    """The model with the fitted parameters of effects and those that follow."""
    alpha1 = values["systolic_alpha1"]
    return shipped_model().with_values(
        {**values, "diastolic_alpha1": 0.75 * alpha1, "systolic_beta1": 0.33 * alpha1}
    )


def effects(values: Mapping[str, float]) -> Numbers:
    """What the targets of effects are with these parameters."""
    lab = Laboratory(acted(values), 8, 1, 1)
    found: Numbers = {}
    for dose in (75, 125):
        run = lab.man(Regimen.mdma(f"{dose} mg HCl"), "24 h")
        effect = run.values("subjective")
        found |= {
            f"subjective_{dose}": highest(run, "subjective"),
            f"duration_{dose}": float(durations(run.times, effect)[0]),
            f"systolic_{dose}": rise(run, "systolic"),
            f"heart_rate_{dose}": rise(run, "heart_rate"),
            "systolic_4h": beyond_rest(run, "systolic", 4),
            "systolic_6h": beyond_rest(run, "systolic", 6),
            "systolic_peak": peak_at(run, "systolic"),
            "cortisol_24h": beyond_rest(run, "cortisol", 24) / rise(run, "cortisol"),
        }
        for hour in (2, 3, 4):
            found[f"late_{hour}"] = float(np.interp(hour, run.times, effect[0]) / effect[0].max())
        if dose == 125:
            blocked = lab.man(Regimen.mdma("125 mg HCl"), "24 h", "citalopram")
            for name in ("subjective", "systolic"):
                found[f"{name}_citalopram"] = rise(blocked, name) / rise(run, name)
    session = lab.man(Regimen.mdma("125 mg HCl", supplement="62.5 mg HCl", after="2 h"), "24 h")
    for name, hour in (("systolic", 8), ("systolic", 24), ("heart_rate", 8)):
        found[f"{name}_{hour}h"] = beyond_rest(session, name, hour)
    low = lab.man(Regimen.mdma("0.75 mg/kg HCl"), "12 h")
    found["oxytocin_low"] = rise(low, "oxytocin") / float(low.values("oxytocin")[0, 0])
    run = lab.man(Regimen.mdma("1.5 mg/kg HCl"), "12 h")
    found["oxytocin"] = highest(run, "oxytocin") / float(run.values("oxytocin")[0, 0])
    found["oxytocin_peak"] = peak_at(run, "oxytocin")
    again = lab.man(Regimen.mdma("100 mg HCl").then("100 mg HCl", at="24 h"))
    for name in ("subjective", "systolic", "heart_rate", "prolactin", "cortisol"):
        found[f"{name}_again"] = rise(again, name, 24) / rise(again, name, 0, 24)
    return found


@dataclass(frozen=True, eq=False)
class Fit:
    """One of the two fits: targets, priors, and the simulation of the targets."""

    title: str
    targets: Mapping[str, Target]
    priors: Mapping[str, Target]
    simulate: Callable[[Mapping[str, float]], Numbers]

    def residuals(self, values: Mapping[str, float]) -> Array:
        """Logarithms of simulated over wanted, over the weights; then those of the priors."""
        found = self.simulate(values)
        pairs = [(found[key], target) for key, target in self.targets.items()]
        pairs += [(values[name], prior) for name, prior in self.priors.items()]
        return np.array([target.off(value) for value, target in pairs])

    def run(self, start: Mapping[str, float]) -> OptimizeResult:
        """The best parameters from a start."""

        def residuals(logs: Array) -> Array:
            return self.residuals(dict(zip(self.priors, np.exp(logs), strict=True)))

        first = np.log([start[name] for name in self.priors])
        return least_squares(residuals, first, diff_step=2e-3, max_nfev=25, xtol=1e-4)

    def held(self, best: Mapping[str, float], jacobian: Array, name: str, value: float) -> Numbers:
        """The parameters with one held, the others at their best: steps of Gauss and Newton.

        The slopes are those at the optimum, so that a step costs one simulation and not one a parameter.
        """
        place = list(self.priors).index(name)
        others = [i for i in range(len(self.priors)) if i != place]
        inverse = np.linalg.pinv(jacobian[:, others])
        logs = np.log([best[one] for one in self.priors])
        # Along the valley at first: what the others do in a straight line.
        logs[others] -= inverse @ jacobian[:, place] * (math.log(value) - logs[place])
        logs[place] = math.log(value)
        found = self.residuals(self._named(logs))
        for _ in range(STEPS):
            tried = logs.copy()
            tried[others] -= inverse @ found
            there = self.residuals(self._named(tried))
            if there @ there >= found @ found:
                break
            logs, found = tried, there
        return self._named(logs)

    def _named(self, logs: Array) -> Numbers:
        return dict(zip(self.priors, map(float, np.exp(logs)), strict=True))

    def chi_square_of_data(self, values: Mapping[str, float]) -> float:
        """How far the targets are from being met, without the priors."""
        return float(np.sum(self.residuals(values)[: len(self.targets)] ** 2))


def shown(number: float) -> str:
    """Three significant digits."""
    return f"{number:.3g}"


def report(fit: Fit, console: Console) -> tuple[Numbers, int, Array, Array]:
    """Fits and prints: its numbers, how many of those shipped it doesn't give, covariance and slopes."""
    shipped = {name: shipped_model()[name] for name in fit.priors}
    best = fit.run(shipped)
    values = dict(zip(fit.priors, map(float, np.exp(best.x)), strict=True))
    found, before = fit.simulate(values), fit.simulate(shipped)
    table = Table(
        "target", "wanted", "fitted", "shipped", "weights off", "why", box=SIMPLE_HEAD, title=fit.title
    )
    for key, target in fit.targets.items():
        off = target.off(found[key])
        row = (shown(target.value), shown(found[key]), shown(before[key]), f"{off:+.1f}", target.why)
        table.add_row(key, *row)
    console.print(table)
    jacobian = np.asarray(best.jac)
    data = jacobian[: len(fit.targets)]
    covariance = np.linalg.inv(jacobian.T @ jacobian)
    with_prior = np.sqrt(np.diag(covariance))
    alone = np.sqrt(np.diag(np.linalg.pinv(data.T @ data, rcond=1e-10)))
    table = Table(
        "parameter", "prior", "fitted", "shipped", "RSE %", "RSE % of the data alone", box=SIMPLE_HEAD
    )
    moved = 0
    for index, (name, prior) in enumerate(fit.priors.items()):
        off = abs(math.log(values[name] / shipped[name]))
        failed = off > max(MOVED, 0.1 * with_prior[index])
        moved += failed
        table.add_row(
            name,
            f"{prior.value:g} ({100 * prior.weight:.0f} %) {prior.why}",
            shown(values[name]),
            shown(shipped[name]) + (" moved" if failed else ""),
            f"{100 * with_prior[index]:.0f}",
            "not identified" if alone[index] > 1 else f"{100 * alone[index]:.0f}",
        )
    console.print(table)
    return values, moved, covariance, jacobian


def profiles(fit: Fit, best: Mapping[str, float], jacobian: Array, console: Console) -> None:
    """Holds each parameter of CYP2D6 off its best value, fits the others anew, and prints what that costs."""
    table = Table(
        *("held", "at", "chi-square of the data", "of all", "AUC poor/extensive", "Cmax poor/extensive"),
        *("V06 AUC", "V10 AUC"),
        box=SIMPLE_HEAD,
        title="Profiles: other parameters fitted anew",
    )
    for name in PROFILED:
        for factor in (*FACTORS[:2], 1.0, *FACTORS[2:]):
            value = best[name] * factor
            values = dict(best) if factor == 1.0 else fit.held(best, jacobian, name, value)
            found = fit.simulate(values)
            total = float(np.sum(fit.residuals(values) ** 2))
            ratios = (found[key] for key in ("auc_poor", "cmax_poor", "auc_again", "auc_paroxetine"))
            cells = (shown(value), f"{fit.chi_square_of_data(values):.1f}", f"{total:.1f}")
            table.add_row(name, *cells, *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)


def main() -> int:
    """Both fits and the profiles; how many shipped numbers are not what the fits give."""
    console = Console(width=150)
    disposed_fit = Fit("Disposition", DISPOSITION, DISPOSITION_PRIORS, disposition)
    best, moved, covariance, jacobian = report(disposed_fit, console)
    acted_fit = Fit("Effects", EFFECTS, EFFECT_PRIORS, effects)
    acted, more, of_effects, _ = report(acted_fit, console)
    if moved + more == 0:
        leave({disposed_fit: (best, covariance), acted_fit: (acted, of_effects)})
    profiles(disposed_fit, best, jacobian, console)
    return moved + more


def leave(found: Mapping[Fit, tuple[Numbers, Array]]) -> None:
    """Writes the numbers and their covariances where the model reads how sure its numbers are."""
    fits = [
        {
            "title": fit.title,
            "parameters": {name: float(f"{value:.4g}") for name, value in values.items()},
            "covariance": [[float(f"{value:.4g}") for value in row] for row in covariance],
        }
        for fit, (values, covariance) in found.items()
    ]
    FILE.write_text(json.dumps({"format": 2, "fits": fits}, indent=1) + "\n", encoding="utf-8")
    print(f"{FILE.name} is written")
