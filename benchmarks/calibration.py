"""Do virtual trials look like the published study? Published summaries beside simulated ones.

Each trial draws candidates until 90 pass screening, gives them to the arms at random (46 and 44), and is
summarised as the publication does: CAPS-5, what follows from it, and SDS among those on treatment at the time
point; BDI-II among those in the study, who are more (F043: 39 on placebo, F037: 37). A summary is judged on
its mean over trials; the limits allow nothing for the Monte Carlo error, which is printed beside. Published
values: facts F033 to F048 (Mitchell et al. 2021, Nat Med 27:1025-1033).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from scipy.stats import beta, t

import entact.studies
from entact.cohort.baseline import draw_baseline
from entact.cohort.draws import stream
from entact.cohort.outcomes import Outcomes, draw_outcomes
from entact.cohort.parameters import Parameters
from entact.cohort.scenario import load_parameters

Array = NDArray[np.float64]
FOLDER = Path(next(iter(entact.studies.__path__))) / "mapp1"
SIZES = {"mdma": 46, "placebo": 44}
WEEKS = ("baseline", "week 4", "week 8", "week 18")
CANDIDATES = 170
"""Candidates drawn for each trial: of so many, 90 always pass (expected 118, standard deviation 6)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A published summary and the limits that the simulated mean must lie within."""

    name: str
    published: float
    low: float
    high: float
    shown: str


def near(name: str, published: float, by: float) -> Target:
    """A target that the simulated mean must meet within ± `by`."""
    return Target(name, published, published - by, published + by, f"± {by:g}")


def counted(name: str, count: int, of: int) -> Target:
    """A share in percent whose exact (Clopper-Pearson) 95 % interval must hold the simulated mean."""
    low = 0.0 if count == 0 else float(beta.ppf(0.025, count, of - count + 1))
    high = 1.0 if count == of else float(beta.ppf(0.975, count + 1, of - count))
    return Target(
        name, 100 * count / of, 100 * low, 100 * high, f"{count}/{of}: {100 * low:.1f} to {100 * high:.1f}"
    )


def targets() -> Iterator[Target]:
    """All published summaries that calibrate the virtual participants."""
    mean = {"mdma": (44.0, 33.8, 26.3, 19.6), "placebo": (44.2, 37.0, 33.5, 29.9)}
    spread = {"mdma": (6.01, 12.21, 12.31, 13.61), "placebo": (6.15, 10.49, 12.49, 12.77)}
    response = {"mdma": ((21, 46), (31, 42)), "placebo": ((14, 43), (18, 39))}
    remission = {"mdma": ((4, 46), (5, 42)), "placebo": ((1, 43), (2, 39))}
    observed = {"mdma": (46, 46, 42, 42), "placebo": (44, 43, 39, 37)}
    last = {
        "mdma": {
            "change": -24.4,
            "change SD": 11.6,
            "no diagnosis": 28 / 42,
            "remission": 14 / 42,
            "response": 37 / 42,
        },
        "placebo": {
            "change": -13.9,
            "change SD": 11.5,
            "no diagnosis": 12 / 37,
            "remission": 2 / 37,
            "response": 23 / 37,
        },
    }
    other = {"mdma": ((-3.1, 2.6), (-19.7, 14.0)), "placebo": ((-2.0, 2.4), (-10.8, 11.3))}
    for arm, size in SIZES.items():
        for week, value, sd in zip(WEEKS, mean[arm], spread[arm], strict=True):
            yield near(f"{arm} CAPS-5 {week} mean", value, 2.0)
            yield near(f"{arm} CAPS-5 {week} SD", sd, round(0.1 * sd, 2))
        for k, week in enumerate(WEEKS[1:3]):
            yield counted(f"{arm} response {week} %", *response[arm][k])
            yield counted(f"{arm} remission {week} %", *remission[arm][k])
        for k, week in enumerate(WEEKS[1:], start=1):
            yield counted(f"{arm} rated {week} %", observed[arm][k], size)
        yield near(f"{arm} CAPS-5 change mean", last[arm]["change"], 2.0)
        yield near(f"{arm} CAPS-5 change SD", last[arm]["change SD"], round(0.1 * last[arm]["change SD"], 2))
        for name in ("no diagnosis", "remission", "response"):
            yield near(f"{arm} {name} week 18 %", 100 * last[arm][name], 8.0)
        (sds, sds_sd), (bdi, bdi_sd) = other[arm]
        yield near(f"{arm} SDS change mean", sds, 0.3)
        yield near(f"{arm} SDS change SD", sds_sd, round(0.1 * sds_sd, 2))
        yield near(f"{arm} BDI-II change mean", bdi, 2.0)
        yield near(f"{arm} BDI-II change SD", bdi_sd, round(0.1 * bdi_sd, 2))
    yield near("difference of CAPS-5 changes", -10.5, 1.0)
    # One population enters both arms, so the published baselines of the two are pooled (46 and 44).
    yield near("SDS baseline mean", 7.09, 0.3)
    yield near("SDS baseline SD", 1.88, 0.19)
    yield near("BDI-II baseline mean", 32.65, 2.0)
    yield near("BDI-II baseline SD", 13.0, 1.3)


def draw_trials(parameters: Parameters, seed: int, first: int, trials: int) -> Outcomes:
    """Trials number `first` and on along the participant axis, 90 rows each in order of candidacy.

    Trial k draws with seed `seed` + k, the number that a full rehearsal of it would be given.
    """
    size = sum(SIZES.values())
    seeds = np.repeat(seed + first + np.arange(trials), CANDIDATES)
    candidates = draw_baseline(parameters, seeds, np.tile(np.arange(CANDIDATES), trials))
    passed = candidates.eligible.reshape(trials, CANDIDATES)
    if (short := passed.sum(axis=1).min()) < size:
        raise ValueError(
            f"only {short} of {CANDIDATES} candidates pass screening in one trial; {size} are needed"
        )
    entered = (passed & (passed.cumsum(axis=1) <= size)).ravel()
    return draw_outcomes(parameters, candidates.take(entered), _assign(parameters, seed + first, trials))


def _assign(parameters: Parameters, seed: int, trials: int) -> NDArray[np.int64]:
    """46 and 44 in random order in each trial: the published numbers, which blocks within sites came to."""
    labels = np.repeat([parameters.arms.index(arm) for arm in SIZES], list(SIZES.values()))
    return np.concatenate(
        [stream(seed + k, 0, "assignment").permutation(labels) for k in range(trials)]
    ).astype(np.int64)


def summarise(parameters: Parameters, outcomes: Outcomes, trials: int) -> dict[str, Array]:
    """Every target's value in every trial (trials)."""
    rules, values = parameters.severity, {}
    per_trial = outcomes.arm.size // trials

    def cells(array: NDArray[np.generic]) -> NDArray[np.generic]:
        return array.reshape(trials, per_trial, *array.shape[1:])

    arm, total, change = cells(outcomes.arm), cells(outcomes.total), cells(outcomes.change)
    completed, present = cells(outcomes.on_treatment), cells(outcomes.in_study)
    free, scores = ~cells(outcomes.diagnosis), {name: cells(value) for name, value in outcomes.scores.items()}
    for name, size in SIZES.items():
        mine = arm == parameters.arms.index(name)
        for k, week in enumerate(WEEKS):
            rated = mine & completed[:, :, k]
            values[f"{name} CAPS-5 {week} mean"], values[f"{name} CAPS-5 {week} SD"] = _moments(
                total[:, :, k], rated
            )
            fell = change[:, :, k] <= -rules.response_fall
            remitted = free[:, :, k] & (total[:, :, k] <= rules.remission_total)
            for label, flag in (("response", fell), ("remission", remitted), ("no diagnosis", free[:, :, k])):
                values[f"{name} {label} {week} %"] = 100 * (flag & rated).sum(axis=1) / rated.sum(axis=1)
            values[f"{name} rated {week} %"] = 100 * rated.sum(axis=1) / size
        rated, here = mine & completed[:, :, -1], mine & present[:, :, -1]
        values[f"{name} CAPS-5 change mean"], values[f"{name} CAPS-5 change SD"] = _moments(
            change[:, :, -1], rated
        )
        for label, key, among in (("SDS", "sds", rated), ("BDI-II", "bdi2", here)):
            moved = scores[key][:, :, -1] - scores[key][:, :, 0]
            values[f"{name} {label} change mean"], values[f"{name} {label} change SD"] = _moments(
                moved, among
            )
    for label, key in (("SDS", "sds"), ("BDI-II", "bdi2")):
        values[f"{label} baseline mean"], values[f"{label} baseline SD"] = _moments(
            scores[key][:, :, 0], arm >= 0
        )
    active, control = (values[f"{name} CAPS-5 change mean"] for name in SIZES)
    values["difference of CAPS-5 changes"] = active - control
    return values


def _moments(values: NDArray[np.generic], counted_in: NDArray[np.generic]) -> tuple[Array, Array]:
    chosen = np.where(counted_in, values, np.nan).astype(np.float64)
    return np.nanmean(chosen, axis=1), np.nanstd(chosen, axis=1, ddof=1)


def arm_p_values(parameters: Parameters, outcomes: Outcomes, trials: int) -> Array:
    """Two-sided P of the active arm in each trial: regression of the last change on arm and baseline."""
    per_trial = outcomes.arm.size // trials
    weight = outcomes.on_treatment[:, -1].reshape(trials, per_trial).astype(np.float64)
    active = (outcomes.arm == parameters.arms.index("mdma")).reshape(trials, per_trial).astype(np.float64)
    start = outcomes.total[:, 0].reshape(trials, per_trial) - 44.0
    design = np.stack([np.ones_like(active), active, start], axis=-1) * weight[..., np.newaxis]
    response = (outcomes.change[:, -1].reshape(trials, per_trial) * weight)[..., np.newaxis]
    inverse = np.linalg.inv(design.swapaxes(1, 2) @ design)
    coefficients = inverse @ (design.swapaxes(1, 2) @ response)
    freedom = weight.sum(axis=1) - design.shape[-1]
    variance = ((response - design @ coefficients) ** 2).sum(axis=(1, 2)) / freedom
    statistic = coefficients[:, 1, 0] / np.sqrt(variance * inverse[:, 1, 1])
    return np.asarray(2 * t.sf(np.abs(statistic), freedom), dtype=np.float64)


def simulate(
    parameters: Parameters, seed: int, trials: int, chunk: int = 50
) -> tuple[dict[str, Array], Array]:
    """All summaries and the P value of each of `trials` trials; `chunk` bounds memory, not the result."""
    summaries, p_values = [], []
    for first in range(0, trials, chunk):
        count = min(chunk, trials - first)
        outcomes = draw_trials(parameters, seed, first, count)
        summaries.append(summarise(parameters, outcomes, count))
        p_values.append(arm_p_values(parameters, outcomes, count))
    return {
        name: np.concatenate([part[name] for part in summaries]) for name in summaries[0]
    }, np.concatenate(p_values)


def judge(values: Mapping[str, Array]) -> list[tuple[Target, float, float, bool]]:
    """Each target with its simulated mean, that mean's Monte Carlo error, and whether it is within limits."""
    judged = []
    for target in targets():
        mean = float(values[target.name].mean())
        error = float(values[target.name].std(ddof=1) / sqrt(values[target.name].size))
        judged.append((target, mean, error, target.low <= mean <= target.high))
    return judged


def main(trials: int = 2000, null_trials: int = 6000, seed: int = 7) -> int:
    """Prints both tables; returns the number of values out of their limits."""
    console, began = Console(width=110), process_time()
    values, p_values = simulate(load_parameters(FOLDER / "cohort.yaml"), seed, trials)
    columns = ("", "published", "simulated", "Monte Carlo SE", "limits", "within")
    table = Table(
        *columns, title=f"SIMULATED DATA: {trials} trials of {sum(SIZES.values())}", box=SIMPLE_HEAD
    )
    wrong = 0
    for target, mean, error, within in judge(values):
        wrong += not within
        cells = (f"{target.published:.2f}", f"{mean:.2f}", f"{error:.3f}", target.shown, _verdict(within))
        table.add_row(target.name, *cells)
    console.print(table)
    console.print(f"rejected at two-sided 0.0499: {(p_values < 0.0499).mean():.3f} of {trials} trials\n")

    scenario = FOLDER / "scenarios" / "no_effect.yaml"
    values, p_values = simulate(load_parameters(FOLDER / "cohort.yaml", scenario), seed, null_trials)
    columns = ("", "expected", "simulated", "Monte Carlo SE", "within 3 SE")
    table = Table(*columns, title=f"SIMULATED DATA: {null_trials} trials without effect", box=SIMPLE_HEAD)
    rows = []
    for alpha in (0.05, 0.0499):
        rejected = float((p_values < alpha).mean())
        rows.append((f"rejected at {alpha}", alpha, rejected, sqrt(alpha * (1 - alpha) / null_trials)))
    for name in ("CAPS-5 change mean", "rated week 18 %"):
        gap = values[f"mdma {name}"] - values[f"placebo {name}"]
        rows.append(
            (f"mdma - placebo: {name}", 0.0, float(gap.mean()), float(gap.std(ddof=1) / sqrt(null_trials)))
        )
    for name, expected, simulated, error in rows:
        within = abs(simulated - expected) <= 3 * error
        wrong += not within
        table.add_row(name, f"{expected:g}", f"{simulated:.4f}", f"{error:.4f}", _verdict(within))
    console.print(table)
    console.print(f"{wrong} out of limits; {process_time() - began:.1f} s of one core")
    return wrong


def _verdict(within: bool) -> str:
    return "yes" if within else "[bold red]NO[/]"


if __name__ == "__main__":
    raise SystemExit(1 if main() else 0)
