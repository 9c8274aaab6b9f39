"""A form ready for use: what its items hold, what they score, and what is wrong with an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from entact.protocol.answer import SEALED, Value, limits_of, reader_of
from entact.protocol.instrument import Instrument
from entact.protocol.item_rules import KINDS, ItemRules
from entact.protocol.problem import unknown
from entact.protocol.quantity import LARGEST
from entact.protocol.rule import Facts, Kind, Rule, RuleError, Unknown
from entact.protocol.study import Form, Item

_PLAIN_TYPES: dict[str, type] = {"boolean": bool, "integer": int}  # answers that are their own value
_PLAIN = frozenset(_PLAIN_TYPES.values())

_SCORES: dict[type, Kind] = {bool: "bool", int: "int", float: "double", str: "string"}


@dataclass(frozen=True, slots=True)
class ItemProblem:
    """What is wrong with one item of a form as it was entered; or, where `unusual`, what to look at again.

    `absent`: nothing was entered, and nothing says why.
    """

    item: str
    message: str
    unusual: bool = False
    absent: bool = False


class FormValues(NamedTuple):
    """What the answers to a form are worth.

    Attributes:
        values: every item and score by name: quantities as numbers in the item's unit, rows as their number,
            calculated items as their rule gives them. None for what is missing, sealed, not of the item's
            type, or cannot be true: such an answer must never open a gate.
        beyond: what cannot be true, because it lies outside the item's range or between its possible answers.
        problems: items unknown and absent; answers of another type, unit or code; those beyond, those that
            are unusual, those to items that are not asked, and those that a calculation contradicts.
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
        rules: when its items are asked, and which are calculated.
        rows: by item, the form of one row.
    """

    def __init__(
        self, name: str, form: Form, instrument: Instrument | None, rules: ItemRules | None = None
    ) -> None:
        self.name = name
        self.form = form
        self.instrument = instrument
        self.rules = rules or ItemRules()
        self.items: dict[str, Item] = {**(instrument.items if instrument else {}), **form.items}
        self.scores: dict[str, type] = dict(instrument.scores) if instrument else {}
        self.lasting = form.lasting
        items = {item: KINDS[said.type] for item, said in self.items.items() if said.type in KINDS}
        self.types: dict[str, Kind] = items | {score: _SCORES[kind] for score, kind in self.scores.items()}
        self.rows = {
            item: CompiledForm(f"{name}.{item}", Form(items=said.items), None, self.rules.rows.get(item))
            for item, said in self.items.items()
            if said.type == "rows"
        }
        self._readers = {item: reader_of(said) for item, said in self.items.items()}
        self.personal = frozenset(item for item, said in self.items.items() if said.is_personal)
        self._plain = {item: _PLAIN_TYPES.get(said.type) for item, said in self.items.items()}
        self._required = frozenset(
            item for item, said in self.items.items() if said.required and said.is_entered
        )
        self._limits = {item: limits for item, said in self.items.items() if (limits := limits_of(said))}
        self._stepped = {
            item: said.answers for item, said in self.items.items() if said.step and said.answers
        }
        conditions = self.rules.conditions.items()
        self._judged_elsewhere = {item: rules for item, rules in conditions if _is_elsewhere(rules)}
        self._judged_here = {item: rules for item, rules in conditions if item not in self._judged_elsewhere}
        named = {name for _, rules in conditions for rule in rules for name in rule.names}
        self._hangs_on_items = named.isdisjoint(self.scores) and named.isdisjoint(self.rules.calculations)

    def __reduce__(self) -> tuple[type[CompiledForm], tuple[str, Form, Instrument | None, ItemRules]]:
        return CompiledForm, (self.name, self.form, self.instrument, self.rules)

    def holds_plainly(self, items: Mapping[str, Any]) -> bool:
        """Whether every answer is a number or a yes or no to an item of the form that is not personal."""
        return not self.personal and all(
            answer.__class__ in _PLAIN and name in self.items for name, answer in items.items()
        )

    def sealed_in_vain(self, items: Mapping[str, Any]) -> Iterator[str]:
        """Answers that are ciphertext though their items are not personal: they were not what these hold."""
        for name, answer in items.items():
            if name in self.items and name not in self.personal and isinstance(answer, str):
                yield from [name] if answer.startswith(SEALED) else []
            elif name in self.rows and name not in self.personal:
                for place, cells in enumerate(_rows_in(answer), start=1):
                    yield from (f"{name}[{place}].{cell}" for cell in self.rows[name].sealed_in_vain(cells))

    def values(self, items: Mapping[str, Any]) -> dict[str, Value]:
        """The typed value of every item and score (see `read`)."""
        return self.read(items).values

    def check(self, items: Mapping[str, Any]) -> list[ItemProblem]:
        """What is wrong with the answers: unknown, absent, of another type, unit or code, out of range."""
        return self.read(items).problems

    def read(self, items: Mapping[str, Any], around: Mapping[str, Any] | None = None) -> FormValues:
        """The typed value of every item and score, and what is wrong with the answers.

        Args:
            items: answers as an entry holds them: bool, int, text, a list of codes or rows, a file as
                `{"file": its SHA-256, …}`, or `{"missing": …}`.
            around: values of other forms, by `form.item`, for calculated items.

        Returns:
            Of conditions only those are judged that hang on this form alone: see `contradictions`.
        """
        found: dict[str, Value] = {}
        beyond: dict[str, Value] = {}
        problems: list[ItemProblem] = []
        known = 0
        conditions = self.rules.conditions
        for name, read in self._readers.items():
            answer = items.get(name)
            known += name in items
            found[name] = value = None
            if answer is None or _is_blank(answer):
                if name in self._required and name not in conditions:
                    problems.append(ItemProblem(name, _ABSENT, absent=True))
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
            if value is not None and name in self._limits and name not in self.rules.calculations:
                said = self._limited(name, answer, value)
                problems += said
                if said and not said[0].unusual:
                    found[name], beyond[name] = None, value
                    continue
            if value is not None and name in self._stepped and value not in self._stepped[name]:
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
        if self.rules.calculations:
            problems += self._calculate(items, found, beyond, {} if around is None else around)
        problems += self._judged(items, found, {} if around is None else around, None, elsewhere=False)
        for name, row in self.rows.items():
            for place, cells in enumerate(_rows_in(items.get(name)), start=1):
                inner = row.read(cells, {**(around or {}), **found}).problems
                problems += [
                    ItemProblem(f"{name}[{place}].{one.item}", one.message, one.unusual) for one in inner
                ]
        return FormValues(found, beyond, problems)

    def contradictions(
        self, items: Mapping[str, Any], around: Mapping[str, Any], facts: Facts | None
    ) -> list[ItemProblem]:
        """What is wrong with answers by conditions that hang on other forms or on the session.

        Args:
            around: values of other forms by `form.item`. facts: of the session.
        """
        found = self.read(items, around).values
        problems = self._judged(items, found, around, facts, elsewhere=True)
        for name, row in self.rows.items():
            for place, cells in enumerate(_rows_in(items.get(name)), start=1):
                inner = row.contradictions(cells, {**around, **found}, facts)
                problems += [ItemProblem(f"{name}[{place}].{one.item}", one.message) for one in inner]
        return problems

    @property
    def looks_elsewhere(self) -> bool:
        """Whether a condition hangs on other forms or on the session."""
        return bool(self._judged_elsewhere) or any(row.looks_elsewhere for row in self.rows.values())

    def made_of(self, name: str) -> frozenset[str]:
        """The items that a value comes from: itself, or those that a calculation or a score is made of."""
        if name in self.rules.calculations:
            inputs = (one for one in self.rules.calculations[name].names if one in self.types)
            return frozenset({name}).union(*map(self.made_of, inputs))
        if name in self.scores and self.instrument is not None:
            return frozenset(self.instrument.items)
        return frozenset({name})

    def is_asked(
        self, name: str, values: Mapping[str, Any], around: Mapping[str, Any], facts: Facts | None = None
    ) -> bool | None:
        """Whether an item is asked; None while what decides it is not known.

        Args:
            values: of this form's items, as `read` gives them. around: of other forms, by `form.item`.
        """
        answer: bool | None = True
        for rule in self.rules.conditions.get(name, ()):
            said = self._evaluated(rule, values, around, facts)
            if said is False:
                return False
            answer = answer if said is True else None
        return answer

    def asked_of(
        self, items: Mapping[str, Any], around: Mapping[str, Any], facts: Facts | None = None
    ) -> dict[str, Any]:
        """The answers to items that are asked, each by those before it, as far as what it hangs on is known.

        Args:
            items: answers to any of them. around: values of other forms. facts: of the session.
        """
        if not self.rules.conditions:
            return dict(items)
        kept: dict[str, Any] = {}
        values: dict[str, Value] = {}
        for name in self.items:
            if name not in items:
                continue
            if name in self.rules.conditions:
                if not self._hangs_on_items:
                    values = self.read(kept, around).values
                if not self.is_asked(name, values, around, facts):
                    continue
            kept[name] = items[name]
            if self._hangs_on_items:
                values[name] = self._value_of(name, items[name])
        return kept

    def _value_of(self, name: str, answer: Any) -> Value:
        """The value of one item, as `read` gives it; None of what cannot be true."""
        plain: Any = self._plain[name]
        if answer.__class__ is plain and -LARGEST <= answer <= LARGEST:
            value: Value = answer
        else:
            try:
                value = self._readers[name](answer)
            except ValueError:  # nor is what was left empty, but in prose, which no rule reads
                return None
        if value is None or (name in self._stepped and value not in self._stepped[name]):
            return None
        said = self._limited(name, answer, value) if name in self._limits else ()
        return None if said and not said[0].unusual else value

    def _evaluated(
        self, rule: Rule, values: Mapping[str, Any], around: Mapping[str, Any], facts: Facts | None
    ) -> Value:
        """What a rule gives; None where that is not known."""
        seen = {name: values[name] if name in values else around.get(name) for name in rule.names}
        try:
            said: Any = rule.evaluate(seen, facts)
        except (RuleError, ValueError):
            return None
        return None if isinstance(said, Unknown) else said

    def _limited(self, name: str, answer: Any, value: Any) -> list[ItemProblem]:
        """What is said of a value that cannot be true, or else is unusual."""
        shown = f"the number of rows, {value}," if name in self.rows else answer
        for limit in self._limits[name]:
            said, unusual = limit.beyond(shown, value)
            if said:
                return [ItemProblem(name, said, unusual)]
        return []

    def _calculate(
        self,
        items: Mapping[str, Any],
        found: dict[str, Value],
        beyond: dict[str, Value],
        around: Mapping[str, Any],
    ) -> Iterator[ItemProblem]:
        """Puts what the rules give into `found`, and says which entered values they contradict."""
        for name, rule in self.rules.calculations.items():
            entered = beyond.pop(name, None) if found[name] is None else found[name]
            asked = self.is_asked(name, found, around)
            over = self.rules.over.get(name)
            if asked is False:
                value = None
            elif over is not None:
                value = around.get(over.name)
            else:
                value = self._evaluated(rule, found, around, None)
            found[name] = value
            if entered is not None and value is None:
                yield ItemProblem(name, f"is {items[name]}, and what it is calculated from is not known")
            elif entered is not None and not _agrees(items[name], entered, value):
                shown = _as_written(self.items[name], value)
                yield ItemProblem(name, f"is {items[name]}, and the other answers give {shown}")
            if value is not None and name in self._limits:
                said = self._limited(name, _as_written(self.items[name], value), value)
                yield from said
                if said and not said[0].unusual:
                    found[name], beyond[name] = None, value

    def _judged(
        self,
        items: Mapping[str, Any],
        found: Mapping[str, Any],
        around: Mapping[str, Any],
        facts: Facts | None,
        *,
        elsewhere: bool,
    ) -> list[ItemProblem]:
        """Answers to items that are not asked, and items that are asked and have none."""
        problems = []
        for name, rules in (self._judged_elsewhere if elsewhere else self._judged_here).items():
            asked, answer = self.is_asked(name, found, around, facts), items.get(name)
            if asked is True and _is_blank(answer) and name in self._required:
                problems.append(ItemProblem(name, _ABSENT, absent=True))
            elif asked is False and self._says_more(name, answer):
                when = " and ".join(rule.text for rule in rules)
                problems.append(ItemProblem(name, f"was answered, and is asked only when {when}"))
        return problems

    def _says_more(self, name: str, answer: Any) -> bool:
        """Whether an answer says more than that the item was not asked."""
        if _is_blank(answer):
            return False
        if answer.__class__ not in _PLAIN and isinstance(answer, Mapping) and "missing" in answer:
            return False
        otherwise = self.instrument.otherwise.get(name) if self.instrument is not None else None
        return answer.__class__ is not otherwise.__class__ or answer != otherwise


_ABSENT = "is absent; answer it, or say why it is missing"


def _is_blank(answer: Any) -> bool:
    """Whether nothing was written: a line of spaces says no more than none."""
    return answer is None or (answer.__class__ is str and not answer.strip())


def _is_elsewhere(rules: tuple[Rule, ...]) -> bool:
    return any(rule.calls or any("." in name for name in rule.names) for rule in rules)


def _rows_in(answer: Any) -> list[Mapping[str, Any]]:
    return [row for row in answer if isinstance(row, Mapping)] if isinstance(answer, list | tuple) else []


def _agrees(answer: Any, entered: Value, value: Value) -> bool:
    """Whether an entered value is the calculated one, as far as it was written out."""
    if not isinstance(entered, float) or not isinstance(value, int | float):
        return entered == value
    written = str(answer).partition(" ")[0]
    decimals = len(written.partition(".")[2])
    return abs(entered - value) <= 0.5 * 10.0**-decimals + 1e-9 * abs(value)


def _as_written(item: Item, value: Any) -> str:
    """A value as an entry would hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"{text} {item.unit}" if item.unit and isinstance(value, int | float) else text
