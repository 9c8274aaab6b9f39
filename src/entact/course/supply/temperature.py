"""The file of a temperature logger: how long what it lay beside can have been too warm or too cold."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from typing import Final

from entact.course.state.supply import Temperatures
from entact.protocol.study import Storage

MOST: Final = 2_000_000  # bytes of a file: three months of a reading each minute
_NUMBER: Final = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,3})?")
_UNIT: Final = re.compile(r"\s*(?:°|º)?\s*C(?:el)?\s*$", re.IGNORECASE)
_FAHRENHEIT: Final = re.compile(r"(?:°|º|\(|\bdeg\s*)\s*F\b|fahrenheit", re.IGNORECASE)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[T ]+(\d{1,2}:\d\d(?::\d\d)?)")
_SLASHED: Final = re.compile(r"\b\d{1,2}/\d{1,2}/\d{2,4}\b")
_MINUTE: Final = timedelta(minutes=1)
_AS: Final = "write times as 2026-04-30 10:00 or 30.04.2026 10:00"

Reading = tuple[datetime, Decimal]


def read_log(content: bytes, zone: tzinfo, storage: Storage | None) -> Temperatures:
    """What a logger has written, in one value.

    Args:
        content: CSV with a time (2026-04-30 10:00 or 30.04.2026 10:00) and a temperature in degrees Celsius
            in each row, in the first two columns that hold such; columns are parted by a comma, a semicolon
            or a tab. Rows before the first reading are its heading.
        zone: of times that say none; an hour that its clocks show twice is read in order.
        storage: between which temperatures kits are kept.
    Raises:
        ValueError: naming the row, when one behind the first reading is none, times do not rise, or there are
            fewer than two readings; and for degrees Fahrenheit.
    """
    readings = _readings(content, zone)
    values = [value for _, value in readings]
    gap = max(_between(before, after) for (before, _), (after, _) in pairwise(readings))
    return Temperatures(
        began=readings[0][0].isoformat(),
        ended=readings[-1][0].isoformat(),
        readings=len(readings),
        lowest=f"{min(values):f} Cel",
        highest=f"{max(values):f} Cel",
        minutes_outside=None if storage is None else _outside(readings, *storage.bounds),
        longest_gap=_minutes(gap),
        digest=sha256(content).hexdigest(),
    )


def is_excursion(log: Temperatures, storage: Storage) -> bool:
    """Whether a reading lay outside, by the study file as it is now."""
    lowest, highest = storage.bounds
    return log.bounds[0] < lowest or log.bounds[1] > highest


def _outside(readings: list[Reading], lowest: Decimal, highest: Decimal) -> int:
    """Minutes of every stretch between two readings of which one or both lie outside."""
    stretches = (
        _between(before, after)
        for (before, first), (after, second) in pairwise(readings)
        if not (lowest <= first <= highest and lowest <= second <= highest)
    )
    return _minutes(sum(stretches, timedelta(0)))


def _between(before: datetime, after: datetime) -> timedelta:
    """What has passed: of two times of one zone Python takes what clocks show."""
    return after.astimezone(UTC) - before.astimezone(UTC)


def _minutes(time: timedelta) -> int:
    return -(-time // _MINUTE)  # a minute that has begun counts


def _readings(content: bytes, zone: tzinfo) -> list[Reading]:
    if len(content) > MOST:
        raise ValueError(f"the file has {len(content)} bytes; a log has at most {MOST}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    found: list[Reading] = []
    slashed = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        reading = _reading(line, zone)
        if reading is None and not found:
            if _FAHRENHEIT.search(line):
                raise ValueError(
                    f"row {number} speaks of degrees Fahrenheit: export the log in degrees Celsius"
                )
            if _SLASHED.search(line) and not slashed:
                slashed = f"; row {number} has a day with slashes, which may be day or month first"
            continue
        if reading is None:
            raise ValueError(f"row {number} is no reading of a time and a temperature: {line.strip()[:60]!r}")
        if found and _between(found[-1][0], reading[0]) <= timedelta(0):
            reading = reading[0].replace(fold=1), reading[1]  # the clock was put back in between
        if found and _between(found[-1][0], reading[0]) <= timedelta(0):
            raise ValueError(f"row {number} is not later than the reading before it")
        found.append(reading)
    if len(found) < 2:
        raise ValueError(
            f"there are fewer than two readings of a time and a temperature in the file{slashed}: {_AS}"
        )
    return found


def _reading(line: str, zone: tzinfo) -> Reading | None:
    for delimiter in ("\t", ";", ","):
        cells = next(csv.reader([line], delimiter=delimiter), [])
        if len(cells) < 2:
            continue
        times = [(place, at) for place, cell in enumerate(cells) if (at := _time(cell, zone)) is not None]
        if not times:
            continue
        place, at = times[0]
        for cell in cells[place + 1 :]:
            value = _UNIT.sub("", cell).strip()
            if _NUMBER.fullmatch(value):
                return at, Decimal(value.replace(",", "."))
    return None


def _time(cell: str, zone: tzinfo) -> datetime | None:
    text = cell.strip()
    if day_first := _DAY_FIRST.fullmatch(text):
        day, month, year, clock = day_first.groups()
        text = f"{year}-{month:0>2}-{day:0>2} {clock:0>{8 if clock.count(':') == 2 else 5}}"
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
