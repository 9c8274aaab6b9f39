"""What the system's ledger has made of people: accounts, and roles from when to when."""

from __future__ import annotations

from datetime import datetime

import msgspec

from entact.course.entry.effective import Problem


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


class AccessState(msgspec.Struct, frozen=True):
    """The system's ledger folded: accounts by person, every role that was ever held, what is wrong."""

    accounts: dict[str, AccountState] = {}
    roles: tuple[RoleHeld, ...] = ()
    problems: tuple[Problem, ...] = ()

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
        self.unread: dict[str, tuple[str, dict[str, object]]] = {}

    def problem(self, rule: str, entry: str, item: str, message: str) -> None:
        """Notes what is wrong with an entry."""
        self.problems.append(Problem(rule, entry, item, message))

    def state(self) -> AccessState:
        """What the entries have made."""
        return AccessState(self.accounts, tuple(self.roles), tuple(self.problems))
