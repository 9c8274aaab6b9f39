"""What a site's ledger is told: activation, staff, kits."""

from __future__ import annotations

from typing import Literal

import msgspec


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
