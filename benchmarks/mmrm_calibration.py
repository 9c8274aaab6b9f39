"""Type I error and calibration of standard errors of three methods in small trials with drop-out.

Run by `python -m benchmarks mmrm_calibration`. Simulated trials without a treatment effect, three visits,
unstructured covariance, baseline and arm x visit as in the usual primary analysis; the contrast at the last
visit. Published whatever it shows: nothing here has a limit.
"""

from __future__ import annotations

import numpy as np

from entact.analysis.mmrm import KenwardRoger, Satterthwaite, TrialDesign

TRIALS = 10_000
SEED = 20_250_101
PARTICIPANTS = (20, 30, 50, 90, 200)
DROP_OUT = 0.25
"""share who leave before the last visit, at random"""
METHODS = {
    "Satterthwaite": Satterthwaite(),
    "Kenward-Roger (= SAS)": KenwardRoger(),
    "Kenward-Roger of R mmrm": KenwardRoger(convention="mmrm"),
}


def simulate(participants: int, trials: int, seed: int) -> dict[str, tuple[float, float, float]]:
    """By method: type I error at 5 %, mean SE over the SD of the estimates, share not converged."""
    rng = np.random.default_rng([seed, participants])
    visits = 3
    arm = np.arange(participants) % 2
    base = rng.normal(44.0, 6.0, participants)
    x = np.zeros((participants, visits, 7))
    x[..., 0], x[..., 1], x[..., 2] = 1.0, base[:, None], arm[:, None]
    for visit in (1, 2):
        x[:, visit, 2 + visit] = 1.0
        x[:, visit, 4 + visit] = arm
    design = TrialDesign(x)
    v = np.array([[76.0, 58.0, 53.0], [58.0, 131.0, 84.0], [53.0, 84.0, 160.0]])
    y = rng.standard_normal((trials, participants, visits)) @ np.linalg.cholesky(v).T
    y += 0.3 * base[:, None] - 8.0 * np.arange(visits)
    leaves = rng.random((trials, participants)) < DROP_OUT
    first_missed = rng.integers(1, visits, (trials, participants))
    y[leaves[..., None] & (np.arange(visits) >= first_missed[..., None])] = np.nan
    contrast = np.zeros((1, 7))
    contrast[0, [2, 6]] = 1.0
    result = {}
    for name, method in METHODS.items():
        fits = design.fit(y, contrast, df=method)
        good = fits.converged & np.isfinite(fits.p[:, 0])
        error = float((fits.p[good, 0] < 0.05).mean())
        ratio = float(fits.se[good, 0].mean() / fits.estimate[good, 0].std(ddof=1))
        result[name] = error, ratio, float(1.0 - good.mean())
    return result


def main() -> int:
    """Prints the table; it has no limits."""
    noise = 100.0 * np.sqrt(0.05 * 0.95 / TRIALS)
    print(f"{TRIALS} simulated trials without effect each; {100 * DROP_OUT:.0f} % drop-out; seed {SEED}")
    print(f"Monte Carlo standard error of the type I error: {noise:.2f} percentage points")
    heads = ("participants", "method", "type I error at 5 %", "mean SE / SD", "not converged")
    print("{:>12}  {:26}{:>20}{:>14}{:>15}".format(*heads))
    for participants in PARTICIPANTS:
        for name, (error, ratio, failed) in simulate(participants, TRIALS, SEED).items():
            numbers = f"{100 * error:18.2f} %{ratio:14.4f}{100 * failed:13.2f} %"
            print(f"{participants:12}  {name:26}{numbers}")
    return 0
