"""One answer to one item: its typed value, and whether that can be true and is usual."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from entact.protocol.conversion import in_unit
from entact.protocol.moment import READERS as MOMENTS
from entact.protocol.moment import reaches
from entact.protocol.problem import unknown
from entact.protocol.quantity import LARGEST, magnitude, parse_quantity, parse_range
from entact.protocol.study import Item
from entact.protocol.study.forms import MEDIA

SEALED = "sealed:"  # begins what only the holder of the participant's key can read

MISSING = ("not_asked", "not_done", "refused", "below_quantification", "unknown")

Value = bool | int | float | str | list[str] | None

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Limit:
    """Between which ends the value of an item lies: what can be true or, where `unusual`, what is usual."""

    kind: str
    low: Any
    high: Any
    shown: str
    unusual: bool

    def beyond(self, answer: Any, value: Any) -> tuple[str, bool]:
        """What is said of a value beyond the ends, and whether it is unusual only; nothing of one within."""
        if isinstance(value, str):
            inside = reaches(self.kind, value, self.low, self.high)
        else:
            inside = self.low <= value <= self.high
        if inside:
            return "", self.unusual
        if self.unusual:
            return f"{answer} is unusual; usual is {self.shown}: look again", True
        return f"{answer} is out of range; this item goes from {self.shown}", False


def limits_of(item: Item) -> tuple[Limit, ...]:
    """What can be true of an item, then what is usual."""
    found = []
    for said, bounds, unusual in ((item.range, item.bounds, False), (item.expected, item.usual, True)):
        if said is None:
            continue
        low: Any
        high: Any
        low, high = parse_range(said) if bounds is None else map(float, bounds)
        shown = f"{low} to {high}" if bounds is None else f"{low:g} to {high:g}"
        found.append(Limit(item.type, low, high, f"{shown} {item.unit}".rstrip(), unusual))
    return tuple(found)


def reader_of(item: Item) -> Callable[[Any], Value]:
    """What turns an answer to an item into its value; None for missing, ValueError for wrong."""
    read = _READERS[item.type]

    def value(answer: Any) -> Value:
        if isinstance(answer, str):
            return None if answer.startswith(SEALED) else read(item, answer)
        if isinstance(answer, Mapping) and not (item.type == "file" and "file" in answer):
            if answer.get("missing") not in MISSING:
                raise ValueError(
                    f"{dict(answer)!r} is no answer; write {{'missing': one of {', '.join(MISSING)}}}"
                )
            return None
        return read(item, answer)

    return value


def _boolean(item: Item, answer: Any) -> Value:
    if not isinstance(answer, bool):
        raise ValueError(f"{answer!r} is not true or false")
    return answer


def _integer(item: Item, answer: Any) -> Value:
    if isinstance(answer, bool) or not isinstance(answer, int | str):
        raise ValueError(f"{answer!r} is not a whole number")
    # A count may come bare; one that names a unit must name the item's.
    number = Decimal(answer) if isinstance(answer, int) else _counted(item, answer)
    if number != int(number):
        raise ValueError(f"{answer!r} is not a whole number")
    if abs(number) > LARGEST:
        raise ValueError(f"{answer!r} is not a whole number of at most {LARGEST}")
    return int(number)


def _counted(item: Item, answer: str) -> Decimal:
    magnitude(answer, item.unit)  # which says what is wrong with it
    quantity = parse_quantity(answer)
    number = in_unit(quantity.value, quantity.unit, item.unit)
    return quantity.value if number is None else number


def _decimal(item: Item, answer: Any) -> Value:
    if isinstance(answer, int) and not isinstance(answer, bool) and not item.unit:
        return float(answer)
    if not isinstance(answer, str):
        example = f"6.8 {item.unit}".rstrip()
        raise ValueError(f"{answer!r} is not a decimal text with its unit; write it as in {example!r}")
    return magnitude(answer, item.unit)


def _choice(item: Item, answer: Any) -> Value:
    if not isinstance(answer, str) or answer not in (item.of or ()):
        raise ValueError(unknown("code", str(answer), item.of or ()))
    return answer


def _choices(item: Item, answer: Any) -> Value:
    if not isinstance(answer, list | tuple):
        raise ValueError(f"{answer!r} is not a list of codes")
    for code in answer:
        _choice(item, code)
    if len(set(answer)) < len(answer):
        raise ValueError("a code stands twice; write each once")
    return list(answer)


def _text(item: Item, answer: Any) -> Value:
    if not isinstance(answer, str):
        raise ValueError(f"{answer!r} is not text")
    return answer


def _moment(item: Item, answer: Any) -> Value:
    read = MOMENTS[item.type]
    return read(answer if isinstance(answer, str) else repr(answer))


def _file(item: Item, answer: Any) -> Value:
    if not isinstance(answer, Mapping) or not is_file(answer):
        raise ValueError(
            f"{answer!r} is not a file; write {{'file': SHA-256 of its bytes, 'media': 'application/pdf', "
            "'size': bytes}"
        )
    media = str(answer["media"])
    if item.accept and media not in item.accept:
        raise ValueError(unknown("type of file here", media, item.accept))
    return str(answer["file"])


def is_file(answer: Mapping[str, Any]) -> bool:
    """Whether an answer has the shape of one that names a file: nothing in it is written by a person."""
    size = answer.get("size")
    return (
        set(answer) == {"file", "media", "size"}
        and _DIGEST.fullmatch(str(answer["file"])) is not None
        and MEDIA.fullmatch(str(answer["media"])) is not None
        and isinstance(size, int)
        and not isinstance(size, bool)
        and 0 <= size <= LARGEST
    )


def _rows(item: Item, answer: Any) -> Value:
    if not isinstance(answer, list | tuple) or not all(isinstance(row, Mapping) for row in answer):
        names = ", ".join(f"{name!r}: …" for name in item.items)
        raise ValueError(f"{answer!r} is not a list of rows; write each as {{{names}}}")
    return len(answer)


_READERS: dict[str, Callable[[Item, Any], Value]] = {
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "choice": _choice,
    "choices": _choices,
    "text": _text,
    **dict.fromkeys(MOMENTS, _moment),
    "file": _file,
    "rows": _rows,
}
