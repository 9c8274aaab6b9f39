"""What is known of the likelihood at one vector of covariance parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entact.analysis.mmrm.small import Floats


@dataclass(frozen=True)
class Evaluation:
    """Everything that is known at one theta."""

    theta: Floats
    """(..., K)"""
    value: Floats
    """(...) -2 log likelihood in the conditioned basis, without its constant"""
    gradient: Floats
    """(..., K)"""
    hessian: Floats
    """(..., K, K), twice the observed information"""
    gamma: Floats
    """(..., q) coefficients in the conditioned basis"""
    root: Floats
    """(..., q, q) with root' root = C, the covariance of gamma"""
    logdet_information: Floats
    """(...) log|X'WX| in the conditioned basis"""
    inverse: Floats
    """(..., S, P, m, m) W of every pattern, zero where nothing was seen"""
    slopes: Floats
    """(..., K, Q) M_k, packed"""
    elements: Floats | None
    """(..., S, h, Q) M_k by the elements of V, packed, where they were formed"""

    @property
    def covariance(self) -> Floats:
        """C: (..., q, q)."""
        return np.swapaxes(self.root, -1, -2) @ self.root
