"""One design, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri

from entact.analysis.sequential.boundaries import Boundaries, drift_for, efficacy, futility, planned
from entact.analysis.sequential.inference import Look, SequentialEstimate, analyse
from entact.analysis.sequential.recursion import crossing
from entact.analysis.sequential.spending import LanDeMetsOBrienFleming, Spending

_FEWEST_STEP = 1e-6


@dataclass(frozen=True)
class Power:
    """What a design does under one effect.

    Attributes:
        drift: the effect times the root of the whole information. efficacy, futility: probability of stopping
            so at each look; in a two-sided design efficacy is either side, and `wrong_side` the part of it
            that points away from the effect.
        information: expected, as a fraction of the whole.
    """

    drift: float
    efficacy: tuple[float, ...]
    futility: tuple[float, ...]
    wrong_side: float
    information: float

    @property
    def overall(self) -> float:
        """The probability of efficacy at any look."""
        return sum(self.efficacy)


@dataclass(frozen=True, kw_only=True)
class GroupSequential:
    """A group-sequential design with spending functions.

    Args:
        information: fractions of the whole information at the looks, rising, the last one 1.
        alpha: error rate of one tail. sided: 1, or 2 for a symmetric two-sided test of 2 `alpha`.
        spending: of alpha. futility: spending of beta, or bounds of Z for every look but the last; None
            without. binding: whether the efficacy bounds rely on stopping for futility; they should not,
            where anybody may go on all the same.
        beta: type II error rate, for futility by spending and for sample sizes.
    Raises:
        ValueError: for anything else.

    Equivalent to rpact `getDesignGroupSequential`, gsDesign `gsDesign`.
    """

    information: tuple[float, ...]
    alpha: float = 0.025
    sided: int = 1
    spending: Spending = field(default_factory=LanDeMetsOBrienFleming)
    futility: Spending | tuple[float, ...] | None = None
    binding: bool = False
    beta: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "information", tuple(float(one) for one in self.information))
        steps = np.diff([0.0, *self.information])
        if not self.information or not np.all(steps >= _FEWEST_STEP) or abs(self.information[-1] - 1) > 1e-12:
            raise ValueError(
                f"information {list(self.information)}: fractions rise from above 0 to 1, as in 0.6, 1"
            )
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha is {self.alpha:g}: the error rate of one tail lies between 0 and 0.5")
        if not 0 < self.beta < 1 - self.alpha:
            raise ValueError(f"beta is {self.beta:g}: it lies between 0 and 1 - alpha")
        if self.sided not in (1, 2):
            raise ValueError(f"sided is {self.sided}: a test has one side or two")
        if self.sided == 2 and self.futility is not None:
            raise ValueError("futility bounds belong to one-sided designs here: say sided=1")
        if isinstance(self.futility, tuple) and len(self.futility) != len(self.information) - 1:
            raise ValueError(
                f"{len(self.futility)} futility bounds for {len(self.information)} looks:"
                " one for every look but the last"
            )

    def boundaries(self) -> Boundaries:
        """Critical values, futility bounds and what is spent, by look."""
        return self._solved[0]

    def drift(self, power: float | None = None) -> float:
        """The drift at which the design has a power; 1 - beta, where none is said."""
        wanted = 1 - self.beta if power is None else power
        if not self.alpha < wanted < 1:
            raise ValueError(f"power {wanted:g}: it lies between alpha and 1")
        if power is None and self._solved[1] is not None:
            return self._solved[1]
        return drift_for(wanted, self.information, self.floors(), self.boundaries().upper)

    def inflation(self, power: float | None = None) -> float:
        """How much more information it takes than a test without looks, for the same power."""
        wanted = 1 - self.beta if power is None else power
        fixed = float(ndtri(1 - self.alpha) + ndtri(wanted))
        return (self.drift(power) / fixed) ** 2

    def power(self, drift: float) -> Power:
        """What the design does under an effect.

        Args:
            drift: the effect times the root of the whole information, `effect / SE` at the end.
        """
        upper = self.boundaries().upper
        above, below = crossing(self.information, self.floors(), upper, drift)
        stopped = above + below
        going_on = 1 - np.cumsum(stopped)[:-1]
        information = float(self.information[0] + going_on @ np.diff(self.information))
        two_sided = self.sided == 2
        return Power(
            drift,
            tuple((above + below if two_sided else above).tolist()),
            tuple(np.zeros_like(below).tolist() if two_sided else [*below[:-1].tolist(), 0.0]),
            float(below.sum()) if two_sided else 0.0,
            information,
        )

    def analyse(self, looks: Sequence[Look], maximum: float, *, final: bool = False) -> SequentialEstimate:
        """What looks have shown; see `inference.analyse`."""
        return analyse(self, looks, maximum, final=final)

    def floors(self) -> Sequence[float]:
        """The bounds of Z below which it stops, by look: futility, or the other side; -inf without."""
        found = self.boundaries()
        if self.sided == 2:
            return [-value for value in found.upper]
        if found.lower is None:
            return [-np.inf] * len(self.information)
        return [*found.lower, found.upper[-1]]

    @cached_property
    def _solved(self) -> tuple[Boundaries, float | None]:
        """Bounds, and the drift that belongs to those of beta spending."""
        looks, spent = self.information, planned(self.spending, self.alpha, self.information)
        plan = self.futility
        if plan is None:
            upper = efficacy(looks, spent, sided=self.sided)
            return self._found(upper, None, spent), None
        if isinstance(plan, tuple):
            upper = efficacy(looks, spent, sided=1, lower=[*plan, -np.inf] if self.binding else None)
            return self._found(upper, plan, spent), None
        lost = planned(plan, self.beta, looks)
        upper = efficacy(looks, spent, sided=1)

        def meet(drift: float) -> float:
            """How far the last futility bound lies above the last critical value."""
            bounds, values = self._with_futility(upper, spent, lost, drift)
            return bounds[-1] - values[-1]

        fixed = float(ndtri(1 - self.alpha) + ndtri(1 - self.beta))
        drift = float(brentq(meet, fixed * 0.9, fixed * 3, xtol=1e-13, rtol=1e-14))
        bounds, values = self._with_futility(upper, spent, lost, drift)
        return self._found(values, tuple(bounds[:-1]), spent), drift

    def _with_futility(
        self, upper: list[float], spent: np.ndarray, lost: np.ndarray, drift: float
    ) -> tuple[list[float], list[float]]:
        """Futility bounds under a drift, and critical values; these rely on those where they are binding."""
        if not self.binding:
            return futility(self.information, upper, lost, drift), upper
        values = [upper[0]]
        bounds: list[float] = []
        for look in range(1, len(self.information) + 1):
            looks = self.information[:look]
            bounds = futility(looks, values[:look], lost[:look], drift)
            if look < len(self.information):
                values = efficacy(
                    self.information[: look + 1], spent[: look + 1], sided=1, lower=[*bounds, 0.0]
                )
        return bounds, values

    def _found(
        self, upper: Sequence[float], lower: tuple[float, ...] | None, spent: np.ndarray
    ) -> Boundaries:
        return Boundaries(self.information, tuple(upper), lower, tuple(spent.tolist()))
