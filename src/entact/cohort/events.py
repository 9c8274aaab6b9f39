"""Adverse events of one participant, from the session that they follow to the contact that hears of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from entact.cohort.parameters import EventTerm, Parameters
from entact.cohort.person import Participant
from entact.protocol import Release


@dataclass(slots=True)
class VirtualEvent:
    """One event: what it is, when it begins and ends, and the entry that recorded it once there is one."""

    rule: EventTerm
    begins: datetime
    ends: datetime
    severity: str
    serious: bool
    entry: str = ""

    def data(self, release: Release) -> dict[str, Any]:
        """The payload of the entry that first records it."""
        code = term_code(release, self.rule.term)
        solicited = code in release.file.adverse_events.solicited
        data: dict[str, Any] = {
            "term": code or "other",
            "verbatim": f"Simulated: {self.rule.term.lower()}",
            "onset": self.begins.isoformat(),
            "severity": self.severity,
            "serious": self.serious,
            "related": "possible",
            "outcome": "ongoing",
            "valence": self.rule.valence,
            "solicited": solicited,
        }
        if self.serious:
            data["seriousness"] = ["medically_important"]
            if release.file.reports:  # a clock runs for what nobody has judged, too
                data["expected"] = False
        return data


class Events:
    """The events of one participant; those of a session are known once it has begun."""

    def __init__(self, parameters: Parameters, participant: Participant | None, release: Release) -> None:
        self.parameters = parameters
        self.participant = participant
        self.waiting: list[VirtualEvent] = []
        self.open: list[VirtualEvent] = []

    def follow_session(self, session: int, initial: datetime, *, is_open: bool = False) -> None:
        """Adds the events that follow a session whose initial dose was taken at a time."""
        if self.participant is None:
            return
        person = (self.participant.told if is_open else None) or self.participant
        drawn, row = person.events, person.row
        for number, rule in enumerate(self.parameters.adverse_events.terms):
            if not drawn.recorded[row, number, session]:
                continue
            begins = initial + timedelta(minutes=float(drawn.onset_minutes[row, number, session]))
            lasts = timedelta(minutes=float(drawn.duration_minutes[row, number, session]))
            grades = list(self.parameters.adverse_events.patterns[rule.pattern].severity)
            severity = grades[int(drawn.severity[row, number, session])]
            serious = bool(drawn.serious[row, number, session])
            self.waiting.append(VirtualEvent(rule, begins, begins + lasts, severity, serious))
        self.waiting.sort(key=lambda event: event.begins)

    def any_begun(self, now: datetime) -> bool:
        """Whether something began that nobody has recorded yet."""
        return bool(self.waiting) and self.waiting[0].begins <= now

    def serious_ones(self) -> list[VirtualEvent]:
        """Serious events that nobody has recorded yet."""
        return [event for event in self.waiting if event.serious]

    def begun_until(self, now: datetime) -> list[VirtualEvent]:
        """Events that have begun and are not recorded; they are taken as recorded from then on."""
        begun = [event for event in self.waiting if event.begins <= now]
        self.waiting = self.waiting[len(begun) :]
        self.open += begun
        return begun

    def ended_until(self, now: datetime) -> list[VirtualEvent]:
        """Recorded events that have ended since."""
        ended = [event for event in self.open if event.ends <= now]
        self.open = [event for event in self.open if event.ends > now]
        return ended


def term_code(release: Release, title: str) -> str | None:
    """The study's code for a term; none when its list does not have it."""
    for code, term in release.file.adverse_events.terms.items():
        if term.title.casefold() == title.casefold():
            return code
    return None
