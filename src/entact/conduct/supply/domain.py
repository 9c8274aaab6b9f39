"""Entering what happens to the stock of a site, one at a time, as the ledger has it then."""

from __future__ import annotations

from collections.abc import Collection
from datetime import tzinfo

import msgspec
from django.db import transaction
from django.utils.translation import gettext

from entact.conduct.delegation import enter_at_site, hold_site, today_at, withdraw_at_site
from entact.conduct.error import ConductError
from entact.conduct.reader import Reader
from entact.conduct.record.door import Author
from entact.conduct.supply.forms import LONGEST, MOST_KITS, Sent, payload_of
from entact.conduct.supply.handlings import HANDLINGS
from entact.conduct.supply.resupply import lines_to_send, order_of, proposal_of, seen_as
from entact.conduct.supply.selectors import Handed, entered_at, plan_of, stock_of
from entact.course.entry import Entry
from entact.course.kinds.kit_order import KitOrder
from entact.course.kinds.supply import (
    Destruction,
    Lot,
    Quarantine,
    Receipt,
    Shipment,
    StockDifference,
    SupplyCheck,
    SupplyDecision,
    is_blinded,
)
from entact.course.state.numbers import normal
from entact.course.state.setting import SiteState
from entact.course.state.supply import Temperatures
from entact.course.supply.balance import Balance
from entact.course.supply.lot_dose import unlike_planned, unlike_study
from entact.course.supply.temperature import is_excursion
from entact.protocol.quantity import parse_quantity
from entact.store.kits import kits_anywhere, new_labels, packed_kits


def enter_supply(reader: Reader, site: str, kind: str, sent: Sent, zone: tzinfo, *, by: Author) -> str:
    """Enters something about the stock of a site, and says its id.

    Raises:
        ConductError: with what has to be put right; then nothing was entered.
    """
    plan = plan_of(reader)
    with transaction.atomic():
        hold_site(site)
        state = stock_of(reader, site)
        if kind == "kit_order":
            return enter_at_site(site, kind, _order(reader, state, sent), by=by)
        there = _in_storage(state) if kind == "storage_log" else []
        made = new_labels(MOST_KITS, kits_anywhere()) if kind == "shipment" else []
        ordered = lines_to_send(state) if kind == "shipment" else []
        payload, about = payload_of(kind, sent, plan, zone, there, made, ordered)
        if isinstance(payload, Lot):
            _require_lot(reader, payload)
        elif isinstance(payload, Shipment):
            _require_shipment(reader, state, payload)
        elif isinstance(payload, Receipt):
            shipment = state.supply.shipments.get(normal(payload.shipment))
            if shipment is None or shipment.received is not None:
                raise ConductError(gettext("Shipment: choose one that has not been received yet"))
        elif isinstance(payload, Quarantine | SupplyDecision):
            _require_kits(state, payload.kits, quarantined=isinstance(payload, SupplyDecision))
        elif isinstance(payload, Destruction):
            _require_kits(state, payload.units)
        elif isinstance(payload, SupplyCheck):
            _require_check(state, about, by)
        elif isinstance(payload, StockDifference):
            found = Handed(state).balance.differences
            if not any((one.entry, one.kit) == (about, payload.kit) and one.is_open for one in found):
                raise ConductError(gettext("There is no such difference open"))
        return enter_at_site(site, kind, payload, by=by, about=about)


def withdraw_supply(
    reader: Reader, site: str, entry: str, reason: str, *, by: Author, duties: Collection[str]
) -> str:
    """Withdraws what was entered about the stock of a site in error; the withdrawal's id.

    Args:
        duties: of whoever withdraws: what somebody may enter they may withdraw.
    Raises:
        ConductError: when there is no such entry of theirs, it was withdrawn, no reason is said, or by it
            a kit would be lost from the balance or come out of quarantine, or a difference would go.
    """
    said = " ".join(reason.split())
    with transaction.atomic():
        hold_site(site)
        found = next((one for one in entered_at(site) if one.entry.id == entry), None)
        handling = HANDLINGS.get(found.entry.kind) if found is not None else None
        if found is None or handling is None or handling.duty not in duties:
            raise ConductError(gettext("There is no such entry for you to withdraw"))
        if found.withdrawn_by:
            raise ConductError(gettext("{name} has withdrawn it already").format(name=found.withdrawn_by))
        if not 1 <= len(said) <= LONGEST:
            raise ConductError(
                gettext("Why: say in words what is wrong with it, in at most {most} characters").format(
                    most=LONGEST
                )
            )
        state = stock_of(reader, site)
        balance = Handed(state).balance
        against = against_withdrawal(reader, state, balance, found.entry, by.identity)
        if against:
            raise ConductError(against)
        return withdraw_at_site(site, entry, said, by=by)


def against_withdrawal(reader: Reader, state: SiteState, balance: Balance, entry: Entry, person: str) -> str:
    """Why somebody cannot withdraw what was entered about the stock; empty where they can.

    One person alone takes nothing out of the balance, out of quarantine or out of the differences.

    Args:
        state, balance: of the site, as they stand. person: who would withdraw it, by identity.
    """
    handled = state.supply.handled.get(entry.id)
    is_checked = handled is not None and handled.checked_by is not None
    doubted = handled is not None and is_checked and not handled.agrees
    if entry.kind == "supply_check" and entry.by != person:
        return gettext("It is what somebody else has seen: nobody but they can withdraw it")
    if handled is not None and handled.waits:
        return gettext(
            "A second person has to look at it first: if it is wrong they say that it is not as it says, "
            "and then it is withdrawn"
        )
    if is_checked and not doubted:
        return gettext(
            "A second person agreed with it: what two people saw is not withdrawn by one. Enter a "
            "count of all, and what became of each difference"
        )
    if any(one.entry == entry.id and one.received is not None for one in state.supply.shipments.values()):
        return gettext("It was received: withdraw its receipt first, if that was entered in error too")
    held = [one for one in state.kits.values() if one.entry == entry.id and one.status == "quarantined"]
    damaged = bool(entry.data.get("damaged")) and not doubted
    if held and (entry.kind != "receipt" or damaged or _was_outside(reader, entry)):
        kits = ", ".join(one.number for one in held[:10])
        return gettext("By it kits are in quarantine, {kits}: the sponsor decides about them").format(
            kits=kits
        )
    counts = entry.kind == "inventory" or (entry.kind == "receipt" and not doubted)
    if counts and any(one.entry == entry.id for one in balance.differences):
        return gettext(
            "It shows a difference: say what became of it, and if it was counted or typed wrongly, "
            "say that. Then enter a count that is right"
        )
    return ""


def _was_outside(reader: Reader, receipt: Entry) -> bool:
    """Whether the log of a receipt says that kits were too warm or too cold on their way."""
    log, storage = receipt.data.get("log"), plan_of(reader).storage
    return (
        log is not None and storage is not None and is_excursion(msgspec.convert(log, Temperatures), storage)
    )


def _order(reader: Reader, state: SiteState, sent: Sent) -> KitOrder:
    """All that is proposed now, as whoever orders it has seen it: nobody chooses a kit, or how many."""
    number = sent.text("number", gettext("Number of the order"))
    if normal(number) in state.supply.orders:
        raise ConductError(gettext("Order {number} was entered before").format(number=number))
    proposal = proposal_of(reader, Handed(state), today_at(state.id))
    if plan_of(reader).resupply is None:
        raise ConductError(gettext("The study file has no supply.resupply, from which an order is reckoned"))
    if proposal is None or not proposal.kits:
        raise ConductError(gettext("Nothing is to be ordered for this site now"))
    if sent.texts.get("seen", "") != seen_as(proposal):
        raise ConductError(gettext("What is to be ordered has changed meanwhile: look at it once more"))
    return order_of(proposal, number)


def _in_storage(state: SiteState) -> list[str]:
    """The kits of a site that lie there: those that went out whole, and have not come back, do not."""
    rows = Handed(state).balance.rows
    usable = [number for number, kit in state.kits.items() if kit.status in ("received", "released")]
    return [number for number in usable if not rows[number].dispensed or rows[number].at_hand > 0]


def _require_lot(reader: Reader, lot: Lot) -> None:
    products = reader.study.newest.file.products
    if lot.product not in products:
        raise ConductError(gettext("Product: choose one of the study"))
    if lot.packs == "one_arm" and is_blinded(reader.study.newest.file):
        raise ConductError(
            gettext(
                "Packed in it are: a lot of one arm alone tells the arm of each of its kits to whoever sees "
                "a label; pack one with kits of every arm, that share its number, last day and certificate"
            )
        )
    try:
        strength = parse_quantity(lot.strength)
    except ValueError as error:
        raise ConductError(gettext("Strength: {error}").format(error=error)) from error
    if not strength.unit or strength.value <= 0:
        raise ConductError(gettext("Strength: write it with its unit, as in 40 mg"))
    for one in unlike_study(reader.study.newest.file, lot.product, lot.strength, lot.stated_as):
        if one.of == "strength":
            said = gettext("Strength: {said} is none that the study has of this product: {planned}")
            raise ConductError(said.format(said=one.said, planned=one.planned))
        said = gettext(
            "The strength counts: in the study it is that of the {planned}. The same figure of the {said} is "
            "another dose: ask the sponsor, and enter what the certificate says of the {planned}"
        )
        words = {"salt": gettext("salt"), "base": gettext("free base")}
        raise ConductError(said.format(said=words[one.said], planned=words[one.planned]))


def _require_shipment(reader: Reader, state: SiteState, shipment: Shipment) -> None:
    lot = state.supply.lots.get(normal(shipment.lot))
    if lot is None:
        raise ConductError(gettext("Lot: enter the lot first"))
    if normal(shipment.number) in state.supply.shipments:
        raise ConductError(gettext("Shipment {number} was entered before").format(number=shipment.number))
    known = [kit for kit in shipment.kits if normal(kit) in state.kits]
    if known:
        raise ConductError(
            gettext("Kits: {kits} came with another shipment").format(kits=", ".join(known[:10]))
        )
    planned = {(one.level, one.part) for one in map(packed_kits().get, map(normal, shipment.kits)) if one}
    for level, part in sorted(planned):
        for one in unlike_planned(reader.study.newest.file, lot, (level, part)):
            raise ConductError(
                gettext(
                    "Lot: it is of {said}, and kits of this shipment are planned for what is of {planned}. "
                    "A shipment is of one lot, and of kits of one level and part"
                ).format(said=one.said, planned=one.planned)
            )


def _require_kits(state: SiteState, kits: Collection[str], *, quarantined: bool = False) -> None:
    unknown = [kit for kit in kits if normal(kit) not in state.kits]
    if unknown:
        raise ConductError(
            gettext("Kits: {kits} never came to this site").format(kits=", ".join(unknown[:10]))
        )
    free = [kit for kit in kits if state.kits[normal(kit)].status != "quarantined"] if quarantined else []
    if free:
        raise ConductError(gettext("Kits: {kits} are not in quarantine").format(kits=", ".join(free[:10])))


def _require_check(state: SiteState, about: str | None, by: Author) -> None:
    handled = state.supply.handled.get(about or "")
    if handled is None or not handled.waits:
        raise ConductError(gettext("What: choose something that waits for a second person"))
    if handled.by == by.identity:
        raise ConductError(gettext("You have entered this yourself: somebody else has to look at it"))
