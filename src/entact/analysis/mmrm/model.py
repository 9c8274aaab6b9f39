"""What a fit is made of: the data as arrays, the structure's surface, the search's end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl

from entact.analysis.mmrm.basis import Basis
from entact.analysis.mmrm.columns import Column
from entact.analysis.mmrm.design import Design
from entact.analysis.mmrm.kenward_roger import Convention, adjusted_covariance
from entact.analysis.mmrm.likelihood import LOG_2_PI
from entact.analysis.mmrm.moments import Layout, Moments
from entact.analysis.mmrm.newton import Search
from entact.analysis.mmrm.small import Flags, Floats, Ints, Places, half
from entact.analysis.mmrm.surface import Surface


@dataclass(frozen=True)
class Observations:
    """The rows that are used, as arrays."""

    outcome: str
    y: Floats
    x: Floats
    design: Design
    columns: Mapping[str, Column]
    """the variables of the formula on these rows"""
    participant: Places
    """(n,) place of each row's participant"""
    participants: pl.Series
    """(N,) their labels"""
    visit: Places
    """(n,)"""
    visits: tuple[str, ...]
    group: Ints
    """(N,) group of each participant"""
    groups: tuple[str, ...]
    coordinates: Floats | None
    """(n, axes) where the covariance is spatial"""
    weights: Floats | None
    used: Flags
    """which rows of the caller's frame these are"""
    notes: tuple[str, ...]
    """what was left out, and why"""

    @property
    def row(self) -> Ints:
        """(n,) place of each row in the caller's frame."""
        return np.flatnonzero(self.used)

    @property
    def total_rows(self) -> int:
        """Rows of the caller's frame."""
        return self.used.size


@dataclass(frozen=True)
class Block:
    """Participants of one sheet with the same visits seen."""

    rows: Places
    """(n_p, m_p) rows of the observations"""
    visits: Ints
    """(m_p,)"""
    sheet: int
    v: Floats
    """(m_p, m_p) covariance of their values with unit weights"""


class Fitted(Protocol):
    """What tests and tables ask of a fitted model, whatever its covariance is made of."""

    @property
    def observations(self) -> Observations: ...

    @property
    def basis(self) -> Basis: ...

    @property
    def n(self) -> int:
        """How many values are used."""

    @property
    def q(self) -> int:
        """The rank of the model matrix."""

    @property
    def beta(self) -> Floats:
        """(columns,) coefficients, NaN where a column is aliased."""

    @property
    def c(self) -> Floats:
        """(q, q) model-based covariance of the conditioned coefficients."""

    @property
    def slopes(self) -> Floats:
        """(K, q, q) P_k in the conditioned basis."""

    @property
    def w(self) -> Floats:
        """(K, K) covariance of the covariance parameters."""

    def adjusted(self, convention: Convention, linear: bool) -> Floats:
        """(q, q) Kenward & Roger's covariance."""


@dataclass(frozen=True)
class Model:
    """A fitted model in arrays: likelihood, coefficients and covariance; no inference yet."""

    observations: Observations
    basis: Basis
    layout: Layout
    moments: Moments
    surface: Surface
    search: Search
    reml: bool

    @property
    def n(self) -> int:
        """How many values are used."""
        return self.observations.y.size

    @property
    def q(self) -> int:
        """The rank of the model matrix."""
        return self.basis.q

    @property
    def theta(self) -> Floats:
        """(K,) covariance parameters."""
        return self.search.at.theta

    @cached_property
    def w(self) -> Floats:
        """(K, K) covariance of theta: twice the inverse of the observed information of -2 log likelihood."""
        hessian = self.search.at.hessian
        scale = np.sqrt(np.diagonal(hessian))
        inverse = np.linalg.inv(hessian / np.outer(scale, scale)) / np.outer(scale, scale)
        w: Floats = inverse + inverse.T
        return w

    @cached_property
    def c(self) -> Floats:
        """(q, q) model-based covariance of the conditioned coefficients."""
        return self.search.at.covariance

    @cached_property
    def slopes(self) -> Floats:
        """(K, q, q) P_k in the conditioned basis."""
        return half(self.q + 1).unpack(self.search.at.slopes)[:, :-1, :-1]

    def adjusted(self, convention: Convention, linear: bool) -> Floats:
        """(q, q) Kenward & Roger's covariance."""
        return adjusted_covariance(
            self.moments, self.surface, self.search.at, self.w, convention=convention, linear=linear
        )

    @cached_property
    def beta(self) -> Floats:
        """(columns,) coefficients, NaN where a column is aliased."""
        beta = np.full(self.basis.kept.size, np.nan)
        beta[self.basis.kept] = self.basis.coefficients(self.search.at.gamma)
        return beta

    @cached_property
    def deviance(self) -> float:
        """-2 log likelihood, restricted where the fit is by REML."""
        value = float(self.search.at.value)
        free = self.n
        if self.reml:
            value += self.basis.logdet
            free -= self.q
        if self.observations.weights is not None:
            value -= float(np.log(self.observations.weights).sum())
        return value + free * LOG_2_PI

    @cached_property
    def matrices(self) -> Floats:
        """(S, m, m) V of every sheet."""
        return self.surface.matrices(self.theta)

    def blocks(self) -> Iterator[Block]:
        """The participants, by sheet and pattern."""
        layout = self.layout
        sheets, patterns, _ = layout.seen.shape
        size = np.bincount(layout.sheet * patterns + layout.pattern, minlength=sheets * patterns)
        size = size.reshape(sheets, patterns)
        start = 0
        for sheet in range(sheets):
            for pattern in range(patterns):
                visits = np.flatnonzero(layout.seen[sheet, pattern])
                stop = start + int(size[sheet, pattern]) * visits.size
                if stop > start:
                    rows = layout.order[start:stop].reshape(-1, visits.size)
                    yield Block(rows, visits, sheet, self.matrices[sheet][np.ix_(visits, visits)])
                start = stop

    def whitened(self, block: Block) -> tuple[Floats, Floats]:
        """L^-1 X in the conditioned basis (n_p, m_p, q) and L^-1 (y - X beta) (n_p, m_p), with V = L L'."""
        rows = block.rows.reshape(-1)
        x = self.basis.columns(self.observations.x, rows)
        residual = self.residuals[rows]
        if self.observations.weights is not None:
            root = np.sqrt(self.observations.weights[rows])
            x = x * root[:, None]
            residual = residual * root
        inverse = np.linalg.inv(np.linalg.cholesky(block.v))
        return inverse @ x.reshape(*block.rows.shape, -1), residual.reshape(block.rows.shape) @ inverse.T

    @cached_property
    def fitted(self) -> Floats:
        """(n,) X beta."""
        kept = self.basis.kept
        x = self.observations.x if kept.all() else self.observations.x[:, kept]
        fitted: Floats = x @ self.beta[kept]
        return fitted

    @cached_property
    def residuals(self) -> Floats:
        """(n,) y - X beta."""
        return self.observations.y - self.fitted
