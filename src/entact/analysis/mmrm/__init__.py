"""Mixed models for repeated measures: `mmrm(formula, data, subject=..., visit=...)`.

Read `likelihood.py`, `kenward_roger.py` and `satterthwaite.py` for the mathematics, `fit.py` for the way in.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from entact.analysis.mmrm.banded import AnteDependence, AutoRegressive, CompoundSymmetry, Toeplitz
from entact.analysis.mmrm.batch import ManyFits, TrialDesign
from entact.analysis.mmrm.covariance import Covariance, Unstructured
from entact.analysis.mmrm.fit import ML, REML, NotConverged, mmrm
from entact.analysis.mmrm.inference import BetweenWithin, Freedom, KenwardRoger, Residual, Satterthwaite
from entact.analysis.mmrm.result import Fit
from entact.analysis.mmrm.spatial import SpatialExponential, SpatialGaussian

__all__ = [
    "ML",
    "REML",
    "AnteDependence",
    "AutoRegressive",
    "BetweenWithin",
    "CompoundSymmetry",
    "Covariance",
    "Fit",
    "Freedom",
    "KenwardRoger",
    "ManyFits",
    "NotConverged",
    "Residual",
    "Satterthwaite",
    "SpatialExponential",
    "SpatialGaussian",
    "Toeplitz",
    "TrialDesign",
    "Unstructured",
    "mmrm",
]


class _Callable(ModuleType):
    """`from entact.analysis import mmrm` finds this package, which is called as its function is."""

    def __call__(self, *arguments: Any, **named: Any) -> Fit:
        return mmrm(*arguments, **named)


sys.modules[__name__].__class__ = _Callable
