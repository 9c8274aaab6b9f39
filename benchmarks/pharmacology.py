"""Speed, accuracy, memory and start of the pharmacology: 120 + 60 mg at 2 h, 24 h, 289 output times.

Run by `python -m benchmarks pharmacology`. Participants per second are of processor time, so that other
work on the machine counts little; what is kept of each is every output at every time, or its statistics.
Beside them, in the same run, SciPy's integrators on the same equations, compiled. All people are simulated.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1"
)
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; a limit that begins with > is a least value."""

    what: str
    value: float
    unit: str
    limit: str
    how: str


def _regimen() -> Any:
    from entact.pharmacology import Regimen

    return Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")


def _rate(work: Callable[[], object], count: int, repeats: int = 7) -> float:
    """Participants per second of processor time, the median of some runs after one that isn't counted."""
    work()
    seconds = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return count / median(seconds)


class Prepared:
    """The integration alone of n people: arrays made beforehand, run at any relative accuracy."""

    def __init__(self, n: int, *, summary_only: bool) -> None:
        from entact.pharmacology import Population
        from entact.pharmacology.simulation import ask, empty, prepare

        self.request = ask(_regimen(), Population.healthy(n, seed=1), "24 h", "5 min", None, None, 1e-6, None)
        self.result = empty(self.request, summary_only)
        self.arrays = prepare(self.request, self.result, 0, n)

    def run(self, rtol: float) -> Any:
        """Integrates, and returns the result."""
        from entact.pharmacology.simulation import integrate

        integrate(self.arrays, rtol=rtol, offset=0)
        return self.result


def speeds() -> list[Row]:
    """Participants per processor second of one thread, of the integration alone and with the draws."""
    from entact.pharmacology import Population, simulate

    rows = []
    n = 4096
    for summary_only, kept in ((False, "all 20 series"), (True, "statistics of all 20")):
        people = Prepared(n, summary_only=summary_only)
        for rtol, least in ((1e-6, "> 25,000"), (1e-8, "> 12,000")):
            rate = _rate(lambda people=people, rtol=rtol: people.run(rtol), n)
            rows.append(
                Row(f"integration at {rtol:g}, {kept}", rate, "/CPU s", least, f"{n:,} people, one thread")
            )
    for summary_only, kept in ((False, "series"), (True, "statistics")):
        who = Population.healthy(n, seed=1)
        rate = _rate(lambda who=who, alone=summary_only: simulate(_regimen(), who, summary_only=alone), n)
        rows.append(Row(f"simulate at 1e-06, {kept}", rate, "/CPU s", "", "people drawn, memory made anew"))
    return rows


def scaling() -> list[Row]:
    """How much sooner two threads are done than one, and whether they need more of the processor."""
    from entact.pharmacology import Population, simulate

    def seconds(threads: int) -> tuple[float, float]:
        begun, cpu = time.perf_counter(), time.process_time()
        simulate(_regimen(), Population.healthy(16_384, seed=1), summary_only=True, threads=threads)
        return time.perf_counter() - begun, time.process_time() - cpu

    seconds(1)
    pairs = [(seconds(1), seconds(2)) for _ in range(7)]
    how = "median of 7, 16,384 people"
    return [
        Row(
            "two threads, times as fast", median(a[0] / b[0] for a, b in pairs), "×", "", how + ", wall clock"
        ),
        Row("two threads, processor time", median(b[1] / a[1] for a, b in pairs), "× that of one", "", how),
    ]


def scipy_speeds() -> list[Row]:
    """SciPy's integrators on the same equations, compiled, at the same accuracy, states alone."""
    from scipy.integrate import solve_ivp

    from entact.pharmacology.engine import one_person
    from entact.pharmacology.variables import DEPOT_R, DEPOT_S, STATES

    people = Prepared(16, summary_only=True)
    arrays, result = people.arrays, people.result
    model = one_person()
    rows = []
    for method in ("DOP853", "LSODA"):

        def solve(method: str = method) -> None:
            for person in range(16):
                p, y, dy = arrays["inputs_of"][person], np.zeros(len(STATES)), np.zeros(len(STATES))
                model.initial(p, y)
                edges = [0.0, *arrays["dose_times"][person], 24.0]
                for leg in range(3):

                    def rate(t: float, y: np.ndarray, p: np.ndarray = p, dy: np.ndarray = dy) -> np.ndarray:
                        model.derivatives(t, y, p, dy)
                        return dy.copy()

                    times = result.times[(result.times > edges[leg]) & (result.times <= edges[leg + 1])]
                    found = solve_ivp(
                        rate, (edges[leg], edges[leg + 1]), y, method=method, rtol=1e-6, atol=1e-8,
                        t_eval=np.append(times[times < edges[leg + 1]], edges[leg + 1]),
                    )  # fmt: skip
                    y = found.y[:, -1].copy()
                    if leg < 2:
                        y[DEPOT_R] += arrays["dose_r"][person, leg]
                        y[DEPOT_S] += arrays["dose_s"][person, leg]

        rows.append(
            Row(f"SciPy {method} at 1e-06", _rate(solve, 16, 3), "/CPU s", "", "states only, compiled")
        )
    return rows


def mrgsolve_speed() -> list[Row]:
    """mrgsolve on the same equations and people, question by question, and how many times as fast this is."""
    from benchmarks.pharmacology_mrgsolve import measure
    from entact.pharmacology import Population, simulate

    people = Prepared(1024, summary_only=False)
    theirs = measure(people.arrays)
    if isinstance(theirs, str):
        print(f"mrgsolve was not measured: {theirs}")
        return []
    who = Population.healthy(1024, seed=1)
    ours = {
        "integrated": _rate(lambda: people.run(1e-6), 1024),
        "from people to numbers": _rate(lambda: simulate(_regimen(), who), 1024),
    }
    rows = []
    for asked, found in theirs.items():
        kept = {"states": "17 states", "outputs": "all 20 outputs"}[asked]
        pairs = (("integrated", found.alone, "> 3"), ("from people to numbers", found.with_input, "> 5"))
        for question, rate, least in pairs:
            how = "input read" if question != "integrated" else "input at hand"
            rows += [
                Row(f"mrgsolve, {question}", rate, "/CPU s", "", f"1,024 people, {kept}, {how}, median of 3"),
                Row("times as fast", ours[question] / rate, "×", least, f"all 20 series here, beside {kept}"),
            ]
    return rows


def accuracy() -> list[Row]:
    """The largest error of any output in 64 people, over the largest value of that output in the person."""
    truth = Prepared(64, summary_only=False).run(1e-12)
    rows = []
    for rtol in (1e-6, 1e-8):
        errors = []
        result = Prepared(64, summary_only=False).run(rtol)
        for variable in result.columns:
            ours, theirs = result.values(variable.name), truth.values(variable.name)
            errors.append(np.max(np.abs(ours - theirs) / np.max(np.abs(theirs), axis=1, keepdims=True)))
        how = "64 people, all outputs and times, against 1e-12 (which tests hold to DOP853)"
        rows.append(Row(f"largest error at {rtol:g}", max(errors), "", "", how))
    return rows


def _elsewhere(code: str) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **ONE_THREAD},
    )
    found: dict[str, float] = json.loads(run.stdout)
    return found


START = """
import json, time
begun, cpu = time.perf_counter(), time.process_time()
from entact.pharmacology import Person, Regimen, simulate
simulate(Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h"), Person()).summary()
print(json.dumps({"wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu}))
"""
MEMORY = f"""
import json, time
from entact.pharmacology import Population, Regimen, simulate
from benchmarks.rehearsal import _highest
cpu = time.process_time()
regimen = Regimen.mdma("120 mg HCl", supplement="60 mg HCl", after="2 h")
people, limits = Population.healthy({MILLION}, seed=1), {{"systolic": 160}}
found = simulate(regimen, people, summary_only=True, threads=2, limits=limits)
cpu = time.process_time() - cpu
crossed = found.probability_above("systolic", 160.0)
print(json.dumps({{"cpu": cpu, "memory": _highest() / 1e6, "crossed": crossed}}))
"""


def starts() -> list[Row]:
    """How long one person takes in a new process, with and without the machine code of an earlier one."""
    from entact.pharmacology import machine

    kept = [folder / name.name for folder in machine.folders() for name in folder.glob("kernel-*.bin")]
    for path in kept:
        path.unlink()
    first = _elsewhere(START)
    later = [_elsewhere(START) for _ in range(5)]
    return [
        Row("first start, compiled", first["cpu"], "CPU s", "", "once"),
        Row("second start, one person", median(one["cpu"] for one in later), "CPU s", "< 1", "median of 5"),
        Row(
            "second start, one person",
            median(one["wall"] for one in later),
            "s",
            "",
            "median of 5, wall clock",
        ),
    ]


def million() -> list[Row]:
    """A million people, all outputs, statistics only."""
    found = _elsewhere(MEMORY)
    how = "once, a process of its own, two threads, all 20 outputs"
    return [
        Row("a million people, memory", found["memory"], "GB", "< 1", how),
        Row("a million people", found["cpu"], "CPU s", "", how),
    ]


def main() -> int:
    """Prints the table; times move with the machine and fail nothing."""
    from entact.pharmacology.variables import OUTPUTS, STATES

    print(f"Pharmacology, {len(STATES)} states, {len(OUTPUTS)} outputs, simulated people")
    for row in (
        *speeds(),
        *scaling(),
        *scipy_speeds(),
        *mrgsolve_speed(),
        *accuracy(),
        *starts(),
        *million(),
    ):
        value = f"{row.value:,.0f}" if row.value >= 100 else f"{row.value:.3g}"
        print(f"| {row.what} | {value} {row.unit} | {row.limit} | {row.how} |")
    return 0
