"""Instruments as data: items without wording, and scores with a stated policy for what is missing.

An item that was not answered, or whose answer lies outside its range, is missing. A score with a missing item
is unknown unless its file says `may_miss`; a yes-or-no score follows Kleene: it is known as soon as what is
missing cannot change it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from functools import cache
from importlib.resources import files
from operator import itemgetter
from typing import Any, cast

from pydantic import ValidationError

from entact.protocol import scoring
from entact.protocol.explain import faults_of
from entact.protocol.instrument_file import InstrumentFile, Items, Score, shipped_instruments
from entact.protocol.problem import StudyError, unknown
from entact.protocol.rule import Kind, Rule, RuleError, Unknown, Vocabulary
from entact.protocol.scoring import Answers, Operation, Value
from entact.protocol.source import read_source
from entact.protocol.study import Item
from entact.protocol.study.forms import MANY

_PYTHON: dict[str, type] = {"boolean": bool, "integer": int, "decimal": float, "choice": str, "text": str}
_KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "double", str: "string"}
_GIVES: dict[Kind, type] = {kind: python for python, kind in _KINDS.items()}

__all__ = [
    "Instrument",
    "InstrumentError",
    "InstrumentFile",
    "load_instrument",
    "read_instrument",
    "shipped_instruments",
]


class InstrumentError(ValueError):
    """An instrument that is not known, or whose file cannot be used; the message names the place."""


class Instrument:
    """An instrument ready to score.

    Attributes:
        name, title, recall, licence, source: what it is, the period it asks about, who must allow its use.
        items: each item by name, in order.
        scores: the Python type of each score by name, in order.
        parts: what each score that is no rule is made of. points: of each answer, for items that are scored
            otherwise than by the answer itself.
        otherwise: what an item counts as where it is not asked. qualifiers: by item, the item that says
            whether it counts, and the answers with which it does.
        codes: CDISC test code by item, where there is one. category: its name in CDISC (QSCAT), or None.
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
        self.source, self.category = file.source, file.category
        self.items: dict[str, Item] = {}
        self.scores: dict[str, type] = {}
        self.parts: dict[str, list[str]] = {}
        self.points: dict[str, dict[int, int]] = {}
        self.codes: dict[str, str] = {}
        self.otherwise: dict[str, Any] = {}
        self.qualifiers: dict[str, tuple[str, frozenset[str]]] = {}
        self._skips: list[tuple[int, Rule]] = []  # item, and the rule without which it is not asked
        self._points: list[tuple[int, dict[int, int]]] = []  # item, and the points of each answer
        for group in file.items:
            self._add_items(group)
        self._names = tuple(self.items)
        self._places = {name: place for place, name in enumerate(self._names)}
        self._limits = tuple(_limits(item) for item in self.items.values())
        self._steps: list[tuple[Callable[[Any], Answers], Operation]] = []
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
        for name, (kinds, low, high, possible) in zip(self._names, self._limits, strict=True):
            answer = values.get(name)
            is_in_range = answer.__class__ in kinds and low <= answer <= high
            if not is_in_range or (possible is not None and answer not in possible):
                answer = None
            answers.append(answer)
        for item, condition in self._skips:
            if answers[item] is None and self._is_not_asked(condition, answers):
                answers[item] = self.otherwise[self._names[item]]
        for item, points in self._points:
            if answers[item] is not None:
                answers[item] = points[answers[item]]
        for pick, operate in self._steps:
            answers.append(operate(pick(answers)))
        return dict(zip(self.scores, answers[len(self._names) :], strict=True))

    def _add_items(self, group: Items) -> None:
        try:
            names, codes = group.spelled_out(), group.coded()
        except ValueError as problem:
            raise self._error(f"items: {problem}") from problem
        if codes and len(codes) != len(names):
            raise self._error(
                f"items.{names[0]}: {len(names)} items and {len(codes)} codes; write one for each"
            )
        for name in group.reversed or ():
            if name not in names:
                raise self._error(f"items: `reversed`: {unknown('item of this row', name, names)}")
        self.codes |= dict(zip(names, codes, strict=False))
        qualified = self._qualified(group, names)
        for place, name in enumerate(names):
            if name in self.items:
                raise self._error(f"items.{name} is there twice")
            when = group.when
            if group.asked_if is not None:
                if group.type != "boolean" or self._type_of(group.asked_if, f"items.{name}") is not bool:
                    raise self._error(f"items.{name}: `asked_if` joins a yes-or-no item to an earlier one")
                when = group.asked_if
            if qualified:
                when = f"{qualified[place]} > {self._lowest(qualified[place])}"
                self.qualifiers[qualified[place]] = (name, frozenset(group.by or ()))
            condition = self._condition(name, when) if when is not None else None
            otherwise = False if group.asked_if is not None else group.otherwise
            if condition is not None and otherwise is not None:
                self._skips.append((len(self.items), condition))
                self.otherwise[name] = otherwise
            try:
                item = Item(
                    type=group.type,
                    title=group.title,
                    help=group.help,
                    labels=group.labels,
                    when=when,
                    range=group.range,
                    step=group.step,
                    of=group.of,
                    required=group.required,
                    source=group.source,
                    assumption=group.assumption,
                )
            except ValidationError as problem:
                raise self._error(f"items.{name}: {problem.errors()[0]['msg']}") from None
            if group.points is not None or name in (group.reversed or ()):
                self.points[name] = self._points_of(name, item, group)
                self._points.append((len(self.items), self.points[name]))
            self.items[name] = item

    def _condition(self, name: str, text: str) -> Rule:
        """The rule that says whether an item is asked, over the items before it."""
        try:
            return Vocabulary({one: _KINDS[_PYTHON[item.type]] for one, item in self.items.items()}).compile(
                text
            )
        except RuleError as problem:
            raise self._error(f"items.{name}: {problem}") from problem

    def _qualified(self, group: Items, names: list[str]) -> list[str]:
        """The items that a row qualifies, one for each of it."""
        if (group.qualifies is None) != (group.by is None):
            raise self._error(
                f"items.{names[0]}: `qualifies` and `by` belong together; write both, or neither"
            )
        if group.qualifies is None:
            return []
        found = self._select(group.qualifies, f"items.{names[0]}")
        if len(found) != len(names) or any(self._type_of(one, "items") is not int for one in found):
            raise self._error(
                f"items.{names[0]}: `qualifies` names as many whole numbers as there are items here"
            )
        for code in group.by or ():
            if code not in (group.of or ()):
                raise self._error(f"items.{names[0]}: `by`: {unknown('code', code, group.of or ())}")
        return found

    def _lowest(self, name: str) -> int:
        bounds = self.items[name].bounds
        return int(bounds[0]) if bounds is not None else 0

    def _is_not_asked(self, condition: Rule, answers: list[Any]) -> bool:
        values = {name: answers[self._places[name]] for name in condition.names}
        return condition.evaluate(values) is False

    def _points_of(self, name: str, item: Item, group: Items) -> dict[int, int]:
        """The points of each answer to an item that is reversed, or whose points are written out."""
        answers = item.answers
        if answers is None or (group.points is not None and group.reversed):
            raise self._error(
                f"items.{name}: points belong to whole numbers with a range; write `reversed` or `points`"
            )
        points = group.points if group.points is not None else answers[::-1]
        if len(answers) > MANY:
            raise self._error(
                f"items.{name}: {len(answers):,} answers have no points of their own; narrow `range`"
            )
        if len(points) != len(answers):
            message = f"{len(answers)} answers and {len(points)} points; write one for each answer"
            raise self._error(f"items.{name}: {message}")
        return dict(zip(answers, points, strict=True))

    def _add_score(self, name: str, score: Score) -> None:
        where = f"scores.{name}"
        if name in self.items or name in self.scores:
            raise self._error(f"{where}: the name {name!r} is taken")
        if score.operation == "rule":
            names, kind, operate = self._rule(score, where)
        else:
            names = self.parts[name] = self._select(score.over, where)
            kind, operate = self._operation(score, [self._type_of(part, where) for part in names], where)
            if score.reaching is not None and not self.qualifiers.keys().isdisjoint(names):
                beside = [self.qualifiers.get(part) for part in names]
                counted = [None if one is None else one[1] for one in beside]
                operate = scoring.qualified(operate, score.reaching, counted)
                names = [*names, *(one[0] for one in beside if one is not None)]
        self._steps.append((_picker([self._place(part) for part in names]), operate))
        self.scores[name] = kind

    def _rule(self, score: Score, where: str) -> tuple[list[str], type, Operation]:
        assert score.rule is not None
        vocabulary = Vocabulary(
            {
                name: _KINDS[self._type_of(name, where)]
                for name in [*self.items, *self.scores]
                if name in self.scores or self.items[name].type != "text"
            }
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

    def _operation(self, score: Score, kinds: list[type], where: str) -> tuple[type, Operation]:
        operation = score.operation
        wants_yes_or_no = operation in ("highest", "any", "all")
        if any((kind is bool) != wants_yes_or_no or kind is str for kind in kinds):
            raise self._error(
                f"{where}: `{operation}` works on {'yes or no' if wants_yes_or_no else 'numbers'} alone"
            )
        whole = int if all(kind is int for kind in kinds) else float
        if operation == "first":
            return whole, scoring.first(whole)
        if operation == "sum":
            if not score.may_miss:
                return whole, scoring.total
            if score.filled_by == "median":
                return whole, scoring.filled_by_median(score.may_miss)
            if score.rounded == "up":
                if whole is float:
                    raise self._error(f"{where}: `rounded` works on whole numbers alone")
                return int, scoring.prorated_up(score.may_miss)
            return float, scoring.prorated(score.may_miss)
        if operation == "mean":
            return float, scoring.mean(score.may_miss)
        if operation == "max":
            return whole, scoring.maximum
        if operation == "highest":
            return int, scoring.highest
        if operation == "all":
            return bool, scoring.every
        if operation == "any":
            return bool, scoring.at_least(1, 1)
        assert score.reaching is not None
        if operation == "count":
            return int, scoring.count(score.reaching)
        assert score.at_least is not None
        return bool, scoring.at_least(score.at_least, score.reaching)

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


def _limits(item: Item) -> tuple[tuple[type, ...], Any, Any, Container[Any] | None]:
    """Classes that an answer may have, the lowest and highest answer and, where some between are not, all."""
    if item.type == "boolean":
        return (bool,), False, True, None
    if item.type in ("choice", "text"):
        return (str,), "", "\U0010ffff", frozenset(item.of) if item.of else None
    kinds = (int,) if item.type == "integer" else (float, int)
    if item.bounds is None:
        return kinds, float("-inf"), float("inf"), None
    possible = item.answers if item.step else None  # in a row of numbers is looked up without writing it out
    return kinds, float(item.bounds[0]), float(item.bounds[1]), possible


def _picker(places: list[int]) -> Callable[[Any], Answers]:
    if len(places) == 1:
        (place,) = places
        return lambda answers: (answers[place],)
    return itemgetter(*places)


def _by_rule(rule: Rule, names: list[str]) -> Operation:
    def operate(answers: Answers) -> Value:
        value = rule.evaluate(dict(zip(names, answers, strict=True)))
        return None if isinstance(value, Unknown) else cast(Value, value)

    return operate
