"""The stock of a site as the record has it: its ledger folded, and what its kits went through.

What they went through the rows for lists say: nobody's course is made for it, however many are at a site.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Final

import msgspec

from entact.conduct.delegation import SITE
from entact.conduct.reader import Reader
from entact.course import Kept, fold_setting, read
from entact.course.entry.effective import VOID, Problem
from entact.course.kinds import SITE_KINDS, supply
from entact.course.kinds.kind import Kind
from entact.course.kinds.kit_order import KIT_ORDER
from entact.course.kinds.site import KIT
from entact.course.resupply import Supplied
from entact.course.state.setting import SiteState
from entact.course.supply.balance import Balance, Moved, balance
from entact.protocol.study import Supply
from entact.store import models
from entact.store.kit_rows import ASSIGNED
from entact.store.lists.kits import KitStep, kit_steps, randomised_at, sessions_to_come
from entact.store.versions import with_versions

OF_STOCK: Final = (
    KIT.name,
    KIT_ORDER.name,
    *(one.name for one in vars(supply).values() if isinstance(one, Kind)),
)
assert set(OF_STOCK) <= SITE_KINDS.keys()


def plan_of(reader: Reader) -> Supply:
    """What the newest release says of supply; nothing is asked where it says nothing."""
    return reader.study.newest.file.supply or Supply()


def sites_with_stock() -> set[str]:
    """The sites in whose ledgers anything about lots or shipments stands."""
    kinds = [one for one in OF_STOCK if one != KIT.name]
    found = models.Line.objects.filter(kind__in=kinds, ledger__name__startswith=SITE)
    return {name.removeprefix(SITE) for name in found.values_list("ledger__name", flat=True).distinct()}


def stock_of(reader: Reader, site: str) -> SiteState:
    """A site's ledger folded, as far as it is about kits."""
    return stock_found(reader, site)[0]


def stock_found(reader: Reader, site: str) -> tuple[SiteState, tuple[Problem, ...]]:
    """The same, with what was found in the entries about kits."""
    entries = [read(one.text) for one in with_versions([f"{SITE}{site}"], (*OF_STOCK, VOID))]
    setting = fold_setting(reader.study, (), entries)
    of_stock = {one.id for one in entries if one.kind in OF_STOCK}
    problems = tuple(one for one in setting.problems if one.entry in of_stock)
    return msgspec.structs.replace(setting.site, id=site), problems


class Entered(msgspec.Struct, frozen=True):
    """Something that was entered about the stock, and who withdrew it and why, where somebody did."""

    entry: Kept
    withdrawn_by: str = ""
    reason: str = ""


def entered_at(site: str) -> list[Entered]:
    """What was entered about the stock of a site, the latest first."""
    lines = models.Line.objects.filter(ledger__name=f"{SITE}{site}", kind__in=[*OF_STOCK, VOID])
    entries = [read(text) for text in lines.order_by("seq").values_list("text", flat=True)]
    voids = {one.replaces: one for one in reversed(entries) if one.kind == VOID}
    found = [
        Entered(one) if (void := voids.get(one.id)) is None else Entered(one, void.by, void.reason or "")
        for one in entries
        if one.kind != VOID
    ]
    return found[::-1]


class Handed:
    """What kits of a site went through with participants: those at the site, and whoever has a kit of its.

    Attributes:
        steps: by ledger, in order of time. whose: participants' kits, by number the ledger.
    """

    def __init__(self, site: SiteState) -> None:
        self.site = site
        self.steps = kit_steps(site.id, site.kits)
        self.whose = {one.kit: one.ledger for one in self.steps if one.what == ASSIGNED}

    @cached_property
    def balance(self) -> Balance:
        """As the record stands: of the kits of the site, and of those that only its people know of."""
        return balance(self.site, map(_moved, filter(self._moves, self.steps)))

    def _moves(self, one: KitStep) -> bool:
        return one.what != ASSIGNED and (one.kit in self.site.kits or one.site == self.site.id)

    def supplied(self, at: datetime) -> list[Supplied]:
        """Of everybody who is randomised at the site what their kits follow from, at an instant."""
        people = sorted(randomised_at(self.site.id).items())
        sessions = sessions_to_come(self.site.id, at)
        assigned: dict[str, dict[str, tuple[str | None, bool]]] = {}
        used: dict[str, set[str]] = {}
        for one in self.steps:
            if one.what == ASSIGNED:
                assigned.setdefault(one.ledger, {})[one.kit] = one.visit or None, one.replaced
            elif one.what in _USED:
                used.setdefault(one.ledger, set()).add(one.kit)
        return [
            Supplied(number, sessions.get(ledger, ()), assigned.get(ledger, {}), used.get(ledger, ()))
            for ledger, number in people
        ]


_USED: Final = frozenset({"taken", "back"})  # steps of a dose, and of what came back


def _moved(one: KitStep) -> Moved:
    return Moved(one.at, one.entry, one.kit, one.what, one.units, one.ledger)  # type: ignore[arg-type]
