"""Kits that a site has ordered, in its ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.numbers import normal
from entact.course.state.supply import OrderState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective
    from entact.course.state.setting import SiteFolding


class KitOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `kit_order` (site): kits that are to be sent there, as the page proposed them."""

    number: str
    kits: list[str]


def reduce_kit_order(site: SiteFolding, effective: Effective, payload: KitOrder) -> None:
    """The kits of an order are awaited; of two orders under one number the first stands."""
    name = normal(payload.number)
    if name in site.supply.orders:
        site.problem("order_twice", effective.id, "number", f"order {payload.number} was entered before")
        return
    kits = tuple(dict.fromkeys(map(normal, payload.kits)))
    site.supply.orders[name] = OrderState(
        payload.number, kits, effective.id, effective.entry.by, effective.at
    )


KIT_ORDER = Kind(
    name="kit_order",
    ledger="site",
    title="Order of kits",
    ways=("page supply_enter",),
    payload=KitOrder,
    reduce=reduce_kit_order,
    tells=frozenset({"dosing"}),
)
