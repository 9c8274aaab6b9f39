"""What an item of a form can hold: where to begin, what to try, and how far a number may go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from entact.cohort.rows import MOMENTS, moments, rows_of
from entact.protocol.study import Item

GRID = 24  # parts of a range that are tried


def middle_of(item: Item) -> Any:
    """The answer to begin with: no, the first code, the middle of a range; none to text."""
    if item.type == "boolean":
        return False
    if item.type == "choice":
        return (item.of or [""])[0]
    if item.type == "choices":
        return []
    if item.type in MOMENTS:
        return moments(item)[0]
    if item.type == "rows":
        return [{} for _ in range(round(sum(rows_of(item)) / 2))]
    return answer_at(item, 0.5)


def answer_at(item: Item, part: float) -> Any:
    """The answer at a part of the way through what can be answered."""
    if item.type == "boolean":
        return part >= 0.5
    if item.type == "choice":
        codes = item.of or [""]
        return codes[min(int(part * len(codes)), len(codes) - 1)]
    if item.type == "choices":
        return list((item.of or [])[: round(part * len(item.of or []))])
    if item.type not in ("integer", "decimal"):
        return None
    low, high = usual_range(item)
    return as_answer(item, low + part * (high - low))


def usual_range(item: Item, most: float = 10.0) -> tuple[float, float]:
    """The ends of what a number usually is; from 0 to `most` where the file does not say."""
    if item.usual is None:
        return widest_range(item, most)
    low, high = item.usual
    return float(low), float(high)


def widest_range(item: Item, most: float) -> tuple[float, float]:
    """The ends of what a number may be; from 0 to `most` where the file does not say."""
    if item.bounds is None:
        return 0.0, most
    low, high = item.bounds
    return float(low), float(high)


def as_answer(item: Item, value: float) -> Any:
    """A number as an entry holds it."""
    if item.type == "integer":
        step = item.step or 1
        low = int(item.bounds[0]) if item.bounds is not None else 0
        return low + round((value - low) / step) * step
    return f"{value:.2f} {item.unit}".rstrip()


def candidates_of(item: Item, numbers: list[float], bounds: tuple[float, float]) -> Iterator[Any]:
    """Answers worth trying: every code; the numbers that a rule names, and their neighbours."""
    if item.type == "boolean":
        yield from (True, False)
    elif item.type == "choice":
        yield from item.of or ()
    elif item.type == "choices":
        yield from ([], *([code] for code in item.of or ()), list(item.of or ()))
    elif item.type in ("integer", "decimal"):
        low, high = bounds
        room = high - low
        tried = [low + room * part / 8 for part in range(9)]
        tried += [number + by for number in numbers for by in (-0.05 * room, -1.0, 0.0, 1.0, 0.05 * room)]
        yield from (as_answer(item, value) for value in tried if low <= value <= high)


def stretch(
    item: Item, mine: Any, suits: Callable[[Any], bool], bounds: tuple[float, float]
) -> tuple[float, float]:
    """How far a number may go down and up from an answer that suits, within bounds."""
    low, high = bounds
    start = float(str(mine).partition(" ")[0])
    step = max((high - low) / GRID, 1.0 if item.type == "integer" else 0.0)
    ends = []
    for sign, end in ((-1.0, low), (1.0, high)):
        reached = start
        for tried in range(1, GRID + 1):
            value = start + sign * step * tried
            if sign * (value - end) > 0:
                value = end
            if not suits(as_answer(item, value)):
                break
            reached = value
            if value == end:
                break
        ends.append(reached)
    return ends[0], ends[1]
