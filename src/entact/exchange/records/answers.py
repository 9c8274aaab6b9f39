"""What another system wrote, as the answer that an entry holds: read without a guess, or not at all."""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from typing import Any, Final

from entact.exchange.records.mapping import Dates, Decimal, Goes, RecordMapping
from entact.exchange.records.row import Cell
from entact.protocol.answer import reader_of
from entact.protocol.moment import READERS
from entact.protocol.quantity import LARGEST, parse_quantity
from entact.protocol.study import Item
from entact.protocol.ucum import is_unit, meant_unit

_SIGNS: Final = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})
_NUMBER: Final = re.compile(r"([+-]?(?:[0-9][0-9.,]{0,40}|[.,][0-9]{1,40}))\s*(\D.{0,39})?")
_PLAIN: Final = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_THOUSANDS: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")
_GROUPED: Final = {
    "point": re.compile(r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})*(\.[0-9]{1,30})?"),
    "comma": re.compile(r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})*(,[0-9]{1,30})?"),
}
_DAY: Final = re.compile(r"([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})")
_MONTH: Final = re.compile(r"([0-9]{1,2})[-/.]([0-9]{4})")
_CLOCK: Final = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(:[0-9]{2})?(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_YES: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def is_comma_number(text: str) -> bool:
    """Whether a text is a number with a decimal comma, and can be nothing else."""
    return re.fullmatch(r"[+-]?[0-9]+,([0-9]{1,2}|[0-9]{4,})|[+-]?0?,[0-9]+", text.strip()) is not None


def answer_of(cell: Cell, item: Item, goes: Goes, mapping: RecordMapping, zone: tzinfo) -> Any:
    """The answer in a cell, as an entry holds it; None of a blank one.

    Args:
        goes: how its variable is written. zone: of the site, for times without an offset.
    Raises:
        ValueError: when it is no answer of the item, or may mean two things; with what would be right.
    """
    if cell.why:
        return {"missing": cell.why}
    text = cell.text.strip()
    if text in mapping.missing:
        return {"missing": mapping.missing[text]}
    if item.type == "choices":
        found = cell.ticked if cell.ticked is not None else _several(text, item)
        answer: Any = [_code(code, item, goes) for code in found] or None
    elif not text:
        return None
    elif goes.values:
        if text not in goes.values:
            raise ValueError(f"{text!r} is none of the `values:` of {cell.name}; add it there")
        said = goes.values[text]
        answer = int(said) if item.type == "integer" and re.fullmatch(r"-?[0-9]{1,9}", str(said)) else said
    else:
        answer = _read(cell, text, item, goes, mapping, zone)
    if answer is not None:
        reader_of(item)(answer)
    return answer


def _read(cell: Cell, text: str, item: Item, goes: Goes, mapping: RecordMapping, zone: tzinfo) -> Any:
    dates = goes.dates or mapping.dates
    match item.type:
        case "boolean":
            if text.casefold() not in _YES:
                raise ValueError(f"{text!r} is neither yes (1) nor no (0); say under `values:` what it means")
            return _YES[text.casefold()]
        case "integer" | "decimal":
            return _number(cell, text, item, goes.unit, goes.decimal or mapping.decimal)
        case "choice":
            return _code(text, item, goes)
        case "date" | "partial_date":
            return day_of(item.type, text, dates)
        case "time":
            return READERS["time"](_clock(text)[0])
        case "datetime":
            moment = moment_of(text, dates, zone)
            if not isinstance(moment, datetime):
                raise ValueError(f"{text!r} has no time of the day")
            return READERS["datetime"](moment.isoformat())
    return cell.text.replace("\r\n", "\n").replace("\r", "\n")


def _code(text: str, item: Item, goes: Goes) -> str:
    """The code that is written, or that has the label which is."""
    if text in goes.values:
        text = str(goes.values[text])
    codes = list(item.of or ())
    if text in codes:
        return text
    labelled = [code for code in codes if str(item.labels.get(code, "")).casefold() == text.casefold()]
    if len(labelled) == 1:
        return labelled[0]
    raise ValueError(f"{text!r} is none of {', '.join(codes)}; say under `values:` what it means")


def _several(text: str, item: Item) -> list[str]:
    return [text] if text in (item.of or ()) else text.split()


def _number(cell: Cell, text: str, item: Item, unit: str, decimal: Decimal | None) -> int | str:
    found = _NUMBER.fullmatch(text.translate(_SIGNS))
    if found is None:
        raise ValueError(f"{text!r} is no number")
    number, behind = _plain_number(found[1], decimal, cell.mixed), (found[2] or "").strip()
    said = behind or cell.unit or unit or item.unit
    known = said if not said or is_unit(said) else meant_unit(said)
    if known is None:
        raise ValueError(f"{said!r} is no unit; write the UCUM code under `unit:`")
    if behind and (cell.unit or unit) not in ("", known):
        raise ValueError(f"{text!r} says another unit than {cell.unit or unit!r}")
    if item.type == "integer" and known == item.unit:
        if "." in number or abs(int(number)) > LARGEST:
            raise ValueError(f"{text!r} is no whole number")
        return int(number)
    quantity = f"{number} {known}".rstrip()
    parse_quantity(quantity)
    return quantity


def _plain_number(text: str, decimal: Decimal | None, mixed: bool) -> str:
    """A number with a decimal point and without groups.

    Raises:
        ValueError: when it is none, or may be a thousand and may be one.
    """
    text = re.sub(r"^([+-]?)(?=[.,])", r"\g<1>0", text)  # .34 says the same as 0.34
    if decimal is not None:
        group, point = (",", ".") if decimal == "point" else (".", ",")
        ungrouped = group not in text and _PLAIN.fullmatch(text.replace(point, "."))
        if not ungrouped and not _GROUPED[decimal].fullmatch(text):
            raise ValueError(f"{text!r} is no number with a decimal {decimal}")
        return text.replace(group, "").replace(point, ".")
    if _THOUSANDS.fullmatch(text) and ("," in text or mixed):
        raise ValueError(f"{text!r} may be a thousand, and may be one; say `decimal: point` or `comma`")
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if not _PLAIN.fullmatch(plain):
        raise ValueError(f"{text!r} is no number; say `decimal: point` or `comma` where groups are marked")
    return plain


def day_of(kind: str, text: str, dates: Dates) -> str:
    """A day as an entry holds it: a whole one, or where the kind is `partial_date` as much as is known.

    Raises:
        ValueError: when it is none.
    """
    day = plain_day(text, dates)
    try:
        return READERS[kind](day)
    except ValueError as problem:  # which says it of the day as calendars have it
        raise ValueError(f"{text!r} is no day: {problem}") from None


def plain_day(text: str, dates: Dates) -> str:
    """A day, or as much of it as is known, as calendars have it.

    Raises:
        ValueError: when it is none in that order of day, month and year.
    """
    text = text.strip().translate(_SIGNS)
    if re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
        return text  # the year first can mean no other
    partly = _MONTH.fullmatch(text)
    if partly is not None:
        return f"{partly[2]}-{int(partly[1]):02d}"
    found = _DAY.fullmatch(text)
    if found is not None:
        year, month, day = (found[dates.index(one) + 1] for one in "ymd")
        if len(year) == 4:
            return f"{year}-{int(month):02d}-{int(day):02d}"
    raise ValueError(f"{text!r} is no day written as {dates}; `dates:` says the order: ymd, dmy or mdy")


def _clock(text: str) -> tuple[str, str]:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time; write it as in 14:30")
    return f"{int(found[1]):02d}:{found[2]}{found[3] or ''}", found[4] or ""


def moment_of(text: str, dates: Dates, zone: tzinfo) -> datetime | date:
    """When something was, as the source says it: an instant, or the day where it says no more.

    Args:
        zone: of the site, for what has no offset.
    Raises:
        ValueError: when it is neither, or was twice, or never, on the clocks of that zone.
    """
    text = text.strip().replace("\u202f", " ")
    day, _, clock = text.replace("T", " ").partition(" ")
    if not clock and not _DAY.fullmatch(day):
        raise ValueError(f"{text!r} is no day")
    whole = day_of("date", day, dates)
    if not clock.strip():
        return date.fromisoformat(whole)
    time, offset = _clock(clock)
    naive = datetime.fromisoformat(f"{whole}T{time}")
    if offset:
        return datetime.fromisoformat(f"{naive.isoformat()}{offset}")
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise ValueError(f"{text!r} was twice, or never, as clocks were changed; write its offset")
    return first
