"""What the system's ledger is told: accounts, roles, sign-ins and failed ones, looks and exports.

Nothing about a participant follows from it. Who may do what does: a role holds from the entry that gives it
to the one that takes it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from entact.course.entry.effective import Effective
from entact.course.kinds.kind import UNSURE, Kind
from entact.course.state.access import AccessFolding, AccountOpen, AccountState, RoleHeld


class AccountChanged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `account` (system): an account was made, closed or opened again; `name` is the person's."""

    person: str
    name: str
    status: Literal["open", "closed"] = "open"


class Permission(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `permission` (system): a role was given to a person, or taken; without a site at every one."""

    person: str
    role: str
    status: Literal["given", "taken"]
    site: str = ""


class SignedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `signed_in` (system): a person was let in, by what (a password, a one-time code, one press)."""

    person: str
    by: tuple[str, ...]


class SignedOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `signed_out` (system): a session ended, and why."""

    person: str
    cause: Literal["asked", "idle", "closed"]


class SignInFailed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `sign_in_failed` (system): failures against one account since a time, counted.

    An entry is made at the first, at lock-out, and when the count is closed: so many an account and window,
    however many there are. `person` is empty for names that no account has; what was typed is kept nowhere.
    """

    person: str
    since: str
    count: int
    locked: bool = False


class LockOutEnded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `lock_out_ended` (system): an owner let a person sign in again before the lock-out was over."""

    person: str


class DeviceRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `device_refused` (system): readings of a measuring device were refused since a time, counted.

    An entry is made at the first, and when the count is closed. `site` and `device` are empty of one that
    nobody registered; what it showed is kept nowhere. `participant`: the site has none of that number;
    `session`: none was under way.

    Source: 21 CFR 11.10(h).
    """

    why: Literal["unknown", "revoked", "participant", "session"]
    since: str
    count: int
    site: str = ""
    device: str = ""


class CredentialChanged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `credential` (system): what somebody signs in with was set, changed or removed, and not what."""

    person: str
    what: str
    status: Literal["set", "changed", "removed", "invited"]


class Looked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `looked` (system): a page was shown to who only reads: which, and about whom."""

    person: str
    page: str
    about: str = ""


class Acknowledged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `acknowledged` (system): a person has read a text of training, which is the one of this digest."""

    person: str
    what: str
    digest: str


class Exported(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `exported` (system): a file left the system: what, and its SHA-256."""

    person: str
    what: str
    digest: str = ""


class TakenIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `taken_in` (system): records of another system were taken in, or began to be.

    One that began and was not done was broken off: taken in again, it goes on where it was.

    Attributes:
        system: what the mapping calls the source. digest, mapping: SHA-256 of the two files. new, there,
            conflicts: entries that were made, that were there before, and that disagree and were left alone.
        rows: SHA-256 of what the source says of all that the record holds of it now.
    """

    person: str
    system: str
    digest: str
    mapping: str
    status: Literal["begun", "done"]
    new: int = 0
    there: int = 0
    conflicts: int = 0
    rows: str = ""


class Validated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `validated` (system): a release was tried with this program, and persons signed what was found.

    Attributes:
        statement: digest of what they signed. signed_by: person, time and key of each signature.
    """

    release: str
    entact: str
    statement: str
    signed_by: tuple[str, ...]


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `told` (system): a person says that they came to know what somebody was given; never what.

    Attributes:
        how: in which way. about: the participant's ledger, where one was named.
    """

    person: str
    how: Literal["participant", "colleague", "document", "kit", "emergency", "own_conclusion", "not_said"] = (
        "not_said"
    )
    about: str = ""


def reduce_account(access: AccessFolding, effective: Effective, payload: AccountChanged) -> None:
    """The latest word on each account, and from when to when it was open."""
    running = next((one for one in access.opened if one.person == payload.person and one.until is None), None)
    if payload.status == "open" and running is None:
        access.opened.append(AccountOpen(payload.person, effective.at, None))
    elif payload.status == "closed" and running is not None:
        place = access.opened.index(running)
        access.opened[place] = msgspec.structs.replace(running, until=effective.at)
    access.accounts[payload.person] = AccountState(
        payload.person, payload.name, payload.status == "open", effective.id
    )


def reduce_permission(access: AccessFolding, effective: Effective, payload: Permission) -> None:
    """A role holds from when it was given until it was taken; given twice, it holds from the first time."""
    held = [one for one in access.roles if one.until is None and one.is_of(payload.person, payload.role)]
    running = next((one for one in held if one.site == payload.site), None)
    if payload.status == "given" and running is None:
        access.roles.append(RoleHeld(payload.person, payload.role, payload.site, effective.at, None))
    elif payload.status == "taken" and running is not None:
        place = access.roles.index(running)
        access.roles[place] = msgspec.structs.replace(running, until=effective.at)


def note(access: AccessFolding, effective: Effective, payload: msgspec.Struct) -> None:
    """Nothing follows from it but that it can be read."""


def _kind(name: str, title: str, payload: type[msgspec.Struct], *ways: str) -> Kind:
    return Kind(
        name=name,
        ledger="system",
        title=title,
        ways=ways,
        payload=payload,
        reduce=note,
        tells=frozenset({UNSURE}),
        about_record=True,
    )


ACCOUNT = msgspec.structs.replace(
    _kind("account", "Account", AccountChanged, "page people", "page person"), reduce=reduce_account
)
PERMISSION = msgspec.structs.replace(
    _kind("permission", "Role", Permission, "page person"), reduce=reduce_permission
)
SIGNED_IN = _kind("signed_in", "Signed in", SignedIn, "record")
SIGNED_OUT = _kind("signed_out", "Signed out", SignedOut, "record")
SIGN_IN_FAILED = _kind("sign_in_failed", "Sign-in failed", SignInFailed, "record")
LOCK_OUT_ENDED = _kind("lock_out_ended", "Lock-out ended", LockOutEnded, "page person")
DEVICE_REFUSED = _kind("device_refused", "Device refused", DeviceRefused, "record")
CREDENTIAL = _kind(
    "credential",
    "Password or second factor",
    CredentialChanged,
    "page account_change_password",
    "page welcome",
)
ACKNOWLEDGED = _kind("acknowledged", "Training acknowledged", Acknowledged, "page event_training")
LOOKED = _kind("looked", "Page shown", Looked, "record")
EXPORTED = _kind("exported", "File given out", Exported, "page export")
TAKEN_IN = _kind("taken_in", "Records taken in", TakenIn, "command import")
VALIDATED = _kind("validated", "Release validated", Validated, "command validation-pack enter")
TOLD = _kind("told", "Came to know a treatment", Told, "page told")
