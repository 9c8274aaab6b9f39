"""Participants in the pipeline: treated at a look, but not yet assessed, and heard after recruitment stopped.

A look at Z_k stops recruitment above its upper bound or below its lower one. Those already treated are
assessed all the same, and the decision falls on all of them: efficacy where their Z reaches a critical value
c_k. That balances the two ways in which they can turn the look round, so that the error rate stays as it was
spent.

Source: Hampson & Jennison 2013, Journal of the Royal Statistical Society B 75:3, sections 2 and 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq

from entact.analysis.sequential.look import Look
from entact.analysis.sequential.planned import Planned
from entact.analysis.sequential.recursion import GoingOn, increments_after

_FAR = 12.0
_WIDEST = 40.0  # of drift around what was heard


@dataclass(frozen=True)
class DelayedBoundaries:
    """When recruitment stops, and what is decided then.

    Attributes:
        information: at the looks. decided_at: with those in the pipeline. upper, lower: of the continuation;
            the last look has none. critical: what Z of all has to reach, by look.
    """

    information: tuple[float, ...]
    decided_at: tuple[float, ...]
    upper: tuple[float, ...]
    lower: tuple[float, ...]
    critical: tuple[float, ...]


@dataclass(frozen=True)
class DelayedPower:
    """What the design does under one effect.

    Attributes:
        stopped: probability that recruitment stops at each look. efficacy: of these, with efficacy decided.
            reversed: probability that those in the pipeline turned an upper stop round, or a lower one.
    """

    drift: float
    stopped: tuple[float, ...]
    efficacy: tuple[float, ...]
    reversed: float

    @property
    def overall(self) -> float:
        """The probability of efficacy."""
        return sum(self.efficacy)


@dataclass(frozen=True)
class DelayedEstimate:
    """The result of a trial after its pipeline was heard.

    Attributes:
        decision: `efficacy` or `not rejected`. p: one-sided; at most alpha where efficacy was decided, and
            only there. estimate: median-unbiased. interval: of 1 - 2 alpha.
    """

    decision: str
    p: float
    estimate: float
    interval: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class DelayedResponse:
    """A design whose looks come before some of those treated are assessed.

    Args:
        design: one-sided, with futility bounds: its bounds are where recruitment stops. pipeline: information
            that those in the pipeline add to each look but the last, as a fraction of the whole.
    Raises:
        ValueError: for anything else.

    Equivalent to rpact `getDesignGroupSequential(delayedInformation = …)`.
    """

    design: Planned
    pipeline: tuple[float, ...]

    def __post_init__(self) -> None:
        looks = self.design.information
        if self.design.sided != 1 or self.design.boundaries().lower is None:
            raise ValueError("a delayed response takes a one-sided design with futility bounds")
        if len(self.pipeline) != len(looks) - 1:
            raise ValueError(
                f"pipelines of {len(self.pipeline)} looks, but {len(looks)} looks: one for all but the last"
            )
        for at, more in zip(looks, self.pipeline, strict=False):
            if not (more >= 1e-6 and at + more <= 1 + 1e-12):
                raise ValueError(
                    f"a pipeline of {more:g} at {at:g} of the information: above 0, and not beyond the end"
                )

    def boundaries(self) -> DelayedBoundaries:
        """Where recruitment stops, and the critical values of the decisions."""
        return self._solved

    def power(self, drift: float) -> DelayedPower:
        """What the design does under an effect over its standard error at the end."""
        if not np.isfinite(drift):
            raise ValueError(f"the effect is {drift}: it has to be a number")
        found = self._solved
        state, following = GoingOn.at(0.0, 0.0), increments_after(found.information)
        stopped, efficacy, turned = [], [], 0.0
        for look, at in enumerate(found.information[:-1]):
            critical, later = found.critical[look], found.decided_at[look]
            high, low = self._stops(state, look, drift)
            kept = high.above(critical, later, drift)
            gained = low.above(critical, later, drift)
            stopped.append(high.probability + low.probability)
            efficacy.append(kept + gained)
            turned += high.probability - kept + gained
            state = state.go_on(found.lower[look], found.upper[look], at, drift, following[look])
        stopped.append(state.probability)
        efficacy.append(state.above(found.critical[-1], found.information[-1], drift))
        return DelayedPower(drift, tuple(stopped), tuple(efficacy), turned)

    def decide(self, look: int, z: float) -> str:
        """What the statistic of all who were treated says, after recruitment stopped at a look.

        Args:
            look: from 1 on; the last one is the planned end.
        """
        critical = self._solved.critical
        if not 1 <= look <= len(critical):
            raise ValueError(f"look {look}: there are {len(critical)}")
        if not np.isfinite(z):
            raise ValueError(f"the statistic is {z}: it has to be a number")
        return "efficacy" if z >= critical[look - 1] else "not rejected"

    def analyse(self, look: int, heard: Look) -> DelayedEstimate:
        """What the trial has shown of all who were treated, after recruitment stopped at a look.

        Decisions for efficacy come before all others, the earlier the more; then the trials that went on
        longest; within a look the statistic. That order agrees with the decisions, and knows that recruitment
        stopped below a futility bound, whether it is binding or not.

        Args:
            look: from 1 on, the last one is the planned end. heard: on all who were treated; its information
                is taken for what was planned: make the design anew where it was other.
        Source: Fairbanks & Madsen 1982, Biometrika 69:69 (stage-wise order), carried over to decisions after
            Hampson & Jennison 2013; that the probability rises with the effect is checked, not proved.
        """
        z = heard.z
        decision = self.decide(look, z)
        unit = heard.se * float(np.sqrt(self._solved.decided_at[look - 1]))

        def at_least(drift: float) -> float:
            return self._as_extreme(look, z, drift)

        centre = z / float(np.sqrt(self._solved.decided_at[look - 1]))
        low, high = centre - _WIDEST, centre + _WIDEST
        alpha = self.design.alpha
        ends = [
            float(
                brentq(lambda drift, level=level: at_least(drift) - level, low, high, xtol=1e-12, rtol=1e-13)
            )
            for level in (alpha, 0.5, 1 - alpha)
        ]
        return DelayedEstimate(decision, at_least(0.0), ends[1] * unit, (ends[0] * unit, ends[2] * unit))

    def _as_extreme(self, look: int, z: float, drift: float) -> float:
        """The probability of what was heard, or of more, under an effect."""
        found = self._solved
        state, following = GoingOn.at(0.0, 0.0), increments_after(found.information)
        won, lost = 0.0, 0.0  # at looks before this one
        for before in range(look - 1):
            critical, later = found.critical[before], found.decided_at[before]
            stopped = self._stops(state, before, drift)
            won += sum(one.above(critical, later, drift) for one in stopped)
            lost += sum(one.below(critical, later, drift) for one in stopped)
            at = found.information[before]
            state = state.go_on(found.lower[before], found.upper[before], at, drift, following[before])
        last = look == len(found.information)
        here = (state,) if last else self._stops(state, look - 1, drift)
        later = found.decided_at[look - 1]
        if z >= found.critical[look - 1]:
            return won + sum(one.above(z, later, drift) for one in here)
        return 1 - lost - sum(one.below(z, later, drift) for one in here)

    @cached_property
    def _solved(self) -> DelayedBoundaries:
        bounds = self.design.boundaries()
        assert bounds.lower is not None
        looks = bounds.information
        decided = (*(at + more for at, more in zip(looks, self.pipeline, strict=False)), looks[-1])
        state, following = GoingOn.at(0.0, 0.0), increments_after(looks)
        critical = []
        for look, at in enumerate(looks[:-1]):
            high, low = self._stops(state, look, 0.0)

            def lost(
                value: float, high: GoingOn = high, low: GoingOn = low, at: float = decided[look]
            ) -> float:
                """What turning round takes from the error rate, less what it adds."""
                return high.below(value, at, 0.0) - low.above(value, at, 0.0)

            if lost(_FAR) <= 0:  # nobody stops above: nobody below may be turned round
                critical.append(np.inf)
            elif lost(-_FAR) >= 0:
                critical.append(-np.inf)
            else:
                critical.append(float(brentq(lost, -_FAR, _FAR, xtol=1e-14, rtol=1e-14)))
            state = state.go_on(bounds.lower[look], bounds.upper[look], at, 0.0, following[look])
        return DelayedBoundaries(
            looks, decided, bounds.upper[:-1], bounds.lower, (*critical, bounds.upper[-1])
        )

    def _stops(self, state: GoingOn, look: int, drift: float) -> tuple[GoingOn, GoingOn]:
        """Those stopped above and below at a look, before the pipeline is heard."""
        bounds = self.design.boundaries()
        assert bounds.lower is not None
        at, more = bounds.information[look], float(np.sqrt(self.pipeline[look]))
        upper, lower = bounds.upper[look], bounds.lower[look]
        return state.go_on(upper, np.inf, at, drift, more), state.go_on(-np.inf, lower, at, drift, more)
