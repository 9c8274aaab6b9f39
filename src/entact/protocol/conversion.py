"""Units in which people measure the same: what a quantity in one is in the other.

What was entered is kept as it was, with its unit; rules, ranges and data sets read it in the item's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Final

# (unit, unit) -> (factor, offset): the second is the first times the factor, plus the offset.
# Sources: NIST Special Publication 811 (2008), appendix B.8: inch, foot, pound, degree Fahrenheit, mmHg and
# kPa. Between amounts and masses only where the substance is known, which a unit does not say: none.
CONVERSIONS: Final[Mapping[tuple[str, str], tuple[Decimal, Decimal]]] = {
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

_EXACTLY: Final = Context(prec=50)


def in_unit(number: Decimal, unit: str, into: str) -> Decimal | None:
    """A number of one unit in another; None where the two don't measure the same, or it is not known here."""
    if unit == into:
        return number
    rule = CONVERSIONS.get((unit, into))
    if rule is None:
        return None
    factor, offset = rule
    return _EXACTLY.fma(number, factor, offset)
