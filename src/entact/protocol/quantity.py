"""Quantities, durations and ranges as text: `148 mm[Hg]`, `1 h 30 min`, `2 .. 14 d`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Context, Decimal
from functools import lru_cache

from entact.protocol.conversion import in_unit
from entact.protocol.meant import duration_hint, quantity_hint, range_hint

LARGEST = 2**53 - 1  # beyond it a whole number is no longer exact everywhere
YEARS = range(1900, 2200)  # that a time or a date in a record can mean

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_DIGITS = 17  # significant ones, of which a binary number keeps 15 to 17
_EXACTLY = Context(prec=50)
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "wk": 604800}
_LONGEST = 100 * 366 * 86400
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)\s*")
_DURATION = re.compile(r"([+-]?)((?:[0-9]+(?:\.[0-9]+)?\s*[a-z]+\s*)+)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A decimal number with its unit (UCUM), exactly as entered."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        # `f` because a small Decimal would otherwise print with an exponent.
        return f"{self.value:f} {self.unit}".rstrip()


@lru_cache(maxsize=65536)
def parse_quantity(text: str) -> Quantity:
    """Reads `148 mm[Hg]` or a bare `6.8`.

    Raises:
        ValueError: when it is not a decimal number followed by at most one unit.
    """
    number, _, unit = text.strip().partition(" ")
    unit = unit.strip()
    if not _NUMBER.fullmatch(number) or len(number) > 40 or " " in unit:
        raise ValueError(f"{text!r} is not a quantity; {quantity_hint(text)}")
    return Quantity(Decimal(number), unit)


@lru_cache(maxsize=65536)
def magnitude(text: str, unit: str) -> float:
    """The number that a quantity is in the given unit, also of one that was entered in another that is known.

    Raises:
        ValueError: when the text is no quantity, has a unit that is not converted into this one
            (`entact.protocol.conversion`), or more digits than a number can hold: rounded, it could lie on
            the other side of a limit.
    """
    quantity = parse_quantity(text)
    number = in_unit(quantity.value, quantity.unit, unit)
    if number is None:
        raise ValueError(f"{text!r} is in {quantity.unit or 'no unit'}; this item is in {unit or 'no unit'}")
    if len(quantity.value.normalize(_EXACTLY).as_tuple().digits) > _DIGITS:
        raise ValueError(f"{text!r} has more digits than anybody can measure; write at most {_DIGITS}")
    return float(number)


@lru_cache(maxsize=4096)
def parse_duration(text: str) -> timedelta:
    """Reads `8 h`, `1 h 30 min`, `14 d`, `18 wk` (s, min, h, d, wk, the larger first); `0` alone is no time.

    Raises:
        ValueError: when a number lacks its unit, or the unit is not one of these or comes twice.
    """
    stripped = text.strip()
    if stripped == "0":
        return timedelta(0)
    whole = _DURATION.fullmatch(stripped)
    parts = _PART.findall(whole.group(2)) if whole else []
    sizes = [_SECONDS.get(unit, 0) for _, unit in parts]
    if not parts or 0 in sizes or sizes != sorted(set(sizes), reverse=True):
        raise ValueError(f"{text!r} is not a duration; {duration_hint(text)}")
    seconds = sum(Decimal(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > _LONGEST:
        raise ValueError(f"{text!r} is longer than a century; write a shorter duration")
    return timedelta(microseconds=int((-seconds if whole and whole.group(1) == "-" else seconds) * 1_000_000))


@lru_cache(maxsize=4096)
def parse_range(text: str) -> tuple[str, str]:
    """Splits `2 .. 14 d` into its ends and gives the first the unit of the second where it has none.

    Raises:
        ValueError: when there are not two ends.
    """
    low, dots, high = (part.strip() for part in text.partition(".."))
    if not dots or not low or not high:
        raise ValueError(f"{text!r} is not a range; {range_hint(text)}")
    if _NUMBER.fullmatch(low) and not _NUMBER.fullmatch(high):
        low = f"{low} {high.split(' ', 1)[1] if ' ' in high else ''}".strip()
    return low, high
