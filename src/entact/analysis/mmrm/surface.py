"""From one vector of covariance parameters to the covariance matrices of every grid of visits.

A *sheet* is a set of participants who share one matrix V on the grid of visits: all of them, those of one
arm when the covariance is grouped, or those with the same coordinates when it is spatial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from entact.analysis.mmrm.covariance import Covariance, Unstructured
from entact.analysis.mmrm.small import Flags, Floats, Ints, half


@dataclass(frozen=True)
class Surface:
    """The structure, for every group, on every sheet."""

    structure: Covariance
    visits: tuple[str, ...]
    groups: tuple[str, ...]
    """Labels of the groups; one empty label where the covariance is not grouped."""
    group_of_sheet: Ints
    """(S,)"""

    @property
    def m(self) -> int:
        return len(self.visits)

    @cached_property
    def per_group(self) -> int:
        return len(self.structure.names(self.visits))

    @property
    def size(self) -> int:
        """How many covariance parameters, K."""
        return self.per_group * len(self.groups)

    @property
    def free(self) -> bool:
        """Whether theta is the packed V itself, so that no chain rule is needed."""
        return isinstance(self.structure, Unstructured) and len(self.groups) == 1

    def names(self) -> list[str]:
        """The names of theta, with the group where there are several."""
        names = self.structure.names(self.visits)
        return names if len(self.groups) == 1 else [f"{g}: {name}" for g in self.groups for name in names]

    def start(self, moments: Sequence[Floats]) -> Floats:
        """Starting values from residual cross-products, one (m, m) matrix a group."""
        return np.concatenate([self.structure.start(one) for one in moments])

    def _by_sheet(self, theta: Floats) -> Floats:
        if self.group_of_sheet.size == 1:
            return theta[..., None, :]
        return theta.reshape(*theta.shape[:-1], len(self.groups), self.per_group)[..., self.group_of_sheet, :]

    def feasible(self, theta: Floats) -> Flags:
        """Whether every V can be formed (...)."""
        if self.free:
            return np.asarray(np.isfinite(theta).all(-1))
        return np.asarray(self.structure.feasible(self._by_sheet(theta), self.m).all(-1))

    def value(self, theta: Floats) -> Floats:
        """Packed V of every sheet: (..., K) to (..., S, h)."""
        return self.structure.value(self._by_sheet(theta), self.m)

    def matrices(self, theta: Floats) -> Floats:
        """V of every sheet in full: (..., S, m, m)."""
        return half(self.m).unpack(self.value(theta))

    def slope(self, theta: Floats) -> Floats:
        """dV/dtheta of every sheet: (..., S, h, K)."""
        own = self.structure.slope(self._by_sheet(theta), self.m)
        if len(self.groups) == 1:
            return own
        k = self.per_group
        slope = np.zeros((*own.shape[:-1], self.size))
        for sheet, group in enumerate(self.group_of_sheet):
            slope[..., sheet, :, group * k : (group + 1) * k] = own[..., sheet, :, :]
        return slope

    def bend(self, theta: Floats, weights: Floats) -> Floats:
        """Sum over sheets and elements of weights x second derivatives: (..., S, h) to (..., K, K)."""
        own = self.structure.bend(self._by_sheet(theta), self.m)
        by_sheet = np.einsum("...sh,...shkl->...skl", weights, own)
        k = self.per_group
        total = np.zeros((*theta.shape[:-1], self.size, self.size))
        for group in range(len(self.groups)):
            block = slice(group * k, (group + 1) * k)
            total[..., block, block] = by_sheet[..., self.group_of_sheet == group, :, :].sum(-3)
        return total

    def bend_along(self, theta: Floats, w: Floats) -> Floats:
        """Sum over k, l of w_kl times the second derivative of V: (K,), (K, K) to (S, h)."""
        own = self.structure.bend(self._by_sheet(theta), self.m)
        k, groups = self.per_group, len(self.groups)
        blocks = w.reshape(groups, k, groups, k)[np.arange(groups), :, np.arange(groups), :]
        along: Floats = np.einsum("skl,shkl->sh", blocks[self.group_of_sheet], own)
        return along

    def reparametrised(self, theta: Floats) -> tuple[Floats, Floats]:
        """Jacobian (K, K) and second derivatives (K, K, K) of theta in R mmrm's parameters."""
        k, size = self.per_group, self.size
        first, second = np.zeros((size, size)), np.zeros((size, size, size))
        for group in range(len(self.groups)):
            block = slice(group * k, (group + 1) * k)
            first[block, block], second[block, block, block] = self.structure.reparametrised(
                theta[block], self.m
            )
        return first, second
