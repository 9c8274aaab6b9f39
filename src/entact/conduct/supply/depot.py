"""The stock of every site together, for whoever ships to them or plans kits for their rows.

Of kits it counts and says no number: what lies where is the same whatever it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from entact.conduct.delegation import today_at, zone_of
from entact.conduct.reader import Reader
from entact.conduct.supply.page import StockPage
from entact.conduct.supply.selectors import sites_with_stock
from entact.course.entry.dates import in_date, read_date
from entact.course.state.numbers import normal


@dataclass(frozen=True)
class SiteStock:
    """What a site has of kits that are nobody's yet, and what is to come to it.

    Attributes:
        ready: may be given out today. kept_back: in quarantine, not checked, or of a lot that is not released
            or not known. coming: on their way there. over: lie there and are not in date any more.
        ordered: on order and not sent. to_order: are proposed to be ordered now; None where nothing is
            planned to be.
        lacking: rows of the list that need kits of which no more are planned.
        next_over: the day that is next the last of kits that are ready, kept back or coming; empty for none.
        then: how many are over after that day.
    """

    site: str
    ready: int
    kept_back: int
    coming: int
    over: int
    ordered: int
    to_order: int | None
    lacking: int
    next_over: str
    then: int

    @property
    def waits(self) -> bool:
        """Whether somebody beside the site has to act: to send, to plan, to see to what is over."""
        return bool(self.ordered or self.lacking or self.over)


def stocks(reader: Reader, sites: Sequence[str]) -> list[StockPage]:
    """The stock of each of some sites."""
    return [StockPage(reader, site, zone_of(site), today_at(site), {}) for site in sites]


def depot(reader: Reader, sites: Sequence[str]) -> list[SiteStock]:
    """What lies at each of some sites and is on its way to it, in the order of their names."""
    return [_stock_of(stock) for stock in stocks(reader, sorted(sites))]


def _stock_of(stock: StockPage) -> SiteStock:
    counts, days = Counter[str](), Counter[str]()
    for number, how in _free(stock):
        counts[how] += 1
        if how != "over":
            days[stock.state.kits[number].expires] += 1
    first = min((day for day in days if read_date(day) is not None), default="")
    proposal = stock.proposal
    return SiteStock(
        stock.site,
        counts["ready"],
        counts["kept_back"],
        counts["coming"],
        counts["over"],
        sum(len(line.kits) for line in stock.to_send),
        None if proposal is None else len(proposal.kits),
        0 if proposal is None else len(proposal.unplanned),
        first,
        days[first] if first else 0,
    )


def _free(stock: StockPage) -> Iterable[tuple[str, str]]:
    """Kits that are nobody's and can still be given out or may be again, and how each stands."""
    whose = stock.handed.whose
    for number, kit in stock.state.kits.items():
        if number in whose or kit.status in ("missing", "rejected", "destroyed"):
            continue
        lot = stock.state.supply.lots.get(normal(kit.lot)) if kit.lot is not None else None
        released = lot.status == "released" if lot is not None else kit.units is None  # of no shipment
        if kit.status != "sent" and kit.expires and not in_date(kit.expires, stock.today):
            yield number, "over"
        elif kit.status == "sent":
            yield number, "coming"
        elif kit.status == "quarantined" or kit.unchecked or not released:
            yield number, "kept_back"
        else:
            yield number, "ready"


def rows_lacking(reader: Reader) -> list[str]:
    """Rows of the list, of all sites, whose kits do not last and that have no more planned.

    For whoever holds the list alone: a page says how many they are. Who knows what was in a kit that was
    lost, and reads whose row lacks one since, would know the arm of that row.
    """
    found = [stock.proposal for stock in stocks(reader, sorted(sites_with_stock()))]
    return [row for proposal in found if proposal is not None for row in proposal.unplanned]
