# mypy: disable-error-code="untyped-decorator,no-any-return"
"""The compiled simulation of many persons: states by `solve`, then what is observed and kept of them.

Eight persons go through it side by side, because the equations are so small that a processor which does one
multiplication at a time would idle most of it. Statistics are gathered on the way, so that a million persons
need no series.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from entact.pharmacology import elementary  # noqa: F401 - gives lanes their exp and log
from entact.pharmacology.lanes import at, native, spread, where
from entact.pharmacology.layout import (
    AREA,
    BEFORE,
    FLAGS,
    KEPT,
    PEAK,
    PEAK_AT,
    TROUGH,
    TROUGH_AT,
    WIDTH,
    solver_rows,
)  # fmt: skip
from entact.pharmacology.solve import compile_solver


def compile_kernel(
    derivatives: Callable[..., Any],
    observe: Callable[..., Any],
    initial: Callable[..., Any],
    *,
    states: int,
    inputs: int,
    outputs: int,
    depots: tuple[int, int],
) -> Callable[..., Any]:
    """The simulation of one system of equations; numba compiles it at the first call.

    Returns `run(inputs_of, dose_times, dose_r, dose_s, times, tolerance, floors, max_steps, columns, limits,
    offset, series, statistics, at, above, status, steps, work, path, counts)`,
    which fills series to steps for its persons, from place `offset` on (a multiple of eight):

    - `inputs_of` (persons x inputs), `dose_times`, `dose_r`, `dose_s` (persons x doses; h, mg), `times` (h,
      ascending),
    - `floors` (persons x states): below which size a state needs no relative accuracy,
    - `columns`: outputs to keep; `limits` (rows of column, value),
    - `series` (blocks of eight x times x columns x eight, flat, or empty), `statistics` (peak, trough, area x
      columns x persons), `at` (index of the time of peak, trough x columns x persons), `above` (h; limits x
      persons), `status`, `steps` (persons),
    - `work`, `path`, `counts`: memory of one thread, as `layout.workspace` makes it.
    """
    solve = compile_solver(derivatives, states, inputs, depots)
    n = states
    own = solver_rows(states)

    @native()
    def load(who, inputs_of, floors, work):  # type: ignore[no-untyped-def]
        """Lays a person's inputs and initial state into each lane; the last person fills lanes left over."""
        floor = inputs + own - FLAGS - n
        scratch = work[floor * WIDTH : floor * WIDTH + n]
        for lane in range(WIDTH):
            person = min(who + lane, inputs_of.shape[0] - 1)
            initial(inputs_of[person], scratch)
            for i in range(inputs):
                work[i * WIDTH + lane] = inputs_of[person, i]
            for i in range(n):
                work[(inputs + i) * WIDTH + lane] = scratch[i]
        for lane in range(WIDTH):
            person = min(who + lane, inputs_of.shape[0] - 1)
            for i in range(n):
                work[(floor + i) * WIDTH + lane] = floors[person, i]

    @native()
    def gather(value, index, dt, kept):  # type: ignore[no-untyped-def]
        """Adds one moment of one column to its statistics."""
        if index == 0:
            kept[PEAK], kept[TROUGH], kept[BEFORE] = value, value, value
        higher = value > kept[PEAK]
        kept[PEAK] = where(higher, value, kept[PEAK])
        kept[PEAK_AT] = where(higher, float(index), kept[PEAK_AT])
        lower = value < kept[TROUGH]
        kept[TROUGH] = where(lower, value, kept[TROUGH])
        kept[TROUGH_AT] = where(lower, float(index), kept[TROUGH_AT])
        kept[AREA] = kept[AREA] + (0.5 * dt) * (kept[BEFORE] + value)

    @native()
    def time_above(value, before, limit, dt):  # type: ignore[no-untyped-def]
        """How much of an interval a straight line from one value to the next is above a limit."""
        now, then = value - limit, before - limit
        over = max(now, 0.0) + max(then, 0.0)
        under = max(-now, 0.0) + max(-then, 0.0)
        return dt * over / (over + under + 1e-300)

    @native(nogil=True)
    def run(  # type: ignore[no-untyped-def]
        inputs_of, dose_times, dose_r, dose_s, times, tolerance, floors, max_steps, columns, limits,
        offset, series, statistics, when, above, status, steps, work, path, counts,
    ):  # fmt: skip
        count, wanted = times.size, columns.size
        out = inputs + own
        kept = out + outputs
        over = kept + wanted * KEPT
        storing = series.size > 0
        P, OUT, OVER = at(work, 0), at(work, out), at(work, over)
        ended, taken = counts[2 * WIDTH : 3 * WIDTH], counts[3 * WIDTH : 4 * WIDTH]
        for who in range(0, inputs_of.shape[0], WIDTH):
            used = min(WIDTH, inputs_of.shape[0] - who)
            load(who, inputs_of, floors, work)
            solve(who, dose_times, dose_r, dose_s, times, tolerance, max_steps, work, path, counts)
            work[kept * WIDTH :] = 0.0
            for index in range(count):
                moment = times[index]
                dt = moment - times[index - 1] if index > 0 else 0.0
                observe(spread(moment), at(path, index * n), P, OUT)
                for c in range(wanted):
                    gather(OUT[columns[c]], index, dt, at(work, kept + c * KEPT))
                for j in range(limits.shape[0]):
                    c = int(limits[j, 0])
                    before = at(work, kept + c * KEPT)[BEFORE]
                    OVER[j] = OVER[j] + time_above(OUT[columns[c]], before, limits[j, 1], dt)
                for c in range(wanted):
                    at(work, kept + c * KEPT)[BEFORE] = OUT[columns[c]]
                if storing:
                    SERIES = at(series, (((offset + who) // WIDTH) * count + index) * wanted)
                    for c in range(wanted):
                        SERIES[c] = OUT[columns[c]]
            for lane in range(used):
                person = offset + who + lane
                status[person], steps[person] = ended[lane], taken[lane]
                for c in range(wanted):
                    row = (kept + c * KEPT) * WIDTH + lane
                    statistics[0, c, person] = work[row + PEAK * WIDTH]
                    statistics[1, c, person] = work[row + TROUGH * WIDTH]
                    statistics[2, c, person] = work[row + AREA * WIDTH]
                    when[0, c, person] = int(work[row + PEAK_AT * WIDTH])
                    when[1, c, person] = int(work[row + TROUGH_AT * WIDTH])
                for j in range(limits.shape[0]):
                    above[j, person] = work[(over + j) * WIDTH + lane]

    return run
