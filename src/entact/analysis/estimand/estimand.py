"""An estimand as data: a strategy for each intercurrent event, and the attributes of ICH E9(R1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Strategy = Literal["treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"]
STRATEGIES: tuple[Strategy, ...] = (
    "treatment_policy",
    "hypothetical",
    "composite",
    "while_on_treatment",
    "principal_stratum",
)
"""ICH E9(R1), A.3.2."""

ATTRIBUTES = ("treatment", "population", "variable", "summary")
"""ICH E9(R1), A.3.3; the fifth is the strategies."""


@dataclass(frozen=True, slots=True)
class Intercurrent:
    """An intercurrent event, and the column that says of each participant when it was; null for never.

    Attributes:
        visit: column with the first visit after it.
        day: column with its day, on the clock of the rows' `day`.
    """

    title: str
    visit: str | None = None
    day: str | None = None


@dataclass(frozen=True, slots=True)
class Estimand:
    """What is estimated.

    Attributes:
        strategies: event -> what is done with it. composite: event -> the value that stands for it.
        attributes: treatment, population, variable and summary, in words.
    """

    title: str
    strategies: Mapping[str, Strategy]
    composite: Mapping[str, float | bool] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
