"""The search for the optimum, by Newton's method; a variance that falls to nothing takes its effect out.

Lone variances that a step would make negative are only brought nearer to zero; one that has fallen to the
thousandth
part of a millionth of sigma^2 beside its columns is zero: its effect leaves the model, which is searched
again, and the
result says so. A covariance matrix of several effects that becomes singular has no such simpler model of its
own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from entact.analysis.mixed.effects import Data, Part
from entact.analysis.mixed.likelihood import Point, evaluate
from entact.analysis.mmrm.small import Flags, Floats, half

ENOUGH, GOOD, NEAR = 1e-20, 1e-14, 1e-7
"""Newton decrements at which a search ends at once, counts as converged, may be ruled by rounding"""
ITERATIONS, HALVINGS = 100, 40
NOTHING = 1e-9
"""a variance beside sigma^2, counted per column, that is zero"""


@dataclass(frozen=True)
class Search:
    """Where a search ended: the effects that are left, and those whose variance is zero."""

    data: Data
    at: Point
    decrement: float
    iterations: int
    left_out: tuple[str, ...]


class Singular(ValueError):
    """The effects can't be told apart."""


def search(data: Data, start: Floats, *, reml: bool, left_out: tuple[str, ...] = ()) -> Search:
    """The optimum from starting values; Singular says why there is none."""
    at = evaluate(data, start, reml=reml)
    if at is None:
        raise Singular("-2 log likelihood can't be evaluated at the starting values")
    for iteration in range(ITERATIONS):
        gone = _vanished(data, at)
        if gone is not None:
            return _without(data, at, gone, reml=reml, left_out=left_out)
        step = _step(at.hessian, at.gradient)
        decrement = float("nan") if step is None else float(-at.gradient @ step)
        if decrement <= ENOUGH:
            return Search(data, at, decrement, iteration, left_out)
        if step is None:
            step = _step(at.hessian + at.expected, at.gradient)
        if step is None:
            step = _step(at.expected, at.gradient)
        if step is None:
            raise Singular("the information of the variances can't be inverted: they can't be told apart")
        moved = _move(data, at, step, near=decrement < NEAR, reml=reml)
        if moved is None:
            if decrement <= GOOD:
                return Search(data, at, decrement, iteration, left_out)
            raise Singular(_why(data, at))
        at = moved
    raise Singular(f"{_why(data, at)} (no end after {ITERATIONS} iterations)")


def _step(hessian: Floats, gradient: Floats) -> Floats | None:
    scale = np.diagonal(hessian)
    if not (scale > 0.0).all():
        return None
    root = np.sqrt(scale)
    scaled = hessian / np.outer(root, root)
    try:
        np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        return None
    step: Floats = -np.linalg.solve(scaled, gradient / root) / root
    return step


def _alone(data: Data) -> Flags:
    """(K,) whether a parameter is the only variance of its effect, or sigma^2."""
    return np.array([part.c == 1 for part in data.parts for _ in range(part.parameters)] + [True])


def _move(data: Data, at: Point, step: Floats, *, near: bool, reml: bool) -> Point | None:
    alone, share = _alone(data), 1.0
    for _ in range(HALVINGS):
        theta = at.theta + share * step
        theta = np.where(alone & (theta < 0.05 * at.theta), 0.05 * at.theta, theta)
        new = evaluate(data, theta, reml=reml)
        if new is not None and np.isfinite(new.value) and (new.value < at.value or near):
            return new
        share *= 0.5
    return None


def _vanished(data: Data, at: Point) -> Part | None:
    for part, s in zip(data.parts, data.matrices(at.theta), strict=True):
        each = float(np.mean(part.values**2))
        if part.c == 1 and s[0, 0] * each < NOTHING * at.theta[-1]:
            return part
    return None


def _without(data: Data, at: Point, gone: Part, *, reml: bool, left_out: tuple[str, ...]) -> Search:
    keep = np.ones(data.z_z.shape[0], dtype=bool)
    keep[gone.first : gone.first + gone.size] = False
    parts, theta, first, begin = [], [], 0, 0
    for part in data.parts:
        own = at.theta[begin : begin + part.parameters]
        begin += part.parameters
        if part is not gone:
            parts.append(replace(part, first=first))
            theta.append(own)
            first += part.size
    smaller = replace(data, parts=tuple(parts), z_z=data.z_z[np.ix_(keep, keep)], z_x=data.z_x[keep])
    start = np.concatenate([*theta, at.theta[-1:]])
    return search(smaller, start, reml=reml, left_out=(*left_out, gone.names()[0]))


def _why(data: Data, at: Point) -> str:
    for part, s in zip(data.parts, data.matrices(at.theta), strict=True):
        sd = np.sqrt(np.diagonal(s))
        if part.c > 1 and np.linalg.eigvalsh(s / np.outer(sd, sd))[0] < 1e-4:
            return (
                f"the covariance of the effects {', '.join(part.terms)} of {part.name} became singular: "
                f"leave a term "
                "out, or say correlated=False"
            )
    return "no step lowers -2 log likelihood"


def starting_values(data: Data, variance: float) -> Floats:
    """Half the residual variance within, the rest shared by the effects, each by the size of its columns."""
    theta: list[float] = []
    for part in data.parts:
        grid = half(part.c)
        each = np.maximum(np.mean(part.values**2, axis=0), 1e-300)
        share = 0.5 * variance / (len(data.parts) * part.c)
        theta += [share / each[i] if i == j else 0.0 for i, j in zip(grid.row, grid.column, strict=True)]
    return np.array([*theta, 0.5 * variance])
