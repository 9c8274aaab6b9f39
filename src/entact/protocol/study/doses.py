"""Products and dose levels, in whole units."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from entact.protocol.meant import units_hint
from entact.protocol.quantity import parse_quantity
from entact.protocol.study.base import Block, Name, Span

_NOTHING: Final = (
    "an arm that is given nothing has `drug: none` and no sessions with a dose; one that takes placebo has "
    "`role: placebo` and as many units as the others"
)


def _strength(value: str) -> str:
    quantity = parse_quantity(value)
    if not quantity.unit:
        raise ValueError(f"the strength {value!r} has no unit; write it as '40 mg'")
    if quantity.value <= 0:
        raise ValueError(f"{value!r} is no strength; {_NOTHING}")
    return value


class Product(Block):
    substance: str
    salt: Literal["hydrochloride", "free_base", "sulfate", "hydrobromide", "tartrate"]
    strengths: list[Annotated[str, AfterValidator(_strength)]]
    placebo: Literal["matching", "none"] = "matching"
    schedule: dict[str, str] = Field(default={})


class Units(BaseModel):
    """Whole units of one strength, `2 x 40 mg`."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    count: int = Field(gt=0)
    strength: str

    @classmethod
    def parse(cls, text: Any) -> Any:
        """Reads `2 x 40 mg`.

        Raises:
            ValueError: when the count is not whole or the strength has no unit.
        """
        if isinstance(text, Units):
            return text
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is not a dose in whole units; write it as '2 x 40 mg'")
        count, times, strength = (part.strip() for part in text.partition(" x "))
        if times and re.fullmatch(r"0+", count):
            raise ValueError(f"{text!r} is no dose; {_NOTHING}")
        if not times or not re.fullmatch(r"[1-9][0-9]{0,2}", count):
            raise ValueError(f"{text!r} is not a dose in whole units; {units_hint(text)}")
        quantity = parse_quantity(strength)
        if not quantity.unit:
            raise ValueError(f"the strength {strength!r} has no unit; write it as '2 x 40 mg'")
        if quantity.value <= 0:
            raise ValueError(f"{text!r} is no dose; {_NOTHING}")
        return cls(count=int(count), strength=strength)


Dose = Annotated[Units, BeforeValidator(Units.parse)]


def _offer(value: str) -> str:
    window, after, rest = value.partition(" after initial")
    if not after or rest:
        raise ValueError(f"{value!r} does not say after what; write it as '1 h 30 min .. 2 h after initial'")
    Span.parse(window)
    return value


class Supplement(Block):
    give: Dose
    offer: Annotated[str, AfterValidator(_offer)]  # `1 h 30 min .. 2 h after initial`
    optional: bool = True

    @property
    def window(self) -> Span:
        return Span.parse(self.offer.removesuffix("after initial"))


class ArmDose(Block):
    """What one arm gets of a level instead of what the level says: as many units, of another strength.

    `product`: of which, where strengths alone do not tell.
    """

    initial: Dose
    supplement: Dose | None = None
    product: Name | None = None


class Regimen(Block):
    """One dose level: what is given initially and, perhaps, as supplement; an arm may differ in strength.

    `product`: of which the units are, where strengths alone do not tell.
    """

    initial: Dose
    supplement: Supplement | None = None
    product: Name | None = None
    arms: dict[Name, ArmDose] = Field(default={})
