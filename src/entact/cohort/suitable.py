"""Answers of somebody who suits a study: nothing in its criteria, gates and alerts speaks against them.

Found from the rules themselves: an assignment of every item is mended until as little as possible speaks
against it, and then each item is given as much freedom as leaves it so. What healthy adults have of a
measurement is known: of it a study chooses people by its criteria, and no gate and no alert shapes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from entact.cohort.answers import Answer, answer_form
from entact.cohort.rows import MOMENTS, free_rows, moments, rows_of
from entact.cohort.usual import Usual, usual
from entact.protocol import CompiledForm, Release
from entact.protocol.rule import Rule, RuleError, Unknown
from entact.protocol.study import Item

ROUNDS = 6  # of mending, and of taking freedom away; what still speaks against it is said by the rehearsal
TRIALS = 48  # joint draws that have to suit before the freedom is believed
GRID = 24  # parts of a range that are tried

CRITERION, GATE, ALERT = 100, 10, 1  # how much each weighs against an assignment

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")

Answers = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Said:
    """A rule, what it has to say of somebody suitable, and how much it weighs."""

    rule: Rule
    wanted: bool
    weight: int


class _Staffed:
    """Facts of a session in which everybody is there; what time brings is left open."""

    def present(self, role: str, /) -> int | None:
        return 100

    def given(self, part: str, /) -> bool | None:
        return None

    def elapsed(self, part: str, /) -> timedelta | None:
        return None

    def doses(self) -> int | None:
        return None


class Suitable:
    """An assignment of every item of a study's forms that as little as possible speaks against.

    Attributes:
        answers: form -> item -> answer, as an entry holds it; without text. measured: form -> item -> what
            healthy adults have of it.
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self.measured: dict[str, dict[str, Usual]] = {
            name: {item: known for item, said in form.items.items() if (known := usual(item, said))}
            for name, form in release.forms.items()
        }
        self.rules = list(_rules(release))
        self.answers: Answers = {
            name: {
                item: _middle(said)
                for item, said in form.items.items()
                if said.calculated is None and _middle(said) is not None
            }
            for name, form in release.forms.items()
        }
        for name, measured in self.measured.items():
            for item, one in measured.items():
                self.answers[name][item] = as_answer(release.forms[name].items[item], one.mean)
        self._values: dict[str, Any] = {}
        self._free: dict[str, dict[str, Answer]] = {}
        for name in [*release.forms, *(name for name, form in release.forms.items() if form.rules.elsewhere)]:
            self._read(name)
        self._by_form: dict[str, list[Said]] = {}
        for said in self.rules:
            for form in {_form(name) for name in said.rule.names}:
                self._by_form.setdefault(form, []).append(said)
        for _ in range(ROUNDS):
            if not self._mend():
                break

    def weight(self, change: Mapping[str, Mapping[str, Any]], least: int = 0) -> int:
        """How much would speak against the assignment with a change, in rules that name the forms changed.

        `least`: of rules that weigh no less.
        """
        values = dict(self._values)
        found: dict[int, Said] = {}
        for form, answers in change.items():
            values |= self._named(form, {**self.answers[form], **answers}, values)
            found |= {id(said): said for said in self._by_form.get(form, ())}
        return sum(
            said.weight for said in found.values() if said.weight >= least and _speaks_against(said, values)
        )

    def here(self, form: str, least: int = 0) -> int:
        """How much speaks against the assignment in rules that name a form."""
        return self.weight({form: {}}, least)

    def accept(self, form: str, answers: Mapping[str, Any]) -> None:
        """Makes some answers to a form part of the assignment."""
        self.answers[form].update(answers)
        self._read(form)

    def answers_of(self, form: str, leave: frozenset[str] = frozenset()) -> dict[str, Answer]:
        """What suitable people answer to a form: all that leaves them suitable, item by item.

        Args:
            leave: items that are answered otherwise.
        """
        compiled = self.release.forms[form]
        free = {
            name: self.freedom(form, name)
            for name in compiled.items
            if name not in leave and name in self.answers[form]
        }
        random = np.random.Generator(np.random.Philox(0))
        for _ in range(ROUNDS):
            blamed = (self._blamed(compiled, free, random) & free.keys()) - self.measured[form].keys()
            if not blamed:
                break
            free |= {name: self._nearer(form, name, free[name]) for name in sorted(blamed)}
        self._free[form] = free
        return free

    def _nearer(self, form: str, name: str, free: Answer) -> Answer:
        """Half the freedom, nearer to the answer of the assignment; none where there is no half."""
        mine = self.answers[form][name]
        if free.items:
            return free.model_copy(
                update={"mean": ((free.mean or 0.0) + len(mine)) / 2, "sd": (free.sd or 0.0) / 2}
            )
        if free.mean is None or free.sd is None:
            return Answer(value=mine)
        mean = (free.mean + float(str(mine).partition(" ")[0])) / 2
        return Answer(mean=mean, sd=free.sd / 2, decimals=free.decimals)

    def _blamed(
        self, form: CompiledForm, free: Mapping[str, Answer], random: np.random.Generator
    ) -> set[str]:
        """Items of rules that speak against people who answer with this freedom."""
        usual = {id(said) for said in self._by_form.get(form.name, ()) if _speaks_against(said, self._values)}
        blamed: set[str] = set()
        if len(usual) == len(self._by_form.get(form.name, ())):
            return blamed
        named = {_form(name) for said in self._by_form[form.name] for name in said.rule.names}
        others = sorted(
            (named & self._free.keys()) - {form.name}
        )  # what is free there may speak against here
        for _ in range(TRIALS):
            drawn = self._drawn(form, free, random)
            around = dict(self._values)
            for other in others:
                here = self.release.forms[other]
                around |= self._named(other, self._drawn(here, self._free[other], random), self._values)
            values = around | self._named(form.name, drawn, self._values)
            for said in self._by_form[form.name]:
                if id(said) not in usual and _speaks_against(said, values):
                    blamed |= self._answers_behind(said, form, drawn, around)
        return blamed

    def _answers_behind(
        self, said: Said, form: CompiledForm, drawn: Mapping[str, Any], around: Mapping[str, Any]
    ) -> set[str]:
        """The items behind a rule that speaks against drawn answers; of those with yes or no only as many
        as have to be answered otherwise, those that others hang on last."""
        behind = self._items_behind(said.rule, form.name)
        yes_or_no = [name for name in form.items if name in behind and form.items[name].type == "boolean"]
        back: dict[str, Any] = {}

        def speaks() -> bool:
            values = {**around, **self._named(form.name, {**drawn, **back}, self._values)}
            return _speaks_against(said, values)

        for name in reversed(yes_or_no):
            back[name] = self.answers[form.name][name]
            if not speaks():
                break
        else:
            return behind
        for name in tuple(back):
            mine = back.pop(name)
            if speaks():
                back[name] = mine
        return {*back}

    def _drawn(
        self, form: CompiledForm, free: Mapping[str, Answer], random: np.random.Generator
    ) -> dict[str, Any]:
        drawn = answer_form(form, free, {}, random, None, self._values, _STAFFED)
        return {**self.answers[form.name], **drawn}

    def _measured(self, form: str, name: str, item: Item, known: Usual) -> Answer:
        """What healthy adults have, or as near to it as the criteria choose people."""
        chosen = self.here(form, CRITERION)
        low, high = _stretch(
            item,
            self.answers[form][name],
            lambda answer: self.weight({form: {name: answer}}, CRITERION) <= chosen,
            (known.least, known.most),
        )
        mean, sd = known.mean, known.sd
        if not low <= mean - 2 * sd or not mean + 2 * sd <= high:
            mean, sd = (low + high) / 2, (high - low) / 6
        decimals = 0 if item.type == "integer" else known.decimals
        return Answer(mean=mean, sd=sd, decimals=decimals)

    def freedom(self, form: str, name: str) -> Answer:
        """What suitable people answer to one item, whatever they answer to the others."""
        item = self.release.forms[form].items[name]
        if name in self.measured[form]:
            return self._measured(form, name, item, self.measured[form][name])
        mine, here = self.answers[form][name], self.here(form)

        def suits(answer: Any) -> bool:
            return self.weight({form: {name: answer}}) <= here

        if item.type == "boolean":
            return Answer(chance=0.5) if suits(not mine) else Answer(value=mine)
        if item.type == "choice":
            codes = [code for code in item.of or () if suits(code)] or [mine]
            return Answer(shares=dict.fromkeys(codes, 1.0 / len(codes)))
        if item.type in MOMENTS:
            texts = moments(item)
            return Answer(shares=dict.fromkeys(texts, 1.0 / len(texts)))
        if item.type == "rows":
            return free_rows(item)
        if item.type not in ("integer", "decimal"):
            return Answer(value=mine)
        low, high = _stretch(item, mine, suits, _range(item))
        decimals = 0 if item.type == "integer" or high - low >= 20 else 1
        return Answer(mean=(low + high) / 2, sd=(high - low) / 6, decimals=decimals)

    def _mend(self) -> bool:
        """Changes an item, or all of a form, behind each rule that speaks against; says whether it helped."""
        helped = False
        for said in self.rules:
            if not _speaks_against(said, self._values):
                continue
            for form in sorted({_form(name) for name in said.rule.names}):
                best, change = self.here(form), None
                for tried in self._tries(said, form):
                    weight = self.weight({form: tried})
                    if weight < best:
                        best, change = weight, tried
                if change is not None:
                    self.accept(form, change)
                    helped = True
        return helped

    def _tries(self, said: Said, form: str) -> Iterator[dict[str, Any]]:
        items, measured = self.release.forms[form].items, self.measured[form]
        behind = sorted(self._items_behind(said.rule, form))
        numbers = [float(number) for number in _NUMBER.findall(said.rule.text)]
        for name in behind:
            if name not in measured:
                for answer in _candidates(items[name], numbers, _widest(items[name], 1000.0)):
                    yield {name: answer}
            elif said.weight >= CRITERION:
                least, most = _widest(items[name], measured[name].most)
                bounds = max(measured[name].least, least), min(measured[name].most, most)
                for answer in _candidates(items[name], numbers, bounds):
                    yield {name: answer}
        behind = [name for name in behind if name not in measured]
        for part in range(5):  # all of an instrument together: a total is of many items
            whole = {name: _at(items[name], part / 4) for name in behind if name in self.answers[form]}
            yield {name: answer for name, answer in whole.items() if answer is not None}

    def _items_behind(self, rule: Rule, form: str) -> set[str]:
        compiled = self.release.forms[form]
        found: set[str] = set()
        for name in rule.names:
            if _form(name) == form:
                item = name.rpartition(".")[2]
                found |= {item} if item in self.answers[form] else {*self.answers[form]} & {*compiled.items}
        return found

    def _read(self, form: str) -> None:
        self._values |= self._named(form, self.answers[form], self._values)

    def _named(self, form: str, answers: Mapping[str, Any], around: Mapping[str, Any]) -> dict[str, Any]:
        """What rules see of answers to a form, and of what in other forms hangs on them."""
        named = self._seen(form, answers, around)
        for other in self.release.forms.values():
            if other.name != form and any(_form(name) == form for name in other.rules.elsewhere):
                named |= self._seen(other.name, self.answers[other.name], {**around, **named})
        return named

    def _seen(self, form: str, answers: Mapping[str, Any], around: Mapping[str, Any]) -> dict[str, Any]:
        compiled = self.release.forms[form]
        values = compiled.read(compiled.asked_of(answers, around, _STAFFED), around).values
        return {f"{form}.{name}": values[name] for name in compiled.types}


def _rules(release: Release) -> Iterator[Said]:
    for criterion in release.criteria.values():
        if criterion.rule is not None:
            yield Said(criterion.rule, criterion.criterion.kind == "inclusion", CRITERION)
    for gate in release.gates.values():
        for requirement in gate.requirements:
            yield Said(requirement.rule, True, GATE)
    for stopping in release.rules.stopping.values():
        if all(_form(name) in release.forms for name in stopping.rule.names):
            yield Said(stopping.rule, False, GATE)
    for alert in release.alerts.values():
        yield Said(alert.rule, False, ALERT)


def _speaks_against(said: Said, values: Mapping[str, Any]) -> bool:
    try:
        found = said.rule.evaluate(values, _STAFFED)
    except (RuleError, ValueError):
        return True
    return not isinstance(found, Unknown) and found is not said.wanted


_STAFFED = _Staffed()


def _form(name: str) -> str:
    return name.split(".")[-2]


def _middle(item: Item) -> Any:
    """The answer to begin with: no, the first code, the middle of a range; none to text."""
    if item.type == "boolean":
        return False
    if item.type == "choice":
        return (item.of or [""])[0]
    if item.type == "choices":
        return []
    if item.type in MOMENTS:
        return moments(item)[0]
    if item.type == "rows":
        return [{} for _ in range(round(sum(rows_of(item)) / 2))]
    return _at(item, 0.5)


def _at(item: Item, part: float) -> Any:
    """The answer at a part of the way through what can be answered."""
    if item.type == "boolean":
        return part >= 0.5
    if item.type == "choice":
        codes = item.of or [""]
        return codes[min(int(part * len(codes)), len(codes) - 1)]
    if item.type == "choices":
        return list((item.of or [])[: round(part * len(item.of or []))])
    if item.type not in ("integer", "decimal"):
        return None
    low, high = _range(item)
    return as_answer(item, low + part * (high - low))


def _range(item: Item, most: float = 10.0) -> tuple[float, float]:
    """The ends of what a number usually is; from 0 to `most` where the file does not say."""
    if item.usual is None:
        return _widest(item, most)
    low, high = item.usual
    return float(low), float(high)


def _widest(item: Item, most: float) -> tuple[float, float]:
    """The ends of what a number may be; from 0 to `most` where the file does not say."""
    if item.bounds is None:
        return 0.0, most
    low, high = item.bounds
    return float(low), float(high)


def as_answer(item: Item, value: float) -> Any:
    """A number as an entry holds it."""
    if item.type == "integer":
        step = item.step or 1
        low = int(item.bounds[0]) if item.bounds is not None else 0
        return low + round((value - low) / step) * step
    return f"{value:.2f} {item.unit}".rstrip()


def _candidates(item: Item, numbers: list[float], bounds: tuple[float, float]) -> Iterator[Any]:
    """Answers worth trying: every code; the numbers that a rule names, and their neighbours."""
    if item.type == "boolean":
        yield from (True, False)
    elif item.type == "choice":
        yield from item.of or ()
    elif item.type == "choices":
        yield from ([], *([code] for code in item.of or ()), list(item.of or ()))
    elif item.type in ("integer", "decimal"):
        low, high = bounds
        room = high - low
        tried = [low + room * part / 8 for part in range(9)]
        tried += [number + by for number in numbers for by in (-0.05 * room, -1.0, 0.0, 1.0, 0.05 * room)]
        yield from (as_answer(item, value) for value in tried if low <= value <= high)


def _stretch(
    item: Item, mine: Any, suits: Callable[[Any], bool], bounds: tuple[float, float]
) -> tuple[float, float]:
    """How far a number may go down and up from an answer that suits, within bounds."""
    low, high = bounds
    start = float(str(mine).partition(" ")[0])
    step = max((high - low) / GRID, 1.0 if item.type == "integer" else 0.0)
    ends = []
    for sign, end in ((-1.0, low), (1.0, high)):
        reached = start
        for tried in range(1, GRID + 1):
            value = start + sign * step * tried
            if sign * (value - end) > 0:
                value = end
            if not suits(as_answer(item, value)):
                break
            reached = value
            if value == end:
                break
        ends.append(reached)
    return ends[0], ends[1]
