"""The power that sample sizes for the mixed model promise, held to simulated trials.

Run by `python -m benchmarks mmrm_power`. Three visits, unstructured covariance, a baseline, drop-out at
random as planned, Kenward and Roger's method; the difference is the one of which
`RepeatedMeasures(t=True)` promises a power of 0.8. Published whatever it shows: nothing here has a limit.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from entact.analysis.mmrm import KenwardRoger, TrialDesign
from entact.analysis.sample_size import RepeatedMeasures
from entact.analysis.sequential import GroupSequential

TRIALS, SEED, PROMISED = 8_000, 20_261_128, 0.8
PARTICIPANTS = (20, 30, 50, 90, 200)
COVARIANCE = np.array([[76.0, 58.0, 53.0], [58.0, 131.0, 84.0], [53.0, 84.0, 160.0]])
RETENTION = (1.0, 0.9, 0.8)


def promised(participants: int, *, t: bool = True) -> float:
    """The difference at the last visit of which the power is promised."""
    test = GroupSequential(information=(1.0,), sided=2)

    def missing(difference: float) -> float:
        planned = RepeatedMeasures(difference, COVARIANCE, RETENTION, t=t)
        return test.power(planned, participants).overall - PROMISED

    return float(brentq(missing, 1.0, 60.0))


def power(participants: int, difference: float) -> tuple[float, float]:
    """The power in simulated trials, and the mean of the degrees of freedom."""
    rng = np.random.default_rng([SEED, participants])
    arm, visits = np.arange(participants) % 2, np.arange(3)
    base = rng.normal(44.0, 6.0, participants)
    x = np.zeros((participants, 3, 7))
    x[..., 0], x[..., 1], x[..., 2] = 1.0, (base - base.mean())[:, None], arm[:, None]
    for visit in (1, 2):
        x[:, visit, 2 + visit] = 1.0
        x[:, visit, 4 + visit] = arm
    y = rng.standard_normal((TRIALS, participants, 3)) @ np.linalg.cholesky(COVARIANCE).T
    y += 0.3 * base[:, None] + difference * arm[:, None] * visits / 2
    until = np.searchsorted(-np.array(RETENTION), -rng.random((TRIALS, participants)), side="left")
    y[visits >= np.maximum(until, 1)[..., None]] = np.nan
    contrast = np.zeros((1, 7))
    contrast[0, [2, 6]] = 1.0
    fits = TrialDesign(x).fit(y, contrast, df=KenwardRoger())
    good = fits.converged & np.isfinite(fits.p[:, 0])
    return float((fits.p[good, 0] < 0.05).mean()), float(fits.df[good, 0].mean())


def main() -> int:
    """Prints the table; it has no limits."""
    noise = 100 * np.sqrt(PROMISED * (1 - PROMISED) / TRIALS)
    print("\n## mmrm_power\n")
    print(f"{TRIALS} simulated trials each; Monte Carlo error {noise:.1f} percentage points\n")
    print("| participants | of 80 % by t | of 80 % by z | df, mean | planned |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for participants in PARTICIPANTS:
        reached, df = power(participants, promised(participants))
        plain, _ = power(participants, promised(participants, t=False))
        planned = participants * RETENTION[-1] - 2
        print(f"| {participants} | {100 * reached:.1f} % | {100 * plain:.1f} % | {df:.1f} | {planned:.0f} |")
    return 0
