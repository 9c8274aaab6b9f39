"""Rules that stay unknown for whoever is not asked what they name: gates that stay shut, alerts that call.

Unknown is not false. A gate on an item with a condition has to say what holds for the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from entact.protocol.compiled import CompiledRules
from entact.protocol.extent import Codes, Extent, Extents, Numbers, Texts, Truth, extents_in
from entact.protocol.form import CompiledForm
from entact.protocol.problem import Fault, Path
from entact.protocol.reach import narrowed
from entact.protocol.rule import Rule
from entact.protocol.tree import Apply, Call, Many, Name, Node, parse

Conditions = Mapping[str, list[tuple[str, Node]]]
"""By item, the conditions on which it is asked: as written, and as a tree."""

_NOTHING: Mapping[type, Extent] = {
    Numbers: Numbers(float("inf"), float("-inf")),
    Texts: Texts(frozenset()),
    Truth: Truth(frozenset()),
    Codes: Codes(frozenset()),
}


def check_unasked(rules: CompiledRules, forms: Mapping[str, CompiledForm], known: Extents) -> Iterator[Fault]:
    """Rules that must be known and cannot be, for whoever is not asked one of the items that they name."""
    conditions = {
        f"{form.name}.{item}": [(rule.text, _within(parse(rule.text), form)) for rule in asked]
        for form in forms.values()
        for item, asked in form.rules.conditions.items()
    }
    named = {name for asked in conditions.values() for _, condition in asked for name in _names(condition)}
    known = {**known, **extents_in({*named, *conditions}, known)}
    for path, rule, wanted, said in _must_be_known(rules):
        for name in sorted(rule.names & conditions.keys()):
            for text, condition in conditions[name]:
                if not _can_be(rule, wanted, name, condition, conditions, known):
                    message = f"{name} is asked only when {text}; for whoever is not asked, {said}"
                    yield Fault(path, message, rule.text.find(name))
                    break


def _must_be_known(rules: CompiledRules) -> Iterator[tuple[Path, Rule, bool, str]]:
    """Rules that do harm while they are unknown: each with what it has to be for nothing to happen."""
    for name, gate in rules.gates.items():
        for place, requirement in enumerate(gate.requirements):
            path: Path = ("gates", name, "require", place, "require")
            yield path, requirement.rule, True, "this gate stays closed: say what holds for them"
    for name, alert in rules.alerts.items():
        said = "this alert calls as one that cannot be evaluated: say what holds for them"
        yield ("alerts", name, "when"), alert.rule, False, said


def _can_be(
    rule: Rule, wanted: bool, name: str, condition: Node, conditions: Conditions, known: Extents
) -> bool:
    """Whether a rule can come out so although an item is unknown, because its condition does not hold."""
    extents = {**known, **extents_in(rule.names, known)}
    outside = narrowed(condition, False, extents)
    if outside is None or name not in outside:
        return True
    unknown = _also_unknown({**outside, name: _NOTHING[type(outside[name])]}, conditions)
    return narrowed(parse(rule.text), wanted, unknown) is not None


def _also_unknown(known: Extents, conditions: Conditions) -> Extents:
    """What is known, without the items that are asked only where something holds that now cannot."""
    while True:
        lost = {
            name: _NOTHING[type(known[name])]
            for name, asked in conditions.items()
            if name in known
            and known[name] != _NOTHING[type(known[name])]
            and any(narrowed(condition, True, known) is None for _, condition in asked)
        }
        if not lost:
            return known
        known = {**known, **lost}


def _within(node: Node, form: CompiledForm) -> Node:
    """A condition with its form's own items named as other rules name them."""
    match node:
        case Name(text=text) if "." not in text:
            return Name(f"{form.name}.{text}")
        case Apply(operator=operator, parts=parts):
            return Apply(operator, tuple(_within(part, form) for part in parts))
        case Call(function=function, args=args):
            return Call(function, tuple(_within(part, form) for part in args))
        case Many(members=members):
            return Many(tuple(_within(part, form) for part in members))
        case _:
            return node


def _names(node: Node) -> set[str]:
    match node:
        case Name(text=text):
            return {text}
        case Apply(parts=parts) | Call(args=parts) | Many(members=parts):
            return set().union(*(_names(part) for part in parts))
        case _:
            return set()
