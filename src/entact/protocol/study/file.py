"""One study file, whole."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from entact.protocol.study.analysis import AnalysisPlan, Endpoint
from entact.protocol.study.arms import Arm, Hidden, Randomisation
from entact.protocol.study.base import Block, Name, Window
from entact.protocol.study.doses import Product, Regimen
from entact.protocol.study.forms import Form
from entact.protocol.study.gates import Alert, Criterion, Gate
from entact.protocol.study.places import Population, SitePlan
from entact.protocol.study.safety import AdverseEvents
from entact.protocol.study.schedule import Visit
from entact.protocol.study.washout import Washout


class StudyFile(Block):
    """One study file, whole."""

    study: Name
    title: str
    registry: str | None = None
    phase: int | str | None = None
    release: str
    format: Literal[1] = 1  # of this file; defaults belong to the format and never change within one
    condition: str
    sources: dict[str, str] = Field(default={})
    populations: dict[Name, Population]
    sites: dict[str, SitePlan] = Field(default={})
    arms: dict[Name, Arm]
    randomisation: Randomisation | None = None
    roles: dict[Name, str]
    blinding: list[Hidden] = Field(default=[])
    products: dict[Name, Product]
    regimens: dict[Name, Regimen]
    dose_interval: Window | None = None  # between initial doses; the hard core keeps its earlier end
    doses: int = Field(gt=0)  # sessions with a dose; the hard core never lets there be more
    consent: dict[Name, str]  # scope -> what it allows
    # Completed when the file is resolved: the instruments that the forms use, and the order of named things.
    instruments: dict[Name, dict[str, Any]] = Field(default={})
    order: dict[str, list[str]] = Field(default={})
    forms: dict[Name, Form]
    schedule: list[Visit]
    eligibility: dict[Name, Criterion]
    gates: dict[Name, Gate]
    alerts: dict[Name, Alert] = Field(default={})
    adverse_events: AdverseEvents
    washout: Washout | None = None
    endpoints: dict[Name, Endpoint]
    analysis: AnalysisPlan
