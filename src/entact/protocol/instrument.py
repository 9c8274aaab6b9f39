"""Instruments as data: items without wording, and scores with a stated policy for what is missing.

An item that was not answered, or whose answer lies outside its range, is missing. A score with a missing item
is unknown unless its file says `may_miss`; a yes-or-no score follows Kleene: it is known as soon as what is
missing cannot change it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from operator import itemgetter
from typing import Any, Literal, cast

from pydantic import ValidationError, model_validator

from entact.protocol.explain import faults_of
from entact.protocol.problem import StudyError, unknown
from entact.protocol.quantity import parse_range
from entact.protocol.rule import Kind, Rule, RuleError, Unknown, Vocabulary
from entact.protocol.source import read_source
from entact.protocol.study import Block, Item, Name

Value = bool | int | float | str | None
Answers = tuple[Any, ...]

_PYTHON: dict[str, type] = {"boolean": bool, "integer": int, "decimal": float}
_KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "double", str: "string"}
_GIVES: dict[Kind, type] = {kind: python for python, kind in _KINDS.items()}


class InstrumentError(ValueError):
    """An instrument that is not known, or whose file cannot be used; the message names the place."""


class Items(Block):
    """Like items in a row, `names: b1 .. b5` or a list.

    `asked_if` names an earlier item: after a no to it these are not asked, and count as no.
    """

    names: str | list[Name]
    type: Literal["boolean", "integer", "decimal"]
    title: str | None = None
    range: str | None = None
    asked_if: Name | None = None

    def spelled_out(self) -> list[str]:
        """The name of each item: `b1 .. b5` is b1, b2, b3, b4, b5."""
        if isinstance(self.names, list):
            return list(self.names)
        if ".." not in self.names:
            return [self.names]
        first, last = parse_range(self.names)
        stem = first.rstrip("0123456789")
        low, high = first.removeprefix(stem), last.removeprefix(stem)
        if not (low.isdigit() and high.isdigit() and len(high) <= 3 and int(low) <= int(high)):
            raise ValueError(f"{self.names!r} does not count up; write it as in 'b1 .. b5'")
        return [f"{stem}{number}" for number in range(int(low), int(high) + 1)]


class Score(Block):
    """One score: exactly one operation over items and earlier scores. `b1 .. e6` is every item from b1 to e6.

    `count` counts answers of at least `reaching`; `at_least` is true when that many of `of` reach it;
    `highest` is the place of the last yes in a row (0: none); `may_miss` items may be missing from a `mean`
    (of those answered) or a `sum` (prorated: mean of those answered times the number of items).
    """

    title: str | None = None
    sum: str | list[Name] | None = None
    mean: str | list[Name] | None = None
    max: str | list[Name] | None = None
    count: str | list[Name] | None = None
    highest: str | list[Name] | None = None
    any: str | list[Name] | None = None
    all: str | list[Name] | None = None
    at_least: int | None = None
    rule: str | None = None
    of: str | list[Name] | None = None
    reaching: int | None = None
    may_miss: int = 0

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
        return self


_OPERATIONS = ("sum", "mean", "max", "count", "highest", "any", "all", "at_least", "rule")


class InstrumentFile(Block):
    """One instrument as its file says it; part of a release, so no later version changes an old score."""

    instrument: Name
    title: str
    recall: str
    licence: str
    items: list[Items]
    scores: dict[Name, Score]


class Instrument:
    """An instrument ready to score.

    Attributes:
        name, title, recall, licence, source: what it is, the period it asks about, who must allow its use.
        items: each item by name, in order.
        scores: the Python type of each score by name, in order.
        file: the data that it was made of.

    Raises:
        InstrumentError: when an operation names what does not exist, or cannot work on what it names.
    """

    def __init__(self, file: InstrumentFile) -> None:
        self.file = file
        self.name, self.title, self.recall, self.licence = (
            file.instrument,
            file.title,
            file.recall,
            file.licence,
        )
        self.source = file.source
        self.items: dict[str, Item] = {}
        self.scores: dict[str, type] = {}
        self._skips: list[tuple[int, int]] = []  # item, and the item without whose yes it is not asked
        for group in file.items:
            self._add_items(group)
        self._names = tuple(self.items)
        self._limits = tuple(_limits(item) for item in self.items.values())
        self._steps: list[tuple[Callable[[Any], Answers], Callable[[Answers], Value]]] = []
        for name, score in file.scores.items():
            self._add_score(name, score)

    def __reduce__(self) -> tuple[type[Instrument], tuple[InstrumentFile]]:
        return Instrument, (self.file,)

    def score(self, values: Mapping[str, Any]) -> dict[str, Value]:
        """Every score of one completed instrument.

        Args:
            values: answers by item; an item that is absent, None, or outside its range or type is missing.

        Returns:
            Each score by name; None where what is missing leaves it unknown.
        """
        answers: list[Any] = []
        for name, (kinds, low, high) in zip(self._names, self._limits, strict=True):
            answer = values.get(name)
            if answer.__class__ not in kinds or not low <= answer <= high:
                answer = None
            answers.append(answer)
        for item, condition in self._skips:
            if answers[item] is None and answers[condition] is False:
                answers[item] = False
        for pick, operate in self._steps:
            answers.append(operate(pick(answers)))
        return dict(zip(self.scores, answers[len(self._names) :], strict=True))

    def _add_items(self, group: Items) -> None:
        try:
            names = group.spelled_out()
        except ValueError as problem:
            raise self._error(f"items: {problem}") from problem
        for name in names:
            if name in self.items:
                raise self._error(f"items.{name} is there twice")
            if group.asked_if is not None:
                if group.type != "boolean" or self._type_of(group.asked_if, f"items.{name}") is not bool:
                    raise self._error(f"items.{name}: `asked_if` joins a yes-or-no item to an earlier one")
                self._skips.append((len(self.items), self._place(group.asked_if)))
            self.items[name] = Item(
                type=group.type,
                title=group.title,
                range=group.range,
                required=group.asked_if is None,
                source=group.source,
                assumption=group.assumption,
            )

    def _add_score(self, name: str, score: Score) -> None:
        where = f"scores.{name}"
        if name in self.items or name in self.scores:
            raise self._error(f"{where}: the name {name!r} is taken")
        if score.operation == "rule":
            names, kind, operate = self._rule(score, where)
        else:
            names = self._select(score.over, where)
            kind, operate = self._operation(score, [self._type_of(part, where) for part in names], where)
        self._steps.append((_picker([self._place(part) for part in names]), operate))
        self.scores[name] = kind

    def _rule(self, score: Score, where: str) -> tuple[list[str], type, Callable[[Answers], Value]]:
        assert score.rule is not None
        vocabulary = Vocabulary(
            {name: _KINDS[self._type_of(name, where)] for name in [*self.items, *self.scores]}
        )
        try:
            rule = vocabulary.compile(score.rule, returns=None)
        except RuleError as problem:
            raise self._error(f"{where}: {problem}") from problem
        if rule.returns not in _GIVES:
            raise self._error(
                f"{where}: the rule gives {rule.returns}; a score is yes or no, a number or a text"
            )
        names = sorted(rule.names)
        return names, _GIVES[rule.returns], _by_rule(rule, names)

    def _operation(
        self, score: Score, kinds: list[type], where: str
    ) -> tuple[type, Callable[[Answers], Value]]:
        operation = score.operation
        wants_yes_or_no = operation in ("highest", "any", "all")
        if any((kind is bool) != wants_yes_or_no or kind is str for kind in kinds):
            raise self._error(
                f"{where}: `{operation}` works on {'yes or no' if wants_yes_or_no else 'numbers'} alone"
            )
        whole = int if all(kind is int for kind in kinds) else float
        if operation == "sum":
            return (whole, _sum) if not score.may_miss else (float, _prorated(score.may_miss))
        if operation == "mean":
            return float, _mean(score.may_miss)
        if operation == "max":
            return whole, _maximum
        if operation == "highest":
            return int, _highest
        if operation == "all":
            return bool, _all
        if operation == "any":
            return bool, _at_least(1, 1)
        assert score.reaching is not None
        if operation == "count":
            return int, _count(score.reaching)
        assert score.at_least is not None
        return bool, _at_least(score.at_least, score.reaching)

    def _select(self, over: str | list[str], where: str) -> list[str]:
        if isinstance(over, list):
            names = over
        elif ".." in over:
            order = list(self.items)
            first, last = (order.index(self._known(end.strip(), where)) for end in over.split("..", 1))
            names = order[first : last + 1]
        else:
            names = [over]
        if not names:
            raise self._error(f"{where}: {over!r} names no item")
        return [self._known(name, where) for name in names]

    def _known(self, name: str, where: str) -> str:
        known = [*self.items, *self.scores]
        if name not in known:
            raise self._error(f"{where}: {unknown('item or earlier score', name, known)}")
        return name

    def _type_of(self, name: str, where: str) -> type:
        self._known(name, where)
        return self.scores[name] if name in self.scores else _PYTHON[self.items[name].type]

    def _place(self, name: str) -> int:
        return [*self.items, *self.scores].index(name)

    def _error(self, message: str) -> InstrumentError:
        return InstrumentError(f"{self.file.instrument}.yaml: {message}")


def read_instrument(name: str) -> InstrumentFile:
    """The file of a shipped instrument, as data.

    Raises:
        InstrumentError: when no instrument has this name, or its file is wrong, with line and field.
    """
    path = files("entact.protocol").joinpath("instruments", f"{name}.yaml")
    if not path.is_file():
        raise InstrumentError(unknown("instrument", name, shipped_instruments()))
    try:
        source = read_source(path.read_bytes(), f"{name}.yaml")
    except StudyError as problem:
        raise InstrumentError(str(problem)) from None
    try:
        return InstrumentFile.model_validate(source.data)
    except ValidationError as problem:
        faults = faults_of(problem, source.data, InstrumentFile, ())
        raise InstrumentError("\n".join(str(source.locate(fault)) for fault in faults)) from None


@cache
def load_instrument(name: str) -> Instrument:
    """A shipped instrument, ready to score.

    Raises:
        InstrumentError: when no instrument has this name, or its file is wrong.
    """
    return Instrument(read_instrument(name))


def shipped_instruments() -> list[str]:
    """The names of the instruments that come with the product."""
    folder = files("entact.protocol").joinpath("instruments")
    return sorted(
        entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")
    )


def _limits(item: Item) -> tuple[tuple[type, ...], Any, Any]:
    """Classes that an answer may have, and the lowest and highest answer."""
    if item.type == "boolean":
        return (bool,), False, True
    kinds = (int,) if item.type == "integer" else (float, int)
    if item.bounds is None:
        return kinds, float("-inf"), float("inf")
    return kinds, float(item.bounds[0]), float(item.bounds[1])


def _picker(places: list[int]) -> Callable[[Any], Answers]:
    if len(places) == 1:
        (place,) = places
        return lambda answers: (answers[place],)
    return itemgetter(*places)


def _by_rule(rule: Rule, names: list[str]) -> Callable[[Answers], Value]:
    def operate(answers: Answers) -> Value:
        value = rule.evaluate(dict(zip(names, answers, strict=True)))
        return None if isinstance(value, Unknown) else cast(Value, value)

    return operate


def _sum(answers: Answers) -> Value:
    return None if None in answers else sum(answers)


def _maximum(answers: Answers) -> Value:
    return None if None in answers else max(answers)


def _mean(may_miss: int) -> Callable[[Answers], Value]:
    def operate(answers: Answers) -> Value:
        answered = [answer for answer in answers if answer is not None]
        if not answered or len(answers) - len(answered) > may_miss:
            return None
        return float(sum(answered) / len(answered))

    return operate


def _prorated(may_miss: int) -> Callable[[Answers], Value]:
    mean = _mean(may_miss)

    def operate(answers: Answers) -> Value:
        average = mean(answers)
        return None if average is None else float(average) * len(answers)

    return operate


def _count(reaching: int) -> Callable[[Answers], Value]:
    def operate(answers: Answers) -> Value:
        return None if None in answers else sum([answer >= reaching for answer in answers])

    return operate


def _at_least(needed: int, reaching: int) -> Callable[[Answers], Value]:
    def operate(answers: Answers) -> Value:
        missing = answers.count(None)
        reached = sum([answer is not None and answer >= reaching for answer in answers])
        if reached >= needed:
            return True
        return None if reached + missing >= needed else False

    return operate


def _all(answers: Answers) -> Value:
    if False in answers:
        return False
    return None if None in answers else True


def _highest(answers: Answers) -> Value:
    for place in range(len(answers), 0, -1):
        if answers[place - 1] is None:
            return None
        if answers[place - 1]:
            return place
    return 0
