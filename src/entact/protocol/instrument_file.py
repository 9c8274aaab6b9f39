"""The file of one instrument as typed data: items without wording, and how its scores are made of them."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

from pydantic import Field, model_validator

from entact.protocol.quantity import parse_range
from entact.protocol.study import Block, Name
from entact.protocol.study.text import Words


class Items(Block):
    """Like items in a row, `names: b1 .. b5` or a list.

    `when` is a rule over earlier items: only where it holds are these asked, and where it does not they count
    as `otherwise`. `asked_if` names an earlier yes-or-no item: after a no to it these count as no.
    `qualifies` names as many items: each of them counts as reaching a value only if the item here that goes
    with it is one of `by`; that is asked where the other is above its lowest. `step` is the distance between
    possible answers from the lower end of `range`. Scores are made of points: the answer itself, the other
    end of the range for an item in `reversed`, or `points`, one for each possible answer.
    `codes` are the test codes of CDISC.
    """

    names: str | list[Name]
    type: Literal["boolean", "integer", "decimal", "choice", "text"]
    title: Words | None = None
    help: Words | None = None
    labels: dict[str, Words] = Field(default={})
    range: str | None = None
    step: int | None = Field(default=None, gt=1)
    of: list[str] | None = None
    required: bool = True
    asked_if: Name | None = None
    when: str | None = None
    otherwise: bool | int | str | None = None
    qualifies: str | list[Name] | None = None
    by: list[str] | None = None
    reversed: list[Name] | None = None
    points: list[int] | None = None
    codes: str | list[str] | None = None

    def spelled_out(self) -> list[str]:
        """The name of each item: `b1 .. b5` is b1, b2, b3, b4, b5."""
        return count_up(self.names)

    def coded(self) -> list[str]:
        """The code of each item, in the order of the names; none where the file gives none."""
        return [] if self.codes is None else count_up(self.codes)


def count_up(names: str | list[str]) -> list[str]:
    """The members of a row: `b1 .. b5` is b1, b2, b3, b4, b5; a list is itself.

    Raises:
        ValueError: when the row does not count up.
    """
    if isinstance(names, list):
        return list(names)
    if ".." not in names:
        return [names]
    first, last = parse_range(names)
    stem = first.rstrip("0123456789")
    low, high = first.removeprefix(stem), last.removeprefix(stem)
    if not (low.isdigit() and high.isdigit() and len(high) <= 4 and int(low) <= int(high)):
        raise ValueError(f"{names!r} does not count up; write it as in 'b1 .. b5'")
    width = len(low) if low.startswith("0") else 1
    return [f"{stem}{number:0{width}}" for number in range(int(low), int(high) + 1)]


class Score(Block):
    """One score: exactly one operation over items and earlier scores. `b1 .. e6` is every item from b1 to e6.

    `count` counts answers of at least `reaching`; `at_least` is true when that many of `of` reach it;
    `highest` is the place of the last yes in a row (0: none); `first` is the first that is known. `may_miss`
    items may be missing from a `mean` (of those answered) or a `sum` (prorated: mean of those answered times
    the number of items, with `rounded: up` to the next whole number; `filled_by: median` takes the median of
    those answered, rounded up, for each).
    """

    title: Words | None = None
    sum: str | list[Name] | None = None
    mean: str | list[Name] | None = None
    max: str | list[Name] | None = None
    count: str | list[Name] | None = None
    highest: str | list[Name] | None = None
    first: str | list[Name] | None = None
    any: str | list[Name] | None = None
    all: str | list[Name] | None = None
    at_least: int | None = None
    rule: str | None = None
    of: str | list[Name] | None = None
    reaching: int | None = None
    may_miss: int = Field(default=0, ge=0)
    filled_by: Literal["mean", "median"] = "mean"
    rounded: Literal["up"] | None = None

    @property
    def operation(self) -> str:
        return next(name for name in _OPERATIONS if getattr(self, name) is not None)

    @property
    def over(self) -> str | list[str]:
        operand = self.of if self.operation == "at_least" else getattr(self, self.operation)
        assert isinstance(operand, str | list)
        return operand

    @model_validator(mode="after")
    def _is_one_operation(self) -> Score:
        given = [name for name in _OPERATIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a score is exactly one of {', '.join(_OPERATIONS)}; this one has {given or 'none'}"
            )
        operation = given[0]
        if (operation == "at_least") != (self.of is not None):
            raise ValueError("`of` goes with `at_least`, as in {at_least: 2, of: d1 .. d7, reaching: 2}")
        if (self.reaching is not None) != (operation in ("count", "at_least")):
            raise ValueError(
                "`reaching` goes with `count` and `at_least`: the answer from which an item counts"
            )
        if self.may_miss and operation not in ("sum", "mean"):
            raise ValueError("`may_miss` goes with `sum` (prorated) and `mean` (of those answered)")
        if self.filled_by == "median" and not (operation == "sum" and self.may_miss):
            raise ValueError("`filled_by` goes with a `sum` that `may_miss` items")
        if self.rounded is not None and (not self.may_miss or self.filled_by == "median"):
            raise ValueError("`rounded` goes with a `sum` that `may_miss` items and is prorated")
        return self


_OPERATIONS = ("sum", "mean", "max", "count", "highest", "first", "any", "all", "at_least", "rule")


class InstrumentFile(Block):
    """One instrument as its file says it; part of a release, so no later version changes an old score.

    `category` is its name in CDISC (QSCAT). `entry` is the kind of entry that keeps its answers, where
    that is not a form.
    """

    instrument: Name
    title: Words
    recall: str
    licence: str
    category: str | None = None
    entry: str | None = None
    items: list[Items]
    scores: dict[Name, Score]


def shipped_instruments() -> list[str]:
    """The names of the instruments that come with the product."""
    folder = files("entact.protocol").joinpath("instruments")
    return sorted(
        entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")
    )
