"""The study file as typed data: load, check, releases, rules, instruments and their scoring."""

from __future__ import annotations

from entact.protocol.compiled import (
    CompiledAlert,
    CompiledCriterion,
    CompiledEndpoint,
    CompiledGate,
    CompiledRequirement,
)
from entact.protocol.form import CompiledForm, ItemProblem
from entact.protocol.load import load_study, located, shipped_studies, warnings
from entact.protocol.problem import Problem, StudyError
from entact.protocol.release import Release, Study, assumptions, bars_from_production

__all__ = [
    "CompiledAlert",
    "CompiledCriterion",
    "CompiledEndpoint",
    "CompiledForm",
    "CompiledGate",
    "CompiledRequirement",
    "ItemProblem",
    "Problem",
    "Release",
    "Study",
    "StudyError",
    "assumptions",
    "bars_from_production",
    "load_study",
    "located",
    "shipped_studies",
    "warnings",
]
