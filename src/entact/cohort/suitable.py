"""Answers of somebody who suits a study: nothing in its criteria, gates and alerts speaks against them.

Found from the rules themselves: an assignment of every item is mended until as little as possible speaks
against it, and then each item is given as much freedom as leaves it so. What healthy adults have of a
measurement is known: of it a study chooses people by its criteria, and no gate and no alert shapes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from entact.cohort.answers import Answer, answer_form
from entact.cohort.item_range import (
    answer_at,
    as_answer,
    candidates_of,
    middle_of,
    stretch,
    usual_range,
    widest_range,
)
from entact.cohort.rows import MOMENTS, free_rows, moments
from entact.cohort.usual import Usual, usual
from entact.protocol import CompiledForm, Release
from entact.protocol.rule import Rule, RuleError, Unknown
from entact.protocol.study import Item

ROUNDS = 6  # of mending, and of taking freedom away; what still speaks against it is said by the rehearsal
TRIALS = 48  # joint draws that have to suit before the freedom is believed

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
                item: middle_of(said)
                for item, said in form.items.items()
                if said.is_entered and middle_of(said) is not None
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
        low, high = stretch(
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
        low, high = stretch(item, mine, suits, usual_range(item))
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
                for answer in candidates_of(items[name], numbers, widest_range(items[name], 1000.0)):
                    yield {name: answer}
            elif said.weight >= CRITERION:
                least, most = widest_range(items[name], measured[name].most)
                bounds = max(measured[name].least, least), min(measured[name].most, most)
                for answer in candidates_of(items[name], numbers, bounds):
                    yield {name: answer}
        behind = [name for name in behind if name not in measured]
        for part in range(5):  # all of an instrument together: a total is of many items
            whole = {name: answer_at(items[name], part / 4) for name in behind if name in self.answers[form]}
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
