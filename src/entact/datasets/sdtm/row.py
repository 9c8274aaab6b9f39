"""A row of a domain, the entries that it was made of, and what has no variable of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

Value = str | int | float | None
DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Qualifier:
    """What a row says beyond the variables of its domain: a row of SUPP-- (QNAM, QLABEL, QVAL, QORIG)."""

    name: str
    label: str
    value: str
    origin: str = "COLLECTED"
    evaluator: str | None = None


@dataclass(slots=True)
class Row:
    """One row before it has its number in the domain.

    Attributes:
        entries: ids of the entries it was made of, corrections among them; none of what the study file says.
        at: when it was observed, where that is an instant: last before the first dose is found by it.
    """

    domain: str
    values: dict[str, Value]
    entries: tuple[str, ...] = ()
    at: datetime | None = None
    qualifiers: tuple[Qualifier, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


Rows = list[Row]


def text_of(value: Any) -> str:
    """A value as text: yes and no as Y and N, numbers without a needless zero, of codes all, or NONE."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, list | tuple):
        return ", ".join(text_of(one) for one in value) or "NONE"  # asked, and none of them was chosen
    return str(value)


def calculated(value: float) -> float:
    """A number that was calculated, as it is written: with twelve significant digits.

    More are the noise of binary fractions: 0.1 + 0.2 is not 0.30000000000000004.
    """
    return value if value.is_integer() else float(f"{value:.{DIGITS}g}")


def known(values: Mapping[str, Value]) -> dict[str, Value]:
    """The values that there are."""
    return {name: value for name, value in values.items() if value is not None and value != ""}
