"""What a blinded export does not say of whom it shows the beginning alone: whatever what follows can change.

What was observed stands as it was known when the rest began to be withheld, and so does what no later entry
undoes (who took a dose stays of the safety set). Everything that is said of the whole is null: not N, not a
sum, not a last day. Where that hangs on more than the variable, whoever makes the row asks `Person.is_cut`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Open:
    """Variables of a dataset, of which rows they are open, and what of them is for good once it is true."""

    variables: tuple[str, ...]
    of: Callable[[_Values], bool] = lambda _: True
    for_good: frozenset[str] = frozenset()


_LASTS: Final = "ONGOING"
_OPEN: Final[Mapping[str, _Open]] = {
    "DM": _Open(("RFENDTC", "RFPENDTC", "RFXENDTC")),
    "AE": _Open(("AEOUT", "AEENRTPT", "AEENTPT"), lambda row: row.get("AEENRTPT") == _LASTS),
    "CM": _Open(("CMENRTPT", "CMENTPT"), lambda row: row.get("CMENRTPT") == _LASTS),
    "ADSL": _Open(
        (
            "TRTEDT", "NDOSED", "EOTSTT", "EOTDT", "DCTREAS", "EOSSTT", "EOSDT", "DCSREAS", "DTHFL",
            "SAFFL", "MITTFL", "PPROTFL",
        ),
        for_good=frozenset({"DTHFL", "SAFFL", "MITTFL"}),
    ),
    "ADEFF": _Open(("ICEVENTS", "ICEVENT2")),
    "ADTTE": _Open(
        ("ADT", "ADY", "AVAL", "AVALU", "CNSR", "EVNTDESC", "ESTFL", "ESTIMAND"),
        lambda row: row.get("CNSR") != 0,
    ),
    "ADEX": _Open(("AVAL", "AVALU"), lambda row: row.get("PARCAT1") == "WHOLE STUDY"),
}  # fmt: skip


def leave_open(dataset: str, values: dict[str, Any]) -> None:
    """Makes null what a row of somebody who is shown in part says of the whole."""
    said = _OPEN.get(dataset)
    if said is None or not said.of(values):
        return
    for name in said.variables:
        if name in values and not (name in said.for_good and values[name] == "Y"):
            values[name] = None
