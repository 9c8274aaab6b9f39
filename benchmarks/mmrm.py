"""Speed and memory of mixed models, from data frame to result, one thread; beside R mmrm where installed.

Run by `python -m benchmarks mmrm`. Times are medians of processor time, so that other work on the machine
counts little; memory is the peak resident size of a process of its own above what it held before the frame
was made, beside that of the frame and its model matrix. All data are simulated.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)


@dataclass(frozen=True)
class Work:
    """A trial to fit, and the milliseconds within which a fit is to be done."""

    name: str
    participants: int
    visits: int
    monotone: bool
    formula: str
    satterthwaite_ms: float
    kenward_roger_ms: float
    repeats: int


FULL = "y ~ base + race + sex + arm * visit"
WORKS = {
    "200x4": Work("200 × 4, intermittent", 200, 4, False, "y ~ race + sex + arm * visit", 12, 14, 15),
    "1000x10": Work("1 000 × 10, drop-out 25 %", 1000, 10, True, FULL, 45, 50, 9),
    "1000x10i": Work("1 000 × 10, intermittent 15 %", 1000, 10, False, FULL, 250, 250, 5),
    "20000x4": Work("20 000 × 4", 20_000, 4, True, "y ~ race + sex + arm * visit", 45, 45, 7),
    "50000x4": Work("50 000 × 4", 50_000, 4, True, "y ~ race + sex + arm * visit", 110, 110, 5),
}
BATCHES = {7: 0.06, 21: 0.25}
"""milliseconds a trial of 90 × 3, by the number of coefficients"""
MEMORY = {"50000x4": 1.5}
"""peak over frame and model matrix; small trials are all overhead"""


def simulated(work: Work, seed: int = 1):  # type: ignore[no-untyped-def]
    """A frame of a simulated trial."""
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    n, m = work.participants, work.visits
    time = np.arange(m)
    v = 100.0 * 0.6 ** np.abs(time[:, None] - time) + 30.0
    arm, base, kind = np.arange(n) % 2, rng.normal(44.0, 6.0, n), rng.integers(0, 6, n)
    y = rng.standard_normal((n, m)) @ np.linalg.cholesky(v).T - 2.0 * time * (1 + arm[:, None])
    if work.monotone:
        last = np.where(rng.random(n) < 0.25, rng.integers(1, m, n), m)
        y[time >= last[:, None]] = np.nan
    else:
        y[rng.random((n, m)) < 0.15] = np.nan
    return pl.DataFrame(
        {
            "id": np.repeat([f"S{i:06d}" for i in range(n)], m),
            "visit": np.tile([f"v{i:02d}" for i in range(m)], n),
            "arm": np.repeat(np.where(arm == 1, "drug", "placebo"), m),
            "sex": np.repeat(np.where(kind % 2 == 1, "F", "M"), m),
            "race": np.repeat(np.array(["a", "b", "c"])[kind % 3], m),
            "base": np.repeat(base, m),
            "y": y.ravel(),
        }
    ).with_columns(pl.col("y").fill_nan(None))


def measure(name: str) -> dict[str, float]:
    """Median milliseconds of both methods, and the peak memory of the first fit."""
    from entact.analysis.mmrm import KenwardRoger, Satterthwaite, mmrm

    work = WORKS[name]
    warm = simulated(Work("", 40, work.visits, True, work.formula, 0, 0, 0))
    mmrm(work.formula, warm, subject="id", visit="visit")
    before = _resident()
    frame = simulated(work)
    held = _resident() - before
    _reset_peak()
    mmrm(work.formula, frame, subject="id", visit="visit").to_polars()
    peak = _peak() - before
    result = {"peak_mb": peak / 1e6}
    columns = 6 + 2 * (work.visits - 1) - (0 if "base" in work.formula else 1)
    result["data_mb"] = (held + 8.0 * columns * frame["y"].drop_nulls().len()) / 1e6
    for key, freedom in (("satterthwaite_ms", Satterthwaite()), ("kenward_roger_ms", KenwardRoger())):
        times = []
        for _ in range(work.repeats):
            begin = process_time()
            mmrm(work.formula, frame, subject="id", visit="visit", df=freedom).to_polars()
            times.append(1e3 * (process_time() - begin))
        result[key] = median(times)
    return result


def measure_batch(q: int, trials: int = 10_000) -> dict[str, float]:
    """Milliseconds a trial of 90 × 3 in one batch, from outcome arrays and a design built once."""
    import numpy as np

    from entact.analysis.mmrm import TrialDesign

    rng = np.random.default_rng(1)
    n, m, sites = 90, 3, q - 6
    arm, base = np.arange(n) % 2, rng.normal(44.0, 6.0, n)
    x = np.zeros((n, m, q))
    x[..., 0], x[..., 1], x[..., 2] = 1.0, base[:, None], arm[:, None]
    for visit in (1, 2):
        x[:, visit, 2 + visit] = 1.0
        x[:, visit, 4 + visit] = arm
    site = (np.arange(n) // 2) % sites
    for other in range(1, sites):
        x[:, :, 6 + other] = (site == other)[:, None]
    lower = np.linalg.cholesky(np.array([[76.0, 58.0, 53.0], [58.0, 131.0, 84.0], [53.0, 84.0, 160.0]]))
    y = rng.standard_normal((trials, n, m)) @ lower.T - 8.0 * np.arange(m) - 5.0 * arm[:, None]
    y[np.maximum.accumulate(rng.random(y.shape) < 0.06, axis=2)] = np.nan
    contrast = np.zeros((1, q))
    contrast[0, [2, 6]] = 1.0
    design = TrialDesign(x)
    design.fit(y[:512], contrast)
    times = []
    for _ in range(3):
        begin = process_time()
        fits = design.fit(y, contrast)
        times.append(1e3 * (process_time() - begin) / trials)
    return {"ms": median(times), "converged": float(fits.converged.mean())}


SMALL = {"fev_data": 5.0, "90 × 3": 3.0}
"""milliseconds by Kenward and Roger from frame to result, the least of many"""
FRESH = 0.6
"""seconds of a new process until its first result"""
FIRST_RESULT = """
import numpy as np, polars as pl
from entact.analysis.mmrm import KenwardRoger, mmrm
rng = np.random.default_rng(1)
frame = pl.DataFrame({
    "id": np.repeat(np.arange(90), 3), "visit": np.tile(["a", "b", "c"], 90),
    "arm": np.repeat(np.where(np.arange(90) % 2, "drug", "placebo"), 3), "y": rng.normal(size=270),
})
mmrm("y ~ arm * visit", frame, subject="id", visit="visit", df=KenwardRoger()).to_polars()
"""


def measure_small(repeats: int = 120) -> dict[str, float]:
    """The least milliseconds of a fit by Kenward and Roger of R mmrm's fev_data, and of a trial of 90 × 3."""
    from tests.analysis.mmrm.golden import fev

    from entact.analysis.mmrm import KenwardRoger, mmrm

    trial = simulated(Work("", 90, 3, True, "", 0, 0, 0))
    asked = {
        "fev_data": ("FEV1 ~ RACE + SEX + ARMCD * AVISIT", fev(), "USUBJID", "AVISIT"),
        "90 × 3": ("y ~ base + arm * visit", trial, "id", "visit"),
    }
    found = {}
    for name, (formula, frame, subject, visit) in asked.items():
        times = []
        for _ in range(repeats):
            begin = process_time()
            mmrm(formula, frame, subject=subject, visit=visit, df=KenwardRoger())
            times.append(1e3 * (process_time() - begin))
        found[name] = min(times)
    return found


def measure_fresh(repeats: int = 9) -> float:
    """The median of seconds of processor time of a new process that makes a frame and fits a model."""
    times = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", FIRST_RESULT], check=True, env={**os.environ, **ONE_THREAD})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return median(times)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    return float(pages * resource.getpagesize())


def _reset_peak() -> None:
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def _peak() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return 1024.0 * float(line.split()[1])
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


R_SCRIPT = """
suppressPackageStartupMessages({library(mmrm)})
args <- commandArgs(TRUE)
d <- read.csv(args[1], stringsAsFactors = TRUE)
f <- as.formula(paste(args[2], "+ us(visit | id)"))
for (method in c("Satterthwaite", "Kenward-Roger")) {
  times <- replicate(as.integer(args[3]), system.time(summary(mmrm(f, d, method = method)))[["elapsed"]])
  cat(1000 * median(times), "\\n")
}
"""


def measure_r(name: str) -> list[float] | None:
    """R mmrm's milliseconds for the same frame, both methods; None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    work = WORKS[name]
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "trial.csv", Path(folder) / "fit.R"
        simulated(work).write_csv(data)
        script.write_text(R_SCRIPT)
        run = subprocess.run(
            ["Rscript", str(script), str(data), work.formula, "3"],
            capture_output=True,
            text=True,
            check=False,
        )
    return [float(line) for line in run.stdout.split()] if run.returncode == 0 else None


def _alone(*arguments: str) -> dict[str, float]:
    """A measurement in a process of its own, with one thread."""
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.mmrm", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    )
    result: dict[str, float] = json.loads(run.stdout)
    return result


def main() -> int:
    """Prints the table, and how many values were beyond their limits; a time moves with the machine."""
    out = 0
    print("Mixed models, unstructured covariance, simulated data, one thread: milliseconds (limit)")
    heads = ("work", "Satterthwaite", "Kenward-Roger", "peak memory / data", "R mmrm, times as long")
    print("{:32}{:>20}{:>20}{:>26}{:>24}".format(*heads))
    for name, work in WORKS.items():
        found = _alone(name)
        r = measure_r(name)
        cells = []
        for key in ("satterthwaite_ms", "kenward_roger_ms"):
            limit = getattr(work, key)
            out += found[key] > limit
            cells.append(f"{found[key]:.1f} ({limit:g})")
        share = found["peak_mb"] / found["data_mb"]
        memory = f"{found['peak_mb']:.0f} / {found['data_mb']:.0f} MB"
        if name in MEMORY:
            out += share > MEMORY[name]
            memory += f" = {share:.2f} ({MEMORY[name]})"
        ratio = "not installed"
        if r is not None:
            pair = zip(r, (found["satterthwaite_ms"], found["kenward_roger_ms"]), strict=True)
            ratio = " / ".join(f"{theirs / ours:.0f}" for theirs, ours in pair)
        print(f"{work.name:32}{cells[0]:>20}{cells[1]:>20}{memory:>26}{ratio:>24}")
    for q, limit in BATCHES.items():
        found = _alone("batch", str(q))
        out += found["ms"] > limit
        converged = f"{100.0 * found['converged']:.2f} % converged"
        print(f"10 000 trials of 90 × 3, q = {q:<4} {found['ms']:.3f} ({limit:g}) a trial, {converged}")
    found = _alone("small")
    for name, limit in SMALL.items():
        out += found[name] > limit
        print(f"{name}, Kenward-Roger, from frame to result: {found[name]:.2f} ms ({limit:g})")
    fresh = measure_fresh()
    out += fresh > FRESH
    print(f"a new process to its first result: {fresh:.2f} s of processor time ({FRESH:g})")
    print(f"{out} beyond their limits")
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "batch":
        print(json.dumps(measure_batch(int(sys.argv[2]))))
    elif sys.argv[1] == "small":
        print(json.dumps(measure_small()))
    else:
        print(json.dumps(measure(sys.argv[1])))
