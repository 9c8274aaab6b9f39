"""Endpoints and the analysis plan."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from entact.protocol.study.base import Block, Name, Window
from entact.protocol.study.text import Words


class Endpoint(Block):
    """What is compared: a value at a visit, or the time until an event that is asked for up to a visit.

    `after`: what a time is counted from, a visit; else the day of randomisation, or enrolment.
    """

    value: str | None = None
    event: str | None = None
    after: Name | None = None
    at: Name
    title: Words | None = None

    @property
    def is_time(self) -> bool:
        """Whether it is the time until an event."""
        return self.event is not None

    @property
    def rule(self) -> str:
        """What it is made of, in CEL."""
        return self.event or self.value or ""

    @property
    def field(self) -> str:
        """The field in which the rule stands."""
        return "value" if self.event is None else "event"


Share = Annotated[float, Field(gt=0, lt=1)]
SPENDING: Final = ("obrien_fleming", "pocock", "hwang_shih_decani", "kim_demets")
"""Ways to spend an error rate over the information (Lan & DeMets 1983); the last two take a parameter."""

BOUNDARIES: Final = ("obrien_fleming_boundary", "pocock_boundary", "wang_tsiatis", "haybittle_peto")
"""Boundaries of a fixed shape; the last two take a parameter, Haybittle and Peto's is 3 without one."""


class SpendingRule(BaseModel):
    """How an error rate is spent over the looks: a name, and its parameter where it has one."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: str
    parameter: float | None = None


def _shares(value: Any) -> Any:
    """One share, or one for each look."""
    several = value if isinstance(value, list | tuple) else [value]
    if not several:
        raise ValueError("no look is said; write one share or several, as in 0.6 or [0.5, 0.75]")
    for one in several:
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise ValueError(f"{one!r} is not a number; write one in digits")
        if not 0 < one < 1:
            raise ValueError(f"{one:g} is no share: it lies above 0 and below 1, as in 0.6")
    return tuple(several) if isinstance(value, list) else value


Shares = Annotated[
    float | tuple[float, ...], BeforeValidator(_shares, json_schema_input_type=Share | list[Share])
]


def _rule(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict) and len(value) == 1 and "name" not in value:
        [(name, parameter)] = value.items()
        if isinstance(parameter, bool) or not isinstance(parameter, int | float):
            message = f"{parameter!r} is no parameter of {name}; write a number, as in 'kim_demets: 3'"
            raise ValueError(message)
        return {"name": name, "parameter": float(parameter)}
    if isinstance(value, SpendingRule) or (isinstance(value, dict) and "name" in value):
        return value
    raise ValueError(
        f"{value!r} is no way to spend; write a name, or a name with its parameter, as in '{{kim_demets: 3}}'"
    )


AlphaRule = Annotated[SpendingRule, BeforeValidator(_rule, json_schema_input_type=str | dict[str, float])]


def _futility(value: Any) -> Any:
    if isinstance(value, list | tuple):
        for one in value:
            if isinstance(one, bool) or not isinstance(one, int | float):
                raise ValueError(f"{one!r} is not a number; write Z below which the trial stops, as in [0.0]")
        return tuple(float(one) for one in value)
    return value if isinstance(value, SpendingRule) else SpendingRule(**_rule(value))


Futility = Annotated[
    SpendingRule | tuple[float, ...],
    BeforeValidator(_futility, json_schema_input_type=str | dict[str, float] | list[float]),
]


class Interim(Block):
    """Looks at the data before the end, and what they may spend of alpha or stop for.

    Either `alpha` says what each look spends, beside what the primary analysis tests at the end; or
    `spending` says how the alpha of the primary analysis is spent over all looks, the last among them.
    """

    information: Shares
    alpha: Shares | None = None
    spending: AlphaRule | None = None
    futility: Futility | None = None
    binding: bool = False
    beta: float = Field(default=0.1, gt=0, lt=1)
    decides: str

    @property
    def looks(self) -> tuple[float, ...]:
        """Shares of the information before the end."""
        return self.information if isinstance(self.information, tuple) else (self.information,)

    @property
    def spends(self) -> tuple[float, ...] | None:
        """What each look spends, where that is said in numbers."""
        if self.alpha is None:
            return None
        return self.alpha if isinstance(self.alpha, tuple) else (self.alpha,)


Columns = str | list[str]
"""One column of the rows that are analysed, or several."""

Names = Name | list[Name]
"""A visit, an event or another thing of the study, or several."""


class Analysis(Block):
    """An analysis of an endpoint: a method of `methods.toml`, and the keys that it takes."""

    endpoint: Name
    estimand: str
    set: str
    method: str
    contrast: str | None = None
    event: Any | None = None
    alpha: float = Field(default=0.05, gt=0, lt=1)
    level: float | None = Field(default=None, gt=0, lt=1)
    null: float | None = None
    side: Literal["two_sided", "greater", "less"] | None = None
    fixed: str | None = None
    pool_sites_below: int | None = None
    covariance: Annotated[str | list[str] | None, Field(min_length=1)] = None
    df: str | None = None
    weights: str | None = None
    variance: str | None = None
    variances: str | None = None
    measure: str | None = None
    fitting: str | None = None
    interval: str | None = None
    kind: str | None = None
    sd: str | None = None
    family: str | None = None
    correlation: str | None = None
    correction: str | None = None
    exposure: str | None = None
    guess: str | None = None
    unknown: str | None = None
    strata: Columns | None = None
    covariates: Columns | None = None
    randomised_within: Columns | None = None
    within: Columns | None = None
    assuming: str | None = None
    inference: str | None = None
    samples: int | None = None
    seed: int | None = None
    reference: str | None = None
    event_visit: str | None = None
    delta: dict[str, float] | None = None
    responder: dict[str, float] | None = None
    deltas: list[float] | None = None
    arm: str | None = None
    procedure: str | None = None
    draws: int | None = None
    sizes: list[int] | None = None
    ratio: list[int] | None = None
    chance: float | None = None
    ended: str | None = None
    competing: Name | None = None
    until: float | None = None
    at_times: list[float] | None = None
    doses: dict[str, float] | None = None
    random: Columns | None = None
    by: Columns | None = None
    without: str | None = None
    follow_up: Names | None = None
    after: Names | None = None
    least: int | None = None
    fallback: str | None = None
    equal_at: str | None = None
    average: Names | None = None
    cuts: list[float] | None = None
    better: str | None = None
    anchor: Name | None = None
    improved: Any | None = None
    a_little: Any | None = None
    reliability: float | None = Field(default=None, ge=0, le=1)
    sd_before: float | None = Field(default=None, gt=0)
    concentration: Name | None = None
    concentrations: dict[str, float] | None = None
    time: str | None = None
    slopes: str | None = None
    categories: Names | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What the file says of it, word for word, as `entact.analysis.vocabulary.read_plan` takes it."""
        return self.model_dump(exclude_none=True, exclude={"source", "assumption"})


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
    """What is estimated: the strategy for each intercurrent event, and the other attributes of ICH E9(R1)."""

    title: Words
    strategies: dict[Name, Strategy]
    treatment: Words | None = None
    population: Words | None = None
    variable: Words | None = None
    summary: Words | None = None


class Multiplicity(Block):
    """Analyses that are tested together, so that the error rate of all of them is kept.

    `weights` and `hand_on` are those of a graph (Bretz et al. 2009): which share of alpha each has at first,
    and to whom it hands its own on once it is rejected.
    """

    procedure: str
    of: list[Name]
    alpha: float | None = Field(default=None, gt=0, lt=1)
    weights: dict[Name, float] | None = None
    hand_on: dict[Name, dict[Name, float]] | None = None


class AnalysisPlan(BaseModel):
    """Interim looks, the primary analysis and others by name, and how several are tested together."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    sets: dict[
        Name, Annotated[AnalysisSet, BeforeValidator(_set, json_schema_input_type=AnalysisSet | str)]
    ] = Field(default={})
    windows: dict[Name, AnalysisWindow] = Field(default={})
    intercurrent: dict[Name, Intercurrent] = Field(default={})
    estimands: dict[Name, Estimand] = Field(default={})
    interim: Interim | None = None
    primary: Analysis
    secondary: dict[Name, Analysis] = Field(default={})
    multiplicity: Multiplicity | None = None

    @property
    def analyses(self) -> dict[str, Analysis]:
        """Every analysis by its name, the primary one first."""
        return {"primary": self.primary, **self.secondary}

    @property
    def set_texts(self) -> dict[str, str]:
        """Every analysis set in words."""
        return {name: said.text for name, said in self.sets.items()}
