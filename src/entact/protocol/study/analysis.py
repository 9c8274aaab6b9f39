"""Endpoints and the analysis plan."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from entact.protocol.study.base import Block, Name


class Endpoint(Block):
    value: str
    at: Name
    title: str | None = None


class Interim(Block):
    information: float = Field(gt=0, lt=1)
    alpha: float = Field(gt=0, lt=1)
    decides: str


class Analysis(Block):
    endpoint: Name
    estimand: str
    set: str
    method: str
    fixed: str | None = None
    pool_sites_below: int | None = None
    covariance: str | None = None
    df: str | None = None
    contrast: str | None = None
    alpha: float = Field(default=0.05, gt=0, lt=1)


class AnalysisPlan(BaseModel):
    """Interim looks by name, the primary analysis and others by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sets: dict[Name, str] = Field(default={})
    interim: Interim | None = None
    primary: Analysis
    secondary: dict[Name, Analysis] = Field(default={})
