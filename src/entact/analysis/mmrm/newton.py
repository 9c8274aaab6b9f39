"""The search for the optimum: Newton's method on the observed information, with step halving.

Where the observed information is not positive definite, the expected one is added to it until it is (both
transform alike when parameters change, so the path does not depend on units). A step is halved until V is
positive definite and -2 log likelihood falls. It has converged at a Newton decrement g' H^-1 g of 1e-16 or
less on the scale of -2 log likelihood, and goes on to 1e-21 while that still falls: the error of theta is the
root of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from entact.analysis.mmrm.evaluation import Evaluation
from entact.analysis.mmrm.likelihood import evaluate, expected
from entact.analysis.mmrm.moments import Moments
from entact.analysis.mmrm.small import Floats
from entact.analysis.mmrm.surface import Surface

ENOUGH = 1e-21
"""Newton decrement at which the search ends at once."""
GOOD = 1e-16
"""Newton decrement that counts as converged: where rounding keeps the search above `ENOUGH`."""
NEAR = 1e-7
"""Newton decrement below which rounding may hide that -2 log likelihood falls: it is not asked for."""
ITERATIONS = 100
HALVINGS = 40


@dataclass(frozen=True)
class Search:
    """Where a search ended, and why."""

    at: Evaluation
    decrement: float
    """g' H^-1 g at the end; NaN where the observed information is not positive definite there"""
    iterations: int
    converged: bool
    path: str
    """what was done, in words"""


def _step(hessian: Floats, gradient: Floats) -> Floats | None:
    """The Newton step, free of units; None where the information is not positive definite."""
    scale = np.diagonal(hessian)
    if not (scale > 0.0).all():
        return None
    root = np.sqrt(scale)
    scaled = hessian / (root[:, None] * root)
    if not np.isfinite(scaled).all():
        return None
    try:
        np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        return None
    step: Floats = -np.linalg.solve(scaled, gradient / root) / root
    return step


def _damped_step(moments: Moments, surface: Surface, at: Evaluation) -> Floats | None:
    """A step on observed plus enough expected information."""
    metric = expected(moments, surface, at)
    for share in (0.3, 1.0, 3.0, 10.0, 100.0):
        step = _step(at.hessian + share * metric, at.gradient)
        if step is not None:
            return step
    return _step(metric, at.gradient)


def search(moments: Moments, surface: Surface, start: Floats, *, reml: bool) -> Search | None:
    """Newton's method from one starting point; None where nothing can be evaluated there."""
    if not surface.feasible(start):
        return None
    at = evaluate(moments, surface, start, reml=reml)
    if not np.isfinite(at.value):
        return None
    damped = halved = 0
    decrement = last = float("nan")
    for iteration in range(ITERATIONS):
        step = _step(at.hessian, at.gradient)
        last, decrement = decrement, float("nan") if step is None else float(-at.gradient @ step)
        if decrement <= ENOUGH or (decrement <= GOOD and decrement > 0.1 * last):
            return Search(at, decrement, iteration, True, _path(iteration, damped, halved))
        if step is None:
            step = _damped_step(moments, surface, at)
            damped += 1
            if step is None:
                return Search(at, decrement, iteration, False, "the information can't be inverted")
        moved = _move(moments, surface, at, step, decrement, reml=reml)
        if moved is None:
            return Search(at, decrement, iteration, decrement <= GOOD, "no step lowers -2 log likelihood")
        halved += moved[1] > 0
        at = moved[0]
    return Search(at, decrement, ITERATIONS, False, f"no end after {ITERATIONS} iterations")


def _move(
    moments: Moments, surface: Surface, at: Evaluation, step: Floats, decrement: float, *, reml: bool
) -> tuple[Evaluation, int] | None:
    share = 1.0
    for halving in range(HALVINGS):
        theta = at.theta + share * step
        if surface.feasible(theta):
            new = evaluate(moments, surface, theta, reml=reml)
            if np.isfinite(new.value) and (new.value < at.value or decrement < NEAR):
                return new, halving
        share *= 0.5
    return None


def _path(iterations: int, damped: int, halved: int) -> str:
    words = f"Newton's method, {iterations} iteration{'s' if iterations != 1 else ''}"
    if damped:
        words += f", {damped} of them on expected information"
    if halved:
        words += f", {halved} with a halved step"
    return words


def search_from_all(
    moments: Moments, surface: Surface, starts: Iterable[tuple[str, Floats]], *, reml: bool
) -> Search | None:
    """The first search that converges; else the one that came furthest; None where none could begin."""
    best: Search | None = None
    for name, start in starts:
        found = search(moments, surface, start, reml=reml)
        if found is None:
            continue
        path = f"{found.path}, from {name}"
        found = Search(found.at, found.decrement, found.iterations, found.converged, path)
        if found.converged:
            return found
        if best is None or found.at.value < best.at.value:
            best = found
    return best
