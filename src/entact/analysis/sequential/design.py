"""One design, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential.assurance import assurance
from entact.analysis.sequential.boundaries import Boundaries, Rule, Walk, drift_for, futility, with_futility
from entact.analysis.sequential.chart import boundary_chart, power_chart
from entact.analysis.sequential.inference import SequentialEstimate, analyse, analyse_stages
from entact.analysis.sequential.look import Look
from entact.analysis.sequential.planned import Power
from entact.analysis.sequential.recursion import Floats, crossing
from entact.analysis.sequential.root import rising_root
from entact.analysis.sequential.shape import Shape
from entact.analysis.sequential.size import SampleSize, sample_size
from entact.analysis.sequential.spending import LanDeMetsOBrienFleming, Spending
from entact.analysis.sequential.table import Table, design_table

if TYPE_CHECKING:
    import altair as alt

_LEAST_STEP = 1e-6
_MET = 1e-10


@dataclass(frozen=True, kw_only=True)
class GroupSequential:
    """A group-sequential design with spending functions.

    Args:
        information: fractions of the whole information at the looks, rising, the last one 1.
        alpha: error rate of one tail. sided: 1, or 2 for a symmetric two-sided test of 2 `alpha`.
        spending: of alpha; or the shape of the boundary.
        futility: spending of beta, or bounds of Z for every look but the last; None without. binding: whether
            the efficacy bounds rely on stopping for futility; they should not, where anybody may go on all
            the same.
        beta: type II error rate, for futility by spending and for sample sizes.
    Raises:
        ValueError: for anything else.

    Equivalent to rpact `getDesignGroupSequential`, gsDesign `gsDesign`.
    """

    information: tuple[float, ...]
    alpha: float = 0.025
    sided: int = 1
    spending: Spending | Shape = field(default_factory=LanDeMetsOBrienFleming)
    futility: Spending | tuple[float, ...] | None = None
    binding: bool = False
    beta: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "information", tuple(float(one) for one in self.information))
        steps = np.diff([0.0, *self.information])
        near_enough = np.all(steps >= _LEAST_STEP * (1 - 1e-6))
        if not self.information or not near_enough or abs(self.information[-1] - 1) > 1e-12:
            raise ValueError(
                f"information {list(self.information)}: fractions rise from above 0 to 1 by {_LEAST_STEP:g}"
                " at least, as in 0.6, 1"
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

    def boundaries_at(self, fractions: Sequence[float], *, final: bool) -> Boundaries:
        """Boundaries at the information that was really there, as many looks as there were.

        Args:
            fractions: of the planned information, rising; the last may lie beyond 1. final: the last of them
                is the end, and takes what is left of alpha.
        Raises:
            ValueError: for more looks before the end than futility bounds were said for.

        Futility by spending of beta is made anew, under the effect that was planned for; bounds said in
        numbers stay as they are.
        """
        looks = tuple(fractions)
        plan, walk = self.futility, self.rule.at(self.alpha, looks, ended=final)
        before = len(looks) - 1 if final else len(looks)
        if isinstance(plan, Spending):
            spent = plan.spent(self.beta, np.asarray(looks))
            lower, _ = with_futility(walk, spent, self.drift(), binding=self.binding)
            held = [min(low, up) for low, up in zip(lower[:before], walk.upper, strict=False)]
            return Boundaries(looks, tuple(walk.upper), tuple(held), tuple(walk.spent))
        if plan is None:
            walk.found()
            return Boundaries(looks, tuple(walk.upper), None, tuple(walk.spent))
        if before > len(plan):
            raise ValueError(
                f"{before} looks before the end, but futility bounds for {len(plan)}: say how beta is spent"
                " instead, or that the last look is final"
            )
        walk.found([*plan[:before], -np.inf] if self.binding else None)
        return Boundaries(looks, tuple(walk.upper), plan[:before], tuple(walk.spent))

    def drift(self, power: float | None = None) -> float:
        """The drift at which the design has a power; 1 - beta, where none is said."""
        wanted = 1 - self.beta if power is None else power
        if not self.alpha < wanted < 1:
            raise ValueError(f"power {wanted:g}: it lies between alpha and 1")
        if power is None and self._solved[1] is not None:
            return self._solved[1]
        near = float(ndtri(1 - self.alpha) + ndtri(wanted))
        return drift_for(wanted, self.information, self.floors(), self.boundaries().upper, near)

    def inflation(self, power: float | None = None) -> float:
        """How much more information it takes than a test without looks, for the same power."""
        wanted = 1 - self.beta if power is None else power
        fixed = float(ndtri(1 - self.alpha) + ndtri(wanted))
        return (self.drift(power) / fixed) ** 2

    def power(self, effect: float | Comparison, size: float | None = None) -> Power:
        """What the design does under an effect.

        Args:
            effect: the drift, which is the effect over its standard error at the end; or a comparison, with
                a size of both arms together, as its `counted` says.
        Raises:
            ValueError: for what is no number, or a comparison without a size.
        """
        drift = self._drift_of(effect, size)
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

    def table(
        self,
        comparison: Comparison | None = None,
        size: float | None = None,
        freedoms: Sequence[float] | None = None,
    ) -> Table:
        """The looks as a table that a protocol can quote; see `table.design_table`."""
        return design_table(self, self.told(), comparison, size, freedoms)

    def plot(self, comparison: Comparison | None = None, sizes: Sequence[float] = ()) -> alt.LayerChart:
        """The boundaries as a chart; with a comparison and sizes, power over its differences."""
        return boundary_chart(self) if comparison is None else power_chart(self, comparison, sizes)

    def told(self) -> str:
        """What the design is, in words."""
        looks = len(self.information)
        kind = "Test without looks" if looks == 1 else f"Group-sequential design with {looks} looks"
        sides = (
            f"one-sided alpha {self.alpha:g}" if self.sided == 1 else f"two-sided alpha {2 * self.alpha:g}"
        )
        if looks == 1:
            return f"{kind}, {sides}"
        if self.futility is None:
            futility = "no futility"
        elif isinstance(self.futility, Spending):
            futility = f"futility by {self.futility} of beta {self.beta:g}"
        else:
            futility = "futility bounds as given"
        return f"{kind}, {sides}, {self.spending}, {futility}"

    def __str__(self) -> str:
        return str(self.table())

    def sample_size(self, comparison: Comparison, power: float | None = None) -> SampleSize:
        """How many it takes for a power; 1 - beta, where none is said. See `size.sample_size`."""
        return sample_size(self, comparison, 1 - self.beta if power is None else power)

    def assurance(
        self, mean: float, sd: float, comparison: Comparison | None = None, size: float | None = None
    ) -> float:
        """Power averaged over a normal prior of the effect.

        Args:
            mean, sd: of the drift; with a comparison and a size, of its difference, above 0 where the
                treatment is better.
        """
        if comparison is None:
            return assurance(self, mean, sd)
        per_unit = self._drift_of(comparison, size) / comparison.effect if comparison.effect else 0.0
        if per_unit == 0:
            raise ValueError("the comparison plans for no difference: it does not say what one is worth")
        return assurance(self, mean * per_unit, sd * per_unit)

    def analyse(self, looks: Sequence[Look], maximum: float, *, final: bool = False) -> SequentialEstimate:
        """What looks have shown; see `inference.analyse`."""
        return analyse(self, looks, maximum, final=final)

    def analyse_stages(self, stages: Sequence[Look], *, final: bool = False) -> SequentialEstimate:
        """What stages on participants of their own have shown; see `inference.analyse_stages`."""
        return analyse_stages(self, stages, final=final)

    def floors(self) -> Sequence[float]:
        """The bounds of Z below which it stops, by look: futility, or the other side; -inf without."""
        found = self.boundaries()
        if self.sided == 2:
            return [-value for value in found.upper]
        if found.lower is None:
            return [-np.inf] * len(self.information)
        return [*found.lower, found.upper[-1]]

    def _drift_of(self, effect: float | Comparison, size: float | None) -> float:
        if isinstance(effect, Comparison):
            if size is None:
                raise ValueError("say for how many: power(comparison, size)")
            return effect.drift(self.alpha, size)
        if not np.isfinite(effect):
            raise ValueError(f"the effect is {effect}: it has to be a number")
        return float(effect)

    @property
    def rule(self) -> Rule:
        """What decides critical values, at these looks or at others."""
        return Rule(self.spending, self.information, self.sided)

    @cached_property
    def _solved(self) -> tuple[Boundaries, float | None]:
        """Bounds, and the drift that belongs to those of beta spending."""
        plan, looks = self.futility, self.information
        if not isinstance(plan, Spending):
            bounds = [*plan, -np.inf] if plan is not None and self.binding else None
            return self._found(self.rule.at(self.alpha, looks, ended=True).found(bounds), plan), None
        lost = plan.spent(self.beta, np.asarray(looks))
        lost[-1] = self.beta

        def meet(drift: float) -> float:
            """How far the last futility bound lies above the last critical value."""
            found, walk = self._with_futility(lost, drift, known)
            known[:] = found
            return found[-1] - walk.upper[-1]

        known: list[float] = []

        try:
            near = self._fixed * (1 + 0.025 * np.log(len(looks)))  # about what looks cost
            drift = rising_root(meet, float(near), step=0.5, slope=1 + 0.04 * len(looks))
        except ValueError:
            raise ValueError("no effect has the power with this futility: spend less of beta early") from None
        lower, walk = self._with_futility(lost, drift, known)
        held = tuple(min(low, up) for low, up in zip(lower[:-1], walk.upper, strict=False))
        # Where beta is spent so early that the bounds meet before the end, its effect is found from them.
        met = abs(lower[-1] - walk.upper[-1]) <= _MET and list(held) == lower[:-1]
        return self._found(walk, held), drift if met else None

    def _with_futility(self, lost: Floats, drift: float, known: Sequence[float]) -> tuple[list[float], Walk]:
        """Futility bounds under a drift, and critical values; these rely on those where they are binding."""
        near = known or None
        if self.binding:
            walk = self.rule.at(self.alpha, self.information, ended=True)
            return with_futility(walk, lost, drift, binding=True, near=near)
        return futility(self.information, self._unbound.upper, lost, drift, near), self._unbound

    @cached_property
    def _unbound(self) -> Walk:
        """Critical values that rely on no futility bound."""
        return self.rule.at(self.alpha, self.information, ended=True).found()

    @property
    def _fixed(self) -> float:
        """The drift at which a test without looks has the power."""
        return float(ndtri(1 - self.alpha) + ndtri(1 - self.beta))

    def _found(self, walk: Walk, lower: tuple[float, ...] | None) -> Boundaries:
        return Boundaries(self.information, tuple(walk.upper), lower, tuple(walk.spent))
