"""The study's and a site's ledgers as they stand: what a gate knows beside the participant."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from entact.course.entry import Head
from entact.course.entry.effective import Problem

Stop = Literal["enrolment", "randomisation", "dosing"]


class Enrolled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `enrolled` (study): a place is taken by a ledger, and counts against these quotas."""

    ledger: str
    site: str
    population: str
    quotas: list[str] = []


class SeriousEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `serious_event` (study): notice of a serious event; a later one about it replaces it."""

    ledger: str
    event: str
    related: bool | None = None
    expected: bool | None = None
    fatal: bool | None = None


class HoldState(msgspec.Struct, frozen=True):
    """The latest word on one hold, and what the study's numbers were then."""

    entry: str
    status: str
    stops: tuple[str, ...]
    at: datetime
    facts: dict[str, int]


class WordingState(msgspec.Struct, frozen=True):
    """The words of one instrument in one language that a site works with."""

    version: str
    holder: str
    digest: str
    entry: str


class Commitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `commitment` (study): roots of the sealed list and kit map, entered before the first enrolment."""

    list_root: str
    list_rows: int
    kits_root: str
    kits_rows: int


class StaffState(msgspec.Struct, frozen=True):
    """One person at the site: roles, certificates by name with their last day, and until when."""

    person: str
    roles: tuple[str, ...]
    certificates: dict[str, str]
    until: str | None
    entry: str


class KitStock(msgspec.Struct, frozen=True):
    """One kit of the site's stock."""

    number: str
    status: str
    expires: str
    lot: str | None
    entry: str


class StudyState(msgspec.Struct, frozen=True):
    """The study's ledger folded: releases in order, commitment to the sealed list, ledgers, latest heads.

    Attributes:
        enrolled: places taken, by ledger. serious: notices of serious events, by ledger and event.
        holds: the latest word on each hold that was placed or lifted.
    """

    releases: tuple[str, ...] = ()
    commitment: Commitment | None = None
    ledgers: frozenset[str] = frozenset()
    heads: dict[str, Head] = {}
    size: int = 0
    enrolled: dict[str, Enrolled] = {}
    serious: dict[tuple[str, str], SeriousEvent] = {}
    holds: dict[str, HoldState] = {}


class SiteState(msgspec.Struct, frozen=True):
    """A site's ledger folded.

    Attributes:
        id: the site. release: the release in force there for gates and alerts; None before activation.
        status: active, held or closed; None before activation. timezone: IANA name; None before activation.
        activation: the entry that says so. size: how many entries were folded.
        approved: since when the site has worked under which release, in order of time.
        wordings: by instrument and language, the words that it works with.
    """

    id: str
    release: str | None = None
    status: str | None = None
    timezone: str | None = None
    activation: str | None = None
    staff: dict[str, StaffState] = {}
    kits: dict[str, KitStock] = {}
    size: int = 0
    approved: tuple[tuple[datetime, str], ...] = ()
    wordings: dict[tuple[str, str], WordingState] = {}

    @property
    def active(self) -> bool:
        """Whether the site may take in and treat participants."""
        return self.status == "active"

    @property
    def zone(self) -> ZoneInfo | None:
        """The site's clock."""
        return ZoneInfo(self.timezone) if self.timezone is not None else None


class Setting(msgspec.Struct, frozen=True):
    """What a gate knows beside the participant: study, site, and what is wrong in their ledgers."""

    study: StudyState
    site: SiteState
    problems: tuple[Problem, ...] = ()
