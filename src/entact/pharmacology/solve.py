# mypy: disable-error-code="untyped-decorator,no-any-return"
"""From doses to states: the path of eight persons through the output times, compiled.

Each person's steps are his own: the numbers don't depend on the neighbours in the block, which makes any
number of threads and any cut into chunks give the same bits. A dose is a jump of a depot, at which the steps
begin anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from entact.pharmacology.lanes import any_of, at, lane_copier, native, spread, where
from entact.pharmacology.layout import DOSED, DUE, NEXT, NOW, POWERS, STAGES, STEP, UNTIL, WIDTH
from entact.pharmacology.runge_kutta import method

FINE, TOO_MANY_STEPS, NOT_FINITE = 0, 1, 2
"""how an integration ended"""
FIRST_STEP = 0.08
"""h, tried after a dose: with usual absorption it is accepted"""


def compile_solver(
    derivatives: Callable[..., Any], states: int, inputs: int, depots: tuple[int, int], unobserved: int = 0
) -> Callable[..., Any]:
    """The solver of one system, the last states of which need not be known at the times of outputs."""
    depot_r, depot_s = depots
    n, kept = states, states - unobserved
    step, dense, interpolate = method(derivatives, states, kept)
    copy_lane = lane_copier(kept)
    y = inputs
    k = y + n
    tmp, new, powers = k + STAGES * n, k + (STAGES + 1) * n, k + (STAGES + 2) * n
    floor = powers + POWERS * n
    flags = floor + n

    @native()
    def keep(path, due, found, position, times, scalar):  # type: ignore[no-untyped-def]
        """Writes the interpolated states of lanes with an output time due, and sets their next."""
        for lane in range(WIDTH):
            if due[lane] > 0.5:
                index = position[lane]
                copy_lane(found, at(path, index * n), lane)
                position[lane] = index + 1
                scalar[NEXT * WIDTH + lane] = times[index + 1] if index + 1 < times.size else np.inf

    @native()
    def fail(lane, why, ended, path, position, count, scalar, end):  # type: ignore[no-untyped-def]
        """Ends a lane that can't go on: what is missing of its path is not a number."""
        ended[lane] = why
        for index in range(position[lane], count):
            for i in range(n):
                path[(index * n + i) * WIDTH + lane] = np.nan
        scalar[NEXT * WIDTH + lane] = np.inf
        scalar[NOW * WIDTH + lane] = end
        scalar[UNTIL * WIDTH + lane] = end

    @native()
    def dose(person, lane, dose_times, r, s, given, work, scalar, end):  # type: ignore[no-untyped-def]
        """Gives the doses that are due and sets when the next is; says whether there was one."""
        now, doses = scalar[NOW * WIDTH + lane], dose_times.shape[1]
        before = given[lane]
        while given[lane] < doses and dose_times[person, given[lane]] <= now:
            work[(y + depot_r) * WIDTH + lane] += r[person, given[lane]]
            work[(y + depot_s) * WIDTH + lane] += s[person, given[lane]]
            given[lane] += 1
        scalar[UNTIL * WIDTH + lane] = end
        if given[lane] < doses:
            scalar[UNTIL * WIDTH + lane] = min(end, dose_times[person, given[lane]])
        dosed = given[lane] > before
        scalar[DOSED * WIDTH + lane] = 1.0 if dosed else 0.0
        if dosed:
            scalar[STEP * WIDTH + lane] = FIRST_STEP
        return dosed

    @native()
    def solve(  # type: ignore[no-untyped-def]
        who, dose_times, dose_r, dose_s, times, tolerance, max_steps, work, path, counts
    ):
        """Fills `path` (times x states x lanes); `counts` says how each lane ended, after how many steps."""
        position, given = counts[:WIDTH], counts[WIDTH : 2 * WIDTH]
        ended, steps = counts[2 * WIDTH : 3 * WIDTH], counts[3 * WIDTH : 4 * WIDTH]
        counts[:] = 0
        P, Y, K, TMP, NEW = at(work, 0), at(work, y), at(work, k), at(work, tmp), at(work, new)
        DENSE, FLOOR, FLAGS = at(work, powers), at(work, floor), at(work, flags)
        stages = (
            K, at(work, k + n), at(work, k + 2 * n), at(work, k + 3 * n), at(work, k + 4 * n),
            at(work, k + 5 * n), at(work, k + 6 * n),
        )  # fmt: skip
        scalar = work[flags * WIDTH :]
        count, end, last = times.size, times[times.size - 1], dose_times.shape[0] - 1
        t = spread(0.0)
        h = t + FIRST_STEP
        past = t + 1.0
        FLAGS[NOW], FLAGS[STEP], FLAGS[DUE] = t, h, t
        for lane in range(WIDTH):
            scalar[NEXT * WIDTH + lane] = times[0]
            if times[0] <= 0.0:
                scalar[DUE * WIDTH + lane] = 1.0
            dose(min(who + lane, last), lane, dose_times, dose_r, dose_s, given, work, scalar, end)
        for i in range(n):
            TMP[i] = Y[i]
        keep(path, scalar[DUE * WIDTH :], TMP, position, times, scalar)
        derivatives(t, Y, P, K)
        running = end > 0.0
        while running:
            until = FLAGS[UNTIL]
            room = until - t
            reaches = h >= 0.999999 * room
            used = where(reaches, room, where(1.8 * h > room, 0.5 * room, h))
            then = where(reaches, until, t + used)
            error = step(t, used, P, Y, K, TMP, NEW, FLOOR, tolerance, stages)
            error = where(error < 1e60, error, 1e60)
            accepted = error <= 1.0
            due = accepted & (FLAGS[NEXT] <= then)
            if any_of(due):
                dense(used, K, DENSE)
                per_step = 1.0 / used
                while any_of(due):
                    interpolate(where(due, (FLAGS[NEXT] - t) * per_step, 0.0), Y, DENSE, TMP)
                    FLAGS[DUE] = where(due, 1.0, 0.0)
                    keep(path, scalar[DUE * WIDTH :], TMP, position, times, scalar)
                    due = accepted & (FLAGS[NEXT] <= then)
            for i in range(n):
                Y[i] = where(accepted, NEW[i], Y[i])
                K[i] = where(accepted, K[6 * n + i], K[i])
            t = where(accepted, then, t)
            # A proportional-integral controller (Hairer and Wanner, Solving ODEs II, IV.2), of squares.
            now = max(error, 1e-12)
            factor = 0.9 * math.exp(0.02 * math.log(past) - 0.07 * math.log(now))
            factor = where(accepted, min(factor, 8.0), max(min(factor, 0.9), 0.1))
            h = where(accepted & (used < h), max(used * factor, h), used * factor)
            past = where(accepted, max(error, 1e-6), past)
            FLAGS[NOW], FLAGS[STEP] = t, h
            running, dosed = False, False
            for lane in range(WIDTH):
                scalar[DOSED * WIDTH + lane] = 0.0
                if scalar[NOW * WIDTH + lane] >= end:
                    continue
                steps[lane] += 1
                if steps[lane] >= max_steps:
                    fail(lane, TOO_MANY_STEPS, ended, path, position, count, scalar, end)
                elif not scalar[STEP * WIDTH + lane] > 1e-13:
                    fail(lane, NOT_FINITE, ended, path, position, count, scalar, end)
                else:
                    running = True
                    if scalar[NOW * WIDTH + lane] >= scalar[UNTIL * WIDTH + lane] and dose(
                        min(who + lane, last), lane, dose_times, dose_r, dose_s, given, work, scalar, end
                    ):
                        dosed = True
            t, h = FLAGS[NOW], FLAGS[STEP]
            if dosed:
                fresh = FLAGS[DOSED] > 0.5
                derivatives(t, Y, P, TMP)
                for i in range(n):
                    K[i] = where(fresh, TMP[i], K[i])

    return solve
