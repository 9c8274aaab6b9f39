"""A form ready for use: what its items hold, what they score, and what is wrong with an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from entact.protocol.instrument import Instrument
from entact.protocol.problem import unknown
from entact.protocol.quantity import YEARS, magnitude
from entact.protocol.rule import Kind
from entact.protocol.study import Form, Item

LARGEST = 2**53 - 1  # beyond it a whole number is no longer exact everywhere

SEALED = "sealed:"  # begins what only the holder of the participant's key can read

MISSING = ("not_asked", "not_done", "refused", "below_quantification", "unknown")

Value = bool | int | float | str | list[str] | None

_PLAIN_TYPES: dict[str, type] = {"boolean": bool, "integer": int}  # answers that are their own value
_PLAIN = frozenset(_PLAIN_TYPES.values())

_PARTIAL_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_KINDS: dict[str, Kind] = {
    "boolean": "bool",
    "integer": "int",
    "decimal": "double",
    "choice": "string",
    "choices": "list[string]",
}
_SCORES: dict[type, Kind] = {bool: "bool", int: "int", float: "double", str: "string"}


@dataclass(frozen=True, slots=True)
class ItemProblem:
    """What is wrong with one item of a form as it was entered."""

    item: str
    message: str


class FormValues(NamedTuple):
    """What the answers to a form are worth.

    Attributes:
        values: every item and score by name; None for what is missing, sealed, not of the item's type, or
            cannot be true: such an answer must never open a gate.
        beyond: the numbers that cannot be true, because they lie outside the item's range or between its
            possible answers.
        problems: items unknown and absent, answers of another type, unit or code, and those beyond.
    """

    values: dict[str, Value]
    beyond: dict[str, Value]
    problems: list[ItemProblem]


class CompiledForm:
    """A form with the items and scores of its instrument.

    Attributes:
        name: its name in the study. form: what the file says of it.
        items: each item by name, those of the instrument first.
        scores: the Python type of each score by name.
        personal: items that are stored as ciphertext.
        lasting: whether its facts stay true, so that rules see them from any encounter.
        types: the kind of every item and score that a rule may name; text and dates it may not.
    """

    def __init__(self, name: str, form: Form, instrument: Instrument | None) -> None:
        self.name = name
        self.form = form
        self.instrument = instrument
        self.items: dict[str, Item] = {**(instrument.items if instrument else {}), **form.items}
        self.scores: dict[str, type] = dict(instrument.scores) if instrument else {}
        self.lasting = form.lasting
        items = {item: _KINDS[said.type] for item, said in self.items.items() if said.type in _KINDS}
        self.types: dict[str, Kind] = items | {score: _SCORES[kind] for score, kind in self.scores.items()}
        self._readers = {item: _reader(said) for item, said in self.items.items()}
        self.personal = frozenset(item for item, said in self.items.items() if said.is_personal)
        self._plain = {item: _PLAIN_TYPES.get(said.type) for item, said in self.items.items()}
        self._required = frozenset(item for item, said in self.items.items() if said.required)
        self._bounds = {item: _bounds(said) for item, said in self.items.items() if said.range}
        self._stepped = {
            item: said.answers for item, said in self.items.items() if said.step and said.answers
        }

    def __reduce__(self) -> tuple[type[CompiledForm], tuple[str, Form, Instrument | None]]:
        return CompiledForm, (self.name, self.form, self.instrument)

    def holds_plainly(self, items: Mapping[str, Any]) -> bool:
        """Whether every answer is a number or a yes or no to an item of the form that is not personal."""
        return not self.personal and all(
            answer.__class__ in _PLAIN and name in self.items for name, answer in items.items()
        )

    def values(self, items: Mapping[str, Any]) -> dict[str, Value]:
        """The typed value of every item and score (see `read`)."""
        return self.read(items).values

    def check(self, items: Mapping[str, Any]) -> list[ItemProblem]:
        """What is wrong with the answers: unknown, absent, of another type, unit or code, out of range."""
        return self.read(items).problems

    def read(self, items: Mapping[str, Any]) -> FormValues:
        """The typed value of every item and score, and what is wrong with the answers.

        Args:
            items: answers as an entry holds them: bool, int, text, a list of codes or `{"missing": …}`.
        Returns:
            Quantities as numbers in the item's unit.
        """
        found: dict[str, Value] = {}
        beyond: dict[str, Value] = {}
        problems: list[ItemProblem] = []
        known = 0
        for name, read in self._readers.items():
            answer = items.get(name)
            known += name in items
            found[name] = value = None
            if answer is None:
                if name in self._required:
                    problems.append(ItemProblem(name, "is absent; answer it, or say why it is missing"))
                continue
            plain: Any = self._plain[name]
            if answer.__class__ is plain and -LARGEST <= answer <= LARGEST:
                found[name] = value = answer  # no need to look at it more closely
            else:
                try:
                    found[name] = value = read(answer)
                except ValueError as problem:
                    problems.append(ItemProblem(name, str(problem)))
                    continue
            if value is not None and name in self._bounds:
                low, high, unit = self._bounds[name]
                if isinstance(value, int | float) and not low <= value <= high:
                    message = f"{answer} is out of range; this item goes from {low:g} to {high:g}{unit}"
                    problems.append(ItemProblem(name, message))
                    found[name], beyond[name] = None, value
                elif name in self._stepped and value not in self._stepped[name]:
                    possible = ", ".join(map(str, self._stepped[name]))
                    problems.append(ItemProblem(name, f"{answer} is between the possible answers {possible}"))
                    found[name], beyond[name] = None, value
        if known < len(items):
            problems += [
                ItemProblem(name, unknown(f"item of {self.name}", name, self.items))
                for name, answer in items.items()
                if name not in self.items and answer is not None
            ]
        if self.instrument is not None:
            found.update(self.instrument.score(found))
        return FormValues(found, beyond, problems)


def _bounds(item: Item) -> tuple[float, float, str]:
    assert item.bounds is not None
    low, high = item.bounds
    return float(low), float(high), f" {item.unit}" if item.unit else ""


def _reader(item: Item) -> Callable[[Any], Value]:
    """What turns an answer to an item into its value; None for missing, ValueError for wrong."""
    read = _READERS[item.type]

    def value(answer: Any) -> Value:
        if isinstance(answer, str) and answer.startswith(SEALED):
            return None
        if isinstance(answer, Mapping):
            if answer.get("missing") not in MISSING:
                raise ValueError(
                    f"{dict(answer)!r} is no answer; write {{'missing': one of {', '.join(MISSING)}}}"
                )
            return None
        return read(item, answer)

    return value


def _boolean(item: Item, answer: Any) -> Value:
    if not isinstance(answer, bool):
        raise ValueError(f"{answer!r} is not true or false")
    return answer


def _integer(item: Item, answer: Any) -> Value:
    if isinstance(answer, bool) or not isinstance(answer, int | str):
        raise ValueError(f"{answer!r} is not a whole number")
    # A count may come bare; one that names a unit must name the item's.
    number = answer if isinstance(answer, int) else magnitude(answer, item.unit)
    if abs(number) > LARGEST or number != int(number):
        raise ValueError(f"{answer!r} is not a whole number of at most {LARGEST}")
    return int(number)


def _decimal(item: Item, answer: Any) -> Value:
    if isinstance(answer, int) and not isinstance(answer, bool) and not item.unit:
        return float(answer)
    if not isinstance(answer, str):
        example = f"6.8 {item.unit}".rstrip()
        raise ValueError(f"{answer!r} is not a decimal text with its unit; write it as in {example!r}")
    return magnitude(answer, item.unit)


def _choice(item: Item, answer: Any) -> Value:
    if not isinstance(answer, str) or answer not in (item.of or ()):
        raise ValueError(unknown("code", str(answer), item.of or ()))
    return answer


def _choices(item: Item, answer: Any) -> Value:
    if not isinstance(answer, list | tuple):
        raise ValueError(f"{answer!r} is not a list of codes")
    for code in answer:
        _choice(item, code)
    if len(set(answer)) < len(answer):
        raise ValueError("a code stands twice; write each once")
    return list(answer)


def _text(item: Item, answer: Any) -> Value:
    if not isinstance(answer, str):
        raise ValueError(f"{answer!r} is not text")
    return answer


def _date(item: Item, answer: Any) -> Value:
    if not isinstance(answer, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", answer):
        raise ValueError(f"{answer!r} is not a date; write it as in '2026-03-02'")
    return _of_life(date.fromisoformat(answer), answer)


def _partial_date(item: Item, answer: Any) -> Value:
    if not isinstance(answer, str) or not _PARTIAL_DATE.fullmatch(answer):
        raise ValueError(
            f"{answer!r} is not a date; write as much as is known, as in '2019', '2019-04' or '2019-04-30'"
        )
    return _of_life(date.fromisoformat(answer + "-01-01"[len(answer) - 4 :]), answer)


def _of_life(day: date, answer: str) -> str:
    if day.year not in YEARS:
        raise ValueError(f"{answer!r} is not between the years {YEARS[0]} and {YEARS[-1]}")
    return answer


_READERS: dict[str, Callable[[Item, Any], Value]] = {
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "choice": _choice,
    "choices": _choices,
    "text": _text,
    "date": _date,
    "partial_date": _partial_date,
}
