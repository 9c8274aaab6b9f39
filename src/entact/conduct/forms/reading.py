"""From what a browser sends to the answers of an entry, and back: nothing that was written is lost.

What can be read becomes the answer that the item holds; what cannot is kept as it was received, and found.
A field of a form is called by its item, a cell of a row by item, place and cell:
`item:pain`, `item:treatments:2:name`. Beside it stand `unit:…`, `missing:…` and `none:…`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from entact.protocol import CompiledForm
from entact.protocol.answer import MISSING
from entact.protocol.conversion import CONVERSIONS
from entact.protocol.moment import READERS
from entact.protocol.quantity import LARGEST, parse_quantity
from entact.protocol.study import Item
from entact.protocol.ucum import meant_unit

Sent = Mapping[str, Sequence[str]]
"""The fields of a form as a browser sends them: name -> texts."""

ITEM, UNIT, MISSING_BECAUSE, NONE, SHOWN = "item", "unit", "missing", "none", "shown"

_PLACE: Final = re.compile(r"[0-9]{1,4}")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,16}")
_NUMBER: Final = re.compile(r"([+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?)\s*(.{0,40})")
_COMMA: Final = re.compile(r"([+-]?[0-9]{1,30}),([0-9]|[0-9][0-9]|[0-9]{4,30})(?![0-9,.])")  # never 1,200
# Two units in one: what is written so -> the larger, the smaller, and how many of these it has.
_TOGETHER: Final = tuple(
    (
        re.compile(
            rf"([0-9]{{1,3}})\s*(?:{larger})\s*([0-9]{{1,2}}(?:\.[0-9]{{1,6}})?)\s*(?:{smaller})?", re.I
        ),
        unit,
        each,
    )
    for larger, smaller, unit, each in (
        ("ft|feet|foot|['’′]", "in|inch|inches|''|[\"”″]", "[in_i]", 12),
        ("st|stone", "lbs?|pounds?", "[lb_av]", 14),
    )
)
_DOTTED: Final = re.compile(r"(?:([0-9]{1,2})\.\s*)?([0-9]{1,2})\.\s*([0-9]{4})")
_MONTH_OF_YEAR: Final = re.compile(r"()([0-9]{1,2})\s*/\s*([0-9]{4})")
_NAMED: Final = re.compile(r"(?:([0-9]{1,2})\.?\s+)?([A-Za-zä]{3,9})\.?\s+([0-9]{4})")
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    *("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
)
_SIGNS: Final = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})
ROWS_AT_MOST: Final = 200  # of one item: more are not looked for in what was sent


@dataclass(frozen=True)
class Received:
    """What was sent of a form.

    Attributes:
        items: answers by item, as an entry holds them; of an item that was shown and left blank, nothing.
        shown: items that were on the page: of others nothing was said.
        both: items (or cells) that were answered and said to be missing: only one of the two can be meant.
    """

    items: dict[str, Any]
    shown: frozenset[str]
    both: tuple[str, ...] = ()


def receive_items(form: CompiledForm, sent: Sent) -> Received:
    """The answers in what a browser sent, read as far as they can be."""
    shown = frozenset(sent.get(SHOWN, ())) & form.items.keys()
    reading = _Reading(sent)
    items = {}
    for name, item in form.items.items():
        if name in shown and item.is_entered:
            answer = reading.answer(form, item, (name,))
            if answer is not None:
                items[name] = answer
    return Received(items, shown, tuple(reading.both))


def texts_of(form: CompiledForm, items: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields in which answers stand when a form is shown: read again, they give the same answers."""
    texts: dict[str, list[str]] = {}
    for name, answer in items.items():
        if name in form.items and answer is not None:
            texts.update(_written(form, form.items[name], (name,), answer))
    return texts


def said_of(name: str, sent: Sent) -> dict[str, tuple[str, ...]]:
    """All that was written in the fields of one item: two pages say the same of it where this is equal.

    A unit alone says nothing, and neither does a blank.
    """
    said = {}
    for field, texts in sent.items():
        kind, _, place = field.partition(":")
        if kind not in (ITEM, UNIT, MISSING_BECAUSE, NONE) or place.partition(":")[0] != name:
            continue
        kept = tuple(sorted(_plain(text) for text in texts if text.strip()))
        if kept and not (kind == UNIT and not _first(sent, ITEM, place).strip()):
            said[field] = kept
    return said


def field_named(kind: str, *place: str) -> str:
    """What the field for an item or a cell is called: `item:treatments:2:name`."""
    return ":".join((kind, *place))


def rows_in(name: str, sent: Sent) -> list[str]:
    """The places of the rows that were sent of an item, in their order."""
    found = set()
    for field in sent:
        kind, *place = field.split(":")
        if kind in (ITEM, MISSING_BECAUSE, NONE) and len(place) == 3 and place[0] == name:
            found.add(place[1])
    found = {number for number in found if _PLACE.fullmatch(number)}
    return sorted(found, key=int)[:ROWS_AT_MOST]


class _Reading:
    def __init__(self, sent: Sent) -> None:
        self.sent = sent
        self.both: list[str] = []

    def answer(self, form: CompiledForm, item: Item, place: tuple[str, ...]) -> Any:
        """The answer to an item or a cell; None where nothing was said."""
        where = ":".join(place)
        said = self._said(form, item, place, where)
        code = _first(self.sent, MISSING_BECAUSE, where).strip()
        if not code:
            return said
        if said is not None:
            self.both.append(where)
            return said
        return {"missing": code} if code in MISSING else code

    def _said(self, form: CompiledForm, item: Item, place: tuple[str, ...], where: str) -> Any:
        if item.type == "rows":
            rows = list(self._rows(form.rows[place[-1]], place[-1]))
            return rows or ([] if _first(self.sent, NONE, where) else None)
        if item.type == "file":
            return self._file(where)
        texts = [text for text in map(_plain, self.sent.get(f"{ITEM}:{where}", ())) if text.strip()]
        if item.type == "choices":
            return texts or ([] if _first(self.sent, NONE, where) else None)
        if not texts:
            return None
        if len(texts) > 1:  # of which the page asks one
            return texts
        return _READERS.get(item.type, _as_it_is)(item, texts[0], _first(self.sent, UNIT, where).strip())

    def _rows(self, row: CompiledForm, name: str) -> Iterator[dict[str, Any]]:
        for number in rows_in(name, self.sent):
            cells = {}
            for cell, item in row.items.items():
                answer = None if not item.is_entered else self.answer(row, item, (name, number, cell))
                if answer is not None:
                    cells[cell] = answer
            if cells:
                yield cells

    def _file(self, where: str) -> Any:
        """A file that is kept elsewhere, by the SHA-256 of its bytes, its type and its size."""
        digest, media, size = (
            _first(self.sent, ITEM, f"{where}{part}").strip() for part in ("", ":media", ":size")
        )
        if not (digest or media or size):
            return None
        number: int | str = int(size) if _WHOLE.fullmatch(size) else size
        return {"file": digest.lower(), "media": media, "size": number}


def _first(sent: Sent, kind: str, where: str) -> str:
    return next(iter(sent.get(f"{kind}:{where}", ())), "")


def _plain(text: str) -> str:
    """Text as it is kept: lines end as they do everywhere, and what no record can hold is written out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text.encode("utf-8", "replace").decode("utf-8")


def _as_it_is(item: Item, text: str, unit: str) -> Any:
    return text


def _boolean(item: Item, text: str, unit: str) -> Any:
    return {"true": True, "false": False}.get(text.strip(), text)


def _integer(item: Item, text: str, unit: str) -> Any:
    plain = text.strip().translate(_SIGNS)
    if _WHOLE.fullmatch(plain) and abs(int(plain)) <= LARGEST and unit in ("", item.unit):
        return int(plain)
    return as_quantity(item, text, unit)


def as_quantity(item: Item, text: str, unit: str) -> Any:
    """A number with the unit that was written behind it or chosen beside it; else what was written."""
    plain = _COMMA.sub(r"\1.\2", text.strip().translate(_SIGNS), count=1)
    found = _NUMBER.fullmatch(plain)
    together = _in_the_smaller(plain, item.unit)
    if found is None or together:
        return together or text
    behind = found[2].strip()
    if re.match(r"[eE][+-]?[0-9]", behind):
        return text  # a power of ten, which no record holds
    known = item.unit if not behind else meant_unit(behind)
    if known is None or (behind and unit not in ("", item.unit, known)):
        return text  # another unit was chosen than the one that was written
    said = f"{found[1]} {known if behind else unit or item.unit}".rstrip()
    try:
        parse_quantity(said)
    except ValueError:
        return text
    return said


def _in_the_smaller(plain: str, own: str) -> str:
    """`5 ft 10 in` is 70 inches, `11 st 4` 158 pounds, in a unit that a record has; else nothing."""
    for pattern, unit, each in _TOGETHER:
        found = pattern.fullmatch(plain)
        if found is not None and Decimal(found[2]) < each and (unit, own) in CONVERSIONS:
            return f"{each * int(found[1]) + Decimal(found[2]):f} {unit}"
    return ""


def _date(item: Item, text: str, unit: str) -> Any:
    try:
        return READERS[item.type](plain_date(text))
    except ValueError:
        return text


def plain_date(text: str) -> str:
    """A date as calendars have it; `30.4.2019`, `4/2019` and the name of a month can mean no other."""
    plain = text.strip().translate(_SIGNS)
    for pattern, month_of in ((_DOTTED, int), (_MONTH_OF_YEAR, int), (_NAMED, _month)):
        found = pattern.fullmatch(plain)
        if found is not None:
            day, month, year = found[1], month_of(found[2]), found[3]
            if month:
                plain = f"{year}-{month:02d}" + (f"-{int(day):02d}" if day else "")
    return plain


def _month(name: str) -> int:
    short = name.lower()[:3]
    return _MONTHS.index(short) % 12 + 1 if short in _MONTHS else 0


def _clock(item: Item, text: str, unit: str) -> Any:
    found = re.fullmatch(r"([0-9]{1,2})[:.h]([0-9]{2})(:[0-9]{2})?", text.strip())
    plain = f"{int(found[1]):02d}:{found[2]}{found[3] or ''}" if found else text.strip()
    try:
        return READERS["time"](plain)
    except ValueError:
        return text


def _stripped(item: Item, text: str, unit: str) -> Any:
    return text.strip()


_READERS: Final = {
    "boolean": _boolean,
    "integer": _integer,
    "decimal": as_quantity,
    "choice": _stripped,
    "date": _date,
    "partial_date": _date,
    "time": _clock,
    "datetime": _stripped,
}


def _written(
    form: CompiledForm, item: Item, place: tuple[str, ...], answer: Any
) -> Iterator[tuple[str, list[str]]]:
    where = ":".join(place)
    if isinstance(answer, Mapping) and set(answer) == {"missing"} and answer["missing"] in MISSING:
        yield f"{MISSING_BECAUSE}:{where}", [str(answer["missing"])]
    elif isinstance(answer, list | tuple) and not answer and item.type in ("rows", "choices"):
        yield f"{NONE}:{where}", ["1"]
    elif item.type == "rows" and isinstance(answer, list | tuple):
        row = form.rows[place[-1]]
        for number, cells in enumerate(answer, start=1):
            for cell, inner in cells.items() if isinstance(cells, Mapping) else ():
                if cell in row.items and inner is not None:
                    yield from _written(row, row.items[cell], (*place, str(number), cell), inner)
    elif item.type == "file" and isinstance(answer, Mapping):
        for part in ("file", "media", "size"):
            if part in answer:
                suffix = "" if part == "file" else f":{part}"
                yield f"{ITEM}:{where}{suffix}", [str(answer[part])]
    elif isinstance(answer, bool):
        yield f"{ITEM}:{where}", ["true" if answer else "false"]
    elif isinstance(answer, list | tuple):
        yield f"{ITEM}:{where}", [str(one) for one in answer]
    elif item.type in ("integer", "decimal") and isinstance(answer, str):
        yield from _as_number(where, item, answer)
    else:
        yield f"{ITEM}:{where}", [str(answer)]


def _as_number(where: str, item: Item, answer: str) -> Iterator[tuple[str, list[str]]]:
    """A quantity as number and unit; what is none stands as it was written."""
    try:
        found = parse_quantity(answer)
    except ValueError:
        found = None
    if found is None or not _NUMBER.fullmatch(answer) or not found.unit:
        yield f"{ITEM}:{where}", [answer]
        return
    yield f"{ITEM}:{where}", [answer.strip().partition(" ")[0]]
    yield f"{UNIT}:{where}", [found.unit]
