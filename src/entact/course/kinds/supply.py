"""The stock of a site, in its ledger: lots, shipments, receipts, logs, counts, destruction, and who decides.

Nothing here says what a kit holds: a lot is packed with what every arm is given, and its kits share all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from entact.course.entry.dates import read_date
from entact.course.kinds.kind import Kind
from entact.course.state.numbers import normal
from entact.course.state.setting import KitStock
from entact.course.state.supply import (
    CountState,
    HandledState,
    Handling,
    LotState,
    Movement,
    Registration,
    Said,
    ShipmentState,
    Temperatures,
    Unlike,
)
from entact.course.supply.lot_dose import unlike_study
from entact.course.supply.temperature import is_excursion
from entact.protocol.study import StudyFile, Supply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from entact.course.entry.effective import Effective
    from entact.course.state.setting import SiteFolding


class Lot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `lot` (site): a packed lot, its certificate and whether it may be used; a later one replaces it.

    Attributes:
        strength: of one unit, as the label has it. stated_as: whether that counts the salt or the base.
        expires: last day. certificate: number of the certificate of analysis, and of the release.
        packs: whether kits of every arm are in it, or of one alone: then number, last day and certificate
            tell the arm of every kit.
    """

    lot: str
    product: str
    strength: str
    stated_as: Literal["salt", "base"]
    expires: str
    certificate: str
    status: Literal["released", "not_released", "recalled"] = "not_released"
    packs: Literal["every_arm", "one_arm"] | None = None


class Shipment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `shipment` (site): kits of one lot on their way, so many units in each; `transfer`: the order
    form.
    """

    number: str
    lot: str
    kits: list[str]
    units: int
    sender: str
    transfer: str = ""


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `receipt` (site): the kits of a shipment that were counted, those damaged, and the log."""

    shipment: str
    kits: list[str]
    damaged: list[str] = []
    log: Temperatures | None = None


class StorageLog(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `storage_log` (site): temperatures where kits are kept, and which were there."""

    place: str
    kits: list[str]
    log: Temperatures


class SupplyDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `supply_decision` (site): the sponsor's word on kits in quarantine."""

    kits: list[str]
    decision: Literal["release", "reject"]
    text: str


class Quarantine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `quarantine` (site): kits that are not to be used until the sponsor has decided, and why."""

    kits: list[str]
    text: str


class Inventory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `inventory` (site): the units of each kit that were found when all was counted."""

    units: dict[str, int]


class Destruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `destruction` (site): the units of each kit that were destroyed, and how."""

    units: dict[str, int]
    how: str


class SupplyCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `supply_check` (site): a second person saw what the entry that it is `about` says."""

    agrees: bool
    text: str = ""


class StockDifference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `stock_difference` (site): what became of a kit's difference in the count that it is `about`.

    `report`: which of the study file's reports of a loss was sent, from 1, and on which day.
    """

    kit: str
    said: Literal["found", "explained", "reported"]
    text: str
    report: int | None = None
    sent: str | None = None


class SiteRegistration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `registration` (site): what allows the site to keep and hand out, to its last day."""

    name: str
    number: str
    expires: str


def is_blinded(file: StudyFile) -> bool:
    """Whether a study has arms that somebody is not to know."""
    hidden = any("allocation" in row.hidden for row in file.blinding)
    return len(file.arms) > 1 and (hidden or any(arm.role == "placebo" for arm in file.arms.values()))


def reduce_registration(site: SiteFolding, effective: Effective, payload: SiteRegistration) -> None:
    """The latest word on a registration."""
    if read_date(payload.expires) is None:
        site.problem("registration_expiry", effective.id, "expires", f"{payload.expires!r} is no date")
    name = payload.name.strip()
    site.supply.registrations[name] = Registration(name, payload.number, payload.expires, effective.id)


def reduce_lot(site: SiteFolding, effective: Effective, payload: Lot) -> None:
    """The latest word on a lot; its kits have its last day."""
    number = normal(payload.lot)
    if read_date(payload.expires) is None:
        site.problem("lot_expiry", effective.id, "expires", f"{payload.expires!r} is no date")
    if payload.product not in site.study.newest.file.products:
        site.problem("lot_product", effective.id, "product", f"the study has no product {payload.product!r}")
    if payload.packs == "one_arm" and is_blinded(site.study.newest.file):
        message = f"lot {payload.lot} is of one arm alone: its number, last day and certificate tell the arm"
        site.problem("lot_tells_arm", effective.id, "packs", message)
    for unlike in unlike_study(site.study.newest.file, payload.product, payload.strength, payload.stated_as):
        said = f"lot {payload.lot} is of {unlike.said}; the study has {payload.product} of {unlike.planned}"
        if unlike.of == "salt":
            said = (
                f"the strength of lot {payload.lot} counts the {unlike.said}; "
                f"in the study the {unlike.planned}"
            )
        site.problem(f"lot_{unlike.of}", effective.id, unlike.of, said)
    site.supply.lots[number] = LotState(
        payload.lot,
        payload.product,
        payload.strength,
        payload.stated_as,
        payload.expires,
        payload.certificate,
        payload.status,
        effective.id,
        payload.packs,
    )
    for name, kit in site.kits.items():
        if kit.lot is not None and normal(kit.lot) == number:
            site.kits[name] = msgspec.structs.replace(kit, expires=payload.expires)


def reduce_shipment(site: SiteFolding, effective: Effective, payload: Shipment) -> None:
    """Its kits are on their way; a kit or a number that is known already is none of it."""
    name = normal(payload.number)
    if name in site.supply.shipments:
        site.problem(
            "shipment_twice", effective.id, "number", f"shipment {payload.number} was entered before"
        )
        return
    lot = site.supply.lots.get(normal(payload.lot))
    if lot is None:
        site.problem("lot_unknown", effective.id, "lot", f"no lot {payload.lot} was entered before")
    kits = []
    for number in dict.fromkeys(map(normal, payload.kits)):
        if number in site.kits:
            site.problem("kit_twice", effective.id, "kits", f"kit {number} is in the stock already")
            continue
        kits.append(number)
        expires = lot.expires if lot is not None else ""
        site.kits[number] = KitStock(number, "sent", expires, payload.lot, effective.id, payload.units)
    site.supply.shipments[name] = ShipmentState(
        payload.number, payload.lot, tuple(kits), payload.units, effective.id, effective.at
    )


def reduce_receipt(site: SiteFolding, effective: Effective, payload: Receipt) -> None:
    """What was counted is in stock, or in quarantine; what was listed and not counted is missing."""
    name = normal(payload.shipment)
    shipment = site.supply.shipments.get(name)
    if shipment is None or shipment.received is not None:
        why = "no such shipment was entered" if shipment is None else "it was received before"
        site.problem("receipt_of_nothing", effective.id, "shipment", f"shipment {payload.shipment}: {why}")
        return
    site.supply.shipments[name] = msgspec.structs.replace(shipment, received=effective.id)
    counted = dict.fromkeys(map(normal, payload.kits))
    damaged = set(map(normal, payload.damaged))
    why = _warm(site, payload.log, "on the way")
    unchecked = _handled(site, effective, "receipt", counted)
    for number in shipment.kits:
        if number not in counted:
            _put(site, number, effective.id, status="missing")
            site.supply.unlike.append(Unlike(effective.id, effective.at, number, shipment.units, 0))
    for number in counted:
        listed = number in shipment.kits
        if not listed:
            if number in site.kits:
                site.problem("kit_twice", effective.id, "kits", f"kit {number} is in the stock already")
                continue
            site.kits[number] = KitStock(number, "sent", "", shipment.lot, effective.id, shipment.units)
            site.supply.unlike.append(Unlike(effective.id, effective.at, number, 0, shipment.units))
        against = why or ("damaged" if number in damaged else "" if listed else "not on the packing list")
        status = "quarantined" if against else "received"
        _put(site, number, effective.id, status=status, why=against, unchecked=unchecked)
        site.supply.movements.append(Movement(effective.at, effective.id, number, shipment.units))


def reduce_storage_log(site: SiteFolding, effective: Effective, payload: StorageLog) -> None:
    """Kits that lay where it was too warm or too cold are in quarantine."""
    why = _warm(site, payload.log, payload.place)
    if why:
        _quarantine(site, effective, payload.kits, why)


def reduce_quarantine(site: SiteFolding, effective: Effective, payload: Quarantine) -> None:
    """Kits are not to be used until the sponsor has decided."""
    _quarantine(site, effective, payload.kits, payload.text)


def reduce_supply_decision(site: SiteFolding, effective: Effective, payload: SupplyDecision) -> None:
    """Kits in quarantine are released, or rejected; of others there is nothing to decide."""
    for number in map(normal, payload.kits):
        kit = site.kits.get(number)
        if kit is None or kit.status != "quarantined":
            site.problem("nothing_to_decide", effective.id, "kits", f"kit {number} is not in quarantine")
            continue
        status = "released" if payload.decision == "release" else "rejected"
        _put(site, number, effective.id, status=status, why=payload.text)


def reduce_inventory(site: SiteFolding, effective: Effective, payload: Inventory) -> None:
    """Keeps what was found; what it should have been is told by `course.supply.balance`."""
    units = {normal(number): count for number, count in payload.units.items()}
    _handled(site, effective, "inventory", units)
    site.supply.counts.append(CountState(effective.id, effective.at, effective.entry.by, units))


def reduce_destruction(site: SiteFolding, effective: Effective, payload: Destruction) -> None:
    """What was destroyed is gone, whoever has looked at it: that is another question."""
    units = {normal(number): count for number, count in payload.units.items()}
    _handled(site, effective, "destruction", units)
    for number, count in units.items():
        if number not in site.kits:
            site.problem("kit_unknown", effective.id, "units", f"kit {number} is not in the stock")
            continue
        _put(site, number, effective.id, status="destroyed")
        site.supply.movements.append(Movement(effective.at, effective.id, number, -count))


def reduce_supply_check(site: SiteFolding, effective: Effective, payload: SupplyCheck) -> None:
    """The first check by another person counts; kits that waited for it may be given out."""
    handled = site.supply.handled.get(effective.entry.about or "")
    if handled is None:
        site.problem("about_unknown", effective.id, "about", "nothing of the stock was entered under this id")
        return
    if handled.by == effective.entry.by:
        message = f"{handled.by} has entered it, and somebody else has to check it"
        site.problem("check_by_same", effective.id, "about", message)
        return
    if handled.checked_by is not None:
        return
    site.supply.handled[handled.entry] = msgspec.structs.replace(
        handled, checked_by=effective.entry.by, agrees=payload.agrees, said=payload.text
    )
    for number, kit in site.kits.items():
        if kit.unchecked == handled.entry:
            site.kits[number] = msgspec.structs.replace(kit, unchecked=None)
            if not payload.agrees and kit.status == "received":
                _put(site, number, effective.id, status="quarantined", why="the second person does not agree")


def reduce_difference(site: SiteFolding, effective: Effective, payload: StockDifference) -> None:
    """Keeps what is said of a difference; whether there is one is told by `course.supply.balance`."""
    key = (effective.entry.about or "", normal(payload.kit))
    said = Said(
        effective.id,
        effective.at,
        effective.entry.by,
        payload.said,
        payload.report,
        payload.sent,
        payload.text,
    )
    site.supply.said[key] = (*site.supply.said.get(key, ()), said)
    kit = site.kits.get(key[1])
    if payload.said == "found" and kit is not None and kit.status == "missing":
        _put(site, key[1], effective.id, status="quarantined", why="it was found later")


def _plan(site: SiteFolding) -> Supply:
    return site.study.newest.file.supply or Supply()


def _warm(site: SiteFolding, log: Temperatures | None, where: str) -> str:
    """Why kits that lay beside a logger are in quarantine; empty when they need not be."""
    storage = _plan(site).storage
    if storage is None:
        return ""
    if log is None:
        return f"no temperatures {where} are known"
    if not is_excursion(log, storage):
        return ""
    return f"{log.lowest} to {log.highest} {where}, kept at {storage.lowest} to {storage.highest}"


def _quarantine(site: SiteFolding, effective: Effective, kits: Iterable[str], why: str) -> None:
    for number in map(normal, kits):
        kit = site.kits.get(number)
        if kit is None:
            site.problem("kit_unknown", effective.id, "kits", f"kit {number} is not in the stock")
        elif kit.status in ("received", "released"):
            _put(site, number, effective.id, status="quarantined", why=why)


def _handled(site: SiteFolding, effective: Effective, what: Handling, kits: Iterable[str]) -> str | None:
    """Notes what was done; the entry, where somebody else has to look at it."""
    asks = what in _plan(site).two_persons
    site.supply.handled[effective.id] = HandledState(
        effective.id, what, effective.entry.by, effective.at, tuple(kits), asks
    )
    return effective.id if asks else None


def _put(site: SiteFolding, number: str, entry: str, **change: Any) -> None:
    """Changes a kit; what is destroyed stays so."""
    kit = site.kits[number]
    if kit.status == "destroyed" and change.get("status") != "destroyed":
        message = f"kit {number} was destroyed; an entry made in error is withdrawn, not outdone"
        site.problem("kit_destroyed", entry, "kits", message)
        return
    site.kits[number] = msgspec.structs.replace(kit, entry=entry, **change)


def _kind(name: str, title: str, payload: type[msgspec.Struct], reduce: Any, *free: str) -> Kind:
    """A kind of the stock: it tells of dosing, and of nobody."""
    return Kind(
        name=name,
        ledger="site",
        title=title,
        ways=("page supply_enter",),
        payload=payload,
        reduce=reduce,
        tells=frozenset({"dosing"}),
        free=frozenset(free),
    )


REGISTRATION = _kind(
    "registration", "Registration of the site", SiteRegistration, reduce_registration, "name", "number"
)
LOT = _kind("lot", "Lot", Lot, reduce_lot)
SHIPMENT = _kind("shipment", "Shipment of kits", Shipment, reduce_shipment, "sender", "transfer")
RECEIPT = _kind("receipt", "Receipt of kits", Receipt, reduce_receipt)
STORAGE_LOG = _kind("storage_log", "Temperatures in storage", StorageLog, reduce_storage_log, "place")
QUARANTINE = _kind("quarantine", "Quarantine", Quarantine, reduce_quarantine, "text")
DECISION = _kind("supply_decision", "Decision on quarantine", SupplyDecision, reduce_supply_decision, "text")
INVENTORY = _kind("inventory", "Count of the stock", Inventory, reduce_inventory)
DESTRUCTION = _kind("destruction", "Destruction", Destruction, reduce_destruction, "how")
CHECK = _kind("supply_check", "Check by a second person", SupplyCheck, reduce_supply_check, "text")
DIFFERENCE = _kind("stock_difference", "Difference of the stock", StockDifference, reduce_difference, "text")
