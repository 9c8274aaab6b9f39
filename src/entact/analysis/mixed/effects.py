"""Random effects: what groups of rows have in common, as columns multiplied with effects of the groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entact.analysis.mmrm.small import Floats, Ints, half


@dataclass(frozen=True)
class RandomEffect:
    """Effects that differ between groups: of an intercept, or of an intercept and slopes.

    `RandomEffect("pair")` is lme4's `(1 | pair)`; `RandomEffect("participant", "1 + concentration")` is
    `(1 + concentration | participant)`; with `correlated=False` it is `(1 + concentration || participant)`.
    Groups that are named anew within others (pair 1 of each site) are named with them: `("site", "pair")`.
    """

    of: str | tuple[str, ...]
    terms: str = "1"
    correlated: bool = True

    def __post_init__(self) -> None:
        names = (self.of,) if isinstance(self.of, str) else self.of
        if not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError(f"a random effect is of a column that names groups, not {self.of!r}")
        if not isinstance(self.terms, str) or "|" in self.terms or "~" in self.terms:
            raise ValueError(
                f"the terms of a random effect are a right side such as '1 + dose', not {self.terms!r}"
            )
        if not isinstance(self.correlated, bool):
            raise ValueError(f"correlated must be True or False, not {self.correlated!r}")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that name its groups."""
        return (self.of,) if isinstance(self.of, str) else tuple(self.of)

    @property
    def title(self) -> str:
        """As lme4 writes it."""
        bar = "|" if self.correlated else "||"
        return f"({self.terms} {bar} {':'.join(self.columns)})"


@dataclass(frozen=True)
class Part:
    """A random effect on the rows used: its groups, its columns, and where its parameters lie."""

    name: str
    group: Ints
    """(n,) group of each row"""
    groups: tuple[str, ...]
    terms: tuple[str, ...]
    values: Floats
    """(n, c) what the effects of a row's group are multiplied with"""
    first: int
    """place of its first effect among all (groups outside, terms inside)"""

    @property
    def c(self) -> int:
        return len(self.terms)

    @property
    def size(self) -> int:
        """How many effects: groups x terms."""
        return len(self.groups) * self.c

    @property
    def parameters(self) -> int:
        """Variances and covariances."""
        return self.c * (self.c + 1) // 2

    def names(self) -> list[str]:
        """Of its parameters, in the order of `half`."""
        grid = half(self.c)
        return [
            f"var({self.terms[i]} | {self.name})"
            if i == j
            else f"cov({self.terms[i]}, {self.terms[j]} | {self.name})"
            for i, j in zip(grid.row, grid.column, strict=True)
        ]


@dataclass(frozen=True)
class Data:
    """What the likelihood needs to know of the rows."""

    parts: tuple[Part, ...]
    n: int
    q: int
    z_z: Floats
    """(r, r)"""
    z_x: Floats
    """(r, q + 1) with the residuals of least squares as the last column"""
    x_x: Floats
    """(q + 1, q + 1)"""

    @property
    def size(self) -> int:
        """How many parameters: the last one is sigma^2."""
        return sum(part.parameters for part in self.parts) + 1

    def matrices(self, theta: Floats) -> list[Floats]:
        """S of each effect."""
        result, first = [], 0
        for part in self.parts:
            result.append(half(part.c).unpack(theta[first : first + part.parameters]))
            first += part.parameters
        return result


def products(parts: tuple[Part, ...], z: Floats) -> tuple[Floats, Floats, Floats]:
    """Z'Z (r, r), Z'z (r, columns) and z'z of effects and of further columns z (n, columns), in one pass."""
    r = sum(part.size for part in parts)
    z_z, z_x = np.zeros((r, r)), np.zeros((r, z.shape[1]))
    for part in parts:
        for a in range(part.c):
            rows = part.first + part.group * part.c + a
            np.add.at(z_x, rows, part.values[:, a, None] * z)
            for other in parts:
                if other.first < part.first:
                    continue
                for b in range(other.c):
                    columns = other.first + other.group * other.c + b
                    np.add.at(z_z, (rows, columns), part.values[:, a] * other.values[:, b])
    upper = np.triu(z_z)
    symmetric: Floats = upper + np.triu(z_z, 1).T
    # blocks of one effect with itself were filled on both sides; what lies below belongs to no other pair
    return symmetric, z_x, z.T @ z
