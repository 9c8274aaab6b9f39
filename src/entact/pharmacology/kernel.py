# mypy: disable-error-code="untyped-decorator,no-any-return"
"""The compiled integrator: eight persons in a block, each with steps of their own, and what is kept of them.

Why eight: the equations are small, so that a processor that does one multiplication at a time idles most of it. Why
steps of their own and not common ones: a person's numbers then don't depend on the neighbours in the block, which
makes any number of threads and any cut into chunks give the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import njit

from entact.pharmacology.lanes import WIDTH, any_of, at, spread, where
from entact.pharmacology.runge_kutta import STAGES, method

FINE, TOO_MANY_STEPS, NOT_FINITE = 0, 1, 2
"""how an integration ended"""
STATISTICS: Final = ("peak", "peak_at", "trough", "trough_at", "area")
"""kept of every column; the times as an index into the output times"""
_KEPT = 6  # rows of memory a column: the statistics and the value before


def compile_kernel(
    derivatives: Callable[..., Any],
    observe: Callable[..., Any],
    initial: Callable[..., Any],
    *,
    states: int,
    inputs: int,
    outputs: int,
    depots: tuple[int, int],
    digest: str = "",
) -> Callable[..., Any]:
    """The integrator of one system of equations, not yet compiled for a machine: numba does so at the first call.

    `digest` stands for the source of the equations: numba's cache tells changed source of the integrator, not of
    what it calls, and what it captures is part of the cache's key.
    """
    depot_r, depot_s = depots
    step, interpolate = method(derivatives, states)

    @njit(error_model="numpy")
    def load(who, inputs_of, work, p, y):  # type: ignore[no-untyped-def]
        """Lays a person's inputs and initial state into each lane; the last person fills lanes left over."""
        scratch = np.zeros(states)
        for lane in range(WIDTH):
            person = min(who + lane, inputs_of.shape[0] - 1)
            initial(inputs_of[person], scratch)
            for i in range(inputs):
                work[(p + i) * WIDTH + lane] = inputs_of[person, i]
            for i in range(states):
                work[(y + i) * WIDTH + lane] = scratch[i]

    @njit(error_model="numpy")
    def collect(index, due, moment, before, out, columns, kept, fitted, sums, limits, above, since):  # type: ignore[no-untyped-def]
        """Adds one observed moment to the statistics of the lanes for which it is due."""
        first = index < 0.5
        dt = where(first, 0.0, moment - before)
        for c in range(columns.size):
            value = out[columns[c]]
            row = c * _KEPT
            higher = due & (first | (value > kept[row]))
            kept[row] = where(higher, value, kept[row])
            kept[row + 1] = where(higher, index, kept[row + 1])
            lower = due & (first | (value < kept[row + 2]))
            kept[row + 2] = where(lower, value, kept[row + 2])
            kept[row + 3] = where(lower, index, kept[row + 3])
            last = where(first, value, kept[row + 5])
            kept[row + 4] = where(due, kept[row + 4] + 0.5 * dt * (last + value), kept[row + 4])
        for j in range(limits.shape[0]):
            c = int(limits[j, 0])
            now = out[columns[c]] - limits[j, 1]
            then = where(first, now, kept[c * _KEPT + 5] - limits[j, 1])
            over = max(now, 0.0) + max(then, 0.0)
            under = max(-now, 0.0) + max(-then, 0.0)
            above[j] = where(due, above[j] + dt * over / (over + under + 1e-300), above[j])
        for c in range(columns.size):
            kept[c * _KEPT + 5] = where(due, out[columns[c]], kept[c * _KEPT + 5])
        terminal = due & (moment >= since)
        if any_of(terminal):
            x = moment - since
            for j in range(fitted.size):
                value = math.log(max(out[columns[fitted[j]]], 1e-300))
                row = j * 5
                sums[row] = where(terminal, sums[row] + 1.0, sums[row])
                sums[row + 1] = where(terminal, sums[row + 1] + x, sums[row + 1])
                sums[row + 2] = where(terminal, sums[row + 2] + value, sums[row + 2])
                sums[row + 3] = where(terminal, sums[row + 3] + x * x, sums[row + 3])
                sums[row + 4] = where(terminal, sums[row + 4] + x * value, sums[row + 4])

    def run(  # type: ignore[no-untyped-def]
        inputs_of, dose_times, dose_r, dose_s, times, tolerance, floor_of, max_steps, columns, limits, fitted, since,
        start, stop, series, statistics, time_above, half_life, status, steps,
    ):  # fmt: skip
        assert digest is not None  # captured: see above
        n, count, wanted = states, times.size, columns.size
        doses = dose_times.shape[1]
        p, y = 0, inputs
        k = y + n
        tmp, new, floor = k + STAGES * n, k + (STAGES + 1) * n, k + (STAGES + 2) * n
        out = floor + n
        kept = out + outputs
        sums, above = kept + wanted * _KEPT, kept + wanted * _KEPT + fitted.size * 5
        flags = above + limits.shape[0]
        whole = np.zeros((flags + 10) * WIDTH + 8)
        # Vectors that cross a cache line cost twice: begin on one.
        skip = ((64 - whole.ctypes.data % 64) % 64) // 8
        work = whole[skip : skip + (flags + 9) * WIDTH]
        P, Y, K, TMP, NEW, FLOOR, OUT = (
            at(work, p), at(work, y), at(work, k), at(work, tmp), at(work, new), at(work, floor), at(work, out),
        )  # fmt: skip
        KEPT, SUMS, ABOVE, FLAGS = at(work, kept), at(work, sums), at(work, above), at(work, flags)
        stage = (
            K, at(work, k + n), at(work, k + 2 * n), at(work, k + 3 * n), at(work, k + 4 * n), at(work, k + 5 * n),
            at(work, k + 6 * n),
        )  # fmt: skip
        DUE, INDEX, MOMENT, ACCEPTED, UNTIL, NOW, FRESH, BEFORE, STEP = 0, 1, 2, 3, 4, 5, 6, 7, 8
        scalar = work[flags * WIDTH :]
        position = np.zeros(WIDTH, np.int64)  # the next output time of each lane
        given = np.zeros(WIDTH, np.int64)  # doses given
        ended = np.zeros(WIDTH, np.int64)
        end = times[count - 1]
        for who in range(start, stop, WIDTH):
            load(who, inputs_of, work, p, y)
            work[kept * WIDTH : flags * WIDTH] = 0.0
            used = min(WIDTH, stop - who)
            position[:] = 0
            given[:] = 0
            ended[:] = FINE
            for lane in range(WIDTH):
                person = min(who + lane, inputs_of.shape[0] - 1)
                for i in range(n):
                    work[(floor + i) * WIDTH + lane] = floor_of[person, i]
                scalar[BEFORE * WIDTH + lane] = 0.0
                scalar[UNTIL * WIDTH + lane] = end
                if doses > 0 and dose_times[person, 0] < end:
                    scalar[UNTIL * WIDTH + lane] = dose_times[person, 0]
            t = spread(0.0)
            h = t + 0.1
            past = t + 1.0
            derivatives(t, Y, P, K)
            h_used = t
            t_new = t
            for i in range(n):
                NEW[i] = Y[i]
            taken = 0
            first = True
            running = True
            while running:
                if first:
                    # No step yet: what is observed at time zero is the initial state.
                    for lane in range(WIDTH):
                        scalar[ACCEPTED * WIDTH + lane] = 1.0
                    accepted = t < 1.0
                    error = past
                else:
                    room = FLAGS[UNTIL] - t
                    reaches = h >= 0.999999 * room
                    h_used = where(reaches, room, where(1.8 * h > room, 0.5 * room, h))
                    t_new = where(reaches, FLAGS[UNTIL], t + h_used)
                    error = step(t, h_used, P, Y, K, TMP, NEW, FLOOR, tolerance, stage)
                    error = where(error < 1e60, error, 1e60)
                    accepted = error <= 1.0
                    FLAGS[ACCEPTED] = where(accepted, 1.0, 0.0)
                    taken += 1
                FLAGS[NOW] = t_new
                while True:
                    waiting = False
                    for lane in range(WIDTH):
                        index = position[lane]
                        due = (
                            index < count
                            and scalar[ACCEPTED * WIDTH + lane] > 0.5
                            and times[index] <= scalar[NOW * WIDTH + lane]
                        )
                        scalar[DUE * WIDTH + lane] = 1.0 if due else 0.0
                        scalar[INDEX * WIDTH + lane] = index
                        if due:
                            waiting = True
                            scalar[MOMENT * WIDTH + lane] = times[index]
                        else:
                            scalar[MOMENT * WIDTH + lane] = scalar[NOW * WIDTH + lane]
                    if not waiting:
                        break
                    moment = FLAGS[MOMENT]
                    theta = where(h_used > 0.0, (moment - t) / max(h_used, 1e-300), 0.0)
                    interpolate(theta, h_used, Y, K, TMP)
                    observe(moment, TMP, P, OUT)
                    collect(
                        FLAGS[INDEX], FLAGS[DUE] > 0.5, moment, FLAGS[BEFORE], OUT, columns, KEPT, fitted, SUMS,
                        limits, ABOVE, since,
                    )  # fmt: skip
                    for lane in range(WIDTH):
                        if scalar[DUE * WIDTH + lane] > 0.5:
                            if series.shape[2] > 0 and lane < used:
                                for c in range(wanted):
                                    series[who + lane, c, position[lane]] = work[(out + columns[c]) * WIDTH + lane]
                            scalar[BEFORE * WIDTH + lane] = scalar[MOMENT * WIDTH + lane]
                            position[lane] += 1
                if not first:
                    for i in range(n):
                        Y[i] = where(accepted, NEW[i], Y[i])
                        K[i] = where(accepted, K[6 * n + i], K[i])
                    t = where(accepted, t_new, t)
                    # A proportional-integral controller (Hairer, Norsett & Wanner, II.4 and IV.2).
                    now = max(error, 1e-12)
                    factor = math.exp(-0.07 * math.log(now) + 0.02 * math.log(past)) * 0.9
                    factor = where(accepted, min(max(factor, 0.2), 8.0), min(max(factor, 0.1), 0.9))
                    h = where(accepted & (h_used < h), max(h_used * factor, h), h_used * factor)
                    past = where(accepted, max(error, 1e-6), past)
                first = False
                FLAGS[NOW] = t
                FLAGS[STEP] = h
                running = False
                fresh = False
                for lane in range(WIDTH):
                    scalar[FRESH * WIDTH + lane] = 0.0
                    person = min(who + lane, inputs_of.shape[0] - 1)
                    now_t = scalar[NOW * WIDTH + lane]
                    if ended[lane] == FINE and now_t < end:
                        if taken >= max_steps:
                            ended[lane] = TOO_MANY_STEPS
                        elif not scalar[STEP * WIDTH + lane] > 1e-9:
                            ended[lane] = NOT_FINITE
                        if ended[lane] != FINE:
                            scalar[NOW * WIDTH + lane] = end
                            scalar[UNTIL * WIDTH + lane] = end
                            now_t = end
                            position[lane] = count
                    while given[lane] < doses and dose_times[person, given[lane]] <= now_t and now_t < end:
                        work[(y + depot_r) * WIDTH + lane] += dose_r[person, given[lane]]
                        work[(y + depot_s) * WIDTH + lane] += dose_s[person, given[lane]]
                        given[lane] += 1
                        scalar[FRESH * WIDTH + lane] = 1.0
                        scalar[STEP * WIDTH + lane] = 0.08
                        fresh = True
                        scalar[UNTIL * WIDTH + lane] = end
                        if given[lane] < doses and dose_times[person, given[lane]] < end:
                            scalar[UNTIL * WIDTH + lane] = dose_times[person, given[lane]]
                    if now_t < end:
                        running = True
                t = FLAGS[NOW]
                h = FLAGS[STEP]
                if fresh:
                    new_dose = FLAGS[FRESH] > 0.5
                    derivatives(t, Y, P, TMP)
                    for i in range(n):
                        K[i] = where(new_dose, TMP[i], K[i])
            for lane in range(used):
                person = who + lane
                status[person] = ended[lane]
                steps[person] = taken
                for c in range(wanted):
                    for j in range(5):
                        statistics[j, c, person] = work[(kept + c * _KEPT + j) * WIDTH + lane]
                for j in range(limits.shape[0]):
                    time_above[j, person] = work[(above + j) * WIDTH + lane]
                for j in range(fitted.size):
                    row = (sums + j * 5) * WIDTH + lane
                    m, sx, sy = work[row], work[row + WIDTH], work[row + 2 * WIDTH]
                    sxx, sxy = work[row + 3 * WIDTH], work[row + 4 * WIDTH]
                    slope = (m * sxy - sx * sy) / (m * sxx - sx * sx) if m > 2 else np.nan
                    half_life[j, person] = math.log(2.0) / -slope if slope < 0.0 else np.nan

    return njit(nogil=True, cache=bool(digest), error_model="numpy")(run)
