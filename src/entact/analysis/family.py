"""Analyses of a plan that are tested together: their p values adjusted so that one error rate is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from scipy.stats import norm

if TYPE_CHECKING:
    from entact.analysis.multiplicity import Adjusted, Graph
    from entact.analysis.sequential import GroupSequential


@dataclass(frozen=True, slots=True)
class Family:
    """How several analyses are tested together.

    Attributes:
        procedure: a word of `STEPS`, or `graphical`. of: ids; of a fixed sequence in their order. alpha: of
            all together, on as many sides as each is tested on. graph: of a graphical procedure.
        looks: the design of each, one-sided, where there are looks before the end. two_sided: how each is
            tested.
    """

    procedure: str
    of: tuple[str, ...]
    alpha: float = 0.05
    graph: Graph | None = None
    looks: GroupSequential | None = None
    two_sided: bool = True

    def test(self, p: Mapping[str, float | None]) -> Adjusted:
        """Every hypothesis with its p, and the least level of all together at which it is rejected.

        With looks before the end, each spends the level that it is handed over its looks; those before the
        last count as not crossed, which can reject less and never more.

        Args:
            p: at the last look. None is a hypothesis that could not be tested: it counts as 1.
        Source: Maurer & Bretz 2013, Statistics in Biopharmaceutical Research 5:311; the procedures'
            own in `entact.analysis.multiplicity`.
        """
        from entact.analysis.multiplicity import STEPS, graphical

        own = {name: 1.0 if p.get(name) is None else float(p[name] or 0.0) for name in self.of}
        tested = own if self.looks is None else {name: self._at_last_look(one) for name, one in own.items()}
        if self.graph is not None:
            found = graphical(tested, self.graph, alpha=self.alpha)
        else:
            found = STEPS[self.procedure](tested, alpha=self.alpha)
        method = found.method if self.looks is None else f"{found.method} at group-sequential levels"
        return replace(found, method=method, p=own)

    def _at_last_look(self, p: float) -> float:
        """The least level at which the last of the looks rejects, for a p at it."""
        from entact.analysis.multiplicity import repeated_p

        assert self.looks is not None
        sides = 2 if self.two_sided else 1
        if p >= 1.0:
            return 1.0
        z = float(norm.isf(max(p, 1e-300) / sides))
        before = [-inf] * (len(self.looks.information) - 1)
        level = repeated_p([*before, z], self.looks)
        return 1.0 if level >= 0.5 else min(1.0, sides * level)
