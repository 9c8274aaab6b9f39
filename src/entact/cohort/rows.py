"""What people answer who are asked for dates, times and rows, of which no model knows anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final

from entact.cohort.answers import Answer
from entact.protocol.quantity import parse_range
from entact.protocol.study import Item

DAY: Final = "2020-06-15"  # of whatever a form dates and says no range of
TRIED: Final = 5  # moments of a range
ROWS: Final = (0.0, 3.0)  # how many there are where the file does not say

MOMENTS: Final[Mapping[str, str]] = {
    "date": DAY,
    "partial_date": DAY,
    "time": "10:00",
    "datetime": f"{DAY}T10:00:00+00:00",
}
"""An answer to each type of item that holds a moment, where the file says no range."""


def moments(item: Item) -> list[str]:
    """Some dates or times that are usual for an item, the middle one first."""
    said = item.expected or item.range
    if said is None:
        return [MOMENTS[item.type]]
    low, high = (_read(item.type, end, is_last=place == 1) for place, end in enumerate(parse_range(said)))
    step = (high - low) / (TRIED + 1)
    texts = [_written(item.type, low + step * number) for number in range(1, TRIED + 1)]
    return list(dict.fromkeys([texts[TRIED // 2], *texts]))


def free_rows(item: Item) -> Answer:
    """As many rows as are usual, each cell as free as its item lets it be."""
    low, high = rows_of(item)
    cells = {name: answer for name, cell in item.items.items() if (answer := _free_cell(cell)) is not None}
    return Answer(mean=(low + high) / 2, sd=(high - low) / 6, items=cells)


def rows_of(item: Item) -> tuple[float, float]:
    """How many rows are usual."""
    ends = item.usual or item.bounds
    return ROWS if ends is None else (float(ends[0]), float(ends[1]))


def _free_cell(item: Item) -> Answer | None:
    if item.type == "boolean":
        return Answer(chance=0.5)
    if item.type == "choice":
        codes = item.of or []
        return Answer(shares=dict.fromkeys(codes, 1.0 / len(codes)))
    if item.type == "choices":
        return Answer(value=list(item.of or [])[:1])
    if item.type in MOMENTS:
        texts = moments(item)
        return Answer(shares=dict.fromkeys(texts, 1.0 / len(texts)))
    if item.type not in ("integer", "decimal"):
        return None  # text and files say themselves that they are simulated
    ends = item.usual or item.bounds
    low, high = (0.0, 10.0) if ends is None else (float(ends[0]), float(ends[1]))
    decimals = 0 if item.type == "integer" or high - low >= 20 else 1
    return Answer(mean=(low + high) / 2, sd=(high - low) / 6, decimals=decimals)


def _read(kind: str, text: str, *, is_last: bool) -> datetime:
    if kind == "datetime":
        return datetime.fromisoformat(text)
    if kind == "time":
        return datetime.combine(date.fromisoformat(DAY), time.fromisoformat(text))
    # A year or a month ends with its last day.
    whole = text + ("-12-28" if is_last else "-01-01")[len(text) - 4 :]
    return datetime.combine(date.fromisoformat(whole), time())


def _written(kind: str, at: datetime) -> str:
    if kind == "datetime":
        return at.replace(microsecond=0).isoformat()
    if kind == "time":
        return f"{at:%H:%M}"
    return at.date().isoformat()
