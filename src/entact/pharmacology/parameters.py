"""The numbers of the model, read from `parameters.yaml` and checked: value, unit, spread, source."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

FILE: Final = Path(__file__).with_name("parameters.yaml")

SOURCE: Final = re.compile(r"^(assumption(, .+)?|F\d{3}( F\d{3})*)$")
FACT: Final = re.compile(r"\bF\d{3}\b")
UNITS: Final = frozenset(
    {"1", "h", "1/h", "1/min", "L", "L/h", "L/kg", "umol/L", "mmol/L", "nmol/L", "pg/mL", "ng/mL", "mmHg"}
    | {"1/min/mmHg", "Cel"}
)
SIGNED: Final = frozenset({"systolic_woman", "diastolic_woman", "heart_rate_woman", "systolic_year"})


class ModelError(ValueError):
    """A file of the model, or a change of its numbers, that can't be used."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number: what it is, how much persons differ in it, and where it is from."""

    name: str
    value: float
    unit: str
    source: str
    cv: float = 0.0
    sd: float = 0.0

    @property
    def varies(self) -> bool:
        """Whether persons differ in it."""
        return self.cv > 0 or self.sd > 0

    @property
    def sigma(self) -> float:
        """Standard deviation of the random effect: of the logarithm for a `cv`, in its unit for an `sd`."""
        return self.sd or math.sqrt(math.log1p(self.cv**2))

    @property
    def assumed(self) -> bool:
        """Whether the number is an assumption, not read in a source."""
        return self.source.startswith("assumption")


@dataclass(frozen=True)
class Model:
    """All numbers of the model. `model["volume_r"]` is a value in its unit; `model.random` is what varies."""

    parameters: Mapping[str, Parameter]

    def __getitem__(self, name: str) -> float:
        return self.parameters[name].value

    @cached_property
    def random(self) -> tuple[str, ...]:
        """Names of the parameters that persons differ in, in the order of the columns of `etas`."""
        return tuple(parameter.name for parameter in self.parameters.values() if parameter.varies)

    @cached_property
    def values(self) -> Mapping[str, float]:
        """The value of each parameter, as of the typical person."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    @cached_property
    def sigmas(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The standard deviation of the random effect of each parameter of `random`, in that order."""
        return np.array([self.parameters[name].sigma for name in self.random])

    def with_values(
        self, values: Mapping[str, float], *, source: str = "assumption, changed by the user"
    ) -> Model:
        """The model with other values of some parameters.

        Args:
            values: new value of each named parameter, in the unit of the file.
            source: what is to stand as the source of these numbers.

        Raises:
            ModelError: an unknown name, or a value out of range.
        """
        changed = dict(self.parameters)
        for name, value in values.items():
            if name not in changed:
                raise ModelError(f"no parameter is called {name!r}{_nearest(name, changed)}")
            changed[name] = replace(
                changed[name], value=_value(name, value, f"parameter {name}"), source=source
            )
        return Model(MappingProxyType(changed))

    def without_spread(self) -> Model:
        """The model in which everybody of the same covariates is alike."""
        alike = {name: replace(parameter, cv=0.0, sd=0.0) for name, parameter in self.parameters.items()}
        return Model(MappingProxyType(alike))


def _nearest(name: str, known: Mapping[str, object]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"; the nearest is {close[0]!r}" if close else ""


def _value(name: str, value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ModelError(f"{place}: value must be a finite number, not {value!r}")
    if value <= 0 and name not in SIGNED:
        raise ModelError(f"{place}: value must be above zero, not {value}")
    return float(value)


def _parameter(name: str, row: Any, place: str, weak: frozenset[str]) -> Parameter:
    if not isinstance(row, Mapping):
        raise ModelError(f"{place}: a parameter is value, unit, source and at most one of cv and sd")
    fields = dict(row)
    unknown = fields.keys() - {"value", "unit", "source", "cv", "sd"}
    if unknown:
        raise ModelError(
            f"{place}: unknown field {sorted(unknown)[0]!r}; value, unit, source, cv and sd are known"
        )
    missing = [field for field in ("value", "unit", "source") if field not in fields]
    if missing:
        raise ModelError(f"{place}: {missing[0]} is missing")
    if fields["unit"] not in UNITS:
        raise ModelError(f"{place}: unit {fields['unit']!r} is not one of {', '.join(sorted(UNITS))}")
    source = fields["source"]
    if not isinstance(source, str) or not SOURCE.match(source):
        raise ModelError(f"{place}: source must be facts (F001) or begin with 'assumption', not {source!r}")
    if not source.startswith("assumption") and (doubtful := weak.intersection(FACT.findall(source))):
        raise ModelError(
            f"{place}: {sorted(doubtful)[0]} was not read in its source: call this an assumption"
        )
    if "cv" in fields and "sd" in fields:
        raise ModelError(f"{place}: cv and sd exclude each other")
    spread = {field: fields[field] for field in ("cv", "sd") if field in fields}
    for field, size in spread.items():
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 < size < math.inf:
            raise ModelError(f"{place}: {field} must be a number above zero, not {size!r}")
        if field == "cv" and size > 2:
            raise ModelError(f"{place}: cv is a fraction; {size} would be {100 * size:.0f} %")
    return Parameter(
        name,
        _value(name, fields["value"], place),
        str(fields["unit"]),
        source,
        **{k: float(v) for k, v in spread.items()},
    )


def read_yaml(path: Path) -> Any:
    """A YAML file with the lines of its fields, or a `ModelError` that names file and line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    try:
        return YAML().load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ModelError(f"{path.name}, line {line}: {error.problem}") from error
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error


def read_model(path: Path = FILE) -> Model:
    """The model of a file of parameters.

    Raises:
        ModelError: a missing, unknown or impossible field, with file, line and parameter.
    """
    document = read_yaml(path)
    if not isinstance(document, Mapping) or document.get("format") != 1 or "parameters" not in document:
        raise ModelError(f"{path.name}: expected 'format: 1' and 'parameters'")
    rows = document["parameters"]
    weak = frozenset((*document.get("from_memory", ()), *document.get("second_hand", ())))
    read: dict[str, Parameter] = {}

    def place(name: str) -> str:
        return f"{path.name}, line {rows.lc.key(name)[0] + 1}, {name}"

    for name, row in rows.items():
        read[name] = _parameter(name, row, place(name), weak)
    if path != FILE:
        own = shipped_model().parameters
        for name in read:
            if name not in own:
                raise ModelError(f"{place(name)}: no parameter has this name{_nearest(name, own)}")
            if read[name].unit != own[name].unit:
                raise ModelError(f"{place(name)}: unit must be {own[name].unit}")
        missing = [name for name in own if name not in read]
        if missing:
            raise ModelError(f"{path.name}: {missing[0]} is missing")
    return Model(MappingProxyType(read))


@cache
def shipped_model() -> Model:
    """The model as it is shipped: one set of numbers, with which all checks are made."""
    return read_model(FILE)
