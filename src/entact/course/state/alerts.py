"""Alerts that were raised, in episodes: one cause calls once, however often it is measured."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Holding(msgspec.Struct, frozen=True):
    """An entry by which an alert held or was unknown; `worse`: places of the escalations that held."""

    entry: str
    at: datetime
    worse: tuple[int, ...] = ()


class AlertAnswer(msgspec.Struct, frozen=True):
    """Somebody's answer to an alert: the entry, and when."""

    entry: str
    at: datetime


class AlertEpisode(msgspec.Struct):
    """One cause for which people are called, at one visit.

    Attributes:
        alerts: what it is about, the most urgent first: one alert that holds, or all that one form leaves
            without an answer. cannot_evaluate: the second of these, with what is `missing`.
        held: the entries by which it began and went on, in order of time.
        second: when it was evaluated for the second time, whatever came out.
        ended: the entry after which it is over, and `ended_at` when; None while it goes on.
        waiting: alerts that nobody has been able to evaluate since.
    """

    alerts: tuple[str, ...]
    encounter: str | None
    form: str
    held: list[Holding]
    cannot_evaluate: bool = False
    missing: tuple[str, ...] = ()
    second: datetime | None = None
    ended: str | None = None
    ended_at: datetime | None = None
    waiting: frozenset[str] = frozenset()

    @property
    def alert(self) -> str:
        """The alert that it is about; the most urgent one where there are several."""
        return self.alerts[0]

    @property
    def entry(self) -> str:
        """The entry that raised it."""
        return self.held[0].entry

    @property
    def began(self) -> datetime:
        """When it was raised."""
        return self.held[0].at

    def look_again(self, at: datetime) -> None:
        """Notes that it was evaluated once more."""
        if self.second is None and at > self.began:
            self.second = at

    def end(self, entry: str, at: datetime) -> None:
        """It is over."""
        self.ended, self.ended_at = entry, at
