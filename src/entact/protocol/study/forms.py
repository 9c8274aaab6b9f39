"""Forms, their sections and their items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from statistics import fmean
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from entact.protocol.moment import READERS, reaches
from entact.protocol.quantity import LARGEST, parse_quantity, parse_range
from entact.protocol.study.base import Block, Name
from entact.protocol.study.tabulated import Tabulated, Tabulation
from entact.protocol.study.text import Words

NUMBERS = ("integer", "decimal")
MANY: Final = 100_000  # answers at most that are named or given points one by one
MEDIA: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,80}")  # a type of media
WITH_LABELS = ("boolean", "integer", "choice", "choices")  # answers that can be written out have labels

_TYPES_OF: Final = {  # what a place in SDTM can hold; whatever is not here takes any type
    "DM.AGE": NUMBERS,
    "DM.SEX": ("choice",),
    "DM.ETHNIC": ("choice",),
    "DM.RACE": ("choice", "choices"),
    "MH": ("boolean",),
    "SU": ("boolean", "integer", "decimal", "choice"),
    "CO": ("text",),
    "VS": ("integer", "decimal", "choice", "boolean"),
}


class Over(Block):
    """What is made of another form's item over days: of a diary, the share of days or a mean.

    Of the whole civil days before the day on which the form is filled, as many as `days`; of each day the
    last answer. Where fewer than `least` of them have one, the value is not known.
    """

    of: str  # `form.item`
    gives: Literal["share", "days", "mean", "sum", "lowest", "highest"]
    days: int = Field(gt=0, le=366)
    least: int = Field(gt=0)

    @property
    def name(self) -> str:
        """What it is called among the values that a form looks at."""
        return f"over {self.of} {self.gives} {self.days} {self.least}"

    @classmethod
    def named(cls, name: str) -> Over:
        """What a name stands for."""
        _, of, gives, days, least = name.split()
        return cls(of=of, gives=gives, days=int(days), least=int(least))

    def of_days(self, values: Sequence[bool | int | float]) -> float | int | None:
        """What it gives of one value a day; None of too few."""
        if len(values) < self.least:
            return None
        match self.gives:
            case "share":
                return 100.0 * sum(map(bool, values)) / len(values)
            case "days":
                return sum(map(bool, values))
            case "mean":
                return float(fmean(values))
            case "sum":
                return sum(values)
            case "lowest":
                return min(values)
            case "highest":
                return max(values)


class Item(Block):
    """One item of a form.

    `when`: a rule, and only where it holds is the item asked. `calculated`: a rule that gives its value;
    `over`: what is made of a diary over days gives it.
    `range`: what can be true; `expected`: what is usual, or one is asked to look again. `rows`: the answer is
    a list of rows, each with the `items`; `range` then says how many.
    """

    type: Literal[
        "boolean",
        "integer",
        "decimal",
        "choice",
        "choices",
        "text",
        "date",
        "partial_date",
        "time",
        "datetime",
        "file",
        "rows",
    ]
    title: Words | None = None
    help: Words | None = None
    section: Name | None = None
    when: str | None = None
    calculated: str | None = None
    over: Over | None = None
    shows: str | None = None  # `form.item` or `visit.form.item`, the value of an earlier visit
    unit: str = ""
    range: str | None = None
    expected: str | None = None
    step: int | None = Field(default=None, gt=1)  # between possible answers, from the lower end of `range`
    of: list[str] | None = None
    labels: dict[str, Words] = Field(default={})
    accept: list[str] | None = None  # types of media of a file
    items: dict[Name, Item] = Field(default={})
    required: bool = True
    personal: bool | None = None  # free text is personal unless the file says otherwise
    sdtm: Tabulation | None = None  # where it goes, if its name does not say it

    @cached_property
    def bounds(self) -> tuple[Decimal, Decimal] | None:
        """The two ends of the `range` of a number or a number of rows, in the item's unit."""
        return self._bounds_of(self.range) if self.range is not None and self.is_counted else None

    @cached_property
    def usual(self) -> tuple[Decimal, Decimal] | None:
        """The two ends of `expected`, like `bounds`."""
        return self._bounds_of(self.expected) if self.expected is not None and self.is_counted else None

    @property
    def is_entered(self) -> bool:
        """Whether people answer it, and nothing gives its value."""
        return self.calculated is None and self.over is None

    @property
    def is_counted(self) -> bool:
        """Whether ranges of the item are numbers."""
        return self.type in NUMBERS or self.type == "rows"

    def _bounds_of(self, said: str) -> tuple[Decimal, Decimal]:
        low, high = (parse_quantity(end) for end in parse_range(said))
        if {low.unit, high.unit} - {"", self.unit}:
            raise ValueError(
                f"the range {said!r} is not in {self.unit or 'no unit'}; write it in the item's unit"
            )
        if low.value > high.value:
            raise ValueError(f"the range {said!r} ends before it begins; write the smaller end first")
        if self.type != "decimal":
            if low.value % 1 or high.value % 1 or max(abs(low.value), abs(high.value)) > LARGEST:
                raise ValueError(
                    f"the range {said!r} is of whole numbers; write its ends as such, up to {LARGEST}"
                )
            if self.type == "rows" and low.value < 0:
                raise ValueError(f"the range {said!r} is of numbers of rows; write none below 0")
        return low.value, high.value

    @property
    def answers(self) -> Sequence[int] | None:
        """Every possible answer to a whole number with a range; None for other items."""
        if self.type != "integer" or self.bounds is None:
            return None
        low, high = self.bounds
        return range(int(low), int(high) + 1, self.step or 1)

    @property
    def codes(self) -> list[str]:
        """Every possible answer as a key of `labels`; none of a number that has more than can be named."""
        if self.type == "boolean":
            return ["true", "false"]
        if self.of:
            return list(self.of)
        answers = self.answers
        return [str(answer) for answer in answers] if answers and len(answers) <= MANY else []

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type in ("choice", "choices"):
            if not self.of:
                raise ValueError(f"a {self.type} needs its codes; write 'of: [first, second]'")
            if len(set(self.of)) < len(self.of):
                raise ValueError("a code stands twice in 'of'; write each once")
        elif self.of is not None:
            raise ValueError(f"'of' belongs to a choice, this item is a {self.type}; take it out")
        if self.type not in NUMBERS and self.unit:
            raise ValueError(f"'unit' belongs to numbers, this item is a {self.type}; take it out")
        self._has_fitting_ranges()
        if self.step is not None and self.answers is None:
            raise ValueError("'step' belongs to a whole number with a 'range'; write one, or take it out")
        for key, given, types in (
            ("labels", self.labels, WITH_LABELS),
            ("accept", self.accept is not None, ("file",)),
            ("items", self.items, ("rows",)),
        ):
            if given and self.type not in types:
                raise ValueError(
                    f"{key!r} belongs to a {' or '.join(types)}, this item is a {self.type}; take it out"
                )
        for code in self.of or ():
            if not code.strip() or code != code.strip():
                raise ValueError(f"{code!r} is no code: nobody could tell it from another; write a word")
        for media in self.accept or ():
            if not MEDIA.fullmatch(media):
                raise ValueError(f"{media!r} is no type of media; write it as in 'application/pdf'")
        if self.accept is not None and not self.accept:
            raise ValueError("'accept' lists no type of media; write one, or take it out")
        if self.type == "rows" and not self.items:
            raise ValueError("rows need what each of them holds; write 'items: {name: {type: text}}'")
        if self.calculated is not None and self.type not in ("boolean", "integer", "decimal", "choice"):
            raise ValueError(f"a rule gives no {self.type}; take 'calculated' out, or choose another type")
        self._has_fitting_days()
        if self.sdtm is not None:
            self._fits_its_dataset(self.sdtm)
        return self

    def _fits_its_dataset(self, to: Tabulated) -> None:
        """The item is of a type that its variable in SDTM can hold."""
        types = _TYPES_OF.get(to.to) or _TYPES_OF.get(to.domain)
        if self.is_personal:
            raise ValueError("a personal answer is sealed, and in no dataset; take 'sdtm' out")
        if self.type in ("rows", "file"):
            raise ValueError(f"a {self.type} has no place in a row of SDTM; take 'sdtm' out")
        if types is not None and self.type not in types:
            raise ValueError(
                f"{to.to} takes a {' or '.join(types)}, this item is a {self.type}; choose another place"
            )
        if to.to == "DM.AGE" and self.unit != "a":
            raise ValueError("DM.AGE is in years; write 'unit: a'")
        for code in to.terms:
            if code not in self.codes:
                known = ", ".join(self.codes) or "none: 'terms' belong to answers that can be written out"
                raise ValueError(f"{code!r} in 'terms' is no answer; there are {known}")

    def _has_fitting_days(self) -> None:
        """What is made of a diary fits the item's type and unit."""
        over = self.over
        if over is None:
            return
        if self.calculated is not None:
            raise ValueError("says 'calculated' and 'over'; one value has one source, take one of them out")
        if over.least > over.days:
            raise ValueError(f"'over' needs {over.least} of {over.days} days; write at most {over.days}")
        fits = {"share": ("decimal",), "days": ("integer",), "mean": ("decimal",)}.get(over.gives, NUMBERS)
        if self.type not in fits:
            raise ValueError(
                f"{over.gives} gives a {' or '.join(fits)}, this item is a {self.type}; change one"
            )
        if over.gives == "share" and self.unit != "%":
            raise ValueError("a share of days is in per cent; write 'unit: \"%\"'")

    def _has_fitting_ranges(self) -> None:
        """Both ranges are of the item's type, and what is usual can be true."""
        for key, said in (("range", self.range), ("expected", self.expected)):
            if said is None:
                continue
            if self.is_counted:
                self._bounds_of(said)
            elif self.type in READERS:
                low, high = map(READERS[self.type], parse_range(said))
                if not reaches(self.type, low, low, high):
                    raise ValueError(f"the range {said!r} ends before it begins; write the earlier end first")
            else:
                where = "numbers, dates, times and rows"
                raise ValueError(f"{key!r} belongs to {where}, this item is a {self.type}; take it out")
        if self.range is None or self.expected is None:
            return
        bounds, usual = self.bounds, self.usual
        if bounds is not None and usual is not None:
            inside = bounds[0] <= usual[0] and usual[1] <= bounds[1]
        else:
            ends = parse_range(self.range)
            inside = all(reaches(self.type, end, *ends) for end in parse_range(self.expected))
        if not inside:
            raise ValueError(f"'expected' {self.expected!r} reaches beyond 'range' {self.range!r}; narrow it")

    @property
    def is_personal(self) -> bool:
        return self.personal if self.personal is not None else self.type == "text"


class Section(Block):
    """Items under one heading; `when`: a rule, and only where it holds are they asked."""

    title: Words
    help: Words | None = None
    when: str | None = None


class Form(Block):
    """Items asked together: written out here, or those of an instrument.

    `measures`: what it measures, where lists of requirements cannot tell by its names; see `measures.yaml`.
    `sampled`: of which share of its times it is filled, as of recordings that are rated.
    """

    title: Words | None = None
    help: Words | None = None
    instrument: Name | None = None
    by: str | None = None
    each: bool = False  # every person of the role in `by` answers it for themselves, at each visit that asks
    data_class: str = "clinical"  # class of data for blinding, such as `rater_scores`
    lasting: bool = False  # facts about the person that stay true: rules see them from any encounter
    measures: list[Name] = Field(default=[])
    sampled: float | None = Field(default=None, gt=0, lt=1)
    sections: dict[Name, Section] = Field(default={})
    items: dict[Name, Item] = Field(default={})
