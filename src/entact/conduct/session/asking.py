"""A form as the console asks it: its items, when each is asked, and what the answers score.

What a device cannot ask in full is filled in on the form's own page; a score that it cannot reckon as the
server does stays unknown there until the server has said it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from entact.conduct.words import title_of_form, words
from entact.protocol import CompiledForm
from entact.protocol.instrument import Instrument
from entact.protocol.item_rules import KINDS
from entact.protocol.portable import portable
from entact.protocol.rule import Kind, Rule, RuleError, Vocabulary
from entact.protocol.study import Item

SIMPLE: Final = ("boolean", "integer", "decimal", "choice")  # items that a pad can ask
_GIVES: Final[dict[type, Kind]] = {bool: "bool", int: "int", float: "double", str: "string"}
_OPERATIONS: Final = frozenset({"sum", "mean", "max", "highest", "any", "all", "count", "at_least", "rule"})


def form_of(form: CompiledForm, is_asked: bool) -> dict[str, Any]:
    """A form for the pad: `simple` where a pad can ask all that has to be asked.

    Args:
        is_asked: whether whoever asks fills it in.
    """
    items = {name: item for name, item in form.items.items() if item.is_entered}
    can = all(item.type in SIMPLE or not item.required for item in items.values())
    return {
        "title": title_of_form(form),
        "lasting": form.lasting,
        "simple": can and not form.looks_elsewhere and _conditions_can_be_sent(form),
        "mine": is_asked,
        "items": {name: _item(form, name, item) for name, item in items.items() if item.type in SIMPLE},
        "scores": list(_scores(form.instrument)) if form.instrument is not None else [],
    }


def rule_of(rule: Rule | None) -> dict[str, Any] | None:
    """A rule to be sent; one that cannot be is always unknown there, and so keeps a gate shut."""
    if rule is None:
        return None
    try:
        return portable(rule)
    except ValueError:
        name = "this rule, which only the server can ask"
        unknown: dict[str, Any] = {"names": {name: "bool"}, "calls": {}, "tree": ["name", name]}
        return {"text": rule.text, "returns": "bool", **unknown}


def _conditions_can_be_sent(form: CompiledForm) -> bool:
    """Whether each condition hangs on items of the pad alone."""
    conditions = [rule for rules in form.rules.conditions.values() for rule in rules]
    return all(_is_of_the_pad(form, rule) for rule in conditions)


def _is_of_the_pad(form: CompiledForm, rule: Rule) -> bool:
    try:
        portable(rule)
    except ValueError:
        return False
    return all(
        name in form.items and form.items[name].is_entered and form.items[name].type in SIMPLE
        for name in rule.names
    )


def _item(form: CompiledForm, name: str, item: Item) -> dict[str, Any]:
    instrument = form.instrument
    return {
        "title": item.title or words(name),
        "help": item.help,
        "type": item.type,
        "unit": item.unit,
        "range": [float(end) for end in item.bounds] if item.bounds else None,
        "step": item.step,
        "expected": [float(end) for end in item.usual] if item.usual else None,
        "required": item.required,
        "of": [[code, item.labels.get(code) or words(code)] for code in item.of or ()],
        "labels": {code: str(label) for code, label in item.labels.items()},
        "when": [rule_of(rule) for rule in form.rules.conditions.get(name, ())],
        "otherwise": None if instrument is None else instrument.otherwise.get(name),
    }


def _scores(instrument: Instrument) -> Iterator[dict[str, Any]]:
    """What the device reckons itself, in order; none from the first on that it would not reckon so."""
    if instrument.points or instrument.qualifiers:
        return
    items = {name: KINDS[item.type] for name, item in instrument.items.items() if item.type in SIMPLE}
    known = Vocabulary(items | {name: _GIVES[kind] for name, kind in instrument.scores.items()})
    for name, score in instrument.file.scores.items():
        if score.operation not in _OPERATIONS or (score.operation == "sum" and score.may_miss):
            return
        said: dict[str, Any] = {"name": name, "does": score.operation, "of": instrument.parts.get(name, [])}
        if score.operation == "rule":
            try:
                said["rule"] = portable(known.compile(score.rule or "", returns=None))
            except (RuleError, ValueError):
                return
        yield said | {"reaching": score.reaching, "at_least": score.at_least, "may_miss": score.may_miss}
