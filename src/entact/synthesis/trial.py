"""A published trial as data: arms, reports and what became of them, results, each with its source."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from entact.protocol.problem import Misplaced

CONDITIONS: Final[dict[str, str]] = {
    "ptsd": "post-traumatic stress disorder",
    "life_threatening_illness": "anxiety with a life-threatening illness",
    "social_anxiety": "social anxiety in autistic adults",
    "alcohol_use_disorder": "alcohol use disorder",
    "eating_disorder": "eating disorders",
}
DOMAINS: Final[dict[str, str]] = {
    "severity": "severity of the condition",
    "response": "response",
    "remission": "remission",
    "loss_of_diagnosis": "diagnosis lost",
    "function": "disability in daily life",
    "depression": "depression",
}
"""What is measured: results of different instruments are pooled within a domain, never across."""
BIAS: Final[dict[str, str]] = {
    "randomisation": "randomisation process",
    "deviations": "deviations from the intended interventions",
    "missing": "missing outcome data",
    "measurement": "measurement of the outcome",
    "selection": "selection of the reported result",
}
"""Domains of RoB 2 (Sterne et al. 2019, BMJ 366:l4898)."""

Confidence = Literal["read", "read-secondary", "derived", "mixed", "memory"]
ASSUMED: Final = frozenset({"mixed", "memory"})
Judgement = Literal["low", "some concerns", "high", "not assessed"]
Convention = Literal["endpoint", "change"]

_NAME = r"^[a-z][a-z0-9_]*$"
Name = Annotated[str, Field(pattern=_NAME)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sourced(_Part):
    """Something said somewhere: where, and how it was obtained.

    `assumption: true` stands on whatever is not confirmed, wholly (`memory`) or in part (`mixed`), and on
    nothing else, so that nobody can leave it out by mistake.
    """

    source: str = Field(min_length=1)
    confidence: Confidence
    assumption: bool = False
    remark: str | None = None

    @model_validator(mode="after")
    def _is_marked(self) -> Sourced:
        if (self.confidence in ASSUMED) != self.assumption:
            wanted = "write 'assumption: true'" if self.confidence in ASSUMED else "take 'assumption' out"
            raise Misplaced([(("confidence",), f"what is {self.confidence}: {wanted}")])
        return self


class Retraction(Sourced):
    """A report that its journal took back: when, and why."""

    on: Annotated[date, BeforeValidator(lambda given: _day(given))]
    reason: str = Field(min_length=1)


class Report(_Part):
    """A publication; `retracted` says that it was taken back."""

    citation: str = Field(min_length=1)
    doi: str | None = Field(default=None, pattern=r"^10\.\d{4,9}/\S+$")
    year: int = Field(ge=1900, le=2100)
    retracted: Retraction | None = None


class Arm(_Part):
    """One arm; a low dose that serves as control is a control."""

    title: str = Field(min_length=1)
    role: Literal["experimental", "control"]
    dose: str | None = None


class ArmMeans(_Part):
    """Number, mean and SD of one arm."""

    n: int = Field(ge=2)
    mean: float
    sd: float = Field(gt=0)


class ArmEvents(_Part):
    """Participants among those counted, written `14/42`."""

    events: int = Field(ge=0)
    n: int = Field(ge=1)


def _share(given: Any) -> Any:
    if isinstance(given, dict | ArmEvents):
        return given
    found = re.fullmatch(r"\s*(\d+)\s*/\s*(\d+)\s*", given) if isinstance(given, str) else None
    if found is None:
        raise ValueError(f"{given!r} is no share; write events and participants, as in 14/42")
    events, n = int(found[1]), int(found[2])
    if events > n or n < 1:
        raise ValueError(f"{events}/{n} is more than all; write the events first, as in 14/42")
    return {"events": events, "n": n}


def _day(given: Any) -> Any:
    try:
        return date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise ValueError(f"{given!r} is no day; write it as in 2024-08-10") from None


class Result(Sourced):
    """One result of a trial.

    Attributes:
        domain, instrument: what is measured, by what. report: the publication it stands in. at: when, in
            words. better: whether less or more of it is better.
        means: values at the end by arm. changes: changes from baseline, with the SD of the change. events:
            participants by arm. effect: where nothing else was published, the standardised difference
            (Cohen's d, experimental minus control) with the numbers that stand behind it.
    """

    domain: str
    instrument: str = Field(min_length=1)
    report: str
    at: str = Field(min_length=1)
    better: Literal["lower", "higher"]
    means: dict[str, ArmMeans] | None = None
    changes: dict[str, ArmMeans] | None = None
    events: dict[str, Annotated[ArmEvents, BeforeValidator(_share)]] | None = None
    effect: PublishedEffect | None = None

    @property
    def kind(self) -> str:
        """Which of the four it holds."""
        return next(one for one in _KINDS if getattr(self, one) is not None)

    @property
    def arms(self) -> dict[str, Any]:
        """By arm, what stands behind the result."""
        if self.effect is not None:
            return dict(self.effect.n)
        return self.means or self.changes or self.events or {}

    @model_validator(mode="after")
    def _is_one(self) -> Result:
        given = [one for one in _KINDS if getattr(self, one) is not None]
        if len(given) != 1:
            raise ValueError(f"{' and '.join(given) or 'nothing'}: a result has one of {', '.join(_KINDS)}")
        return self


class PublishedEffect(_Part):
    """A standardised difference with its interval, and the participants of each arm."""

    d: float
    low: float
    high: float
    level: float = Field(default=0.95, gt=0, lt=1)
    n: dict[str, Annotated[int, Field(ge=1)]]

    @model_validator(mode="after")
    def _is_ordered(self) -> PublishedEffect:
        if not self.low < self.d < self.high:
            raise Misplaced(
                [(("d",), f"{self.d:g} lies outside its interval, {self.low:g} to {self.high:g}")]
            )
        if sum(self.n.values()) < _FEWEST:
            raise Misplaced([(("n",), f"a standardised difference needs {_FEWEST} people or more")])
        return self


_FEWEST: Final = 4
_KINDS: Final = ("means", "changes", "events", "effect")


class Concern(Sourced):
    """What somebody said against a trial, in a domain of the risk of bias."""

    domain: str
    says: str = Field(min_length=1)


class RiskOfBias(_Part):
    """Judgements by the domains of RoB 2, with who judged; and concerns that others named.

    Where nobody whose judgement is at hand has judged, it says `not assessed`, and not `low`.
    """

    judged_by: Sourced | None = None
    overall: Judgement = "not assessed"
    domains: dict[str, Judgement] = {}
    concerns: list[Concern] = []


class Overlap(Sourced):
    """Participants that are also in another trial's file."""

    trial: str
    says: str = Field(min_length=1)


class Trial(_Part):
    """A trial, as it stands in its file.

    Attributes:
        trial: its name, and that of the file. design: `randomised` with a control, `open_label` without one,
            `pool` of several trials, or `follow_up`. participants: randomised or treated.
        characteristics: what else is known of it, by name, in words or numbers, for subgroups and regression.
        overlaps: files that hold some of the same people; those are pooled once.
    """

    trial: Name
    title: str = Field(min_length=1)
    condition: str
    design: Literal["randomised", "open_label", "pool", "follow_up"]
    blinding: Literal["double-blind", "open-label", "not published here"] = "not published here"
    registry: list[str] = []
    facts: Sourced
    reports: dict[str, Report] = Field(min_length=1)
    arms: dict[str, Arm] = {}
    participants: dict[str, int] = {}
    characteristics: dict[Name, str | float] = {}
    results: list[Result] = []
    risk_of_bias: RiskOfBias = RiskOfBias()
    overlaps: list[Overlap] = []

    @property
    def year(self) -> int:
        """Of the first report."""
        return min(one.year for one in self.reports.values())

    @property
    def retracted(self) -> bool:
        """Whether every report of it was taken back."""
        return all(one.retracted is not None for one in self.reports.values())

    def of_role(self, role: str) -> list[str]:
        """Names of the arms of a role."""
        return [name for name, arm in self.arms.items() if arm.role == role]
