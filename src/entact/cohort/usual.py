"""What healthy adults have: vital signs at rest and other common measurements, by their names and units.

Nothing here is read from a study. Its limits are tried against these values; drawn from its limits, people
would suit any slip of the pen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from entact.protocol.study import Item

ASSUMED: Final = "round values of healthy adults, of general knowledge"


@dataclass(frozen=True, slots=True)
class Usual:
    """How a measurement is spread among healthy adults, in the unit of the item that asks for it.

    Attributes:
        name: of the measurement. mean, sd: of a normal distribution. factor: from the unit in which the
            measurement is first given here to that of the item, but for where its scale begins.
    """

    name: str
    mean: float
    sd: float
    factor: float = 1.0

    @property
    def least(self) -> float:
        """Below this nobody is drawn, whomever the study looks for."""
        return self.mean - WIDEST * self.sd

    @property
    def most(self) -> float:
        """Above this nobody is drawn."""
        return self.mean + WIDEST * self.sd

    @property
    def decimals(self) -> int:
        """With how many a value is written down."""
        return 0 if self.sd >= 3.0 else 1 if self.sd >= 0.15 else 2


WIDEST: Final = 3.5

# Measurement -> mean and standard deviation, and unit (UCUM) -> factor and what is added.
_SPREAD: Final[Mapping[str, tuple[float, float, Mapping[str, tuple[float, float]]]]] = {
    "systolic": (119.0, 9.0, {"mm[Hg]": (1.0, 0.0), "kPa": (0.133322, 0.0)}),
    "diastolic": (75.0, 6.0, {"mm[Hg]": (1.0, 0.0), "kPa": (0.133322, 0.0)}),
    "heart_rate": (70.0, 8.0, {"/min": (1.0, 0.0), "1/min": (1.0, 0.0), "{beats}/min": (1.0, 0.0)}),
    "temperature": (36.6, 0.2, {"Cel": (1.0, 0.0), "[degF]": (1.8, 32.0)}),
    "respiratory_rate": (15.0, 2.0, {"/min": (1.0, 0.0), "1/min": (1.0, 0.0), "{breaths}/min": (1.0, 0.0)}),
    "oxygen_saturation": (97.5, 0.7, {"%": (1.0, 0.0)}),
    "weight": (76.0, 13.0, {"kg": (1.0, 0.0), "[lb_av]": (2.20462, 0.0)}),
    "height": (171.0, 9.0, {"cm": (1.0, 0.0), "m": (0.01, 0.0), "[in_i]": (0.393701, 0.0)}),
    "bmi": (25.5, 3.0, {"kg/m2": (1.0, 0.0)}),
    "age": (42.0, 11.0, {"a": (1.0, 0.0)}),
    "qtc": (412.0, 15.0, {"ms": (1.0, 0.0), "s": (0.001, 0.0)}),
    "alt": (23.0, 6.0, {"U/L": (1.0, 0.0), "[IU]/L": (1.0, 0.0)}),
    "ast": (22.0, 5.0, {"U/L": (1.0, 0.0), "[IU]/L": (1.0, 0.0)}),
    "bilirubin": (10.0, 2.5, {"umol/L": (1.0, 0.0), "mg/dL": (0.0585, 0.0)}),
    "creatinine": (76.0, 12.0, {"umol/L": (1.0, 0.0), "mg/dL": (0.01131, 0.0)}),
    "sodium": (140.0, 2.0, {"mmol/L": (1.0, 0.0), "meq/L": (1.0, 0.0)}),
    "potassium": (4.2, 0.3, {"mmol/L": (1.0, 0.0), "meq/L": (1.0, 0.0)}),
    "glucose": (5.2, 0.5, {"mmol/L": (1.0, 0.0), "mg/dL": (18.016, 0.0)}),
}
_ALSO: Final[Mapping[str, str]] = {
    **dict.fromkeys(("sbp", "systolic_bp", "bp_systolic", "systolic_pressure", "sysbp"), "systolic"),
    **dict.fromkeys(("dbp", "diastolic_bp", "bp_diastolic", "diastolic_pressure", "diabp"), "diastolic"),
    **dict.fromkeys(("hr", "pulse", "pulse_rate"), "heart_rate"),
    **dict.fromkeys(("temp", "body_temperature"), "temperature"),
    **dict.fromkeys(("resp", "respiration", "respirations", "rr"), "respiratory_rate"),
    **dict.fromkeys(("spo2", "o2_saturation", "saturation"), "oxygen_saturation"),
    **dict.fromkeys(("body_weight",), "weight"),
    **dict.fromkeys(("body_height",), "height"),
    **dict.fromkeys(("body_mass_index",), "bmi"),
    **dict.fromkeys(("qtcf", "qtcb", "qtc_interval"), "qtc"),
}
_BARE: Final = frozenset({"age", "bmi"})  # of which people leave the unit out


def healthy(name: str) -> Usual:
    """What healthy adults have of a measurement, in the unit in which it is first given here."""
    mean, sd, _ = _SPREAD[name]
    return Usual(name, mean, sd)


def usual(name: str, item: Item) -> Usual | None:
    """What healthy adults have of an item of a form; None for what is not a measurement that is known here.

    Args:
        name: of the item; `systolic` or `sbp`. item: whose unit decides, and whose range is not looked at.
    """
    known = _ALSO.get(name, name)
    if item.type not in ("integer", "decimal") or not item.is_entered or known not in _SPREAD:
        return None
    mean, sd, units = _SPREAD[known]
    if item.unit in units:
        factor, more = units[item.unit]
        return Usual(known, mean * factor + more, sd * factor, factor)
    return Usual(known, mean, sd) if not item.unit and known in _BARE else None
