"""What every block of a study file has, and the values that many of them hold: names, durations, windows."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from entact.protocol.keyword import KEYWORDS, RESERVED
from entact.protocol.meant import duration_hint
from entact.protocol.quantity import parse_duration, parse_range


def _no_keyword(name: str) -> str:
    if name in KEYWORDS:
        raise ValueError(f"{name!r} is a word of the rules; choose another name")
    return name


def _no_reserved(name: str) -> str:
    if name in RESERVED:
        raise ValueError(f"{name!r} is a word of the rules; choose another name")
    return name


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), AfterValidator(_no_keyword)]
FirstName = Annotated[Name, AfterValidator(_no_reserved)]  # with which names in rules begin


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str) and value != 0:
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise ValueError(f"{value!r} is not a duration; {duration_hint(str(value))}")
        raise ValueError(f"{value!r} is not a duration; write a number and its unit, as in '90 min'")
    return parse_duration(str(value))


Duration = Annotated[timedelta, BeforeValidator(_duration)]


def _span(value: Any) -> Any:
    if isinstance(value, Span):
        return value
    if not isinstance(value, str):
        raise ValueError(
            f"{value!r} is not a window; write its two ends, as in '2 .. 14 d', or 'next morning'"
        )
    return Span.parse(value)


class Block(BaseModel):
    """A part of a study file: closed (an unknown key is an error) and unchangeable."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    source: str | None = None
    assumption: str | None = None


class Span(BaseModel):
    """A window `2 .. 14 d` after an anchor; `next morning` is the next civil day, 06:00 to 12:00."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    earliest: timedelta
    latest: timedelta
    next_morning: bool = False

    @classmethod
    def parse(cls, text: str) -> Span:
        """Reads `2 .. 14 d`, `1 h 30 min .. 2 h` or `next morning`.

        Raises:
            ValueError: when the ends are no durations or in the wrong order.
        """
        if text.strip() == "next morning":
            return cls(earliest=timedelta(0), latest=timedelta(days=1), next_morning=True)
        low, high = (parse_duration(end) for end in parse_range(text))
        if low > high:
            raise ValueError(f"the window {text!r} ends before it begins; write the earlier end first")
        return cls(earliest=low, latest=high)


Window = Annotated[Span, BeforeValidator(_span)]


def _together(value: Any) -> Any:
    if isinstance(value, tuple):
        return value
    said = str(value)
    ends = parse_range(said) if ".." in said else (said, said)
    if not all(re.fullmatch(r"[1-9][0-9]?", end.strip()) for end in ends):
        raise ValueError(f"{value!r} says not how many are there; write whole numbers, as in '3 .. 6' or 2")
    low, high = (int(end) for end in ends)
    if low < 2 or high < low:
        raise ValueError(f"{value!r} is no group: from 2 participants on, the smaller number first")
    return low, high


Together = Annotated[tuple[int, int], BeforeValidator(_together, json_schema_input_type=str | int)]
