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
    TILE,
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
    unobserved: int = 0,
) -> Callable[..., Any]:
    """The simulation of one system of equations; numba compiles it at the first call.

    `observe` reads none of the `unobserved` last states, which are not kept at the times of outputs.

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
    solve = compile_solver(derivatives, states, inputs, depots, unobserved)
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
    def gather(times, first, moments, TILED, column, kept):  # type: ignore[no-untyped-def]
        """Adds so many moments, from the first on, of one column to its statistics."""
        if first == 0:
            kept[PEAK], kept[TROUGH], kept[BEFORE] = TILED[column], TILED[column], TILED[column]
        peak, peak_at, trough, trough_at = kept[PEAK], kept[PEAK_AT], kept[TROUGH], kept[TROUGH_AT]
        area, before = kept[AREA], kept[BEFORE]
        for row in range(moments):
            index = first + row
            half = 0.5 * (times[index] - times[index - 1]) if index > 0 else 0.0
            value = TILED[row * outputs + column]
            higher = value > peak
            peak = where(higher, value, peak)
            peak_at = where(higher, float(index), peak_at)
            lower = value < trough
            trough = where(lower, value, trough)
            trough_at = where(lower, float(index), trough_at)
            area = area + half * (before + value)
            before = value
        kept[PEAK], kept[PEAK_AT], kept[TROUGH], kept[TROUGH_AT] = peak, peak_at, trough, trough_at
        kept[AREA], kept[BEFORE] = area, before

    @native()
    def time_above(times, first, moments, TILED, column, limit, kept, over):  # type: ignore[no-untyped-def]
        """Adds how much of these moments a straight line from one value to the next is above a limit."""
        then = (TILED[column] if first == 0 else kept[BEFORE]) - limit
        for row in range(moments):
            index = first + row
            dt = times[index] - times[index - 1] if index > 0 else 0.0
            now = TILED[row * outputs + column] - limit
            above = max(now, 0.0) + max(then, 0.0)
            under = max(-now, 0.0) + max(-then, 0.0)
            over = over + dt * above / (above + under + 1e-300)
            then = now
        return over

    @native(nogil=True)
    def run(  # type: ignore[no-untyped-def]
        inputs_of, dose_times, dose_r, dose_s, times, tolerance, floors, max_steps, columns, limits,
        offset, series, statistics, when, above, status, steps, work, path, counts,
    ):  # fmt: skip
        count, wanted = times.size, columns.size
        out = inputs + own
        kept = out + TILE * outputs
        over = kept + wanted * KEPT
        storing = series.size > 0
        P, TILED, OVER = at(work, 0), at(work, out), at(work, over)
        ended, taken = counts[2 * WIDTH : 3 * WIDTH], counts[3 * WIDTH : 4 * WIDTH]
        for who in range(0, inputs_of.shape[0], WIDTH):
            used = min(WIDTH, inputs_of.shape[0] - who)
            load(who, inputs_of, floors, work)
            solve(who, dose_times, dose_r, dose_s, times, tolerance, max_steps, work, path, counts)
            work[kept * WIDTH :] = 0.0
            for first in range(0, count, TILE):
                moments = min(TILE, count - first)
                for row in range(moments):
                    index = first + row
                    observe(spread(times[index]), at(path, index * n), P, at(work, out + row * outputs))
                for j in range(limits.shape[0]):
                    c = int(limits[j, 0])
                    statistic = at(work, kept + c * KEPT)
                    OVER[j] = time_above(
                        times, first, moments, TILED, columns[c], limits[j, 1], statistic, OVER[j]
                    )
                for c in range(wanted):
                    gather(times, first, moments, TILED, columns[c], at(work, kept + c * KEPT))
                if storing:
                    SERIES = at(series, (((offset + who) // WIDTH) * count + first) * wanted)
                    for row in range(moments):
                        for c in range(wanted):
                            SERIES[row * wanted + c] = TILED[row * outputs + columns[c]]
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
