"""The stock of a site as the record has it: its ledger folded, and what its kits went through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from entact.conduct.delegation import SITE
from entact.conduct.reader import Folded, Reader
from entact.course import Kept, fold_setting, read
from entact.course.entry.effective import VOID, Problem
from entact.course.kinds import SITE_KINDS, supply
from entact.course.kinds.kind import Kind
from entact.course.kinds.kit_order import KIT_ORDER
from entact.course.kinds.site import KIT
from entact.course.state.numbers import KIT as KIT_NUMBER
from entact.course.state.setting import SiteState
from entact.course.supply.balance import Balance, balance, moved_of
from entact.protocol.study import Supply
from entact.store import models
from entact.store.index import storable
from entact.store.versions import with_versions

OF_STOCK: Final = (
    KIT.name,
    KIT_ORDER.name,
    *(one.name for one in vars(supply).values() if isinstance(one, Kind)),
)
OF_PARTICIPANTS: Final = ("kit_assigned", "dispensing", "dose", "kit_return")
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


def folded_with_kits(reader: Reader, site: SiteState) -> dict[str, Folded]:
    """The courses of everybody who has a kit of a site, wherever they are now, or was given any there."""
    lines = models.Line.objects.filter(kind__in=OF_PARTICIPANTS, ledger__standing__site=site.id)
    own = models.Number.objects.filter(of=KIT_NUMBER, number__in=[storable(one) for one in site.kits])
    names = {*lines.values_list("ledger__name", flat=True), *own.values_list("ledger__name", flat=True)}
    return {name: one for name, one in reader.folded(sorted(names)).items() if isinstance(one, Folded)}


def balance_of(site: SiteState, folded: Iterable[tuple[str, Folded]]) -> Balance:
    """The balance of a site as the record stands: of its kits, and of those that only its people know of."""
    moved = (
        step
        for ledger, one in folded
        for step in moved_of(one.course, ledger)
        if step.kit in site.kits or one.course.site == site.id
    )
    return balance(site, moved)
