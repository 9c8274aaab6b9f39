"""What an analysis compares: two arms, levels of a factor, or such differences by levels of another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from entact.protocol.study import Arm

CONTRAST: Final = re.compile(r"(\w+) - (\w+)(?: by (\w+) - (\w+))? at (\w+)")
"""As in `mdma - placebo at outcome`, and `mdma - placebo by exposure - support at outcome`."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What is compared.

    Attributes:
        first, second: arms, or what stands for several of them. at: the visit. weights: arm -> factor of its
            mean in the difference; None where two arms are compared.
    """

    first: str
    second: str
    at: str
    weights: Mapping[str, float] | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """What is compared with what."""
        return self.first, self.second

    @property
    def text(self) -> str:
        """As a plan of arms has it."""
        return f"{self.first} - {self.second} at {self.at}"


def factor_of(level: str, arms: Mapping[str, Arm]) -> str | None:
    """The one factor of the arms that has a level; None where none has it, or several."""
    found = {factor for arm in arms.values() for factor, own in arm.factors.items() if own == level}
    return found.pop() if len(found) == 1 else None


def levels_of(arms: Mapping[str, Arm]) -> list[str]:
    """The levels of all factors."""
    return list(dict.fromkeys(level for arm in arms.values() for level in arm.factors.values()))


def read_contrast(text: str, arms: Mapping[str, Arm]) -> Contrast:
    """A contrast of a plan that was found to be one.

    A difference of levels is one of the means of the arms that have them, each arm counting alike.
    """
    said = CONTRAST.fullmatch(text)
    assert said is not None, "the check of the study file says so"
    first, second, third, fourth, at = said.groups()
    if third is None and first in arms and second in arms:
        return Contrast(first, second, at)
    main = _difference(first, second, arms)
    if third is None:
        return Contrast(first, second, at, main)
    other = _difference(third, fourth, arms)
    own = {name: main[name] * other[name] for name in arms}
    total = sum(
        value for value in own.values() if value > 0
    )  # of two cells, each of which is to count as one
    weights = {name: 2.0 * value / total for name, value in own.items() if value}
    between = f"{third} less {fourth}"
    return Contrast(f"{between} in {first}", f"{between} in {second}", at, weights)


def _difference(first: str, second: str, arms: Mapping[str, Arm]) -> dict[str, float]:
    """Arm -> factor of its mean, in the mean of one level less that of another; 0 for arms of neither."""
    factor = factor_of(first, arms)
    own = {name: arm.factors.get(factor or "") for name, arm in arms.items()}
    shares = [
        {name: 1 / sum(one == level for one in own.values()) for name in own if own[name] == level}
        for level in (first, second)
    ]
    return {name: shares[0].get(name, 0.0) - shares[1].get(name, 0.0) for name in arms}
