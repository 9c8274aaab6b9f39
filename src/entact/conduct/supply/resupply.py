"""What is to be ordered for a site, as the record stands; who orders it chooses neither kits nor how many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from entact.conduct.delegation import state_of
from entact.conduct.reader import Reader
from entact.conduct.supply.selectors import Handed, plan_of
from entact.course.entry import digest
from entact.course.kinds.kit_order import KitOrder
from entact.course.resupply import Proposal, What, propose
from entact.course.state.numbers import normal
from entact.course.state.sealed_list import PackedKit
from entact.course.state.setting import SiteState
from entact.course.state.supply import OrderState
from entact.store.kits import kits_known, packed_kits


@dataclass(frozen=True)
class OrderLine:
    """Kits of an order that were not sent yet, for a level and part of the dose; `key` names it."""

    key: str
    order: OrderState
    what: What
    kits: tuple[str, ...]


def proposal_of(reader: Reader, handed: Handed, today: date) -> Proposal | None:
    """What is to be ordered for a site now; None where no study file says so, or no kits are planned.

    Args:
        handed: what its kits went through. today: the civil day there.
    """
    plan, site = plan_of(reader).resupply, handed.site
    known = kits_known(site.id) if plan is not None else None
    if plan is None or known is None or not known.packed:
        return None
    site = msgspec.structs.replace(site, status=state_of(site.id).status)
    return propose(reader.study.newest, plan, site, known, handed.supplied(reader.at), today)


def seen_as(proposal: Proposal) -> str:
    """By which whoever orders says what it was that they saw."""
    return digest("\n".join(proposal.kits).encode())[:16]


def order_of(proposal: Proposal, number: str) -> KitOrder:
    """The order of all that is proposed, under a number."""
    return KitOrder(number, list(proposal.kits))


def lines_to_send(site: SiteState) -> list[OrderLine]:
    """What of the orders of a site is in no shipment yet, by level and part: a shipment is of one lot."""
    waiting = {number: order for number, order in site.supply.orders.items() if _unsent(site, order)}
    if not waiting:
        return []
    packed = packed_kits()
    return [line for order in waiting.values() for line in _lines(order, _unsent(site, order), packed)]


def _unsent(site: SiteState, order: OrderState) -> list[str]:
    return [kit for kit in order.kits if kit not in site.kits]


def _lines(order: OrderState, kits: Iterable[str], packed: Mapping[str, PackedKit]) -> Iterator[OrderLine]:
    of: dict[What, list[str]] = {}
    for kit in kits:
        if (one := packed.get(kit)) is not None:
            of.setdefault((one.level, one.part), []).append(one.kit)
    for what, found in sorted(of.items()):
        key = "/".join((normal(order.number), *what))
        yield OrderLine(key, order, what, tuple(sorted(found)))


def line_called(lines: Sequence[OrderLine], key: str) -> OrderLine | None:
    """The line of an order that a form names; None where there is none any more."""
    return next((one for one in lines if one.key == key), None)
