"""What a site's ledger says of lots, shipments, counts and what came of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Handling = Literal["receipt", "inventory", "destruction"]  # of the stock, at the site

# What a kit in stock can be, beside `received` and `released`, that keeps it from being given out.
UNUSABLE = {
    "sent": "is still on its way",
    "missing": "did not arrive",
    "quarantined": "is quarantined",
    "rejected": "was rejected by the sponsor",
    "destroyed": "is destroyed",
}


class Temperatures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a logger has written: so many readings from one time to another, the least and the greatest.

    `minutes_outside` is the longest that it can have been outside what the study file says: each reading
    outside counts from the one before it to the one after it; None where the file says nothing.
    `longest_gap` is that between two readings, in minutes. `digest` is the SHA-256 of the file.
    """

    began: str
    ended: str
    readings: int
    lowest: str
    highest: str
    minutes_outside: int | None
    longest_gap: int
    digest: str

    @property
    def bounds(self) -> tuple[Decimal, Decimal]:
        """The least and the greatest, in degrees Celsius."""
        return Decimal(self.lowest.removesuffix(" Cel")), Decimal(self.highest.removesuffix(" Cel"))


class LotState(msgspec.Struct, frozen=True):
    """The latest word on a packed lot: what its kits share, whatever an arm is given."""

    lot: str
    product: str
    strength: str
    stated_as: str
    expires: str
    certificate: str
    status: str
    entry: str
    packs: str | None = None


class ShipmentState(msgspec.Struct, frozen=True):
    """One shipment; `received` is the entry of its receipt."""

    number: str
    lot: str
    kits: tuple[str, ...]
    units: int
    entry: str
    at: datetime
    received: str | None = None


class OrderState(msgspec.Struct, frozen=True):
    """Kits that were ordered for the site, in their normal form; whatever came of it stands in the stock."""

    number: str
    kits: tuple[str, ...]
    entry: str
    by: str
    at: datetime


class HandledState(msgspec.Struct, frozen=True):
    """Something that was done with the stock, and who checked it; `kits` in their normal form."""

    entry: str
    what: Handling
    by: str
    at: datetime
    kits: tuple[str, ...]
    asks_check: bool
    checked_by: str | None = None
    agrees: bool = True
    said: str = ""

    @property
    def waits(self) -> bool:
        """Whether a second person has to look at it still."""
        return self.asks_check and self.checked_by is None


class Movement(msgspec.Struct, frozen=True, order=True):
    """So many units of a kit came into the hands of the pharmacy, or left them (less than 0)."""

    at: datetime
    entry: str
    kit: str
    units: int


class CountState(msgspec.Struct, frozen=True):
    """The units that somebody found of each kit."""

    entry: str
    at: datetime
    by: str
    units: dict[str, int]


class Unlike(msgspec.Struct, frozen=True):
    """A receipt that is not what its packing list says: units expected and counted of a kit."""

    entry: str
    at: datetime
    kit: str
    expected: int
    counted: int


class Said(msgspec.Struct, frozen=True):
    """What somebody said became of a difference."""

    entry: str
    at: datetime
    by: str
    said: str
    report: int | None
    sent: str | None
    text: str


class Registration(msgspec.Struct, frozen=True):
    """The latest word on what allows a site to keep and hand out: its number and its last day."""

    name: str
    number: str
    expires: str
    entry: str


class SupplyState(msgspec.Struct, frozen=True):
    """The stock of a site beside its kits.

    Attributes:
        lots: by number. shipments: by number. handled: by entry, in order of time.
        movements: into and out of the pharmacy, as the site's ledger has them. counts: in order of time.
        unlike: receipts that differ from their packing list. said: of each difference, in order of time.
        registrations: by name. orders: by number.
    """

    lots: dict[str, LotState] = {}
    shipments: dict[str, ShipmentState] = {}
    handled: dict[str, HandledState] = {}
    movements: tuple[Movement, ...] = ()
    counts: tuple[CountState, ...] = ()
    unlike: tuple[Unlike, ...] = ()
    said: dict[tuple[str, str], tuple[Said, ...]] = {}
    registrations: dict[str, Registration] = {}
    orders: dict[str, OrderState] = {}


class SupplyFolding:
    """The same while a site's ledger is folded."""

    def __init__(self) -> None:
        self.lots: dict[str, LotState] = {}
        self.shipments: dict[str, ShipmentState] = {}
        self.handled: dict[str, HandledState] = {}
        self.movements: list[Movement] = []
        self.counts: list[CountState] = []
        self.unlike: list[Unlike] = []
        self.said: dict[tuple[str, str], tuple[Said, ...]] = {}
        self.registrations: dict[str, Registration] = {}
        self.orders: dict[str, OrderState] = {}

    def state(self) -> SupplyState:
        """What the entries have made."""
        return SupplyState(
            self.lots,
            self.shipments,
            self.handled,
            tuple(self.movements),
            tuple(self.counts),
            tuple(self.unlike),
            self.said,
            self.registrations,
            self.orders,
        )
