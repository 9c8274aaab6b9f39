"""The study's and a site's ledgers as they stand: what a gate knows beside the participant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from entact.course.entry import Head
from entact.course.entry.effective import Problem
from entact.course.state.monitoring import MonitoringVisit
from entact.course.state.numbers import Number
from entact.course.state.raters import RaterState
from entact.course.state.sealed_list import CodeBreaks, Commitment, ListCustody, PackedKit
from entact.course.state.supply import SupplyFolding, SupplyState

if TYPE_CHECKING:
    from entact.protocol.release import Study

Stop = Literal["enrolment", "randomisation", "dosing"]
Unread = tuple[str, dict[str, Any]]  # kind and data of an entry that could not be read


class Enrolled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `enrolled` (study): a place is taken by a ledger, and counts against these quotas."""

    ledger: str
    site: str
    population: str
    quotas: list[str] = []


class SeriousEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `serious_event` (study): notice of a serious event; a later one about it replaces it.

    `serious` is false where an event of which there was notice was found not to be serious.
    """

    ledger: str
    event: str
    related: bool | None = None
    expected: bool | None = None
    fatal: bool | None = None
    serious: bool = True


class EventOfInterest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `event_of_interest` (study): notice of an event of special interest, and of which kind.

    A later one about it replaces it; without a kind it was found to be of none.
    """

    ledger: str
    event: str
    interest: str | None


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


class PeriodicSent(msgspec.Struct, frozen=True):
    """One report of a row on the whole study, as somebody entered that it was sent."""

    entry: str
    sent: date
    receipt: str | None


class StaffState(msgspec.Struct, frozen=True):
    """One person at the site: roles, certificates by name with their last day, and until when.

    `issued`: by name of a certificate the day of what it is about, where that was said.
    """

    person: str
    roles: tuple[str, ...]
    certificates: dict[str, str]
    until: str | None
    entry: str
    issued: dict[str, str] = {}


class Delegated(msgspec.Struct, frozen=True):
    """A role of a person at the site, from when to when, with the entries that give and end it.

    `until` is None while it is held; `last_day` is said where the site knows it before.
    """

    person: str
    role: str
    since: datetime
    until: datetime | None
    last_day: str | None
    entry: str
    ended_by: str | None = None


class LogSigned(msgspec.Struct, frozen=True):
    """The delegation log as an investigator signed it: each entry with the hash of its line."""

    entry: str
    by: str
    at: datetime
    hashes: dict[str, str]


class KitStock(msgspec.Struct, frozen=True):
    """One kit of the site's stock.

    `units` are those that it came with, where that is known; `why` it is in quarantine, in words;
    `unchecked` is the entry that a second person has to check before it may be given out.
    """

    number: str
    status: str
    expires: str
    lot: str | None
    entry: str
    units: int | None = None
    why: str = ""
    unchecked: str | None = None


class StudyState(msgspec.Struct, frozen=True):
    """The study's ledger folded: releases in order, commitment to the sealed list, ledgers, latest heads.

    Attributes:
        enrolled: places taken, by ledger. serious: notices of serious events, by ledger and event.
        of_interest: notices of events of special interest, by the same.
        holds: the latest word on each hold that was placed or lifted.
        unread: kind and data of entries that could not be read, by entry.
        code_breaks: of the committed list, once they were printed. raters: by person.
        custody: of the committed list, where custodians have it.
        first_enrolled: when the first place was taken, and at which site.
        owed_since: from when on a release has asked for each periodic report.
        sent: of each periodic report and its number in the row, what was sent.
        packed: by kit, in its normal form, for which number it is packed; empty where kits are not numbered.
    """

    releases: tuple[str, ...] = ()
    commitment: Commitment | None = None
    ledgers: frozenset[str] = frozenset()
    heads: dict[str, Head] = {}
    size: int = 0
    enrolled: dict[str, Enrolled] = {}
    serious: dict[tuple[str, str], SeriousEvent] = {}
    holds: dict[str, HoldState] = {}
    unread: dict[str, Unread] = {}
    code_breaks: CodeBreaks | None = None
    raters: dict[str, RaterState] = {}
    first_enrolled: tuple[datetime, str] | None = None
    owed_since: dict[str, datetime] = {}
    sent: dict[tuple[str, int], PeriodicSent] = {}
    of_interest: dict[tuple[str, str], EventOfInterest] = {}
    custody: ListCustody | None = None
    packed: dict[str, PackedKit] = {}


class Duty(msgspec.Struct, frozen=True):
    """Who is on call as a role, at which number, from when until when; nobody where the number is empty."""

    role: str
    person: str | None
    number: str
    since: datetime
    until: datetime


class MeasuringDevice(msgspec.Struct, frozen=True):
    """A device that may send readings of a site: since when, by whom, and until when; None while it may.

    `token` is the SHA-256 of what it shows.
    """

    device: str
    token: str
    since: datetime
    until: datetime | None
    by: str


class SiteState(msgspec.Struct, frozen=True):
    """A site's ledger folded.

    Attributes:
        id: the site. release: the release in force there for gates and alerts; None before activation.
        status: active, held or closed; None before activation. timezone: IANA name; None before activation.
        activation: the entry that says so. size: how many entries were folded.
        approved: since when the site has worked under which release, in order of time.
        wordings: by instrument and language, the words that it works with.
        unread: kind and data of entries that could not be read, by entry.
        delegated: every role that somebody was ever given there, in order of time.
        log_signed: the signatures of the delegation log, in order of time.
        on_call: the number at which somebody of the site answers at any hour; empty where none is entered.
        roster: who is on call as which role, and when, in the order of entry.
        monitored: reports of monitoring visits, in order of time. supply: the stock beside its kits.
        measuring: devices that were ever registered to send readings, in order of time.
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
    unread: dict[str, Unread] = {}
    delegated: tuple[Delegated, ...] = ()
    log_signed: tuple[LogSigned, ...] = ()
    on_call: str = ""
    roster: tuple[Duty, ...] = ()
    monitored: tuple[MonitoringVisit, ...] = ()
    supply: SupplyState = SupplyState()
    measuring: tuple[MeasuringDevice, ...] = ()

    def on_duty(self, role: str, at: datetime) -> list[Duty]:
        """Who is on call as a role at a time; of lines that overlap each counts."""
        return [one for one in self.roster if one.role == role and one.number and one.since <= at < one.until]

    @property
    def active(self) -> bool:
        """Whether the site may take in and treat participants."""
        return self.status == "active"

    @property
    def zone(self) -> ZoneInfo | None:
        """The site's clock."""
        return ZoneInfo(self.timezone) if self.timezone is not None else None


class Setting(msgspec.Struct, frozen=True):
    """What a gate knows beside the participant: study, site, and what is wrong in their ledgers.

    `numbers` says whose each number is, as far as whoever asks knows it (see `state.numbers`).
    """

    study: StudyState
    site: SiteState
    problems: tuple[Problem, ...] = ()
    numbers: Mapping[Number, frozenset[str]] = {}


class StudyFolding:
    """The study's ledger while it is folded: what reducers change.

    Args:
        study: all releases. problems: where what is wrong is added.
    """

    def __init__(self, study: Study, problems: list[Problem]) -> None:
        self.study = study
        self.problems = problems
        self.releases: list[str] = []
        self.commitment: Commitment | None = None
        self.ledgers: set[str] = set()
        self.heads: dict[str, Head] = {}
        self.enrolled: dict[str, Enrolled] = {}
        self.serious: dict[tuple[str, str], SeriousEvent] = {}
        self.holds: dict[str, HoldState] = {}
        self.unread: dict[str, Unread] = {}
        self.code_breaks: CodeBreaks | None = None
        self.raters: dict[str, RaterState] = {}
        self.first_enrolled: tuple[datetime, str] | None = None
        self.owed_since: dict[str, datetime] = {}
        self.sent: dict[tuple[str, int], PeriodicSent] = {}
        self.of_interest: dict[tuple[str, str], EventOfInterest] = {}
        self.custody: ListCustody | None = None
        self.packed: dict[str, PackedKit] = {}

    def problem(self, rule: str, entry: str, item: str, message: str) -> None:
        """Notes what is wrong with an entry."""
        self.problems.append(Problem(rule, entry, item, message))

    def state(self, size: int) -> StudyState:
        """What the entries have made, so many of them."""
        return StudyState(
            tuple(self.releases),
            self.commitment,
            frozenset(self.ledgers),
            self.heads,
            size,
            self.enrolled,
            self.serious,
            self.holds,
            self.unread,
            self.code_breaks,
            self.raters,
            self.first_enrolled,
            self.owed_since,
            self.sent,
            self.of_interest,
            self.custody,
            self.packed,
        )


class SiteFolding:
    """A site's ledger while it is folded: what reducers change.

    Args:
        site: its id. study: all releases. problems: where what is wrong is added.
    """

    def __init__(self, site: str, study: Study, problems: list[Problem]) -> None:
        self.site = site
        self.study = study
        self.problems = problems
        self.release: str | None = None
        self.status: str | None = None
        self.timezone: str | None = None
        self.activation: str | None = None
        self.approved: list[tuple[datetime, str]] = []
        self.staff: dict[str, StaffState] = {}
        self.kits: dict[str, KitStock] = {}
        self.wordings: dict[tuple[str, str], WordingState] = {}
        self.delegated: list[Delegated] = []
        self.log_signed: list[LogSigned] = []
        self.on_call = ""
        self.roster: dict[tuple[str, datetime, datetime], Duty] = {}
        self.monitored: dict[str, MonitoringVisit] = {}
        self.supply = SupplyFolding()
        self.measuring: dict[str, MeasuringDevice] = {}
        self.unread: dict[str, Unread] = {}

    def problem(self, rule: str, entry: str, item: str, message: str) -> None:
        """Notes what is wrong with an entry."""
        self.problems.append(Problem(rule, entry, item, message))

    def state(self, size: int) -> SiteState:
        """What the entries have made, so many of them."""
        return SiteState(
            self.site,
            self.release,
            self.status,
            self.timezone,
            self.activation,
            self.staff,
            self.kits,
            size,
            tuple(self.approved),
            self.wordings,
            self.unread,
            tuple(self.delegated),
            tuple(self.log_signed),
            self.on_call,
            tuple(self.roster.values()),
            tuple(self.monitored.values()),
            self.supply.state(),
            tuple(self.measuring.values()),
        )
