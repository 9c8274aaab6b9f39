"""A fitted model with random effects in arrays, as inference asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from entact.analysis.mixed.effects import Data
from entact.analysis.mixed.search import Search
from entact.analysis.mmrm.basis import Basis
from entact.analysis.mmrm.kenward_roger import Convention
from entact.analysis.mmrm.likelihood import LOG_2_PI
from entact.analysis.mmrm.model import Observations
from entact.analysis.mmrm.small import Floats


@dataclass(frozen=True)
class RandomModel:
    """Likelihood, coefficients and variances; no inference yet."""

    observations: Observations
    basis: Basis
    whole: Data
    """with the effects whose variance is zero"""
    search: Search
    reml: bool
    information: Literal["observed", "expected"]

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
        """(K,) variances and covariances, sigma^2 last."""
        return self.search.at.theta

    @cached_property
    def w(self) -> Floats:
        """(K, K) covariance of theta."""
        at = self.search.at
        hessian = at.hessian if self.information == "observed" else at.expected
        scale = np.sqrt(np.diagonal(hessian))
        inverse = np.linalg.inv(hessian / np.outer(scale, scale)) / np.outer(scale, scale)
        w: Floats = inverse + inverse.T
        return w

    @property
    def c(self) -> Floats:
        """(q, q) model-based covariance of the conditioned coefficients."""
        return self.search.at.c

    @property
    def slopes(self) -> Floats:
        """(K, q, q) P_k in the conditioned basis."""
        return self.search.at.slopes

    @cached_property
    def beta(self) -> Floats:
        """(columns,) coefficients, NaN where a column is aliased."""
        beta = np.full(self.basis.kept.size, np.nan)
        beta[self.basis.kept] = self.basis.coefficients(self.search.at.gamma)
        return beta

    @cached_property
    def deviance(self) -> float:
        """-2 log likelihood, restricted where the fit is by REML."""
        free = self.n - self.q if self.reml else self.n
        return self.search.at.value + (self.basis.logdet if self.reml else 0.0) + free * LOG_2_PI

    def adjusted(self, convention: Convention, linear: bool) -> Floats:
        """(q, q) Kenward & Roger's covariance; V is linear in theta, so that no second derivatives enter."""
        at = self.search.at
        middle = np.einsum("kl,klab->ab", self.w, at.q_kl)
        pulled = at.slopes @ at.c
        middle = middle - np.einsum("kl,kab,lbc->ac", self.w, pulled, at.slopes, optimize=True)
        adjusted: Floats = at.c + 2.0 * at.c @ (0.5 * (middle + middle.T)) @ at.c
        return adjusted

    @cached_property
    def effects(self) -> list[Floats]:
        """(groups, terms) predicted effects of each part that is left: G Z' V^-1 (y - X beta)."""
        data, at = self.search.data, self.search.at
        result = []
        for part, s in zip(data.parts, data.matrices(at.theta), strict=True):
            own = at.shrunk[part.first : part.first + part.size].reshape(len(part.groups), part.c)
            result.append(own @ s)
        return result
