"""One line of a file of concentrations: its fields, its time, and the doses that it stands for."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

STEADY: Final = 14 * 24.0
"""h of doses before one at steady state (SS): CYP2D6 and all else have settled by then"""
PIECE: Final = 0.05
"""h between the pieces of a dose that is released at a constant rate (RATE)"""
APART: Final = 168.0
"""h between the last dose of an occasion and the next occasion: plasma is empty and CYP2D6 back by then"""
LONGEST: Final = 24.0
"""h over which a dose by mouth is let into the gut at most: longer, RATE is in another unit"""
OFTEN: Final = 0.25
"""h between doses at least: more often, II is in another unit"""
DATES: Final = {"DATE": "", "DAT1": "dmy", "DAT2": "ymd", "DAT3": "ydm"}
"""columns of days, with the order that NONMEM gives them; what DATE means differs from file to file"""
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
_BOTH: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}:\d{2}(?::\d{2})?)")
_NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class NotData(ValueError):
    """A file that cannot be read as concentrations over time: names file, line, column and what is right."""


@dataclass(frozen=True)
class Row:
    """One line: fields by upper-case name, those that say nothing left out."""

    file: str
    line: int
    fields: dict[str, str]
    columns: tuple[str, ...] = ()

    def fault(self, column: str, what: str) -> NotData:
        """An error of this line and column."""
        return NotData(f"{self.file}, line {self.line}, {column}: {what}")

    def number(self, column: str) -> float | None:
        """The number of a field, None where it is missing."""
        text = self.fields.get(column)
        if text is None:
            return None
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            comma = "; decimals have a point" if "," in text else ""
            raise self.fault(column, f"{text!r} is not a number; '.' stands for a missing one{comma}")
        return value


def is_dose(row: Row) -> bool:
    """Whether a row gives a dose, by EVID, or by its amount where there is no EVID."""
    event, amount = row.number("EVID"), row.number("AMT") or 0.0
    if event is None and "EVID" not in row.columns:
        return amount > 0.0
    if amount and event in (None, 0.0):
        raise row.fault("EVID", f"AMT {amount:g} without EVID 1: write 1 for a dose, or no AMT for a sample")
    if event is None:
        raise row.fault("EVID", "is missing: 0 for a sample, 1 for a dose")
    if event not in (0.0, 1.0, 2.0, 3.0, 4.0):
        said = "0 (sample), 1 (dose), 2 (neither), 3 (reset), 4 (reset and dose)"
        raise row.fault("EVID", f"{event:g} is not supported: {said}")
    return event in (1.0, 4.0)


def is_number(row: Row, column: str) -> bool:
    """Whether a field that is there is a number."""
    try:
        float(row.fields[column])
    except ValueError:
        return False
    return True


def _day(row: Row) -> date | None:
    column = next((name for name in DATES if name in row.columns), "DATE")
    both = _BOTH.fullmatch(row.fields.get("TIME", ""))
    text = both[1] if both else row.fields.get(column)
    if text is None:
        return None
    order = DATES[column]
    parts = re.split(r"[-/.]", text)
    if "." in text and not order:
        order = "dmy"  # with points the day comes first
    try:
        if order and len(parts) == 3:
            named = dict(zip(order, map(int, parts), strict=True))
            if named["y"] > 99:
                return date(named["y"], named["m"], named["d"])
        return date.fromisoformat(text)
    except ValueError:
        raise row.fault(
            column, f"{text!r}: write year-month-day, like 2026-03-01, or call the column DAT1 (day first)"
        ) from None


def first_day(rows: Sequence[Row]) -> date | None:
    """The first day that is named, from which hours count."""
    return next((day for row in rows if (day := _day(row)) is not None), None)


def hours_of(row: Row, origin: date | None) -> float:
    """h of a row: as they stand, or of a clock on a day."""
    text = row.fields.get("TIME")
    if text is None:
        raise row.fault("TIME", "is missing: hours, the same clock for all rows of a participant")
    both = _BOTH.fullmatch(text)
    clock = _CLOCK.fullmatch(both[2] if both else text)
    if clock is None:
        time = row.number("TIME")
        assert time is not None
    else:
        hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
        if hour > 23 or minute > 59 or second > 59:
            raise row.fault("TIME", f"{text!r} is no time of a day")
        time = hour + minute / 60.0 + second / 3600.0
        if origin is None:
            raise row.fault("TIME", f"{text!r} is a time of which day? Add a column DATE, or write hours")
    day = _day(row)
    if origin is not None and day is None:
        raise row.fault("DATE", "is missing: every row of a participant has one, or none has")
    return time + (24.0 * (day - origin).days if origin is not None and day is not None else 0.0)


def intakes_of(row: Row, time: float, mg: float) -> list[tuple[float, float]]:
    """The doses that a row stands for: at steady state, repeated, or released at a rate."""
    more, apart, steady, rate = (row.number(name) or 0.0 for name in ("ADDL", "II", "SS", "RATE"))
    if more < 0.0 or more != int(more) or more > 1000:
        raise row.fault("ADDL", f"{more:g}: so many more doses, a whole number up to 1000")
    if (more or steady) and apart < OFTEN:
        said = "is missing" if apart == 0.0 else f"{apart:g} is not meant"
        raise row.fault("II", f"{said}: h between the doses of ADDL or SS, at least {OFTEN:g}")
    if steady not in (0.0, 1.0):
        raise row.fault("SS", f"{steady:g} is not supported: 1 (at steady state) or 0")
    if rate < 0.0:
        raise row.fault("RATE", f"{rate:g}: a rate that is estimated is not supported; write mg/h, or 0")
    before = int(STEADY / apart) if steady else 0
    times = [time + place * apart for place in range(-before, int(more) + 1)]
    if rate == 0.0:
        return [(one, mg) for one in times]
    labelled = row.number("AMT") or 0.0
    if labelled > rate * LONGEST:
        raise row.fault(
            "RATE", f"{rate:g} mg/h lets {labelled:g} mg into the gut over {labelled / rate:.3g} h: check it"
        )
    pieces = max(1, min(200, math.ceil(labelled / rate / PIECE)))
    step = labelled / rate / pieces
    return [(one + (place + 0.5) * step, mg / pieces) for one in times for place in range(pieces)]


def between_resets(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of a participant, cut where everything is set back to nothing."""
    parts: list[list[Row]] = [[]]
    for row in rows:
        if row.number("EVID") in (3.0, 4.0) and any(is_dose(one) for one in parts[-1]):
            parts.append([])
        if row.number("EVID") != 3.0:
            parts[-1].append(row)
    return [part for part in parts if part]


def between_occasions(rows: Sequence[Row]) -> list[list[Row]]:
    """The rows of a participant by occasion (OCC); each begins anew, so that they must be a week apart."""
    parts: dict[str, list[Row]] = {}
    last, code = -math.inf, ""
    for row in rows:
        if "OCC" not in row.fields:
            raise row.fault("OCC", "is missing: every row of a participant says the occasion it is of")
        new, code = row.fields["OCC"] != code, row.fields["OCC"]
        if new and code in parts:
            raise row.fault("OCC", f"{code} was there before: keep the rows of an occasion together")
        parts.setdefault(code, []).append(row)
        time = hours_of(row, first_day(rows))
        if new and last < time < last + APART:
            raise row.fault(
                "OCC",
                f"{code} begins {time - last:g} h after the last dose of the one before, of which something "
                f"is left. Occasions are {APART / 24:g} d or more apart; else leave OCC out",
            )
        if is_dose(row):
            last = time
    kept = ([row for row in part if row.number("EVID") != 3.0] for part in parts.values())
    return [part for part in kept if part]


def check_compartments(rows: Sequence[Row]) -> None:
    """Refuses numbers of compartments that stand for several substances: what each is, only a name says."""
    codes = {
        row.fields["CMT"]: row
        for row in rows
        if "CMT" in row.fields
        and "OUTPUT" not in row.fields
        and not is_dose(row)
        and row.number("EVID") not in (2.0, 3.0)
        and is_number(row, "CMT")
    }
    if len(codes) > 1:
        last = list(codes.values())[-1]
        raise last.fault("CMT", f"samples are of {', '.join(codes)}: say which is which in a column OUTPUT")
