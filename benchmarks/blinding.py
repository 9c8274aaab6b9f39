"""Is an effect that follows the guess alone told apart, and is one that is not there seldom found?

Trials of `mapp1` (90 people) drawn as a rehearsal draws them, in its shipped scenarios, and analysed by
words of a plan: the mixed model and ANCOVA of the change, Bang's index, the effect among those who guessed
alike and in its parts. Run by `python -m benchmarks blinding`. All data are simulated; every share stands
with its Monte Carlo error.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import polars as pl

from benchmarks.calibration import FOLDER, SIZES, draw_trials
from entact.cohort.draws import UNKNOWN
from entact.cohort.guesses import draw_guesses
from entact.cohort.parameters import Parameters
from entact.cohort.scenario import load_parameters

TRIALS = 500
VISITS = ("assessment_2", "assessment_3", "assessment_4")
AT = {"contrast": "mdma - placebo at assessment_4"}
PLAN: dict[str, Any] = {
    "visits": list(VISITS),
    "arms": ["mdma", "placebo"],
    "analyses": {
        "mmrm": {"method": "mmrm", "fixed": "arm * visit + baseline", **AT},
        "ancova": {"method": "ancova", "fixed": "arm + baseline", **AT},
        "guess alike": {"method": "ancova", "fixed": "arm + baseline + guess", **AT},
        "in parts": {"method": "mediation", "guess": "guess", **AT},
        "bang": {"method": "bang", "value": "guess", "unknown": "unknown", **AT},
    },
}
TESTED = ("mmrm", "ancova", "by way of the guess", "whatever is guessed", "guess alike")


def trials(parameters: Parameters, seed: int, first: int, many: int) -> list[pl.DataFrame]:
    """The rows of so many trials: participant, arm, visit, baseline, value (the change) and last guess."""
    outcomes = draw_trials(parameters, seed, first, many)
    names = np.array([*parameters.arms, "unknown"])
    drawn = draw_guesses(parameters, outcomes.baseline.seed, outcomes.baseline.index, outcomes.arm).guess
    last = drawn[:, 0, -1]
    guess = names[np.where(last == UNKNOWN, len(parameters.arms), last)]
    people = sum(SIZES.values())
    rows = pl.DataFrame(
        {
            "participant": np.repeat(np.arange(outcomes.arm.size) % people, len(VISITS)),
            "arm": np.repeat(names[outcomes.arm], len(VISITS)),
            "guess": np.repeat(guess, len(VISITS)),
            "visit": np.tile(np.array(VISITS), outcomes.arm.size),
            "baseline": np.repeat(outcomes.total[:, 0].astype(float), len(VISITS)),
            "value": outcomes.change[:, 1:].astype(float).ravel(),
            "seen": outcomes.in_study[:, 1:].ravel(),
        }
    )
    rows = rows.with_columns(pl.when("seen").then("value").alias("value"))
    size = people * len(VISITS)
    return [rows[size * one : size * (one + 1)] for one in range(many)]


def counted(parameters: Parameters, seed: int, many: int, chunk: int = 50) -> dict[str, list[float]]:
    """p of each test in each trial, and Bang's index of each arm."""
    from entact.analysis.analyse import analyse
    from entact.analysis.vocabulary import read_plan

    plan = read_plan(PLAN)
    found: dict[str, list[float]] = {}
    for first in range(0, many, chunk):
        for rows in trials(parameters, seed, first, min(chunk, many - first)):
            done = analyse(plan, rows)
            for name in ("mmrm", "ancova", "guess alike"):
                p = done[name].p
                if p is not None:
                    found.setdefault(name, []).append(p)
            parts = done["in parts"].result
            for one, name in zip(parts or (), ("by way of the guess", "whatever is guessed"), strict=False):
                found.setdefault(name, []).append(1.0 if one.p is None else one.p)
            for one in done["bang"].result or ():
                if one.estimate is not None:
                    found.setdefault(f"Bang's index, {one.label}", []).append(one.estimate)
    return found


def main(many: int = TRIALS, seed: int = 11) -> int:
    """Rejections in each scenario; the number of shares that are out of their limits."""
    wrong = 0
    print(
        f"SIMULATED DATA: {many} trials of {sum(SIZES.values())} in each scenario, rejected at 0.05 (error)"
    )
    for name in (None, "no_effect", "effect_through_guess"):
        path = None if name is None else FOLDER / "scenarios" / f"{name}.yaml"
        found = counted(load_parameters(FOLDER / "cohort.yaml", path), seed, many)
        print((name or "base case").replace("_", " "))
        for test in TESTED:
            rate = float((np.array(found[test]) < 0.05).mean())
            error = sqrt(max(rate * (1 - rate), 0.05 * 0.95) / len(found[test]))
            kept = name == "no_effect" and test in ("mmrm", "ancova", "guess alike")
            told = name == "effect_through_guess" and test in ("whatever is guessed", "guess alike")
            limit = 0.05 + 3 * error
            out = (kept or told) and rate > limit
            wrong += out
            print(f"  {test:24s} {rate:.3f} ({error:.3f}) of {len(found[test])}{' TOO OFTEN' if out else ''}")
        for index in sorted(one for one in found if one.startswith("Bang")):
            own = np.array(found[index])
            print(f"  {index:24s} {own.mean():.2f} ({own.std(ddof=1) / sqrt(own.size):.3f})")
    return wrong
