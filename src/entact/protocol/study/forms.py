"""Forms and their items."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from entact.protocol.quantity import parse_quantity, parse_range
from entact.protocol.study.base import Block, Name


class Item(Block):
    """One item of a form."""

    type: Literal["boolean", "integer", "decimal", "choice", "choices", "text", "date", "partial_date"]
    title: str | None = None
    unit: str = ""
    range: str | None = None
    step: int | None = Field(default=None, gt=1)  # between possible answers, from the lower end of `range`
    of: list[str] | None = None
    required: bool = True
    personal: bool | None = None  # free text is personal unless the file says otherwise

    @property
    def bounds(self) -> tuple[Decimal, Decimal] | None:
        """The two ends of `range`, in the item's unit."""
        if self.range is None:
            return None
        low, high = (parse_quantity(end) for end in parse_range(self.range))
        if {low.unit, high.unit} - {"", self.unit}:
            raise ValueError(
                f"the range {self.range!r} is not in {self.unit or 'no unit'}; write it in the item's unit"
            )
        if low.value > high.value:
            raise ValueError(f"the range {self.range!r} ends before it begins; write the smaller end first")
        return low.value, high.value

    @property
    def answers(self) -> list[int] | None:
        """Every possible answer to a whole number with a range; None for other items."""
        if self.type != "integer" or self.bounds is None:
            return None
        low, high = self.bounds
        return list(range(int(low), int(high) + 1, self.step or 1))

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type in ("choice", "choices"):
            if not self.of:
                raise ValueError(f"a {self.type} needs its codes; write 'of: [first, second]'")
            if len(set(self.of)) < len(self.of):
                raise ValueError("a code stands twice in 'of'; write each once")
        elif self.of is not None:
            raise ValueError(f"'of' belongs to a choice, this item is a {self.type}; take it out")
        if self.type not in ("integer", "decimal") and (self.range is not None or self.unit):
            raise ValueError(
                f"'unit' and 'range' belong to numbers, this item is a {self.type}; take them out"
            )
        self.bounds  # noqa: B018 (raises when the range is wrong)
        if self.step is not None and self.answers is None:
            raise ValueError("'step' belongs to a whole number with a 'range'; write one, or take it out")
        return self

    @property
    def is_personal(self) -> bool:
        return self.personal if self.personal is not None else self.type == "text"


class Form(Block):
    """Items asked together: written out here, or those of an instrument."""

    title: str | None = None
    instrument: Name | None = None
    by: str | None = None
    data_class: str = "clinical"  # class of data for blinding, such as `rater_scores`
    lasting: bool = False  # facts about the person that stay true: rules see them from any encounter
    items: dict[Name, Item] = Field(default={})
