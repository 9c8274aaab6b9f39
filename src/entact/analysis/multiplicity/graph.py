"""Graphical procedures: hypotheses share the level by weights, and hand theirs on once rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from entact.analysis.multiplicity.adjusted import Adjusted, checked

NEAR = 1e-12


@dataclass(frozen=True)
class Graph:
    """Who has which share of the level, and to whom each hands it on.

    Args:
        weights: hypothesis -> share of the level, at most 1 together.
        transitions: hypothesis -> hypothesis -> share of its own level, at most 1 from each; none to itself.
    Raises:
        ValueError: for anything else.
    Source: Bretz, Maurer, Brannath & Posch 2009, Statistics in Medicine 28:586.
    """

    weights: Mapping[str, float]
    transitions: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.weights:
            raise ValueError("a graph has no hypothesis; name at least one with its weight")
        if min(self.weights.values()) < 0 or sum(self.weights.values()) > 1 + NEAR:
            raise ValueError(f"weights {dict(self.weights)}: from 0 on, and at most 1 together")
        for name, own in self.transitions.items():
            for other, share in own.items():
                if name not in self.weights or other not in self.weights:
                    stranger = name if name not in self.weights else other
                    raise ValueError(
                        f"there is no hypothesis {stranger!r}; there are: {', '.join(self.weights)}"
                    )
                if other == name:
                    raise ValueError(f"{name} hands its level on to itself; name another")
                if share < 0:
                    raise ValueError(f"{name} hands {share:g} on to {other}; a share is 0 or more")
            if sum(own.values()) > 1 + NEAR:
                raise ValueError(f"{name} hands on {sum(own.values()):g} of its level; at most 1")

    @property
    def names(self) -> tuple[str, ...]:
        """The hypotheses."""
        return tuple(self.weights)

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights (m,) and transitions (m, m)."""
        names = self.names
        w = np.array([float(self.weights[name]) for name in names])
        g = np.array([[float(self.transitions.get(a, {}).get(b, 0.0)) for b in names] for a in names])
        return w, g


def handed_on(
    w: NDArray[np.float64], g: NDArray[np.float64], gone: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and transitions after a hypothesis was rejected; its own are 0."""
    weights = w + w[gone] * g[gone]
    weights[gone] = 0.0
    back = g[:, gone]
    loop = 1 - back * g[gone]
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = (g + np.outer(back, g[gone])) / loop[:, None]
    moved = np.where(loop[:, None] > NEAR, moved, 0.0)
    moved[gone], moved[:, gone] = 0.0, 0.0
    np.fill_diagonal(moved, 0.0)
    return weights, moved


def graphical(p: Mapping[str, float], graph: Graph, *, alpha: float = 0.05) -> Adjusted:
    """p values adjusted by a graph, by weighted Bonferroni tests; whatever the dependence.

    Raises:
        ValueError: when the hypotheses are not those of the graph.
    Source: Bretz et al. 2009, Statistics in Medicine 28:586, algorithm 2. Equivalent to R `gMCP::gMCP`.
    """
    own = checked(p)
    if set(own) != set(graph.names):
        raise ValueError(f"p values of {', '.join(own)}, and the graph has {', '.join(graph.names)}")
    names, left = graph.names, list(range(len(graph.names)))
    values = np.array([own[name] for name in names])
    w, g = graph.arrays()
    found, so_far = {}, 0.0
    while left:
        with np.errstate(divide="ignore"):
            ratios = [values[k] / w[k] if w[k] > NEAR else (0.0 if values[k] == 0 else np.inf) for k in left]
        best = left[int(np.argmin(ratios))]
        so_far = max(so_far, min(1.0, float(min(ratios))))
        found[names[best]] = so_far
        w, g = handed_on(w, g, best)
        left.remove(best)
    return Adjusted("graphical procedure", own, {name: found[name] for name in own}, alpha)
