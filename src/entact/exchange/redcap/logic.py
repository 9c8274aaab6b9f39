"""Branching logic of REDCap to rules of a study file, and back; what would change its meaning is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from entact.protocol import tree

Kind = str  # boolean, integer, decimal, choice, choices; any other is of no use to a rule


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule knows of a variable: how it is named in the rule, its type, and the codes of a choice."""

    name: str
    kind: Kind
    codes: tuple[str, ...] = ()


class Untold(ValueError):
    """Logic that has no rule of the same meaning, or a rule that has no such logic: says why."""


_TOKEN: Final = re.compile(
    r"\s*(?:(?P<field>\[[^\[\]]*\](?:\s*\[[^\[\]]*\])*)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<word>[A-Za-z_]\w*)|(?P<sign><>|!=|<=|>=|&&|\|\||[=<>()+\-*/,!^]))"
)
_FIELD: Final = re.compile(r"\[\s*([a-z][a-z0-9_]*)\s*(?:\(\s*([^()\s]+)\s*\))?\s*\]")
_COMPARED: Final = {"=": "==", "<>": "!=", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
_TURNED: Final = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


@dataclass(frozen=True, slots=True)
class _Part:
    """A value in a comparison: a variable, a checkbox of it, or what was written out."""

    known: Known | None = None
    box: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class _Filled:
    """`[x] <> ''`: says nothing beyond the rule that names x anyhow."""

    name: str


def rule_of(logic: str, variables: Mapping[str, Known]) -> str:
    """The rule that a condition of REDCap means.

    Args:
        variables: those that it may name, by their names in REDCap.
    Raises:
        Untold: when there is no rule of the same meaning.
    """
    return _Reader(logic, variables).whole()


def number_of(logic: str, variables: Mapping[str, Known]) -> str:
    """The rule that gives the number of a calculation: sums, products, and quotients by what is written out.

    Raises:
        Untold: when there is none of the same meaning, as for functions.
    """
    return _Reader(logic, variables).calculation()


class _Reader:
    def __init__(self, logic: str, variables: Mapping[str, Known]) -> None:
        self.variables = variables
        self.tokens: list[tuple[str, str]] = []
        place = 0
        logic = logic.strip()
        while place < len(logic):
            found = _TOKEN.match(logic, place)
            if found is None:
                raise Untold(f"{logic[place:].strip()[:20]!r} is not understood")
            self.tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            place = found.end()
        self.at = 0

    def whole(self) -> str:
        said = self._any()
        self._end()
        if isinstance(said, _Filled):
            raise Untold(f"it asks whether {said.name} is blank, and unknown is not false")
        return said

    def calculation(self) -> str:
        said = self._sum()
        self._end()
        return said

    def _end(self) -> None:
        if self.at < len(self.tokens):
            raise Untold(f"{self.tokens[self.at][1]!r} is not understood there")

    def _peek(self) -> str:
        return self.tokens[self.at][1].lower() if self.at < len(self.tokens) else ""

    def _take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise Untold("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _any(self) -> str | _Filled:
        return self._row(self._every, ("or", "||"), "||")

    def _every(self) -> str | _Filled:
        return self._row(self._one, ("and", "&&"), "&&")

    def _row(self, part: Callable[[], str | _Filled], words: tuple[str, ...], operator: str) -> str | _Filled:
        parts = [part()]
        while self._peek() in words:
            self._take()
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        rules = [one for one in parts if isinstance(one, str)]
        for one in parts:
            if isinstance(one, _Filled) and not (
                operator == "&&" and any(re.search(rf"\b{re.escape(one.name)}\b", rule) for rule in rules)
            ):
                raise Untold(f"it asks whether {one.name} is blank, and unknown is not false")
        if len(rules) == 1:
            return rules[0]
        return f" {operator} ".join(
            f"({rule})" if " || " in rule and operator == "&&" else rule for rule in rules
        )

    def _one(self) -> str | _Filled:
        if self._peek() == "(":
            self._take()
            inner = self._any()
            if self._take()[1] != ")":
                raise Untold("a bracket is not closed")
            return inner
        left = self._value()
        operator = _COMPARED.get(self._take()[1])
        if operator is None:
            raise Untold("it has no comparison where one is expected")
        right = self._value()
        if left.known is None:
            left, right, operator = right, left, _TURNED.get(operator, operator)
        if left.known is None:
            raise Untold("it compares two values that are written out")
        return self._compared(left, operator, right)

    def _value(self) -> _Part:
        kind, said = self._take()
        sign = ""
        if said == "-":
            sign = "-"
            kind, said = self._take()
        if kind == "number":
            return _Part(text=sign + said)
        if kind == "text" and not sign:
            return _Part(text=said[1:-1].strip())
        if kind != "field" or sign:
            raise Untold(f"{said!r} is not understood: functions and smart variables have no rule here")
        return self._field(said)

    def _field(self, said: str) -> _Part:
        found = _FIELD.fullmatch(said)
        if found is None:
            raise Untold(f"{said} names another event, or a smart variable")
        known = self.variables.get(found[1])
        if known is None:
            raise Untold(f"{said} does not stand above, or is in no form")
        return _Part(known=known, box=found[2])

    def _compared(self, left: _Part, operator: str, right: _Part) -> str | _Filled:
        known = left.known
        assert known is not None
        if right.known is not None:
            if left.box or right.box or {known.kind, right.known.kind} not in ({"integer"}, {"decimal"}):
                raise Untold(
                    f"{known.name} and {right.known.name} are not both whole or both decimal numbers"
                )
            return f"{known.name} {operator} {right.known.name}"
        text = right.text or ""
        if text == "":
            if operator == "!=" and left.box is None:
                return _Filled(known.name)
            raise Untold(f"it asks whether {known.name} is blank, and unknown is not false")
        if left.box is not None or known.kind in ("boolean", "choices"):
            return _yes_or_no(known, left.box, operator, text)
        if known.kind == "choice":
            return _chosen(known, operator, text)
        if known.kind in ("integer", "decimal"):
            return _number(known, operator, text)
        raise Untold(f"{known.name} is a {known.kind}, which no rule can name")

    def _sum(self) -> str:
        said = self._product()
        while self._peek() in ("+", "-"):
            said = f"{said} {self._take()[1]} {self._product()}"
        return said

    def _product(self) -> str:
        said = self._factor()
        while self._peek() in ("*", "/"):
            operator = self._take()[1]
            factor = self._factor()
            if operator == "/" and not re.fullmatch(r"\d+\.\d+", factor):
                raise Untold("it divides by what may be nothing")
            said = f"{said} {operator} {factor}"
        return said

    def _factor(self) -> str:
        kind, said = self._take()
        if said == "(":
            inner = self._sum()
            if self._take()[1] != ")":
                raise Untold("a bracket is not closed")
            return f"({inner})"
        if kind == "number":
            return said if "." in said else f"{said}.0"
        if kind != "field":
            raise Untold(f"{said!r} is not understood: functions have no rule here")
        known = self._field(said).known
        assert known is not None
        if known.kind not in ("integer", "decimal"):
            raise Untold(f"{known.name} is a {known.kind}, and no number")
        return known.name if known.kind == "decimal" else f"double({known.name})"


def _yes_or_no(known: Known, box: str | None, operator: str, text: str) -> str:
    if known.kind == "choices" and box is not None and box in known.codes:
        said = f"'{box}' in {known.name}"
    elif known.kind == "boolean" and box is None:
        said = known.name
    else:
        raise Untold(f"{known.name} has no box {box!r}")
    if operator not in ("==", "!=") or text not in ("0", "1"):
        raise Untold(f"{known.name} is yes or no, and is compared with {text!r}")
    if (text == "1") is (operator == "=="):
        return said
    return f"!({said})" if " " in said else f"!{said}"


def _chosen(known: Known, operator: str, text: str) -> str:
    if operator in ("==", "!="):
        if text not in known.codes:
            raise Untold(f"{known.name} has no code {text!r}")
        return f"{known.name} {operator} '{text}'"
    try:
        limit, codes = float(text), {code: float(code) for code in known.codes}
    except ValueError:
        raise Untold(f"the codes of {known.name} are not all numbers") from None
    holds: dict[str, Callable[[float], bool]] = {
        "<": lambda one: one < limit,
        "<=": lambda one: one <= limit,
        ">": lambda one: one > limit,
        ">=": lambda one: one >= limit,
    }
    chosen = [code for code, number in codes.items() if holds[operator](number)]
    if not chosen or len(chosen) == len(codes):
        raise Untold(f"it holds of {'every' if chosen else 'no'} code of {known.name}")
    return f"{known.name} in [{', '.join(map(repr, chosen))}]"


def _number(known: Known, operator: str, text: str) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise Untold(f"{known.name} is a number, and is compared with {text!r}")
    if known.kind == "integer" and "." not in text:
        return f"{known.name} {operator} {text}"
    name = known.name if known.kind == "decimal" else f"double({known.name})"
    return f"{name} {operator} {text if '.' in text else f'{text}.0'}"


def logic_of(rule: str, variables: Mapping[str, Known]) -> str:
    """The branching logic that a rule means, blank counting as unknown.

    Args:
        variables: name in the rule -> its name in REDCap, type and codes.
    Raises:
        Untold: when there is none of the same meaning.
    """
    return _told(tree.parse(rule), variables)


def _told(node: tree.Node, variables: Mapping[str, Known]) -> str:
    match node:
        case tree.Name(name):
            return f"[{_variable(name, variables, 'boolean').name}] = '1'"
        case tree.Apply("!", (tree.Name(name),)):
            return f"[{_variable(name, variables, 'boolean').name}] = '0'"
        case tree.Apply("&&" | "||" as operator, parts):
            word = {"&&": "and", "||": "or"}[operator]
            said = [_told(part, variables) for part in parts]
            return f" {word} ".join(f"({one})" if re.search(r"\b(and|or)\b", one) else one for one in said)
        case tree.Apply("in", (tree.Literal(str() as code), tree.Name(name))):
            return f"[{_variable(name, variables, 'choices').name}({code})] = '1'"
        case tree.Apply("in", (tree.Name(name), tree.Many(members))):
            variable = _variable(name, variables, "choice").name
            codes = [one.value for one in members if isinstance(one, tree.Literal)]
            return " or ".join(f"[{variable}] = '{code}'" for code in codes)
        case tree.Apply(operator, (tree.Name(name), other)) if operator in _COMPARED.values():
            return _compared_back(_variable(name, variables), operator, _written(other))
    raise Untold("branching logic has no words for it")


def _compared_back(known: Known, operator: str, value: bool | float | str) -> str:
    name = f"[{known.name}]"
    if isinstance(value, bool):
        if known.kind != "boolean" or operator not in ("==", "!="):
            raise Untold("branching logic has no words for it")
        return f"{name} = '{int(value is (operator == '=='))}'"
    text = f"'{value}'" if isinstance(value, str) else f"{value:g}"
    if operator == "==":
        return f"{name} = {text}"
    said = f"{name} {'<>' if operator == '!=' else operator} {text}"
    return f"{said} and {name} <> ''"  # a blank is not equal, and less than any number


def _written(node: tree.Node) -> bool | float | str:
    match node:
        case tree.Literal(value):
            return value
        case tree.Apply("minus", (tree.Literal(int() | float() as value),)):
            return -value
    raise Untold("branching logic has no words for it")


def _variable(name: str, variables: Mapping[str, Known], kind: Kind | None = None) -> Known:
    known = variables.get(name)
    if known is None:
        raise Untold(f"{name} is no variable of the dictionary")
    if kind is not None and known.kind != kind:
        raise Untold(f"{name} is a {known.kind}")
    return known
