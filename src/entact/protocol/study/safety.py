"""Adverse events: the codelist, what is asked for, and the clocks of safety reports."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from entact.protocol.study.base import Block, Duration, Name


class EventTerm(Block):
    """A term of the study's event codelist; `valence` is recorded, never used to leave an event out."""

    title: str
    special_interest: str | None = None
    valence: Literal["unfavourable", "favourable", "neutral"] = "unfavourable"


class Checklist(Block):
    """Terms that are asked for one by one; a visit does it by its name, and no term may be left blank."""

    terms: list[str]
    title: str | None = None
    by: str | None = None


class Interest(Block):
    """A kind of event of special interest (AESI), who hears of each, and how soon."""

    title: str
    tell: list[str] = Field(default=[])
    within: Duration | None = None


class AdverseEvents(Block):
    terms: dict[Name, EventTerm]
    solicited: list[str] = Field(default=[])
    checklists: dict[Name, Checklist] = Field(default={})
    special_interest: dict[str, Interest] = Field(default={})


class Report(Block):
    """A safety report that is due `within` a time from when the site knows that `when` holds of an event.

    From two days on these are civil days, that on which it became known not counting; below, elapsed time.
    `jurisdiction`: the country whose law asks for it; `local`: of events at sites of that country alone.
    """

    title: str
    when: str
    within: Duration
    to: str
    jurisdiction: str | None = None
    local: bool = False
