"""What is known of a typical value before the data: a normal or log-normal prior, with its source."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from entact.pharmacology.parameters import Model

_PRIOR: Final = re.compile(
    r"(?P<name>\w+)\s*=\s*(?P<value>[\d.eE+-]+?)\s*(?:±|\+-|\+/-)\s*(?P<width>[\d.eE]+)\s*(?P<unit>[^:]*?)\s*:\s*"
    r"(?P<source>.+)"
)
HOW: Final = "write 'volume_r = 389 ± 15 %: F019' (log-normal) or 'volume_r = 389 ± 58 L: F019' (normal)"


class NotAPrior(ValueError):
    """A prior that cannot be used: says what is wrong and what would be right."""


@dataclass(frozen=True)
class Prior:
    """What is known of a typical value: `value` and `width` in its unit (normal), or relative (log-normal).

    `source` says who found it; without one a prior is an opinion, which the reader must know.
    """

    name: str
    value: float
    width: float
    source: str
    is_relative: bool = True

    def __post_init__(self) -> None:
        if not (self.value > 0.0 and math.isfinite(self.value)):
            raise NotAPrior(f"prior of {self.name}: {self.value:g} is no value of it; it is above zero")
        if not (self.width > 0.0 and math.isfinite(self.width)):
            raise NotAPrior(
                f"prior of {self.name}: a width of {self.width:g}; a standard deviation is above 0"
            )
        if self.is_relative and self.width > 2.0:
            raise NotAPrior(
                f"prior of {self.name}: ± {100 * self.width:g} % says nothing; a width is a fraction up to 2"
            )
        if not self.source.strip():
            raise NotAPrior(f"prior of {self.name}: say its source, or 'assumption'; {HOW}")

    @classmethod
    def parse(cls, text: str) -> Prior:
        """The prior that a text says: `volume_r = 389 ± 15 %: F019`. Errors: `NotAPrior`."""
        found = _PRIOR.fullmatch(text.strip())
        if found is None:
            raise NotAPrior(f"prior {text!r} is not understood; {HOW}")
        try:
            value, width = float(found["value"]), float(found["width"])
        except ValueError:
            raise NotAPrior(f"prior {text!r}: {found['value']} ± {found['width']} are no numbers") from None
        if found["unit"] == "%":
            return cls(found["name"], value, width / 100.0, found["source"].strip())
        return _of_unit(cls(found["name"], value, width, found["source"].strip(), False), found["unit"])

    @property
    def spread(self) -> float:
        """Its standard deviation, of the logarithm (of a normal prior by the delta method)."""
        return math.sqrt(math.log1p(self.width**2)) if self.is_relative else self.width / self.value

    def minus_log(self, log: float) -> float:
        """-log of its density at the logarithm of a value, without constants."""
        if self.is_relative:
            return 0.5 * (log - math.log(self.value)) ** 2 / math.log1p(self.width**2)
        return 0.5 * ((math.exp(log) - self.value) / self.width) ** 2

    def __str__(self) -> str:
        if self.is_relative:
            return f"{self.name} {self.value:g} ± {100 * self.width:.3g} % (log-normal), {self.source}"
        return f"{self.name} {self.value:g} ± {self.width:g} (normal), {self.source}"


def _of_unit(prior: Prior, unit: str) -> Prior:
    from entact.pharmacology.parameters import shipped_model

    known = shipped_model().parameters.get(prior.name)
    if known is not None and unit not in ("", known.unit):
        raise NotAPrior(f"prior of {prior.name}: its unit is {known.unit}, not {unit}")
    return prior


def check_priors(priors: Sequence[Prior], estimated: Sequence[str], model: Model) -> dict[str, Prior]:
    """Priors by name, each of a number that is estimated. Errors: `NotAPrior`."""
    found: dict[str, Prior] = {}
    for one in priors:
        if one.name in found:
            raise NotAPrior(f"{one.name} has two priors: combine them, or name the one that holds")
        if one.name not in estimated:
            raise NotAPrior(
                f"{one.name} has a prior and is not estimated; estimated: {', '.join(estimated) or 'nothing'}"
            )
        ratio = one.value / model[one.name]
        if not 0.02 < ratio < 50.0:
            raise NotAPrior(
                f"prior of {one.name}: {one.value:g} is {ratio:.2g} times the model's {model[one.name]:g} "
                f"{model.parameters[one.name].unit}: another unit is meant"
            )
        found[one.name] = one
    return found
