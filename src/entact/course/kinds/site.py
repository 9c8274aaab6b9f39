"""What a site's ledger is told: activation, staff and the signature of its log, kits."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from entact.course.entry.effective import Effective
from entact.course.kinds.kind import Kind as KindOfEntry
from entact.course.state.numbers import normal
from entact.course.state.setting import Delegated, KitStock, LogSigned, SiteFolding, StaffState


class Activation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `activation` (site): the site may work under a release; `held` stops it again."""

    release: str
    status: Literal["active", "held", "closed"] = "active"
    timezone: str = "UTC"


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lets a person act, to its last day; `issued` is the day of the training that it is about."""

    name: str
    expires: str
    issued: str | None = None


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `staff` (site): a person's roles at the site and the certificates that let them act."""

    person: str
    roles: list[str]
    certificates: list[Certificate] = []
    until: str | None = None


class DelegationSigned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `delegation_signed` (site): an investigator signs who may do what, as these entries say it.

    `hashes` are those of their lines in the chain, in the same order.

    Source: ICH E6(R3) 2.3.1: the investigator keeps a record of whom activities were delegated to.
    """

    entries: list[str]
    hashes: list[str]


class Kit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `kit` (site): a kit arrived, was quarantined, released or destroyed."""

    number: str
    status: Literal["received", "quarantined", "released", "destroyed"]
    expires: str
    lot: str | None = None


def reduce_activation(site: SiteFolding, effective: Effective, payload: Activation) -> None:
    """The latest word on whether the site may work, and under which release since when."""
    if all(release.id != payload.release for release in site.study.releases):
        message = f"the study has no release {payload.release!r}"
        site.problem("activation", effective.id, "release", message)
        return
    if not _is_zone(payload.timezone):
        message = f"{payload.timezone!r} is no IANA zone; write one such as America/Denver"
        site.problem("activation", effective.id, "timezone", message)
        return
    site.release, site.status, site.timezone = payload.release, payload.status, payload.timezone
    site.activation = effective.id
    if payload.status == "active" and (not site.approved or site.approved[-1][1] != payload.release):
        site.approved.append((effective.at, payload.release))


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # an unknown name, a path, a folder
        return False
    return True


def reduce_staff(site: SiteFolding, effective: Effective, payload: Staff) -> None:
    """The latest word on each person; of two certificates of one name the longer one counts."""
    _delegate(site, effective, payload)
    expiry: dict[str, str] = {}
    issued: dict[str, str] = {}
    for one in payload.certificates:
        if one.expires >= expiry.get(one.name, ""):
            expiry[one.name] = one.expires
            issued |= {one.name: one.issued} if one.issued is not None else {}
    site.staff[payload.person] = StaffState(
        payload.person, tuple(payload.roles), expiry, payload.until, effective.id, issued
    )


def _delegate(site: SiteFolding, effective: Effective, payload: Staff) -> None:
    """From when to when each role is held: from the first entry that names it to the first that does not."""
    running = {one.role: number for number, one in enumerate(site.delegated) if _runs(one, payload.person)}
    for role, number in running.items():
        before = site.delegated[number]
        if role in payload.roles:
            site.delegated[number] = msgspec.structs.replace(before, last_day=payload.until)
        else:
            ended = {"until": effective.at, "ended_by": effective.id}
            site.delegated[number] = msgspec.structs.replace(before, **ended)
    for role in dict.fromkeys(payload.roles):
        if role not in running:
            given = Delegated(payload.person, role, effective.at, None, payload.until, effective.id)
            site.delegated.append(given)


def _runs(delegated: Delegated, person: str) -> bool:
    return delegated.person == person and delegated.until is None


def reduce_delegation_signed(site: SiteFolding, effective: Effective, payload: DelegationSigned) -> None:
    """Keeps the signature; one that does not name a line for each entry signs nothing."""
    if not payload.entries or len(payload.entries) != len(payload.hashes):
        site.problem("signs_nothing", effective.id, "entries", "one line for each entry that is signed")
        return
    hashes = dict(zip(payload.entries, payload.hashes, strict=True))
    site.log_signed.append(LogSigned(effective.id, effective.entry.by, effective.at, hashes))


def reduce_kit(site: SiteFolding, effective: Effective, payload: Kit) -> None:
    """The latest word on each kit; what was destroyed stays so."""
    number = normal(payload.number)
    before = site.kits.get(number)
    if before is not None and before.status == "destroyed" and payload.status != "destroyed":
        message = f"kit {payload.number} was destroyed; an entry made in error is withdrawn, not outdone"
        site.problem("kit_destroyed", effective.id, "status", message)
        return
    site.kits[number] = KitStock(payload.number, payload.status, payload.expires, payload.lot, effective.id)


ACTIVATION = KindOfEntry(
    name="activation",
    ledger="site",
    title="Activation of the site",
    ways=("page releases",),
    payload=Activation,
    reduce=reduce_activation,
    tells=frozenset({"schedule"}),
    releases=True,
)
STAFF = KindOfEntry(
    name="staff",
    ledger="site",
    title="Staff",
    ways=("page delegation",),
    payload=Staff,
    reduce=reduce_staff,
    tells=frozenset({"schedule"}),
)
DELEGATION_SIGNED = KindOfEntry(
    name="delegation_signed",
    ledger="site",
    title="Delegation log signed",
    ways=("page delegation",),
    payload=DelegationSigned,
    reduce=reduce_delegation_signed,
    tells=frozenset({"schedule"}),
)
KIT = KindOfEntry(
    name="kit",
    ledger="site",
    title="Kit in stock",
    instead="receipt",
    payload=Kit,
    reduce=reduce_kit,
    tells=frozenset({"dosing"}),
)
