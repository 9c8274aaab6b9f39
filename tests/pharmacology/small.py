"""A small system with known solutions through the integrator: two compartments after a dose by mouth."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from entact.pharmacology.kernel import compile_kernel
from entact.pharmacology.layout import workspace
from entact.pharmacology.machine import within_numba

KA, K10, K12, K21 = range(4)


@njit
def initial(p: Any, y: Any) -> None:
    y[:] = 0.0


@njit
def derivatives(t: Any, y: Any, p: Any, dy: Any) -> None:
    dy[0] = -p[KA] * y[0]
    dy[1] = -p[KA] * y[1]
    dy[2] = p[KA] * (y[0] + y[1]) - (p[K10] + p[K12]) * y[2] + p[K21] * y[3]
    dy[3] = p[K12] * y[2] - p[K21] * y[3]


@njit
def observe(t: Any, y: Any, p: Any, out: Any) -> None:
    out[0] = y[2]
    out[1] = y[0] + y[1]
    out[2] = t + 0.0 * y[0]


@cache
def kernel() -> Any:
    return compile_kernel(derivatives, observe, initial, states=4, inputs=4, outputs=3, depots=(0, 1))


class Run(NamedTuple):
    values: np.ndarray  # persons x outputs x times
    peak: np.ndarray
    trough: np.ndarray
    area: np.ndarray
    peak_at: np.ndarray
    above: np.ndarray
    status: np.ndarray


def run(
    inputs: np.ndarray,
    dose_times: np.ndarray,
    doses: np.ndarray,
    times: np.ndarray,
    *,
    tolerance: float = 1e-6,
    limits: tuple[tuple[int, float], ...] = (),
    max_steps: int = 5000,
    integrator: Any = None,
) -> Run:
    """The small system in persons with these inputs (persons x 4) and doses (persons x doses; mg)."""
    n, count = len(inputs), len(times)
    raw = np.zeros(-(-n // 8) * 8 * count * 3)
    statistics, when = np.zeros((3, 3, n)), np.zeros((2, 3, n), np.uint16)
    above = np.zeros((len(limits), n))
    status, steps = np.zeros(n, np.int64), np.zeros(n, np.int64)
    work, path, counts = workspace(4, 4, 3, 3, len(limits), count)
    arrays = {
        "inputs_of": inputs, "dose_times": dose_times, "dose_r": doses / 2, "dose_s": doses / 2,
        "times": times, "floors": np.full((n, 4), 0.1), "columns": np.arange(3),
        "limits": np.array(limits, float).reshape(-1, 2), "series": raw,
        "statistics": statistics, "when": when, "above": above, "status": status,
        "steps": steps, "work": work, "path": path, "counts": counts,
    }  # fmt: skip
    (integrator or within_numba(kernel()))(arrays, tolerance, max_steps, 0)
    values = raw.reshape(-1, count, 3, 8).transpose(0, 3, 2, 1).reshape(-1, 3, count)[:n]
    return Run(values, statistics[0], statistics[1], statistics[2], when[0], above, status)


def solution(p: np.ndarray, dose: float, t: np.ndarray) -> np.ndarray:
    """Amount in the central compartment so long after a dose (Gibaldi and Perrier, Pharmacokinetics)."""
    ka, k10, k12, k21 = p
    total, product = k10 + k12 + k21, k10 * k21
    root = np.sqrt(total * total - 4.0 * product)
    fast, slow = (total + root) / 2.0, (total - root) / 2.0
    terms = (
        (k21 - ka) / ((fast - ka) * (slow - ka)) * np.exp(-ka * t)
        + (k21 - fast) / ((ka - fast) * (slow - fast)) * np.exp(-fast * t)
        + (k21 - slow) / ((ka - slow) * (fast - slow)) * np.exp(-slow * t)
    )
    return np.where(t > 0.0, ka * dose * terms, 0.0)
