"""Two arms compared with covariates in the model, and the difference averaged over everybody."""

from __future__ import annotations

from entact.analysis.adjustment.logistic import logistic
from entact.analysis.adjustment.marginal import Ge, Ye, standardise
from entact.analysis.adjustment.model import Model, linear

__all__ = ["Ge", "Model", "Ye", "linear", "logistic", "standardise"]
