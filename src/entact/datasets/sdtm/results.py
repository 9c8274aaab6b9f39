"""What was answered to an item, or a score comes to, as findings say it: once however many answered so."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from entact.course.entry.sealing import is_sealed
from entact.datasets.sdtm.asked import Test
from entact.datasets.sdtm.guide import domain
from entact.datasets.sdtm.homes import Home, unit_in_cdisc
from entact.datasets.sdtm.row import Value, calculated, text_of
from entact.protocol.quantity import parse_quantity

MISSING: Final = {
    "not_asked": "NOT ASKED",
    "not_done": "NOT DONE",
    "refused": "SUBJECT REFUSED",
    "below_quantification": "BELOW THE LIMIT OF QUANTIFICATION",
    "unknown": "UNKNOWN",
}
_NOT_OF_PE: Final = ("PESTRESN", "PESTRESU")  # what was examined is said in words
_OF_RESULT: Final = ("ORRES", "ORRESU", "STRESC", "STRESN", "STRESU", "STAT", "REASND")


class Results:
    """What was answered, each answer to a test once however many gave it, by domain.

    One for some participants: it grows by what they say, as answers in words may all be different.
    """

    def __init__(self) -> None:
        self._of: dict[str, ResultsOfDomain] = {}

    def of(self, prefix: str) -> ResultsOfDomain:
        """Those of a domain."""
        if prefix not in self._of:
            self._of[prefix] = ResultsOfDomain(prefix)
        return self._of[prefix]


class ResultsOfDomain:
    """Results of a domain.

    Attributes:
        said: each, variable -> value. is_known: of each whether it has a standard result.
    """

    def __init__(self, prefix: str) -> None:
        self.said: list[dict[str, Value]] = []
        self.is_known = bytearray()
        self.places: dict[tuple[Any, ...], int] = {}  # of each test and answer; -1 where there is no row
        self._there: dict[tuple[Any, ...], int] = {}  # of each result
        self._names, self._variables = _names_of(prefix), domain(prefix).variables
        self._left_out = _NOT_OF_PE if prefix == "PE" else ()

    def place(self, test: Test, entered: Any, value: Any) -> int:
        """Where the result of an answer stands; -1 where it was neither asked nor could be known."""
        found = _result(test.home, entered, value)
        return -1 if found is None else self.add(found)

    def add(self, found: Mapping[str, Value]) -> int:
        """Where a result stands: many tests have some in common."""
        values = {}
        for name, said in found.items():
            variable = self._names[name]
            if (said is not None or variable in self._variables) and variable not in self._left_out:
                values[variable] = said
        key = tuple((name, said.__class__, said) for name, said in values.items())
        place = self._there.setdefault(key, len(self.said))
        if place == len(self.said):
            self.said.append(values)
            self.is_known.append(found.get("STRESC") is not None)
        return place


@cache
def _names_of(prefix: str) -> Mapping[str, str]:
    """What is said of a result -> the variable of a domain."""
    return {one: f"{prefix}{one}" for one in _OF_RESULT}


def _result(home: Home, entered: Any, value: Any) -> dict[str, Value] | None:
    """ORRES, STRESC, STRESN and units; or STAT and REASND where the answer is missing."""
    if isinstance(entered, dict):
        missing = entered.get("missing")
        return {"STAT": "NOT DONE", "REASND": MISSING.get(str(missing), "UNKNOWN")}
    if home.derived:
        if value is None:
            return None
        numeric = None if isinstance(value, str | bool) else calculated(float(value))
        text = text_of(value if numeric is None else numeric)
        return {"ORRES": text, "STRESC": text, "STRESN": numeric}
    if entered is None or (isinstance(entered, str) and is_sealed(entered)):
        return None
    unit = unit_in_cdisc(home.unit)
    term = home.term_of(entered)
    if term is not None:  # a yes or no to another question than the test's would mean the opposite
        return {"ORRES": term if isinstance(entered, bool) else text_of(entered), "STRESC": term}
    if isinstance(entered, str) and home.unit:
        try:
            quantity = parse_quantity(entered)
        except ValueError:
            return {"ORRES": entered, "STRESC": entered}
        number = f"{quantity.value:f}"
        said_unit = unit_in_cdisc(quantity.unit) or None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        standard = calculated(float(value)) if is_number else None
        in_own = number if quantity.unit == home.unit else text_of(standard)
        return {
            "ORRES": number,
            "ORRESU": said_unit,
            "STRESC": None if standard is None else in_own,
            "STRESN": standard,
            "STRESU": unit or None if standard is not None else None,
        }
    text = text_of(entered)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "ORRES": text,
        "ORRESU": unit or None,
        "STRESC": text,
        "STRESN": float(value) if is_number else None,
        "STRESU": unit or None if is_number else None,
    }
