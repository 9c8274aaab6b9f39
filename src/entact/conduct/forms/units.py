"""Other units in which people measure the same, and what an entered quantity is in the item's own."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from entact.conduct.words import unit_of_item
from entact.protocol.conversion import CONVERSIONS, in_unit


def convertible(unit: str) -> list[str]:
    """Units that can be entered in the place of an item's own."""
    return [one for one, into in CONVERSIONS if into == unit]


def converted(text: str, unit: str, into: str) -> str:
    """A number in another unit, as it reads beside what was entered; empty where there is nothing to say."""
    if unit == into:
        return ""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return ""
    if not number.is_finite() or abs(number) > Decimal(10) ** 12:
        return ""
    found = in_unit(number, unit, into)
    if found is None:
        return ""
    places = min(0, found.adjusted() - 3) if found else 0  # four digits, and all before the point
    return f"= {found.quantize(Decimal(1).scaleb(places)).normalize():f} {unit_of_item(into)}"
