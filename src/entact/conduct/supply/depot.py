"""The stock of every site together, for whoever ships to them or plans kits for their rows."""

from __future__ import annotations

from collections.abc import Sequence

from entact.conduct.delegation import today_at, zone_of
from entact.conduct.reader import Reader
from entact.conduct.supply.page import StockPage
from entact.conduct.supply.selectors import sites_with_stock


def stocks(reader: Reader, sites: Sequence[str]) -> list[StockPage]:
    """The stock of each of some sites."""
    return [StockPage(reader, site, zone_of(site), today_at(site), {}) for site in sites]


def rows_lacking(reader: Reader) -> list[str]:
    """Rows of the list, of all sites, whose kits do not last and that have no more planned.

    For whoever holds the list alone: a page says how many they are. Who knows what was in a kit that was
    lost, and reads whose row lacks one since, would know the arm of that row.
    """
    found = [stock.proposal for stock in stocks(reader, sorted(sites_with_stock()))]
    return [row for proposal in found if proposal is not None for row in proposal.unplanned]
