"""What a site's ledger is told: activation, staff, kits."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from entact.course.entry.effective import Effective
from entact.course.kinds.kind import Kind as KindOfEntry
from entact.course.state.numbers import normal
from entact.course.state.setting import KitStock, SiteFolding, StaffState


class Activation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `activation` (site): the site may work under a release; `held` stops it again."""

    release: str
    status: Literal["active", "held", "closed"] = "active"
    timezone: str = "UTC"


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    expires: str


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `staff` (site): a person's roles at the site and the certificates that let them act."""

    person: str
    roles: list[str]
    certificates: list[Certificate] = []
    until: str | None = None


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
    expiry: dict[str, str] = {}
    for certificate in payload.certificates:
        expiry[certificate.name] = max(certificate.expires, expiry.get(certificate.name, ""))
    site.staff[payload.person] = StaffState(
        payload.person, tuple(payload.roles), expiry, payload.until, effective.id
    )


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
    payload=Activation,
    reduce=reduce_activation,
    tells=frozenset({"schedule"}),
    releases=True,
)
STAFF = KindOfEntry(
    name="staff",
    ledger="site",
    title="Staff",
    payload=Staff,
    reduce=reduce_staff,
    tells=frozenset({"schedule"}),
)
KIT = KindOfEntry(
    name="kit",
    ledger="site",
    title="Kit in stock",
    payload=Kit,
    reduce=reduce_kit,
    tells=frozenset({"dosing"}),
)
