"""Adverse events, safety calls and death, as they stand."""

from __future__ import annotations

from datetime import datetime

import msgspec


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
