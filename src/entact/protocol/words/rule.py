"""A rule in words, the same words each time: what a protocol says where the study file has CEL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from entact.protocol.form import CompiledForm
from entact.protocol.quantity import parse_duration
from entact.protocol.tree import Apply, Call, Literal, Many, Name, Node, parse
from entact.protocol.words.label import COUNTS, FACTS, Labels, spaced, unit_words
from entact.protocol.words.time import duration_words

_IS: Final = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}
_HOW_MANY: Final = {"==": "exactly", "<": "fewer than", "<=": "at most", ">": "more than", ">=": "at least"}
_HOW_LONG: Final = _HOW_MANY | {"<": "less than"}
_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TURNED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ARITHMETIC: Final = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "%": "modulo"}


def rule_words(rule: str, labels: Labels, own: Mapping[str, CompiledForm] | None = None) -> str:
    """A rule that compiles, as part of a sentence: `systolic (vital signs) is at most 140 mmHg`.

    The form of an item is said where it changes from one item to the next.

    Args:
        own: of a rule within a form, what it names alone, with the form or the row that each is of.
    """
    return _Telling(labels, own or {}).tell(parse(rule))


def value_words(rule: str, labels: Labels) -> str:
    """What an endpoint is, in words: a statement that is true or not, or a value."""
    return rule_words(rule, labels)


def name_words(name: str, labels: Labels) -> str:
    """What a rule names, or asks of the session, as people call it: `systolic (vital signs)`.

    Args:
        name: as in the rule, `vitals.systolic` or `elapsed('initial')`.
    """
    if name in FACTS:
        return f"whether {FACTS[name][0]}"
    return _Telling(labels, {}).value(parse(name))


class _Telling:
    """Tells one rule; remembers the form that was named last."""

    def __init__(self, labels: Labels, own: Mapping[str, CompiledForm]) -> None:
        self.labels = labels
        self.own = own
        self.form = ""

    def tell(self, node: Node) -> str:
        """A node as a statement where it is one, else as a value."""
        if isinstance(node, Name):
            return self.statement(node, True) if self.is_yes_or_no(node) else self.value(node)
        if isinstance(node, Apply) and node.operator not in {*_ARITHMETIC, "minus", "?:"}:
            return self.statement(node, True)
        if isinstance(node, Call) and node.function == "given":
            return self.statement(node, True)
        return self.value(node)

    def statement(self, node: Node, holds: bool) -> str:
        """What is said when a yes-or-no node holds, or does not."""
        if isinstance(node, Apply):
            if node.operator == "!":
                return self.statement(node.parts[0], not holds)
            if node.operator in ("&&", "||"):
                return self.joined(node, holds)
            if node.operator == "?:":
                condition, first, other = node.parts
                parts = (
                    self.statement(first, holds),
                    self.statement(condition, True),
                    self.statement(other, holds),
                )
                return f"{parts[0]} if {parts[1]}, else {parts[2]}"
            if node.operator == "in":
                return self.member(node, holds)
            return self.compared(node, holds)
        if isinstance(node, Name) and node.text in FACTS:
            return FACTS[node.text][0 if holds else 1]
        if isinstance(node, Call) and node.function == "given":
            return f"the {_argument(node)} dose was {'' if holds else 'not '}given at this visit"
        if isinstance(node, Literal):
            return "always" if node.value is holds else "never"
        return f"{self.value(node)} is {'yes' if holds else 'no'}"

    def joined(self, node: Apply, holds: bool) -> str:
        """Statements joined by and, or; what does not hold by De Morgan's laws."""
        is_and = (node.operator == "&&") == holds
        told = []
        for part in node.parts:
            words = self.statement(part, holds)
            mixed = _joins(part) and (_operator(part, holds) == "and") != is_and
            told.append((f"either {words}" if is_and else words, True) if mixed else (words, False))
        has_mixed = any(mixed for _, mixed in told)
        word = "and" if is_and else "or"
        texts = [text for text, _ in told]
        if has_mixed:
            return f", {word} ".join(texts)
        return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {word} {texts[-1]}"

    def compared(self, node: Apply, holds: bool) -> str:
        """A comparison; with a literal on its left it is turned round."""
        left, right = node.parts
        operator = node.operator if holds else _OPPOSITE[node.operator]
        if isinstance(left, Literal) and not isinstance(right, Literal):
            left, right, operator = right, left, _TURNED[operator]
        if isinstance(right, Literal) and isinstance(right.value, bool) and operator in ("==", "!="):
            return self.statement(left, right.value == (operator == "=="))
        if isinstance(left, Call) and left.function in _COUNTED and operator in _HOW_MANY:
            return _COUNTED[left.function](operator, self.value(right), left)
        unit = self.unit(left) or self.unit(right)
        words = f"{self.value(left)} {_IS[operator]} {self.value(right)}"
        return f"{words} {unit}" if unit and isinstance(right, Literal) else words

    def member(self, node: Apply, holds: bool) -> str:
        one, many = node.parts
        if isinstance(many, Many):
            texts = [self.value(member) for member in many.members]
            return f"{self.value(one)} is {'one' if holds else 'none'} of {', '.join(texts)}"
        return f"{self.value(many)} {'includes' if holds else 'does not include'} {self.value(one)}"

    def value(self, node: Node) -> str:
        """What a node is called."""
        match node:
            case Literal(value=bool(value)):
                return "yes" if value else "no"
            case Literal(value=float(value)):
                return f"{value:g}"
            case Literal(value=str(value)):
                return spaced(value) if value else "none"
            case Literal(value=value):
                return str(value)
            case Name():
                return self.named(node.text)
            case Many(members=members):
                return ", ".join(map(self.value, members))
            case Call():
                return self.called(node)
            case Apply(operator="minus", parts=(one,)):
                return f"minus {self.value(one)}"
            case Apply(operator="?:", parts=(condition, first, other)):
                return f"{self.value(first)} if {self.statement(condition, True)}, else {self.value(other)}"
            case Apply(operator=operator, parts=(left, right)) if operator in _ARITHMETIC:
                words = [self.bracketed(left, operator), self.bracketed(right, operator, is_right=True)]
                return f"{words[0]} {_ARITHMETIC[operator]} {words[1]}"
            case Apply():
                return f"({self.statement(node, True)})"

    def bracketed(self, node: Node, around: str, *, is_right: bool = False) -> str:
        """An operand; in brackets where it is a sum within a product, or would be read to the left of it."""
        inner = isinstance(node, Apply) and (
            (node.operator in ("+", "-") and around != "+")
            or (is_right and around in ("/", "%") and node.operator in ("*", "/", "%"))
        )
        return f"({self.value(node)})" if inner else self.value(node)

    def named(self, name: str) -> str:
        if name in COUNTS:
            return COUNTS[name]
        if name in self.own:
            return self.labels.item_in(self.own[name], name)
        *visit, form, item = name.split(".")
        words = self.labels.item_in(self.labels.forms.get(form), item)
        if form != self.form:
            words = f"{words} ({self.labels.form(form)})"
        self.form = form
        return f"{words} at {spaced(visit[0])}" if visit else words

    def called(self, call: Call) -> str:
        match call.function:
            case "present":
                return f"the number of {_plural(_argument(call))} in the room"
            case "elapsed":
                return f"the time since the {_argument(call)} dose"
            case "doses":
                return "the number of sessions with a dose"
            case "given":
                return f"whether the {_argument(call)} dose was given at this visit"
            case "duration":
                return _duration(_argument(call))
            case "size":
                return f"the number of {self.value(call.args[0])}"
            case _:  # double, int: a conversion is nothing that people say
                return self.value(call.args[0])

    def unit(self, node: Node) -> str:
        """The unit of an item, in words."""
        if isinstance(node, Call) and node.function in ("double", "int"):
            return self.unit(node.args[0])
        if not isinstance(node, Name) or node.text in {*COUNTS, *FACTS}:
            return ""
        if node.text in self.own:
            item = self.own[node.text].items.get(node.text)
        else:
            item = self.labels.item_of(*node.text.split(".")[-2:])
        return unit_words(item.unit) if item is not None and item.unit else ""

    def is_yes_or_no(self, node: Name) -> bool:
        if node.text in FACTS:
            return True
        if node.text in self.own:
            return self.own[node.text].types.get(node.text) == "bool"
        return node.text not in COUNTS and self.labels.is_yes_or_no(*node.text.split(".")[-2:])


def _joins(node: Node) -> bool:
    while isinstance(node, Apply) and node.operator == "!":
        node = node.parts[0]
    return isinstance(node, Apply) and node.operator in ("&&", "||")


def _operator(node: Node, holds: bool) -> str:
    while isinstance(node, Apply) and node.operator == "!":
        node, holds = node.parts[0], not holds
    assert isinstance(node, Apply)
    return "and" if (node.operator == "&&") == holds else "or"


def _argument(call: Call) -> str:
    (argument,) = call.args
    assert isinstance(argument, Literal)
    return str(argument.value)


def _plural(role: str) -> str:
    words = spaced(role)
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def _duration(text: str) -> str:
    """A duration of CEL, `1h30m`, in words."""
    spelled = text.replace("ms", " ").replace("h", " h ").replace("m", " min ").replace("s", " s ")
    return duration_words(parse_duration(" ".join(spelled.split())))


def _present(operator: str, number: str, call: Call) -> str:
    role = _argument(call)
    is_one = number == "1"
    people = f"{spaced(role)} is" if is_one else f"{_plural(role)} are"
    return f"{_HOW_MANY[operator]} {number} {people} in the room"


def _elapsed(operator: str, time: str, call: Call) -> str:
    return f"{_HOW_LONG[operator]} {time} have passed since the {_argument(call)} dose"


def _doses(operator: str, number: str, call: Call) -> str:
    return f"{_HOW_MANY[operator]} {number} {'session' if number == '1' else 'sessions'} had a dose"


_COUNTED: Final[dict[str, Callable[[str, str, Call], str]]] = {
    "present": _present,
    "elapsed": _elapsed,
    "doses": _doses,
}
