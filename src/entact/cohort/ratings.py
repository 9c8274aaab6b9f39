"""How the ratings of virtual participants move: the primary total, its items, and what moves with it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from entact.cohort.part import Chance, Cited, Normal, Part, Spread
from entact.protocol.problem import unknown


class Cluster(Part):
    """A diagnostic cluster: item numbers (from 1) and how many of them must reach the present-threshold."""

    items: list[Annotated[int, Field(ge=1)]]
    at_least: Annotated[int, Field(ge=1)]


class ItemProfile(Part):
    """How a total is spread over items: an item's ease (else 0), and how people and occasions differ.

    `lowest` is the total of somebody whose every item has the lowest score.
    """

    count: Annotated[int, Field(ge=1)]
    levels: list[float] = Field(min_length=1)
    ease: dict[int, float] = Field(default={})
    between_people: Spread
    between_occasions: Spread
    lowest: int = 0

    @property
    def maximum(self) -> int:
        return self.lowest + self.count * len(self.levels)

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if sorted(self.levels) != self.levels or len(set(self.levels)) != len(self.levels):
            raise ValueError("`levels` are the thresholds of scores 1, 2, …: they must rise")
        if wrong := [number for number in self.ease if not 1 <= number <= self.count]:
            raise ValueError(f"`ease` names item {wrong[0]}; items are numbered 1 to {self.count}")
        return self


class Companion(Part):
    """An item rated beside the total, as distress is: latent = intercept + slope × mean item + noise."""

    maximum: Annotated[int, Field(ge=1)]
    intercept: float
    slope: float
    between_people: Spread
    between_occasions: Spread
    shared: str | None = None


class Entry(Part):
    """What the baseline rating must show for a candidate to enter."""

    minimum_total: float | None = None
    diagnosis: bool = False


class Relation(Cited):
    """Whether symptoms that may have other causes come from the event, as a rater judges each of a person.

    `items`: by number. `shares`: of each judgement. `counts`: those with which a symptom is of a diagnosis.
    """

    items: list[int]
    shares: dict[str, Chance]
    counts: list[str]

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        if abs(sum(self.shares.values()) - 1.0) > 1e-9:
            raise ValueError("`shares` add up to 1")
        for name in self.counts:
            if name not in self.shares:
                raise ValueError(f"`counts`: {unknown('judgement', name, self.shares)}")
        return self


class Severity(Cited):
    """The primary instrument: candidates' totals, its items and, where it has one, its diagnostic algorithm.

    `instrument` may name a form without one; `score` is the score that the total is, in the study's words.
    """

    instrument: str
    score: str = "total"
    candidates: Normal
    entry: Entry = Entry()
    items: ItemProfile
    present_at: Annotated[int, Field(ge=1)] = 1
    clusters: dict[str, Cluster] = Field(default={})
    companions: dict[str, Companion] = Field(default={})
    distress: list[str] = Field(default=[])
    relation: Relation | None = None
    long_enough: Chance = 1.0
    duration_item: str | None = None
    remission_total: float | None = None
    response_fall: float | None = None


class Change(Part):
    """Mean change of the latent total from baseline to a time point, and the standard deviation around it."""

    responders: float
    others: float
    sd: Spread


class ArmEfficacy(Cited):
    """What happens to the total in one arm: the share of responders, and changes by time point."""

    responders: Chance
    change: dict[str, Change]


class Efficacy(Cited):
    """How the total moves; `follows` says whose course a participant takes: arm's, guess's or reference's."""

    follows: Literal["assigned", "guessed", "reference"]
    baseline_slope: float
    persistence: Annotated[float, Field(ge=-1.0, le=1.0)]
    not_at_random: float
    arms: dict[str, ArmEfficacy]


class QuestionnaireNoise(Part):
    """Noise of a questionnaire's change: a constant, and more per point that the primary total has moved."""

    constant: Spread
    per_point: float


class Questionnaire(Cited):
    """Another score that moves with the primary total. Everything is in points of it.

    `score` says how it is made of its items; `named` is its name in the study, where that is not `total` of a
    sum and `mean` of a mean.
    """

    instrument: str
    timepoints: list[str]
    score: Literal["sum", "mean"]
    named: str | None = None
    baseline: Normal
    correlation: Annotated[float, Field(ge=-1.0, le=1.0)]
    change_intercept: float
    change_per_point: float
    baseline_pull: float
    noise: QuestionnaireNoise
    items: ItemProfile
    skipped: dict[int, Chance] = Field(default={})

    @property
    def score_name(self) -> str:
        return self.named or ("mean" if self.score == "mean" else "total")
