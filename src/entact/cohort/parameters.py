"""What virtual participants are made of: the typed parameters of a study's `cohort.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from entact.cohort.answers import Answer
from entact.cohort.part import ByArm, Chance, Cited, Normal, Part, Positive, Spread, require_whole
from entact.cohort.ratings import Efficacy, Questionnaire, Severity
from entact.protocol.problem import Misplaced, Path, unknown

DOSING = ("escalation_accepted", "supplement_taken")
CONDUCT = (
    *("missed_visit", "late_visit", "missed_safety_call", "form_not_done", "item_skipped", "entry_error"),
    *("entry_error_corrected", "late_entry", "vital_signs_missed", "tapers"),
)
"""Chances that a rehearsal asks for, every one of them."""


FILLED_IN = ("scenario", "neutral")
"""Of the parameters what is filled in when they are read, never written by a person."""


class Refusal(Cited):
    """A reason for failing screening and its probability among consented candidates.

    It shows in what these candidates answer, in criteria that the investigator judges against them, or in
    that they withdraw by themselves.
    """

    reason: str
    chance: Chance
    answers: dict[str, dict[str, Answer]] = Field(default={})
    criteria: list[str] = Field(default=[])
    withdraws: bool = False


class Screening(Cited):
    """From the first contact to eligibility; entry by severity is not here but in `severity.entry`."""

    assessed_per_consented: Positive
    reasons: list[Refusal]


class Site(Part):
    """One site: its share of recruitment and by what factor its conduct differs from `conduct`."""

    country: str
    zone: str
    weight: Positive = 1.0
    missed_visit: Spread = 1.0
    late_visit: Spread = 1.0
    entry_error: Spread = 1.0
    correction: Spread = 1.0
    adverse_event_recording: Chance = 1.0
    favourable_event_recording: Chance = 1.0
    leaving_log_odds: float = 0.0


class Sites(Cited):
    """The sites by identifier."""

    by_id: dict[str, Site] = Field(min_length=1)


class Characteristic(Cited):
    """A characteristic at enrolment: a number (`mean`, `sd`, limits) or a choice (`shares`), never both."""

    mean: float | None = None
    sd: Spread | None = None
    minimum: float | None = None
    maximum: float | None = None
    decimals: int = 0
    unit: str | None = None
    shape: Literal["normal", "lognormal"] = "normal"
    shares: dict[str, Chance] | None = None

    @model_validator(mode="after")
    def _is_number_or_choice(self) -> Self:
        number = self.mean is not None and self.sd is not None
        if number == (self.shares is not None):
            raise ValueError("give either `mean` and `sd` (a number) or `shares` (a choice)")
        if self.shares is not None:
            require_whole("a choice", self.shares)
        if self.shape == "lognormal" and not (self.mean or 0.0) > 0.0:
            raise ValueError("a lognormal characteristic needs a mean above 0")
        return self


class Hazard(Part):
    """Probability of leaving in each interval (named by the time point that ends it) while unchanged."""

    arms: dict[str, ByArm]
    per_point: float


class Discontinuation(Cited):
    """Two hazards: stopping treatment, and leaving the study (which also ends treatment)."""

    follows: Literal["assigned", "reference"]
    treatment: Hazard
    study: Hazard
    log_odds_once_stopped: float
    before_session: Chance
    reasons: dict[str, Chance]

    @model_validator(mode="after")
    def _has_all_reasons(self) -> Self:
        require_whole("reasons", self.reasons)
        return self


class Guesser(Cited):
    """One who guesses: arm → guess → probability when things are clearest; `unknown` is don't know."""

    by_arm: dict[str, dict[str, Chance]]

    @model_validator(mode="after")
    def _has_all_guesses(self) -> Self:
        for arm, shares in self.by_arm.items():
            require_whole(f"guesses in arm {arm}", shares)
        return self


class Guesses(Cited):
    """Guesses of treatment: who guesses, when and how clear it is by then, how steadily, how confidently."""

    roles: dict[str, Guesser]
    occasions: dict[str, Chance]
    steadiness: Chance
    confidence_levels: Annotated[int, Field(ge=2)]
    confidence: Normal
    confidence_if_correct: float


class Onset(Cited):
    """When an event begins after the initial dose and how long it lasts: medians, log-scale spreads."""

    onset_minutes: Positive
    onset_sigma: Spread
    duration_minutes: Positive
    duration_sigma: Spread
    severity: dict[str, Chance] = Field(max_length=5)
    recurrence: Chance

    @model_validator(mode="after")
    def _has_all_severities(self) -> Self:
        require_whole("severity", self.severity)
        return self


class EventTerm(Cited):
    """A term: probability of at least one event in a participant who has all sessions, by arm."""

    term: str
    chance: ByArm
    pattern: str
    valence: Literal["favourable", "unfavourable", "neutral"] = "unfavourable"
    special_interest: str | None = None
    serious: Chance = 0.0


class AdverseEvents(Cited):
    """Terms and the time patterns that they name."""

    patterns: dict[str, Onset]
    terms: list[EventTerm]


class Sign(Cited):
    """One vital sign: value at rest, rise at the peak of a full dose by arm, and the noise of a reading."""

    unit: str
    decimals: int
    resting: Normal
    rise: dict[str, Normal]
    reading_sd: Spread
    limits: tuple[float, float]


class VitalSignModel(Cited):
    """The time course of all signs: rise and decline in minutes, dose levels, the supplement's share.

    `drug`: what share of the labelled dose each arm's capsules hold; what the pharmacology's model makes of
    it is added to the rise that being in a session brings. Without it nothing is added.
    """

    signs: dict[str, Sign]
    rise_minutes: Positive
    decline_minutes: Positive
    levels: dict[str, Spread]
    supplement: Spread
    shared: Chance
    between_sessions: Chance
    drug: ByArm = Field(default={})
    readings: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _declines_slower(self) -> Self:
        if self.decline_minutes <= self.rise_minutes:
            raise ValueError("`decline_minutes` must be above `rise_minutes`")
        return self


class Probabilities(Cited):
    """Named probabilities that a rehearsal uses: visits missed or late, mistakes, answers on safety."""

    chance: dict[str, Chance]


class RehearsalTime(Cited):
    """When a rehearsal begins, for how many days candidates come, and the share of them randomised."""

    start: date
    enrolment_days: Annotated[int, Field(ge=1)]
    randomised_per_consented: Annotated[Chance, Field(gt=0.0)]


class Parameters(Part):
    """Everything needed to draw virtual participants of one study.

    `neutral` names the parts that no file gives: they are derived from the study and assume no effect.
    `sessions_before`: how many sessions lie before each time point; one an interval where it is not said.
    """

    study: str
    scenario: str | None = None
    neutral: list[str] = Field(default=[])
    sessions_before: list[Annotated[int, Field(ge=0)]] = Field(default=[])
    arms: list[str] = Field(min_length=1)
    reference: str
    timepoints: list[str] = Field(min_length=2)
    sessions: list[str] = Field(min_length=1)
    screening: Screening
    sites: Sites
    characteristics: dict[str, Characteristic]
    severity: Severity
    efficacy: Efficacy
    questionnaires: dict[str, Questionnaire]
    discontinuation: Discontinuation
    guesses: Guesses
    adverse_events: AdverseEvents
    vital_signs: VitalSignModel
    dosing: Probabilities
    conduct: Probabilities
    rehearsal: RehearsalTime
    answers: dict[str, dict[str, Answer]]

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        faults = [
            (path, unknown(what, name, known))
            for path, what, name, known in self._references()
            if name not in known
        ]
        for path, given, needed in self._tables():
            faults += [((*path, name), unknown("name", name, needed)) for name in given if name not in needed]
            faults += [(path, f"{name!r} is missing") for name in needed if name not in given]
        if faults:
            raise Misplaced(faults)
        return self

    @property
    def sessions_held_by(self) -> list[int]:
        """How many sessions lie before each time point."""
        return self.sessions_before or [min(k, len(self.sessions)) for k in range(len(self.timepoints))]

    def _references(self) -> Iterator[tuple[Path, str, str, Collection[str]]]:
        """Where a name stands, of what it is one, and which there are."""
        yield ("reference",), "arm", self.reference, self.arms
        for place, name in enumerate(self.severity.distress):
            yield ("severity", "distress", place), "companion", name, self.severity.companions
        for key, questionnaire in self.questionnaires.items():
            for place, name in enumerate(questionnaire.timepoints):
                path: Path = ("questionnaires", key, "timepoints", place)
                yield path, "time point", name, self.timepoints
        for place, event in enumerate(self.adverse_events.terms):
            path = ("adverse_events", "terms", place, "pattern")
            yield path, "pattern", event.pattern, self.adverse_events.patterns

    def _tables(self) -> Iterator[tuple[Path, Collection[str], Collection[str]]]:
        """Where, the keys given, and the keys needed: exactly these."""
        intervals = self.timepoints[1:]
        yield ("efficacy", "arms"), self.efficacy.arms, self.arms
        for arm, efficacy in self.efficacy.arms.items():
            yield ("efficacy", "arms", arm, "change"), efficacy.change, intervals
        for kind in ("treatment", "study"):
            hazard: Hazard = getattr(self.discontinuation, kind)
            yield ("discontinuation", kind, "arms"), hazard.arms, self.arms
            for arm, chances in hazard.arms.items():
                yield ("discontinuation", kind, "arms", arm), chances, intervals
        for role, guesser in self.guesses.roles.items():
            yield ("guesses", "roles", role, "by_arm"), guesser.by_arm, self.arms
            for arm, shares in guesser.by_arm.items():
                yield ("guesses", "roles", role, "by_arm", arm), shares, [*self.arms, "unknown"]
        for place, event in enumerate(self.adverse_events.terms):
            yield ("adverse_events", "terms", place, "chance"), event.chance, self.arms
        yield ("dosing", "chance"), self.dosing.chance, DOSING
        yield ("conduct", "chance"), self.conduct.chance, CONDUCT
        for name, sign in self.vital_signs.signs.items():
            yield ("vital_signs", "signs", name, "rise"), sign.rise, self.arms
        if self.vital_signs.drug:
            yield ("vital_signs", "drug"), self.vital_signs.drug, self.arms
