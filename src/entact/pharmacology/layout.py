"""How the integrator's scratch memory is laid out: rows of eight doubles, one for each person of a block."""

from __future__ import annotations

from typing import Final

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

WIDTH: Final = 8
"""persons in a block: doubles in one register of AVX-512, two of AVX, four of NEON"""
STAGES: Final = 7
"""of the Runge-Kutta step"""
POWERS: Final = 4
"""of its interpolant"""
# Rows that lanes and single persons both read and write.
NEXT, UNTIL, NOW, STEP, DOSED, DUE = range(6)
FLAGS: Final = 6
# Rows of a column: value before, and statistics.
BEFORE, PEAK, PEAK_AT, TROUGH, TROUGH_AT, AREA = range(6)
KEPT: Final = 6
TILE: Final = 16
"""output times that are observed before their statistics are gathered, from the nearest cache"""
COUNTS: Final = 4 * WIDTH
"""whole numbers of a block: next output time, doses given, how each person ended, steps"""


def solver_rows(states: int) -> int:
    """Rows of the solver: state, stages, scratch, next state, interpolant, floors, flags."""
    return states * (1 + STAGES + 2 + POWERS + 1) + FLAGS


def aligned(size: int) -> Array:
    """So many zeros that begin on a cache line: vectors that cross one cost twice."""
    whole = np.zeros(size + 8)
    skip = (-whole.ctypes.data % 64) // 8
    return whole[skip : skip + size]


def workspace(
    states: int, inputs: int, outputs: int, columns: int, limits: int, times: int
) -> tuple[Array, Array, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """The memory of one thread: rows of work, states of a block at every output time, whole numbers."""
    rows = inputs + solver_rows(states) + TILE * outputs + columns * KEPT + limits
    return aligned(rows * WIDTH), aligned(times * states * WIDTH), np.zeros(COUNTS, np.int64)
