"""The study's and a site's own ledgers: releases, commitment, birth of ledgers, staff, certificates, kits."""

from __future__ import annotations

from typing import Literal

import msgspec


class ReleaseEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `release` (study): canonical text of a release; its digest is in `id`."""

    id: str
    text: str


class Commitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `commitment` (study): Merkle roots of the sealed randomisation list and kit map, before the first enrolment."""

    list_root: str
    list_rows: int
    kits_root: str
    kits_rows: int


class LedgerOpened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `ledger_opened` (study): the birth of another ledger, so that one that vanishes is missed."""

    ledger: str


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seq: int
    hash: str


class Heads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `heads` (study): number and hash of the last line of every ledger, at intervals."""

    heads: dict[str, Head]


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
