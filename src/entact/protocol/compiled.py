"""What the rules of a study file are once compiled: gates, alerts, criteria, endpoints, oversight."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

from entact.protocol.rule import Rule
from entact.protocol.study import Alert, AnalysisSet, Criterion, Endpoint, Hold, Quota, Report, StoppingRule

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True)
class CompiledRequirement:
    """One requirement of a gate; see `study.Requirement`."""

    rule: Rule
    otherwise: str
    within: timedelta | None
    ever: bool
    override: str | None
    override_allowed_in: str | None = None

    @property
    def is_about_staff(self) -> bool:
        """Whether it asks for nothing but who is in the room."""
        return not self.rule.names and {call.function for call in self.rule.calls} == {"present"}


@dataclass(frozen=True, slots=True)
class CompiledGate:
    """A gate: `applies_when` None means always; every requirement must hold for it to open."""

    applies_when: Rule | None
    requirements: tuple[CompiledRequirement, ...]


@dataclass(frozen=True, slots=True)
class CompiledAlert:
    """An alert; `rearm` ends an episode, and `worse` is the rule of each escalation that has one."""

    rule: Rule
    alert: Alert
    rearm: Rule | None = None
    worse: tuple[Rule | None, ...] = ()


@dataclass(frozen=True, slots=True)
class CompiledCriterion:
    """A criterion; `rule` None means that the investigator alone judges it."""

    rule: Rule | None
    criterion: Criterion


@dataclass(frozen=True, slots=True)
class CompiledEndpoint:
    rule: Rule
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Ruled(Generic[Said]):
    """A block of the study file with its one rule compiled."""

    rule: Rule
    said: Said


@dataclass(slots=True)
class CompiledRules:
    gates: dict[str, CompiledGate] = field(default_factory=dict)
    alerts: dict[str, CompiledAlert] = field(default_factory=dict)
    criteria: dict[str, CompiledCriterion] = field(default_factory=dict)
    endpoints: dict[str, CompiledEndpoint] = field(default_factory=dict)
    stopping: dict[str, Ruled[StoppingRule]] = field(default_factory=dict)
    quotas: dict[str, Ruled[Quota]] = field(default_factory=dict)  # those with a rule
    holds: dict[str, Ruled[Hold]] = field(default_factory=dict)
    reports: dict[str, Ruled[Report]] = field(default_factory=dict)
    sets: dict[str, Ruled[AnalysisSet]] = field(default_factory=dict)  # those with a rule
