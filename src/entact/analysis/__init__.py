"""Frames become estimates; a library in its own right, usable on anyone's data.

What is here is loaded when it is first asked for, so that the import costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entact.analysis.blinding import Guesses, Index, bang, count_guesses, james
    from entact.analysis.describe import (
        MeanDifference,
        MeanInterval,
        StandardisedDifference,
        Summary,
        change_from_baseline,
        describe,
        mean_difference,
        mean_interval,
        standardised_difference,
        summarise,
    )
    from entact.analysis.mixed import MixedFit, RandomEffect, mixed
    from entact.analysis.mmrm import (
        ML,
        REML,
        AnteDependence,
        AutoRegressive,
        BetweenWithin,
        CompoundSymmetry,
        KenwardRoger,
        NotConverged,
        Residual,
        Satterthwaite,
        SpatialExponential,
        SpatialGaussian,
        Toeplitz,
        TrialDesign,
        Unstructured,
        mmrm,
    )
    from entact.analysis.proportion import (
        Proportion,
        RiskDifference,
        count_events,
        proportion,
        risk_difference,
        score_interval,
    )

__all__ = [
    "ML",
    "REML",
    "AnteDependence",
    "AutoRegressive",
    "BetweenWithin",
    "CompoundSymmetry",
    "Guesses",
    "Index",
    "KenwardRoger",
    "MeanDifference",
    "MeanInterval",
    "MixedFit",
    "NotConverged",
    "Proportion",
    "RandomEffect",
    "Residual",
    "RiskDifference",
    "Satterthwaite",
    "SpatialExponential",
    "SpatialGaussian",
    "StandardisedDifference",
    "Summary",
    "Toeplitz",
    "TrialDesign",
    "Unstructured",
    "bang",
    "change_from_baseline",
    "combined_difference",
    "count_events",
    "count_guesses",
    "describe",
    "james",
    "mean_difference",
    "mean_interval",
    "mixed",
    "mmrm",
    "proportion",
    "risk_difference",
    "score_interval",
    "standardised_difference",
    "summarise",
]

HOMES = {
    "blinding": "Guesses Index bang count_guesses james",
    "describe": "MeanDifference MeanInterval StandardisedDifference Summary change_from_baseline describe "
    "combined_difference mean_difference mean_interval standardised_difference summarise",
    "proportion": "Proportion RiskDifference count_events proportion risk_difference score_interval",
    "mixed": "MixedFit RandomEffect mixed",
    "mmrm": "ML REML AnteDependence AutoRegressive BetweenWithin CompoundSymmetry KenwardRoger NotConverged "
    "Residual Satterthwaite SpatialExponential SpatialGaussian Toeplitz TrialDesign Unstructured mmrm",
}
"""the module of each name"""
_HOME_OF = {name: home for home, names in HOMES.items() for name in names.split()}


class _Lazy(ModuleType):
    """A function called like its module (`describe`) stays the function when the module is loaded."""

    def __getattr__(self, name: str) -> Any:
        if name not in _HOME_OF:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        home = import_module(f"{self.__name__}.{_HOME_OF[name]}")
        # `mmrm` can be called itself
        value = home if name == _HOME_OF[name] and callable(home) else getattr(home, name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: object) -> None:
        # the import system puts every module it loads into its package
        if not (isinstance(value, ModuleType) and _HOME_OF.get(name) == name and not callable(value)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})


sys.modules[__name__].__class__ = _Lazy
