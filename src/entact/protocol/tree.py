"""A rule as a tree, for what looks into it. Whether it is right is known before (`entact.protocol.rule`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the study, `vitals.systolic`; `at`, here and below: where in the rule it stands."""

    text: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written out."""

    value: bool | int | float | str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of rules, or a conversion such as `double(…)`."""

    function: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator and what it applies to: one for `!` and `minus`, three for `?:`, many for `&&`, `||`."""

    operator: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """A list written out."""

    members: tuple[Node, ...]


Node = Name | Literal | Call | Apply | Many

_TOKEN: Final = re.compile(
    r"(?:(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<number>[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z]\w*(?:\s*\.\s*[A-Za-z]\w*)*)"
    r"|(?P<sign>&&|\|\||[<>=!]=|[-+*/%<>!?:()\[\],]))"
)
_BETWEEN: Final = re.compile(r"(?:\s|//[^\n]*)*")
_ESCAPE: Final = re.compile(
    r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.S
)
_CONTROLS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)


def parse(rule: str) -> Node:
    """The tree of a rule that compiles.

    Raises:
        ValueError: when it is no rule.
    """
    reading = _Reading(rule)
    node = reading.choice()
    if reading.token:
        raise ValueError(f"{rule!r} goes on at {reading.token!r}")
    return node


def unread(rule: str) -> int | None:
    """Where a rule of CEL goes on as nothing here reads it: `0x1F`, a raw text, one in three quotes."""
    reading = _Reading("")
    try:
        reading = _Reading(rule)
        reading.choice()
    except ValueError:
        return reading.at
    return reading.at if reading.token else None


class _Reading:
    """Reads tokens by precedence."""

    def __init__(self, rule: str) -> None:
        self.rule = rule.rstrip()
        self.end = self.at = 0
        self.token, self.kind = "", ""
        self.next()

    def next(self) -> str:
        """The token read so far; the one after it becomes the current one, empty at the end."""
        last = self.token
        between = _BETWEEN.match(self.rule, self.end)
        self.at = between.end() if between else self.end
        found = _TOKEN.match(self.rule, self.at)
        if found is None:
            if self.at < len(self.rule):
                raise ValueError(f"{self.rule!r} is no rule")
            self.token, self.kind = "", ""
            return last
        self.kind = str(found.lastgroup)
        self.token, self.end = found[self.kind], found.end()
        return last

    def take(self, sign: str) -> None:
        if self.token != sign:
            raise ValueError(f"{self.rule!r} lacks {sign!r}")
        self.next()

    def choice(self) -> Node:
        condition = self.level(0)
        if self.token != "?":
            return condition
        self.next()
        first = self.choice()
        self.take(":")
        return Apply("?:", (condition, first, self.choice()))

    def level(self, number: int) -> Node:
        if number == len(_LEVELS):
            return self.unary()
        node = self.level(number + 1)
        while self.token in _LEVELS[number] and self.kind != "text":
            operator = self.next()
            other = self.level(number + 1)
            joins = operator in ("&&", "||") and isinstance(node, Apply) and node.operator == operator
            node = Apply(
                operator, (*node.parts, other) if joins and isinstance(node, Apply) else (node, other)
            )
        return node

    def unary(self) -> Node:
        if self.kind == "sign" and self.token in ("!", "-"):
            at = self.at
            operator = "!" if self.next() == "!" else "minus"
            inner = self.unary()
            if operator == "minus" and isinstance(inner, Literal) and isinstance(inner.value, int | float):
                return Literal(-inner.value, at)
            return Apply(operator, (inner,))
        return self.primary()

    def primary(self) -> Node:
        if self.token == "(":
            self.next()
            inner = self.choice()
            self.take(")")
            return inner
        if self.token == "[":
            self.next()
            return Many(self.members("]"))
        at, kind = self.at, self.kind
        text = self.next()
        if kind == "text":
            return Literal(_ESCAPE.sub(_unescaped, text[1:-1]), at)
        if kind == "number":
            return Literal(float(text) if re.search(r"[.eE]", text) else int(text), at)
        if kind != "name":
            raise ValueError(f"{self.rule!r} is no rule")
        if text in ("true", "false"):
            return Literal(text == "true", at)
        if self.token == "(":
            self.next()
            return Call(text, self.members(")"))
        return Name(re.sub(r"\s", "", text), at)

    def members(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.token != end:
            found.append(self.choice())
            if self.token != end:
                self.take(",")
        self.take(end)
        return tuple(found)


def _unescaped(found: re.Match[str]) -> str:
    """What an escape in a text of CEL stands for."""
    *codes, octal, other = found.groups()
    code = next((int(code, 16) for code in codes if code), int(octal, 8) if octal else None)
    return chr(code) if code is not None else _CONTROLS.get(other, other)
