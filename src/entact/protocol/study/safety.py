"""Adverse events: the codelist, what is asked for, and the clocks of safety reports."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from entact.protocol.study.base import Block, Duration, Name
from entact.protocol.study.text import Words


class EventTerm(Block):
    """A term of the study's event codelist; `valence` is recorded, never used to leave an event out."""

    title: Words
    special_interest: str | None = None
    valence: Literal["unfavourable", "favourable", "neutral"] = "unfavourable"


class Checklist(Block):
    """Terms that are asked for one by one; a visit does it by its name, and no term may be left blank."""

    terms: list[Name]
    title: Words | None = None
    by: str | None = None


class Interest(Block):
    """A kind of event of special interest (AESI), who hears of each, and how soon."""

    title: Words
    tell: list[str] = Field(default=[])
    within: Duration | None = None


class AdverseEvents(Block):
    terms: dict[Name, EventTerm]
    solicited: list[str] = Field(default=[])
    checklists: dict[Name, Checklist] = Field(default={})
    special_interest: dict[str, Interest] = Field(default={})


# Member states of the European Union, ISO 3166-1; their reports go to one database.
EUROPEAN_UNION: Final = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT"),
        *("LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)


class PeriodicReport(Block):
    """A report on the whole study that is due `every` so long from its first enrolment on."""

    title: Words
    every: Duration
    to: str
    jurisdiction: str | None = None


class Report(Block):
    """A safety report that is due `within` a time from when the site knows that `when` holds of an event.

    From two days on these are civil days, that on which it became known not counting; below, elapsed time.
    `jurisdiction`: the country whose law asks for it, or EU; `local`: of events at sites there alone.
    """

    title: Words
    when: str
    within: Duration
    to: str
    jurisdiction: str | None = None
    local: bool = False

    def concerns(self, country: str) -> bool:
        """Whether the report is asked for of events at a site in a country."""
        if not self.local or self.jurisdiction == country:
            return True
        return self.jurisdiction == "EU" and country in EUROPEAN_UNION
