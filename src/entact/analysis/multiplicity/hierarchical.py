"""Several hypotheses at several looks: group-sequential tests whose levels a graph hands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scipy.optimize import brentq

from entact.analysis.multiplicity.adjusted import Adjusted
from entact.analysis.multiplicity.graph import Graph, graphical
from entact.analysis.sequential import GroupSequential

LEAST, MOST = 1e-12, 0.5 - 1e-9


def repeated_p(z: Sequence[float], design: GroupSequential) -> float:
    """The least one-sided level at which a design rejects by one of its looks so far.

    Args:
        z: of the looks that there were, large where the treatment is better. design: its looks and how alpha
            is spent; its own alpha does not count. One-sided, without binding futility.
    Returns:
        0.5 where no smaller level rejects.
    Raises:
        ValueError: for more looks than the design has, or a design with two sides.
    Source: Liu & Anderson 2008, Journal of the American Statistical Association 103:1621.
    """
    if not z or len(z) > len(design.information):
        raise ValueError(f"{len(z)} looks of a design with {len(design.information)}")
    if design.sided != 1 or design.binding:
        raise ValueError("hypotheses are handed levels one-sided, and without binding futility")

    def excess(level: float) -> float:
        """By how much the best look stays below its bound."""
        upper = replace(design, alpha=level, futility=None).boundaries().upper
        return min(bound - own for bound, own in zip(upper, z, strict=False))

    if excess(MOST) > 0:
        return 0.5
    if excess(LEAST) <= 0:
        return LEAST
    return float(brentq(excess, LEAST, MOST, xtol=1e-13, rtol=1e-10))


def hierarchical(
    z: Mapping[str, Sequence[float]],
    graph: Graph,
    designs: GroupSequential | Mapping[str, GroupSequential],
    *,
    alpha: float = 0.025,
) -> Adjusted:
    """Hypotheses tested at several looks, whose levels a graph hands on: one-sided p values, adjusted.

    Each hypothesis has looks and a spending function of its own, spends the level that it is handed, and may
    be rejected by an earlier look of its own once its level has risen.

    Args:
        z: hypothesis -> its statistics at the looks so far. designs: of all, or of each. alpha: one-sided.
    Raises:
        ValueError: when a hypothesis has no design, or the graph has others.
    Source: Maurer & Bretz 2013, Statistics in Biopharmaceutical Research 5:311; with the repeated p values of
        Liu & Anderson 2008.
    """
    p = {}
    for name, looks in z.items():
        design = designs if isinstance(designs, GroupSequential) else designs.get(name)
        if design is None:
            raise ValueError(f"{name} has no design; there are designs of {', '.join(designs)}")  # type: ignore[arg-type]
        p[name] = repeated_p(looks, design)
    found = graphical(p, graph, alpha=alpha)
    return replace(found, method="group-sequential graphical procedure")
