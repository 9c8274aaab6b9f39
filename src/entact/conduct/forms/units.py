"""Other units in which people measure the same, and what an entered quantity is in the item's own.

What was entered is kept as it was; the conversion is shown beside it, and no rule reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from entact.protocol.words.label import unit_words

# (unit, unit) -> (factor, offset): the second is the first times the factor, plus the offset.
# Sources: NIST Special Publication 811 (2008), appendix B.8: inch, foot, pound, degree Fahrenheit, mmHg and
# kPa. Between amounts and masses only where the substance is known, which a unit does not say: none.
_EXACT: Final[Mapping[tuple[str, str], tuple[Decimal, Decimal]]] = {
    ("[lb_av]", "kg"): (Decimal("0.45359237"), Decimal(0)),
    ("g", "kg"): (Decimal("0.001"), Decimal(0)),
    ("[in_i]", "cm"): (Decimal("2.54"), Decimal(0)),
    ("[in_i]", "m"): (Decimal("0.0254"), Decimal(0)),
    ("[ft_i]", "m"): (Decimal("0.3048"), Decimal(0)),
    ("[ft_i]", "cm"): (Decimal("30.48"), Decimal(0)),
    ("cm", "m"): (Decimal("0.01"), Decimal(0)),
    ("m", "cm"): (Decimal(100), Decimal(0)),
    ("[degF]", "Cel"): (Decimal(5) / Decimal(9), Decimal(-160) / Decimal(9)),
    ("kPa", "mm[Hg]"): (Decimal("7.500617"), Decimal(0)),
    ("h", "min"): (Decimal(60), Decimal(0)),
    ("s", "ms"): (Decimal(1000), Decimal(0)),
    ("g", "mg"): (Decimal(1000), Decimal(0)),
}


def convertible(unit: str) -> list[str]:
    """Units that can be entered in the place of an item's own."""
    return [one for one, into in _EXACT if into == unit]


def converted(text: str, unit: str, into: str) -> str:
    """A number in another unit, as it reads beside what was entered; empty where there is nothing to say."""
    rule = _EXACT.get((unit, into))
    if rule is None:
        return ""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return ""
    if not number.is_finite() or abs(number) > Decimal(10) ** 12:
        return ""
    factor, offset = rule
    found = number * factor + offset
    places = min(0, found.adjusted() - 3) if found else 0  # four digits, and all before the point
    return f"= {found.quantize(Decimal(1).scaleb(places)).normalize():f} {unit_words(into)}"
