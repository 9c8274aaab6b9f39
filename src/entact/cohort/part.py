"""The parts that parameters of virtual participants are made of: closed, unchangeable, and with a source."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class ParametersError(ValueError):
    """A parameter or scenario file that cannot be used; the message names file, line and field."""


def _ratio(value: object) -> object:
    # "29/46" keeps the published count visible where a rounded decimal would hide it.
    if isinstance(value, str) and "/" in value:
        try:
            return float(Fraction(value.replace(" ", "")))
        except (ValueError, ZeroDivisionError) as problem:
            raise ValueError(f"{value!r} is not a count over a total, such as 29/46") from problem
    return value


Chance = Annotated[float, BeforeValidator(_ratio), Field(ge=0.0, le=1.0)]
Spread = Annotated[float, Field(ge=0.0)]
Positive = Annotated[float, Field(gt=0.0)]
ByArm = dict[str, Chance]


class Part(BaseModel):
    """A block of parameters; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Cited(Part):
    """A block that says where it comes from: a `source` (fact and publication), an `assumption`, or both."""

    source: str | None = None
    assumption: str | None = None

    @model_validator(mode="after")
    def _says_where_from(self) -> Self:
        if not (self.source or self.assumption):
            raise ValueError(
                "needs `source:` (a fact with its publication) or `assumption:` (why this value)"
            )
        return self


def require_whole(what: str, shares: Mapping[str, float]) -> None:
    if abs(sum(shares.values()) - 1.0) > 1e-6:
        raise ValueError(f"the shares of {what} add up to {sum(shares.values()):g}; they must add up to 1")


class Normal(Part):
    """A normal distribution, in the unit that the block around it names."""

    mean: float
    sd: Spread
