"""Discontinuation as two hazards, interval by interval: stopping treatment, and leaving the study."""

from __future__ import annotations

import numpy as np

from entact.cohort.draws import UNKNOWN, Bools, Floats, Ints
from entact.cohort.parameters import Parameters


class Stopping:
    """Who stops treatment and who leaves the study, interval by interval, given the change seen so far."""

    def __init__(self, parameters: Parameters, site: Ints, arm: Ints, uniforms: Floats) -> None:
        """`site` and `arm` (n), the arm whose hazards apply; `uniforms` (n, intervals, 6)."""
        self.rules = parameters.discontinuation
        self.intervals = parameters.timepoints[1:]
        self.arms = parameters.arms
        self.sessions_before = parameters.sessions_held_by
        self.arm = arm
        self.uniforms = uniforms
        n = arm.size
        sites = list(parameters.sites.by_id.values())
        self.site = np.array([item.leaving_log_odds for item in sites])[site]
        self.treatment, self.study, self.reason = (np.full(n, UNKNOWN, np.int64) for _ in range(3))
        self.stop_fraction, self.leave_fraction = np.full(n, np.nan), np.full(n, np.nan)
        self.before_session = np.zeros(n, np.bool_)

    def _chance(self, kind: str, k: int, change: Floats, more: Floats) -> Floats:
        hazard = self.rules.treatment if kind == "treatment" else self.rules.study
        base = np.array([hazard.arms[name][self.intervals[k]] for name in self.arms])[self.arm]
        with np.errstate(divide="ignore"):
            log_odds = np.log(base) - np.log1p(-base) + hazard.per_point * change + more
        return np.asarray(1.0 / (1.0 + np.exp(-log_odds)), dtype=np.float64)

    def step(self, k: int, change: Floats) -> None:
        """Interval k + 1: `change` (n) is that of the total from baseline to the interval's start."""
        u = self.uniforms[:, k]
        here = (self.study == UNKNOWN) & (self.treatment == UNKNOWN)
        stops = here & (u[:, 0] < self._chance("treatment", k, change, self.site))
        stopped = stops | (self.treatment != UNKNOWN)
        more = self.site + self.rules.log_odds_once_stopped * stopped
        leaves = (self.study == UNKNOWN) & (u[:, 1] < self._chance("study", k, change, more))
        newly = stops | (leaves & (self.treatment == UNKNOWN))
        self.treatment[newly] = k + 1
        self.study[leaves] = k + 1
        self.stop_fraction[newly] = u[newly, 2]
        # Whoever stops and leaves in one interval cannot leave before stopping.
        start = np.where(newly, u[:, 2], 0.0)
        self.leave_fraction[leaves] = (start + (1.0 - start) * u[:, 3])[leaves]
        self.before_session[newly] = u[newly, 4] < self.rules.before_session
        steps = np.cumsum(list(self.rules.reasons.values()))
        self.reason[newly] = np.minimum(np.searchsorted(steps, u[newly, 5], side="right"), steps.size - 1)

    def masks(self) -> tuple[Bools, Bools]:
        """In the study, and on treatment, at each time point (n, time points)."""
        when = np.arange(len(self.intervals) + 1)
        left, stopped = self.study[:, np.newaxis], self.treatment[:, np.newaxis]
        in_study = (left == UNKNOWN) | (when < left)
        return in_study, in_study & ((stopped == UNKNOWN) | (when < stopped))

    def sessions(self, planned: int) -> Ints:
        """Sessions received: all have the first; who stops later may stop before the interval's session."""
        before = np.array(self.sessions_before)
        held = np.where(self.treatment == UNKNOWN, planned, before[self.treatment])
        in_interval = before[self.treatment] > before[self.treatment - 1]
        received = held - ((self.treatment > 1) & self.before_session & in_interval)
        return np.asarray(np.clip(received, 1, planned), dtype=np.int64)
