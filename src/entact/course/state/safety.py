"""Adverse events, safety calls and death, as they stand."""

from __future__ import annotations

from datetime import datetime

import msgspec

SEVERITIES = ("mild", "moderate", "severe")


class Judgement(msgspec.Struct, frozen=True):
    """What one entry said of an event, and when."""

    at: datetime
    severity: str | None = None
    serious: bool | None = None
    outcome: str | None = None


class AdverseEventState(msgspec.Struct):
    """One event, updates merged in order of time; `origins` says where sealed items are from.

    `begun` is None while only updates of it are known. `judgements` are kept one by one: an event is as bad
    as it ever was, and whether it became worse is asked later.
    """

    entry: str
    begun: datetime | None = None
    encounter: str | None = None
    term: str | None = None
    verbatim: str | None = None
    onset: str | None = None
    resolved: str | None = None
    severity: str | None = None
    serious: bool | None = None
    seriousness: list[str] | None = None
    related: str | None = None
    expected: bool | None = None
    outcome: str | None = None
    valence: str | None = None
    solicited: bool | None = None
    action: str | None = None
    updates: list[str] = []
    origins: dict[str, str] = {}
    judgements: list[Judgement] = []

    @property
    def worst_severity(self) -> str | None:
        """The severest that it was ever judged to be."""
        return max((said.severity for said in self.judgements if said.severity), key=_rank, default=None)

    @property
    def is_fatal(self) -> bool:
        """Whether it is said to have ended in death."""
        return self.outcome == "fatal" or "death" in (self.seriousness or ())

    @property
    def is_serious(self) -> bool:
        """Whether it is said to be serious, has grounds and is not said not to be, or ended in death."""
        return self.is_fatal or (bool(self.seriousness) if self.serious is None else self.serious)

    def became_worse(self, since: datetime) -> bool:
        """Whether it was severer from a time on than before, became serious, or ended in death.

        What was entered afterwards alone is measured by its first entry. Where nobody judged the severity
        before, a judgement from then on counts as worse: it cannot be excluded.
        Source: ICH E9, glossary: treatment emergent; worsens relative to the pre-treatment state.
        """
        before = [said for said in self.judgements if said.at < since] or self.judgements[:1]
        after = self.judgements[len(before) :]
        return (
            max(map(_severity, after), default=0) > max(map(_severity, before), default=0)
            or (any(said.serious for said in after) and not any(said.serious for said in before))
            or any(said.outcome == "fatal" for said in after)
        )


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity)


def _severity(said: Judgement) -> int:
    return 0 if said.severity is None else 1 + _rank(said.severity)


class CallState(msgspec.Struct, frozen=True):
    """One safety call; `note_from` is the entry under whose id the note is sealed."""

    entry: str
    encounter: str | None
    at: datetime
    reached: bool
    minutes: int | None
    suicidality: bool | None
    events_heard: bool | None
    note: str | None
    note_from: str


class DeathState(msgspec.Struct, frozen=True):
    """The death: since when it is known, the date as given, the cause sealed under the id `cause_from`."""

    entry: str
    at: datetime
    date: str
    cause: str | None
    cause_from: str
