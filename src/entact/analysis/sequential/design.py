"""One design, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from entact.analysis.sample_size.comparison import Comparison
from entact.analysis.sequential.assurance import assurance
from entact.analysis.sequential.boundaries import Boundaries, Rule, Walk, drift_for
from entact.analysis.sequential.chart import boundary_chart, power_chart
from entact.analysis.sequential.futility import HALF, Meeting, cost, futility, wedge_spent, with_futility
from entact.analysis.sequential.inference import SequentialEstimate, analyse, analyse_stages
from entact.analysis.sequential.look import Look
from entact.analysis.sequential.planned import Power
from entact.analysis.sequential.recursion import Floats, stopping
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
        futility: spending of beta, or bounds of Z for every look but the last, of |Z| in a two-sided design;
            -inf for a look that does not stop so, None without. binding: whether the efficacy bounds rely on
            stopping for futility; they should not, where anybody may go on all the same.
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
        if not isinstance(self.futility, tuple):
            return
        if len(self.futility) != len(self.information) - 1:
            raise ValueError(
                f"{len(self.futility)} futility bounds for {len(self.information)} looks:"
                " one for every look but the last"
            )
        if any(np.isnan(bound) for bound in self.futility):
            raise ValueError(f"futility bounds {list(self.futility)}: numbers, -inf where it does not stop")
        if self.sided == 2 and any(-np.inf < bound < 0 for bound in self.futility):
            raise ValueError(
                f"futility bounds {list(self.futility)}: in a two-sided design they are of |Z|, from 0 on;"
                " -inf where it does not stop"
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
            spent = self._beta_spent(plan, looks, final=final)
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
        """The drift at which the design has a power; 1 - beta, where none is said.

        Of a two-sided design it is the power on the side of the effect; where beta is spent, 1 - beta is the
        power on both, of which the other side has less than one in a million.
        """
        wanted = 1 - self.beta if power is None else power
        if not self.alpha < wanted < 1:
            raise ValueError(f"power {wanted:g}: it lies between alpha and 1")
        if wanted == 1 - self.beta and self._solved[1] is not None:
            return self._solved[1]
        near = float(ndtri(1 - self.alpha) + ndtri(wanted))
        return drift_for(wanted, self.information, self.floors(), self.boundaries().upper, near, self.wedge())

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
        above, below, between = stopping(self.information, self.floors(), upper, drift, self.wedge())
        going_on = 1 - np.cumsum(above + below + between)[:-1]
        information = float(self.information[0] + going_on @ np.diff(self.information))
        two_sided = self.sided == 2
        futile = between if two_sided else below
        return Power(
            drift,
            tuple((above + below if two_sided else above).tolist()),
            (*futile[:-1].tolist(), 0.0),
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

    def wedge(self) -> Sequence[float] | None:
        """|Z| below which a two-sided design stops for futility, by look, 0 where it does not; else None."""
        lower = self.boundaries().lower
        if self.sided == 1 or lower is None:
            return None
        return [*(max(bound, 0.0) for bound in lower), 0.0]

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
        lost = self._beta_spent(plan, looks, final=True)
        meeting = Meeting(lambda drift, near: self._with_futility(lost, drift, near), len(looks))
        try:
            drift = meeting.drift(self._near(plan))
        except ValueError:
            raise ValueError("no effect has the power with this futility: spend less of beta early") from None
        lower, upper, spent = meeting.found(drift)
        held = tuple(min(low, up) for low, up in zip(lower[:-1], upper, strict=False))
        # Where beta is spent so early that the bounds meet before the end, its effect is found from them.
        met = abs(lower[-1] - upper[-1]) <= _MET and list(held) == lower[:-1]
        return Boundaries(looks, tuple(upper), held, tuple(spent)), drift if met else None

    def _with_futility(
        self, lost: Floats, drift: float, near: Sequence[float] | None
    ) -> tuple[list[float], Walk]:
        """Futility bounds under a drift, and critical values; these rely on those where they are binding."""
        if self.binding:
            walk = self.rule.at(self.alpha, self.information, ended=True)
            return with_futility(walk, lost, drift, binding=True, near=near)
        return futility(self._unbound, lost, drift, near), self._unbound

    def _beta_spent(self, plan: Spending, looks: Sequence[float], *, final: bool) -> Floats:
        """What is spent of beta by each look."""
        spent = plan.spent(self.beta, np.asarray(looks, float))
        if final:
            spent[-1] = self.beta
        if self.sided == 1 or not final:
            return spent
        one_sided = replace(self, sided=1).boundaries_at(looks, final=True).lower
        assert one_sided is not None
        return wedge_spent(spent, one_sided, self.beta)

    def _near(self, plan: Spending) -> float:
        """About the drift that has the power."""
        alpha = (
            self.spending.spent(self.alpha, HALF)[0] / self.alpha
            if isinstance(self.spending, Spending)
            else 0.3
        )
        beta = plan.spent(self.beta, HALF)[0] / self.beta
        return self._fixed + cost(len(self.information), float(alpha), float(beta), binding=self.binding)

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
