"""The study file as typed data: what a protocol says, in the field's words.

Every block may carry `source` (a fact's id or a citation) and `assumption` (what could not be confirmed).
Cross-references between blocks are checked in `entact.protocol.check`, rules are compiled there once.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from entact.protocol.quantity import parse_duration, parse_quantity, parse_range

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) and value != 0:
        raise ValueError(f"{value!r} is not a duration; write a number and its unit, as in '90 min'")
    return parse_duration(str(value))


Duration = Annotated[timedelta, BeforeValidator(_duration)]


def _span(value: Any) -> Any:
    if isinstance(value, Span):
        return value
    if not isinstance(value, str):
        raise ValueError(
            f"{value!r} is not a window; write its two ends, as in '2 .. 14 d', or 'next morning'"
        )
    return Span.parse(value)


class Block(BaseModel):
    """A part of a study file: closed (an unknown key is an error) and unchangeable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str | None = None
    assumption: str | None = None


class Span(BaseModel):
    """A window `2 .. 14 d` after an anchor; `next morning` is the next civil day, 06:00 to 12:00."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    earliest: timedelta
    latest: timedelta
    next_morning: bool = False

    @classmethod
    def parse(cls, text: str) -> Span:
        """Reads `2 .. 14 d`, `1 h 30 min .. 2 h` or `next morning`.

        Raises:
            ValueError: when the ends are no durations or in the wrong order.
        """
        if text.strip() == "next morning":
            return cls(earliest=timedelta(0), latest=timedelta(days=1), next_morning=True)
        low, high = (parse_duration(end) for end in parse_range(text))
        if low > high:
            raise ValueError(f"the window {text!r} ends before it begins; write the earlier end first")
        return cls(earliest=low, latest=high)


Window = Annotated[Span, BeforeValidator(_span)]


class Arm(Block):
    title: str
    role: Literal["experimental", "placebo", "active_comparator"]


class Population(Block):
    planned: int = Field(gt=0)


def _strength(value: str) -> str:
    if not parse_quantity(value).unit:
        raise ValueError(f"the strength {value!r} has no unit; write it as '40 mg'")
    return value


class Product(Block):
    substance: str
    salt: Literal["hydrochloride", "free_base"]
    strengths: list[Annotated[str, AfterValidator(_strength)]]
    placebo: Literal["matching", "none"] = "matching"
    schedule: dict[str, str] = {}


class Units(BaseModel):
    """Whole units of one strength, `2 x 40 mg`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(gt=0)
    strength: str

    @classmethod
    def parse(cls, text: Any) -> Any:
        """Reads `2 x 40 mg`.

        Raises:
            ValueError: when the count is not whole or the strength has no unit.
        """
        if isinstance(text, Units):
            return text
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is not a dose in whole units; write it as '2 x 40 mg'")
        count, times, strength = (part.strip() for part in text.partition(" x "))
        if not times or not re.fullmatch(r"[1-9][0-9]{0,2}", count):
            raise ValueError(f"{text!r} is not a dose in whole units; write it as '2 x 40 mg'")
        if not parse_quantity(strength).unit:
            raise ValueError(f"the strength {strength!r} has no unit; write it as '2 x 40 mg'")
        return cls(count=int(count), strength=strength)


Dose = Annotated[Units, BeforeValidator(Units.parse)]


def _offer(value: str) -> str:
    window, after, rest = value.partition(" after initial")
    if not after or rest:
        raise ValueError(f"{value!r} does not say after what; write it as '1 h 30 min .. 2 h after initial'")
    Span.parse(window)
    return value


class Supplement(Block):
    give: Dose
    offer: Annotated[str, AfterValidator(_offer)]  # `1 h 30 min .. 2 h after initial`
    optional: bool = True

    @property
    def window(self) -> Span:
        return Span.parse(self.offer.removesuffix("after initial"))


class Regimen(Block):
    """One dose level: what is given initially and, perhaps, as supplement."""

    initial: Dose
    supplement: Supplement | None = None


class Randomisation(Block):
    """How participants are allocated. Block sizes are sealed with the list, never written here."""

    ratio: dict[Name, int]
    method: Literal["permuted_blocks"]
    strata: list[str]
    at: str


class Item(Block):
    """One item of a form."""

    type: Literal["boolean", "integer", "decimal", "choice", "choices", "text", "date", "partial_date"]
    title: str | None = None
    unit: str = ""
    range: str | None = None
    of: list[str] | None = None
    required: bool = True
    personal: bool | None = None  # free text is personal unless the file says otherwise

    @property
    def bounds(self) -> tuple[Decimal, Decimal] | None:
        """The two ends of `range`, in the item's unit."""
        if self.range is None:
            return None
        low, high = (parse_quantity(end) for end in parse_range(self.range))
        if {low.unit, high.unit} - {"", self.unit}:
            raise ValueError(
                f"the range {self.range!r} is not in {self.unit or 'no unit'}; write it in the item's unit"
            )
        if low.value > high.value:
            raise ValueError(f"the range {self.range!r} ends before it begins; write the smaller end first")
        return low.value, high.value

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type in ("choice", "choices"):
            if not self.of:
                raise ValueError(f"a {self.type} needs its codes; write 'of: [first, second]'")
            if len(set(self.of)) < len(self.of):
                raise ValueError("a code stands twice in 'of'; write each once")
        elif self.of is not None:
            raise ValueError(f"'of' belongs to a choice, this item is a {self.type}; take it out")
        if self.type not in ("integer", "decimal") and (self.range is not None or self.unit):
            raise ValueError(
                f"'unit' and 'range' belong to numbers, this item is a {self.type}; take them out"
            )
        self.bounds  # noqa: B018 (raises when the range is wrong)
        return self

    @property
    def is_personal(self) -> bool:
        return self.personal if self.personal is not None else self.type == "text"


class Form(Block):
    """Items asked together: written out here, or those of an instrument."""

    title: str | None = None
    instrument: Name | None = None
    by: str | None = None
    data_class: str = "clinical"  # class of data for blinding, such as `rater_scores`
    lasting: bool = False  # facts about the person that stay true: rules see them from any encounter
    items: dict[Name, Item] = {}


class Repeat(BaseModel):
    """`then: {times: 2, every: 7 d, slack: 3 d}`: further visits, each after the one before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: int = Field(gt=0, lt=100)
    every: Duration
    slack: Duration = timedelta(0)


def _timepoint(value: str) -> str:
    base, plus, offset = value.partition(" + ")
    if value not in ("before initial", "initial", "end") and (
        base not in ("initial", "supplement") or not plus
    ):
        raise ValueError(
            f"{value!r} is no time in a session; write 'before initial', 'initial + 90 min' or 'end'"
        )
    if plus:
        parse_duration(offset)
    return value


class TimedReadings(Block):
    """Vital signs or another form at times within a session: `at: before initial`, `initial + 90 min`, …"""

    do: str
    at: list[Annotated[str, AfterValidator(_timepoint)]]


def _alternative(value: str) -> str:
    anchor, plus, offset = value.partition(" + ")
    if not plus or not anchor.strip():
        raise ValueError(
            f"{value!r} is no alternative; write an anchor and a time after it, as in 'baseline + 18 wk'"
        )
    parse_duration(offset)
    return value


class Visit(Block):
    """One scheduled visit (encounter), or a row of like ones where `then` repeats it.

    `after` and `alternative` name a visit, or consent, washout_end, enrolment, randomisation or initial.
    """

    visit: Name
    title: str | None = None
    opens: bool = False
    after: str | None = None
    within: Window | None = None
    target: Duration | None = None
    alternative: Annotated[str, AfterValidator(_alternative)] | None = Field(
        default=None, alias="or"
    )  # `baseline + 18 wk`, when the anchor never happens
    slack: Duration | None = None  # either side of the alternative's target
    kind: Literal["screening", "assessment", "preparatory", "dosing", "integration", "contact", "end"] = (
        "assessment"
    )
    by: str | None = None
    contact: Literal["in_person", "telephone", "video"] = "in_person"
    regimen: str | None = None  # `low`, or `full or low` where the investigator decides
    lasts: Duration | None = None
    then: Repeat | None = None
    do: list[str] = []
    timed: list[TimedReadings] = []
    epoch: str | None = None

    @property
    def levels(self) -> tuple[str, ...]:
        """The regimens that this session may have."""
        return tuple(level.strip() for level in self.regimen.split(" or ")) if self.regimen else ()

    @property
    def fallback(self) -> tuple[str, timedelta] | None:
        """The alternative's anchor and its target after it."""
        if self.alternative is None:
            return None
        anchor, _, offset = self.alternative.partition(" + ")
        return anchor.strip(), parse_duration(offset)

    @property
    def activities(self) -> tuple[str, ...]:
        """All that is done at the visit, what is done at certain times included."""
        return (*self.do, *(reading.do for reading in self.timed))


class Criterion(Block):
    """An inclusion or exclusion criterion: judged by the investigator and, given a `rule`, computed."""

    kind: Literal["inclusion", "exclusion"]
    text: str
    rule: str | None = None  # true when the criterion is met (inclusion) or applies (exclusion)


class Requirement(Block):
    """One reason for which a gate stays closed."""

    require: str
    otherwise: str = Field(alias="else")
    within: Duration | None = None
    ever: bool = False
    override: str | None = None


class Gate(Block):
    applies_when: str | None = None
    require: list[Requirement]


class Alert(Block):
    """A rule that calls people as soon as it holds, or cannot be evaluated."""

    when: str
    title: str
    urgency: Literal["now", "today", "week"]
    tell: list[str]


class Hidden(Block):
    """Blinding: which classes of data a role does not see, and until when."""

    role: str
    hidden: list[str]
    until: str


class EventTerm(Block):
    """A term of the study's event codelist; `valence` is recorded, never used to leave an event out."""

    title: str
    special_interest: str | None = None
    valence: Literal["unfavourable", "favourable", "neutral"] = "unfavourable"


class AdverseEvents(Block):
    terms: dict[Name, EventTerm]
    solicited: list[str] = []


class WashoutClass(Block):
    half_life: Duration
    extra: Duration | None = None


class Washout(Block):
    """When psychiatric medicines have left the body: `half_lives` of each, plus `stabilisation`."""

    half_lives: float = Field(gt=0)
    stabilisation: Duration
    classes: dict[Name, WashoutClass]


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

    sets: dict[Name, str] = {}
    interim: Interim | None = None
    primary: Analysis
    secondary: dict[Name, Analysis] = {}


class SitePlan(Block):
    """A planned site: where it is and which clock it keeps."""

    country: str
    timezone: str


class StudyFile(Block):
    """One study file, whole."""

    study: Name
    title: str
    registry: str | None = None
    phase: int | str | None = None
    release: str
    format: Literal[1] = 1  # of this file; defaults belong to the format and never change within one
    condition: str
    sources: dict[str, str] = {}
    populations: dict[Name, Population]
    sites: dict[str, SitePlan] = {}
    arms: dict[Name, Arm]
    randomisation: Randomisation | None = None
    roles: dict[Name, str]
    blinding: list[Hidden] = []
    products: dict[Name, Product]
    regimens: dict[Name, Regimen]
    dose_interval: Window | None = None  # between initial doses; the hard core keeps its earlier end
    doses: int = Field(gt=0)  # sessions with a dose; the hard core never lets there be more
    consent: dict[Name, str]  # scope -> what it allows
    # Completed when the file is resolved: the instruments that the forms use, and the order of named things.
    instruments: dict[Name, dict[str, Any]] = {}
    order: dict[str, list[str]] = {}
    forms: dict[Name, Form]
    schedule: list[Visit]
    eligibility: dict[Name, Criterion]
    gates: dict[Name, Gate]
    alerts: dict[Name, Alert] = {}
    adverse_events: AdverseEvents
    washout: Washout | None = None
    endpoints: dict[Name, Endpoint]
    analysis: AnalysisPlan
