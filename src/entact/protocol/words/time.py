"""Durations and windows as people say them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from entact.protocol.quantity import parse_duration
from entact.protocol.study import Span

_SIZES: Final = (("day", 86400), ("h", 3600), ("min", 60), ("s", 1))
_DAY: Final = timedelta(days=1)
_WEEKS: Final = timedelta(weeks=6)  # from here on whole weeks are said as weeks


def duration_words(duration: timedelta) -> str:
    """`1 h 30 min`, `36 h`, `14 days`, `18 weeks`."""
    size = abs(duration)
    if not size:
        return "0 days"
    if size >= _WEEKS and not size % timedelta(weeks=1):
        words = _counted(size // timedelta(weeks=1), "week")
    elif size < timedelta(hours=2) and not size % timedelta(minutes=1) and size != timedelta(hours=1):
        words = f"{size // timedelta(minutes=1)} min"
    elif not size % _DAY:
        words = _counted(size // _DAY, "day")
    else:
        words = _in_parts(size)
    return words if size == duration else f"minus {words}"


def hours_words(duration: timedelta) -> str:
    """A time that counts in hours, as that of an urgent report, said in hours: `24 h`."""
    is_short = duration <= 2 * _DAY and not duration % timedelta(hours=1)
    return f"{duration // timedelta(hours=1)} h" if is_short else duration_words(duration)


def text_words(text: str) -> str:
    """A duration as the study file writes it, as people say it."""
    return duration_words(parse_duration(text))


def window_words(window: Span) -> str:
    """`2 to 14 days`, `day 2`, `the next morning (06:00 to 12:00)`."""
    if window.next_morning:
        return "the next morning, 06:00 to 12:00"
    low, high = window.earliest, window.latest
    if low == high:
        return "the same day" if not low else duration_words(low)
    if not low:
        return f"within {duration_words(high)}"
    if high < _DAY:
        return f"{duration_words(low)} to {duration_words(high)}"
    if low >= _WEEKS and not low % timedelta(weeks=1) and not high % timedelta(weeks=1):
        return f"{low // timedelta(weeks=1)} to {duration_words(high)}"
    if not low % _DAY and not high % _DAY:
        return f"{low // _DAY} to {_counted(high // _DAY, 'day')}"
    return f"{duration_words(low)} to {duration_words(high)}"


def time_words(moment: str) -> str:
    """A time in a session: `90 min after the initial dose`."""
    base, _, offset = moment.partition(" + ")
    if moment == "end":
        return "at the end"
    part = "the supplement" if base == "supplement" else "the initial dose"
    if base == "before initial":
        return "before the initial dose"
    return f"{text_words(offset)} after {part}" if offset else f"at {part}"


def _in_parts(size: timedelta) -> str:
    """Days only where there are many, as nobody reads `1 day 12 h` at once."""
    seconds = int(size.total_seconds())
    parts = []
    for unit, length in _SIZES if size >= 5 * _DAY else _SIZES[1:]:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(_counted(count, unit))
    return " ".join(parts)


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if unit in ('week', 'day') and count != 1 else ''}"
