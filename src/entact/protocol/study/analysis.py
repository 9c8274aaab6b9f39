"""Endpoints and the analysis plan."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from entact.protocol.study.base import Block, Name, Window
from entact.protocol.study.text import Words


class Endpoint(Block):
    value: str
    at: Name
    title: Words | None = None


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


class AnalysisSet(Block):
    """Who is analysed: in words, and as a rule about one person where not everybody means the same by it."""

    text: Words
    rule: str | None = None


def _set(value: Any) -> Any:
    if isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict | AnalysisSet):
        raise ValueError(f"{value!r} is no analysis set; say in words who belongs to it, or write its block")
    return value


class AnalysisWindow(Block):
    """Days after an anchor on which an assessment counts for a visit, whenever it was planned."""

    visit: Name
    after: str
    within: Window


class Intercurrent(Block):
    """An event after the start of treatment that changes what an outcome means (ICH E9(R1)).

    `classes`: of medicines, where the event is that one was begun.
    """

    title: Words
    on: Literal["treatment_stopped", "procedures_stopped", "medicine_begun", "unblinded", "died"]
    classes: list[str] = Field(default=[])


Strategy = Literal[
    "treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"
]  # ICH E9(R1), A.3.2


class Estimand(Block):
    """What is estimated: the strategy for each intercurrent event."""

    title: Words
    strategies: dict[Name, Strategy]


class AnalysisPlan(BaseModel):
    """Interim looks by name, the primary analysis and others by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sets: dict[
        Name, Annotated[AnalysisSet, BeforeValidator(_set, json_schema_input_type=AnalysisSet | str)]
    ] = Field(default={})
    windows: dict[Name, AnalysisWindow] = Field(default={})
    intercurrent: dict[Name, Intercurrent] = Field(default={})
    estimands: dict[Name, Estimand] = Field(default={})
    interim: Interim | None = None
    primary: Analysis
    secondary: dict[Name, Analysis] = Field(default={})

    @property
    def set_texts(self) -> dict[str, str]:
        """Every analysis set in words."""
        return {name: said.text for name, said in self.sets.items()}
