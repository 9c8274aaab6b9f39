"""What the system's ledger has made of people: accounts, and roles from when to when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from entact.course.entry.dates import read_date
from entact.course.entry.effective import Problem
from entact.course.state.setting import SiteState


class AccountState(msgspec.Struct, frozen=True):
    """One person's account, as the latest entry about it says."""

    person: str
    name: str
    open: bool
    entry: str


class RoleHeld(msgspec.Struct, frozen=True):
    """A role of a person at a site (empty: at every one), from when to when; None while it holds."""

    person: str
    role: str
    site: str
    since: datetime
    until: datetime | None

    def is_of(self, person: str, role: str) -> bool:
        """Whether it is this role of this person."""
        return (self.person, self.role) == (person, role)


class AccountOpen(msgspec.Struct, frozen=True):
    """A time in which an account of a person was open; `until` is None while it is."""

    person: str
    since: datetime
    until: datetime | None


class AccessState(msgspec.Struct, frozen=True):
    """The system's ledger folded: accounts by person, every role that was ever held, what is wrong.

    Attributes:
        opened: every time in which an account was open, in order of time.
    """

    accounts: dict[str, AccountState] = {}
    roles: tuple[RoleHeld, ...] = ()
    problems: tuple[Problem, ...] = ()
    opened: tuple[AccountOpen, ...] = ()

    def held(self) -> frozenset[tuple[str, str, str]]:
        """Person, role and site of each role that holds now; none of who has no open account."""
        return frozenset(
            (one.person, one.role, one.site)
            for one in self.roles
            if one.until is None and one.person in self.accounts and self.accounts[one.person].open
        )


class AccessFolding:
    """The system's ledger while it is folded: what reducers change."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.accounts: dict[str, AccountState] = {}
        self.roles: list[RoleHeld] = []
        self.opened: list[AccountOpen] = []
        self.unread: dict[str, tuple[str, dict[str, object]]] = {}

    def problem(self, rule: str, entry: str, item: str, message: str) -> None:
        """Notes what is wrong with an entry."""
        self.problems.append(Problem(rule, entry, item, message))

    def state(self) -> AccessState:
        """What the entries have made."""
        return AccessState(self.accounts, tuple(self.roles), tuple(self.problems), tuple(self.opened))


def access_ended(
    access: AccessState, site: SiteState, person: str, role: str, at: datetime
) -> datetime | None:
    """When the access under which a person might have acted at a time had ended; None where it had not.

    A role at a site is held as its delegation says, to the end of a last day that was planned; one of the
    whole study while the account is open. Of who never had the role nothing ended.

    Args:
        access: the system's ledger. site: where they acted.
    """
    held = [
        (one.since, _earlier(one.until, _last_instant(one.last_day, site.zone)))
        for one in site.delegated
        if (one.person, one.role) == (person, role)
    ]
    held += [
        (max(one.since, open_.since), _earlier(one.until, open_.until))
        for one in access.roles
        for open_ in access.opened
        if one.is_of(person, role) and not one.site and open_.person == person
    ]
    if any(since <= at and (until is None or at < until) for since, until in held):
        return None
    return max((until for since, until in held if until is not None and since < until <= at), default=None)


def _last_instant(last_day: str | None, zone: ZoneInfo | None) -> datetime | None:
    """The instant at which a day that was planned as the last is over, by the site's clock."""
    day = read_date(last_day) if last_day is not None else None
    if day is None:
        return None
    return datetime.combine(day.latest + timedelta(days=1), time(), zone or UTC)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)
