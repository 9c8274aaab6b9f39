"""Visits, rows of like visits, and times within a session."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from entact.protocol.quantity import parse_duration
from entact.protocol.study.base import Block, Duration, FirstName, Name, Together, Window
from entact.protocol.study.text import Words


class Epoch(Block):
    """A part of the study; epochs follow each other in the order of the file."""

    title: Words


def _opening(value: str) -> str:
    for one in value.split(" or "):
        if not re.fullmatch(r"(?:assigned|unblinded|consent)\.[a-z][a-z0-9_]*", one):
            raise ValueError(
                f"{one!r} opens no track; write an entry about this person, as in 'assigned.mdma', "
                "'unblinded.placebo' or 'consent.follow_up'"
            )
    return value


class Track(Block):
    """Visits that begin for a person with an entry: a crossover, an open-label stage, an extension.

    `opens_on`: `unblinded.placebo` (the person was told this arm), `assigned.mdma` (visits differ by arm, and
    told is no more than of which arms they are) or `consent.<scope>`; never a hidden arm.
    Several are joined by `or`, as in `unblinded.placebo or unblinded.low`: one track for two arms.
    `doses`: further sessions with a dose. `sites`: where it is offered; everywhere when it is not said.
    """

    title: Words
    opens_on: Annotated[str, AfterValidator(_opening)]
    doses: int = Field(default=0, ge=0)
    sites: list[str] | None = None

    @cached_property
    def openings(self) -> tuple[tuple[str, str], ...]:
        """What each entry that opens it is of, `unblinded` or `consent`, and which arm or scope."""
        parts = (one.partition(".") for one in self.opens_on.split(" or "))
        return tuple((what, name) for what, _, name in parts)

    @cached_property
    def tells_the_arm(self) -> bool:
        """Whether somebody in it may have been told their arm, or something of it."""
        return any(what in ("unblinded", "assigned") for what, _ in self.openings)

    @cached_property
    def unblinds(self) -> bool:
        """Whether it opens once somebody was told their arm, blinded until then."""
        return any(what == "unblinded" for what, _ in self.openings)

    @cached_property
    def arms(self) -> frozenset[str]:
        """The arms whose visits these are from their assignment on; none of a track of another sort."""
        return frozenset(name for what, name in self.openings if what == "assigned")


class Repeat(BaseModel):
    """`then: {times: 2, every: 7 d, slack: 3 d}`: further visits, each after the one before."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    times: int = Field(gt=0, lt=400)
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

    `after` and `alternative` name a visit, or consent, washout_end, enrolment, randomisation, initial or
    unblinding. `population`: whose visit it is, `patient and carer` for both; `track`: none for the main one.
    `together`: how many participants hold it in one room, as in `3 .. 6`; without it, one.
    """

    visit: FirstName
    title: Words | None = None
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
    together: Together | None = None
    then: Repeat | None = None
    do: list[str] = Field(default=[])
    timed: list[TimedReadings] = Field(default=[])
    epoch: str | None = None
    track: Name | None = None
    population: str | None = Field(default=None, alias="for")

    @property
    def populations(self) -> tuple[str, ...]:
        """Whose visit it is; none where the study has one population."""
        return tuple(one.strip() for one in self.population.split(" and ")) if self.population else ()

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
