"""Dates and times as SAS counts them, and names as a transport file holds them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Final

_EPOCH: Final = date(1960, 1, 1)  # day 0 of SAS


def sas_date(on: date | None) -> int | None:
    """A date as SAS counts it: days since the first of January 1960."""
    return None if on is None else (on - _EPOCH).days


def sas_datetime(local: str | None) -> int | None:
    """A --DTC to the second as SAS counts it: seconds since then, by the clock that it is of."""
    return (
        None
        if local is None
        else (int((datetime.fromisoformat(local) - datetime.combine(_EPOCH, time.min)).total_seconds()))
    )


def flag(value: bool | None) -> str | None:
    """Y, N, or nothing where it is not known."""
    return None if value is None else "Y" if value else "N"


def parameter_codes(names: Iterable[str]) -> dict[str, str]:
    """Name of the study file -> PARAMCD: its first eight letters and digits; no two are the same."""
    found: dict[str, str] = {}
    for name in names:
        bare = "".join(one for one in name.upper() if one.isascii() and one.isalnum())
        bare = bare if bare[:1].isalpha() else f"P{bare}"
        tries = (f"{bare[: 8 - len(str(n))]}{n}" for n in range(2, 10_000))
        code = bare[:8]
        found[name] = (
            code if code not in found.values() else next(one for one in tries if one not in found.values())
        )
    return found
