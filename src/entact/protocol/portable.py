"""A compiled rule as JSON, for an evaluator that is not this one: the console's, on a tablet.

What is sent is a tree of what was checked, never text to parse. A whole number is text, because JSON's
numbers are not exact beyond 2^53 and don't tell 1 from 1.0; a duration is its nanoseconds, as text.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

from entact.protocol import tree
from entact.protocol.rule import FUNCTIONS, Rule

_UNITS: Final = {
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(h|ms|m|s|us|ns)")
_CONVERSIONS: Final = {"double": "to_double", "int": "to_int", "size": "size"}


def portable(rule: Rule) -> dict[str, Any]:
    """A rule as its text, the kind that it returns, the kinds of what it names and calls, and its tree.

    A node of the tree is a list: an operator with its parts, or `name`, `call`, `bool`, `int`, `double`,
    `string`, `duration`, `list` with what it says. A call is told by its text, as facts are
    (`elapsed('initial')`).
    """
    return {
        "text": rule.text,
        "returns": rule.returns,
        "names": {name: rule.vocabulary.names[name] for name in sorted(rule.names)},
        "calls": {str(call): FUNCTIONS[call.function] for call in rule.calls},
        "tree": _node(tree.parse(rule.text)),
    }


def _node(node: tree.Node) -> list[Any]:
    match node:
        case tree.Name(text):
            return ["name", text]
        case tree.Literal(bool() as value):
            return ["bool", value]
        case tree.Literal(int() as value):
            return ["int", str(value)]
        case tree.Literal(float() as value):
            return ["double", value]
        case tree.Literal(value):
            return ["string", value]
        case tree.Many(members):
            return ["list", *map(_node, members)]
        case tree.Apply(operator, parts):
            return [operator, *map(_node, parts)]
        case tree.Call("duration", (tree.Literal(str() as text),)):
            return ["duration", str(nanoseconds(text))]
        case tree.Call(function, (argument,)) if function in _CONVERSIONS:
            return [_CONVERSIONS[function], _node(argument)]
        case tree.Call(function, args):
            said = ", ".join(repr(one.value) for one in args if isinstance(one, tree.Literal))
            return ["call", f"{function}({said})"]


def nanoseconds(text: str) -> int:
    """The length of a duration as rules write it: `1h30m`, `1.5h`, `-30m`, `0`.

    Raises:
        ValueError: when it is none.
    """
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if digits == "0":
        return 0
    parts = list(_PART.finditer(digits))
    if not parts or "".join(part[0] for part in parts) != digits:
        raise ValueError(f"{text!r} is no duration of a rule, such as '1h30m'")
    return sign * int(sum(Fraction(part[1].rstrip(".")) * _UNITS[part[2]] for part in parts))
