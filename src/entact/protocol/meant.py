"""What somebody probably meant who wrote a number, a duration or a range otherwise than a study file does."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = r"[+-]?[0-9]+(?:[.,][0-9]+)?"
_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "wk"),
}
_ORDER: Final = ("wk", "d", "h", "min", "s")
_CALENDAR: Final = {
    **dict.fromkeys(("mo", "mos", "mon", "month", "months"), ("months", "30 d or 4 wk", 30)),
    **dict.fromkeys(("y", "yr", "yrs", "a", "year", "years"), ("years", "365 d or 52 wk", 365)),
}
_PART: Final = re.compile(rf"\s*({_NUMBER})\s*([A-Za-z]+)\.?\s*(?:,|and|\+)?")
_COMMA: Final = re.compile(r"(?<![0-9,.])([0-9]+),([0-9]+)(?![0-9,.])")
_BETWEEN: Final = re.compile(r"\s*(?:\.{3,}|\u2026|\u2013|\u2014|-|to|until|bis)\s*")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:([,._' \u2019\u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*")


def with_point(text: str) -> str | None:
    """The text with a decimal point where it has a decimal comma; None where it has none."""
    pointed = _COMMA.sub(r"\1.\2", text)
    return None if pointed == text else pointed


def meant_whole(text: str) -> str | None:
    """How a whole number is written that has separators of thousands, an exponent or a word behind it."""
    plain = text.strip()
    if _GROUPED.fullmatch(plain):
        return re.sub(r"[^0-9]", "", plain)
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]{1,2}", plain) and float(plain).is_integer():
        return str(int(float(plain)))
    if found := re.fullmatch(r"([0-9]+)(?:\.0+)?\s*(?:[A-Za-z].*)?", plain):
        return found[1] if found[1] != plain else None
    return None


def meant_number(text: str) -> str | None:
    """How a number is written that has a decimal comma, a sign of per cent or a word behind it."""
    plain = text.strip()
    if found := re.fullmatch(rf"({_NUMBER})\s*%", plain):
        return f"{float(found[1].replace(',', '.')) / 100:g}"
    if pointed := with_point(plain):
        plain = pointed
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(?:\s*[A-Za-z].*)?", plain)
    return found[1] if found and found[1] != text else None


def quantity_hint(text: str) -> str:
    """What to write instead of a text that is no quantity."""
    pointed = with_point(text) or text
    comma = "there is no decimal comma here; " if pointed != text else ""
    apart = re.sub(rf"^\s*({_NUMBER})\s*(?=\S)(?![0-9.,])", r"\1 ", pointed).strip()
    if re.fullmatch(rf"{_NUMBER}(?: \S+)?", apart) and apart != text.strip():
        return f"{comma}write '{apart}'"
    return "write a decimal number and its unit, as in '148 mm[Hg]'"


def units_hint(text: str) -> str:
    """What to write instead of a text that is no dose in whole units."""
    found = re.fullmatch(r"\s*([1-9][0-9]{0,2})\s*[x\u00d7*X]\s*([0-9.,]+)\s*(\S+)\s*", text)
    one = re.fullmatch(r"\s*([0-9.]+ ?[a-zA-Zµ]+)\s*", text)
    if found is None:
        unit = re.sub(r"(?<=[0-9.])(?=[a-zA-Zµ])", " ", one[1]) if one is not None else "40 mg"
        return f"write it as '{1 if one else 2} x {unit}'"
    return f"write '{found[1]} x {with_point(found[2]) or found[2]} {found[3]}'"


def duration_hint(text: str) -> str:
    """What to write instead of a text that is no duration."""
    known = "write numbers with wk, d, h, min or s, as in '1 h 30 min'"
    if re.fullmatch(_NUMBER, text.strip()):
        number = with_point(text.strip()) or text.strip()
        return f"it lacks its unit; write '{number} d', '{number} h' or '{number} min'"
    if clock := re.fullmatch(r"\s*([0-9]+):([0-5][0-9])\s*", text):
        return f"write '{int(clock[1])} h {int(clock[2])} min'"
    parts = list(_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts).strip() != text.strip():
        return known
    units = [part[2].lower() for part in parts]
    for part, unit in zip(parts, units, strict=True):
        if unit in _CALENDAR:
            what, like, days = _CALENDAR[unit]
            count = part[1].replace(",", ".")
            told = f"'{int(count) * days} d'" if count.isdigit() and len(parts) == 1 else like
            return (
                f"there are no {what} here, because they differ in length; write days or weeks, as in {told}"
            )
    if "m" in units:
        return f"'m' is not said here; write min for minutes, as in '{parts[units.index('m')][1]} min'"
    order = [_ORDER.index(_UNITS[unit]) if unit in _UNITS else -1 for unit in units]
    if -1 in order or order != sorted(set(order)):
        return known
    meant = " ".join(
        f"{part[1].replace(',', '.')} {_UNITS[unit]}" for part, unit in zip(parts, units, strict=True)
    )
    comma = "there is no decimal comma here; " if "," in "".join(part[1] for part in parts) else ""
    return known if meant == text.strip() else f"{comma}write '{meant}'"


def range_hint(text: str) -> str:
    """What to write instead of a text that is no range."""
    ends = _BETWEEN.split(text.strip())
    if len(ends) == 2 and all(ends) and re.match(_NUMBER, ends[0]):
        return f"write '{ends[0].strip()} .. {ends[1].strip()}'"
    part = _PART.fullmatch(text)
    if part and part[2].lower() in _CALENDAR:
        return duration_hint(text)
    return "write its two ends, as in '2 .. 14 d'"
