"""Countries as ISO 3166-1 codes them, and the time zones that they keep.

Source: the tables of the time zone database (iso3166.tab, zone.tab, zone1970.tab), in the public domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from entact.protocol.problem import nearest

UNION: Final = "EU"  # reserved in ISO 3166-1 for the European Union

# ISO 3166-1 alpha-3, and other names, of countries where such studies are; what else is written is compared
# with the names of all countries.
_OTHERWISE: Final = {
    "USA": "US", "GBR": "GB", "UK": "GB", "CAN": "CA", "AUS": "AU", "NZL": "NZ", "ISR": "IL", "CHE": "CH",
    "DEU": "DE", "GER": "DE", "FRA": "FR", "NLD": "NL", "BEL": "BE", "ESP": "ES", "PRT": "PT", "ITA": "IT",
    "AUT": "AT", "CZE": "CZ", "POL": "PL", "DNK": "DK", "NOR": "NO", "SWE": "SE", "FIN": "FI", "IRL": "IE",
    "BRA": "BR", "MEX": "MX", "CHL": "CL", "JPN": "JP", "ZAF": "ZA", "IND": "IN", "UKR": "UA", "HUN": "HU",
    "EL": "GR", "GRC": "GR", "HOLLAND": "NL", "ENGLAND": "GB", "SCOTLAND": "GB", "AMERICA": "US",
    "U.S.": "US", "U.S.A.": "US", "UNITED KINGDOM": "GB", "GREAT BRITAIN": "GB",
}  # fmt: skip


def wrong_country(code: str) -> str | None:
    """What is wrong with the code of a country, and which was probably meant; None where nothing is."""
    known = _names()
    if code in known:
        return None
    meant = _OTHERWISE.get(code.upper()) or (code.upper() if code.upper() in known else None)
    if meant is None:
        by_name = {name.lower(): short for short, name in known.items()}
        near = nearest(code.lower(), by_name) if len(code) > 3 else None
        meant = by_name[near] if near else None
    hint = f"did you mean {meant!r}?" if meant else "write the two letters of ISO 3166, as in 'US'"
    return f"there is no country {code!r}; {hint}"


def countries_of(zone: str) -> frozenset[str]:
    """The countries that keep a time zone; none where that is not known, as of zones by an old name."""
    return _zones().get(zone, frozenset())


@cache
def _names() -> Mapping[str, str]:
    return {code: name for code, name, *_ in _table("iso3166.tab")}


@cache
def _zones() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for table in ("zone.tab", "zone1970.tab"):
        for countries, _, zone, *_ in _table(table):
            found[zone] = found.get(zone, frozenset()) | frozenset(countries.split(","))
    return found


def _table(name: str) -> Iterator[list[str]]:
    text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return (re.split("\t+", line) for line in text.splitlines() if line and not line.startswith("#"))
