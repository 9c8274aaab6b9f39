"""Rules of the study file: the one place where they are compiled and evaluated.

A rule is checked when the study is loaded: every name, type, operator and argument is declared, so that what
remains at run time is a value, or the lack of one. Logic is Kleene's: a missing value stays unknown unless
the rest decides. `rule_cases.json` holds every evaluator, here and on a tablet, to the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import methodcaller
from typing import Any, Final, NamedTuple, Protocol, cast, get_args

from cel_expr_python import cel  # type: ignore[import-untyped]

from entact.protocol.cel import (
    DOUBLE,
    FUNCTIONS,
    NAME,
    TYPES,
    VALUE_KINDS,
    Kind,
    RuleError,
    check,
    error_at,
    library,
    nearest,
    unknown_name,
)
from entact.protocol.keyword import KEYWORDS, RESERVED
from entact.protocol.mistaken import duration_hint
from entact.protocol.tree import unread

__all__ = ["FUNCTIONS", "Call", "Facts", "Kind", "Rule", "RuleError", "Unknown", "Value", "Vocabulary"]

Value = bool | int | float | str | timedelta | list[str]

LARGEST_INT: Final = 2**53 - 1  # beyond it a tablet's numbers are no longer exact

_REMEMBERED: Final = 1024  # answers of a rule: most rules are asked the same few questions again and again

_INFINITE: Final = float("inf")
_PYTHON: Final[Mapping[Kind, type]] = {
    "bool": bool, "int": int, "double": float, "string": str, "duration": timedelta,
}  # fmt: skip
_ARGUMENT: Final = re.compile(r"\(\s*(?:'([^'\\\n]*)'|\"([^\"\\\n]*)\"|)\s*\)")
_NUMBER: Final = re.compile(r"-?\s*(\d*\.?\d+(?:[eE][-+]?\d+)?)")
_DIVISOR: Final = re.compile(r"[/%]\s*-?\s*(\d+\.\d*|\.?\d+)(?![\w.])")
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")


class Call(NamedTuple):
    """One use of a function in a rule, equal to the plain tuple `("elapsed", ("initial",))`."""

    function: str
    args: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(repr, self.args))})"


class Facts(Protocol):
    """What the functions of rules give now; None is unknown. See `FUNCTIONS`."""

    def present(self, role: str, /) -> int | None: ...
    def given(self, part: str, /) -> bool | None: ...
    def elapsed(self, part: str, /) -> timedelta | None: ...
    def doses(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer of a rule that what is known does not decide: neither true nor false.

    Attributes:
        missing: every name and call that the rule uses and that had no value.
    """

    missing: frozenset[str]

    def __bool__(self) -> bool:
        raise TypeError(f"unknown is neither true nor false (missing: {', '.join(sorted(self.missing))})")


class Vocabulary:
    """What the rules of a study may name.

    Args:
        names: dotted name and kind of value; a quantity is a double in the unit that its item declares.
        arguments: for each function that may be used, the arguments it knows (roles, dose parts).
        divides: whether a rule may divide by what it names; whoever allows it rules zero out.

    Raises:
        ValueError: for a name, kind or function that no rule could use.
    """

    __slots__ = ("_hash", "_key", "arguments", "divides", "names")

    def __init__(
        self,
        names: Mapping[str, Kind],
        arguments: Mapping[str, Collection[str]] | None = None,
        divides: bool = False,
    ) -> None:
        for name, kind in names.items():
            parts = name.split(".")
            if not NAME.fullmatch(name) or parts[0] in RESERVED or not KEYWORDS.isdisjoint(parts):
                raise ValueError(f"{name!r} cannot be a name in a rule: letters, digits, _; no word of CEL")
            if kind not in get_args(Kind):
                raise ValueError(f"{name}: {kind!r} is no kind of value; one of {', '.join(get_args(Kind))}")
        arguments = {"doses": (), **(arguments or {})}
        for function in arguments:
            if function not in FUNCTIONS:
                raise ValueError(f"{function!r} is no function of rules; one of {', '.join(FUNCTIONS)}")
        self.names: Mapping[str, Kind] = dict(names)
        self.arguments: Mapping[str, frozenset[str]] = {f: frozenset(known) for f, known in arguments.items()}
        self.divides = divides
        self._key = (frozenset(self.names.items()), frozenset(self.arguments.items()), divides)
        self._hash = hash(self._key)

    def compile(self, text: str, *, returns: Kind | None = "bool") -> Rule:
        """The rule that `text` says, checked against this vocabulary.

        Args:
            text: the rule, in CEL.
            returns: the kind of value it must give; None takes any but a list.

        Raises:
            RuleError: with the column of the fault and, where there is one, what was probably meant.
        """
        return _compiled(self, text, returns)

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Vocabulary) else NotImplemented

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(
        self,
    ) -> tuple[type[Vocabulary], tuple[Mapping[str, Kind], Mapping[str, frozenset[str]], bool]]:
        return Vocabulary, (self.names, self.arguments, self.divides)


class Rule:
    """A compiled rule; made by `Vocabulary.compile`, may be shared by threads, and pickled.

    Attributes:
        text: as written in the study file.
        returns: the kind of value it gives.
        names: the declared names it uses.
        calls: the function calls it makes, in the order of the text.
    """

    __slots__ = (
        "_calls",
        "_expression",
        "_has_lists",
        "_names",
        "_python",
        "_remembered",
        "calls",
        "names",
        "returns",
        "text",
        "vocabulary",
    )

    def __init__(
        self, vocabulary: Vocabulary, text: str, returns: Kind, names: frozenset[str],
        calls: Mapping[Call, str], expression: cel.Expression,
    ) -> None:  # fmt: skip
        self.vocabulary = vocabulary
        self.text = text
        self.returns = returns
        self.names = names
        self.calls = tuple(calls)
        self._expression = expression
        self._python = _PYTHON[returns]
        self._remembered: dict[tuple[object, ...], Value | Unknown] = {}
        self._has_lists = any(vocabulary.names[name] == "list[string]" for name in names)
        self._names = tuple((name, _CHECKS[vocabulary.names[name]]) for name in sorted(names))
        self._calls = tuple(
            (call, methodcaller(call.function, *call.args), variable, _CHECKS[FUNCTIONS[call.function]])
            for call, variable in calls.items()
        )

    def evaluate(self, values: Mapping[str, Value | None], facts: Facts | None = None) -> Value | Unknown:
        """What the rule says about these values: a value of kind `returns`, or Unknown.

        An error in part of a rule (an overflow) while something that the rule names is missing gives Unknown:
        what is missing may decide the rule without that part. With everything known it is a RuleError.

        Args:
            values: value by name; more names than the rule uses do no harm. Absent or None: unknown.
            facts: what the rule's calls give; without it they are unknown.

        Raises:
            ValueError: when a value is not of its declared kind, or is a number that is not finite.
            RuleError: when the rule cannot be evaluated although nothing is missing.
        """
        # One place for each name and call, so that 1 and true, which Python finds equal, never meet.
        given: list[object] = []
        for name, checked in self._names:
            value = values.get(name)
            given.append(None if value is None else checked(value, name))
        for call, ask, _, checked in self._calls:
            fact = None if facts is None else ask(facts)
            given.append(None if fact is None else checked(fact, call))
        if self._has_lists:
            return self._answer(given)
        asked = tuple(given)
        answer = self._remembered.get(asked)
        if answer is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            answer = self._remembered[asked] = self._answer(given)
        return answer

    def _answer(self, given: list[object]) -> Value | Unknown:
        """The rule's answer to values in the order of its names and calls; None for what is missing."""
        variables = [name for name, _ in self._names] + [variable for _, _, variable, _ in self._calls]
        said = [name for name, _ in self._names] + [str(call) for call, _, _, _ in self._calls]
        data = {name: value for name, value in zip(variables, given, strict=True) if value is not None}
        missing = [name for name, value in zip(said, given, strict=True) if value is None]
        result = self._expression.eval(data=data)
        answer: Any = result.value()
        # A CEL error comes as text, which only a rule that gives text could take for its answer.
        answered = type(answer) is self._python and (
            self._python is not str or result.type() != cel.Type.ERROR
        )
        if self._python is float and answered and not -_INFINITE < answer < _INFINITE:
            answered, answer = False, "OUT_OF_RANGE: the result is not a finite number"
        if answered:
            return cast(Value, answer)
        if missing:
            return Unknown(frozenset(missing))
        raise RuleError(f"rule {self.text!r} cannot be evaluated: {answer.partition(': ')[2]}")

    def __repr__(self) -> str:
        return f"Rule({self.text!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rule):
            return NotImplemented
        return (self.text, self.returns, self.vocabulary) == (other.text, other.returns, other.vocabulary)

    def __hash__(self) -> int:
        return hash((self.text, self.returns))

    def __reduce__(self) -> tuple[Callable[..., Rule], tuple[Vocabulary, str, Kind]]:
        return _compiled, (self.vocabulary, self.text, self.returns)


def _bool(value: object, name: object) -> bool:
    if value is True or value is False:
        return value
    raise ValueError(f"{name} is {value!r}, but true or false is declared")


def _int(value: object, name: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INT:
        return value
    raise ValueError(f"{name} is {value!r}, but a whole number of at most {LARGEST_INT} is declared")


def _double(value: object, name: object) -> float:
    if isinstance(value, float):
        if -_INFINITE < value < _INFINITE:
            return value
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INT:
        return float(value)
    raise ValueError(f"{name} is {value!r}, but a finite number is declared")


def _string(value: object, name: object) -> str:
    # The binding cuts a text at a NUL and finds it equal to its beginning; half a surrogate pair it refuses.
    if isinstance(value, str) and not _NO_TEXT.search(value):
        return value
    raise ValueError(f"{name} is {value!r}, but text is declared")


def _duration(value: object, name: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    raise ValueError(f"{name} is {value!r}, but a duration (timedelta) is declared")


def _strings(value: object, name: object) -> list[str]:
    if isinstance(value, list | tuple):
        return [_string(item, name) for item in value]
    raise ValueError(f"{name} is {value!r}, but a list of texts is declared")


_CHECKS: Final[Mapping[Kind, Callable[[object, object], Value]]] = {
    "bool": _bool, "int": _int, "double": _double, "string": _string, "duration": _duration,
    "list[string]": _strings,
}  # fmt: skip


@lru_cache(maxsize=64)
def _environment(vocabulary: Vocabulary) -> tuple[cel.Env, Mapping[Call, str]]:
    """The CEL environment of a vocabulary, and the hidden variable that stands for each possible call.

    A call is checked as a call and evaluated as a variable: its argument is always written out, and only of a
    variable can CEL say that it is missing.
    """
    calls = [
        Call(function, args)
        for function, known in sorted(vocabulary.arguments.items())
        for args in ([()] if function == "doses" else [(each,) for each in sorted(known)])
    ]
    hidden = {call: f"_call_{number}" for number, call in enumerate(calls)}
    variables = {name: TYPES[kind] for name, kind in vocabulary.names.items()}
    variables |= {variable: TYPES[FUNCTIONS[call.function]] for call, variable in hidden.items()}
    functions = []
    for function in vocabulary.arguments:
        parameters = [] if function == "doses" else [cel.Type.STRING]
        overload = cel.Overload(
            f"rule_{function}", return_type=TYPES[FUNCTIONS[function]], parameters=parameters
        )
        functions.append(cel.FunctionDecl(function, [overload]))
    return cel.NewEnv(config=library(), variables=variables, functions=functions), hidden


def _compiled(vocabulary: Vocabulary, text: str, returns: Kind | None) -> Rule:
    environment, hidden = _environment(vocabulary)
    checked = check(environment, text, vocabulary.names, vocabulary.arguments)
    for node, kind in checked.kinds.items():
        if kind not in VALUE_KINDS:
            hint = "rules know true and false, numbers, texts, durations, and lists of one kind of them"
            raise error_at(text, checked.positions.get(node, 0), "no value for a rule", hint)
        number = _NUMBER.match(text, checked.positions.get(node, 0))
        if kind == DOUBLE and node not in checked.overloads and number and float(number[1]) == _INFINITE:
            raise error_at(text, number.start(), "a number too large to be one")
    for node, name in checked.names.items():
        if name not in vocabulary.names:
            raise unknown_name(vocabulary.names, text, checked.positions.get(node, 0), name)

    calls: dict[Call, str] = {}
    evaluated = ""
    end = 0
    for position, overload in sorted(
        (checked.positions.get(node, 0), overload) for node, overload in checked.overloads.items()
    ):
        if overload.startswith("rule_"):
            call, start, stop = _call(vocabulary, text, position, overload.removeprefix("rule_"))
            calls[call] = hidden[call]
            evaluated += text[end:start] + hidden[call]
            end = stop
        elif overload == "string_to_duration":
            _check_duration(environment, text, position)
        elif overload.startswith(("divide", "modulo")) and not vocabulary.divides:
            _check_divisor(text, position)

    at = unread(text)
    if at is not None:  # what looks into a rule, and a tablet, would not find there what CEL does
        hint = "write numbers in digits, and texts between two plain quotes"
        raise error_at(text, at, "a way of writing that rules do not know", hint)

    expression = environment.compile(evaluated + text[end:])
    gives = next((kind for kind in _PYTHON if TYPES[kind] == expression.return_type()), None)
    if gives is None or (returns is not None and gives != returns):
        what = f"the rule gives {gives or 'a list'}, but {returns or 'a single value'} is needed"
        raise RuleError(what, column=1)
    return Rule(vocabulary, text, gives, frozenset(checked.names.values()), calls, expression)


def _call(vocabulary: Vocabulary, text: str, position: int, function: str) -> tuple[Call, int, int]:
    """The call whose bracket opens at `position`, and where in the text it starts and ends."""
    start = len(text[:position].rstrip()) - len(function)
    written = _ARGUMENT.match(text, position)
    if written is None or not text.startswith(function, start):
        raise error_at(
            text, position, f"the argument of {function} is no plain text", "write it out, in quotes"
        )
    if function == "doses":
        return Call(function, ()), start, written.end()
    argument = written[1] if written[1] is not None else written[2]
    known = vocabulary.arguments[function]
    if argument not in known:
        hint = nearest(argument, known) or f"known are {', '.join(sorted(known))}"
        raise error_at(text, start, f"unknown argument {argument!r} of {function}", hint)
    return Call(function, (argument,)), start, written.end()


def _check_duration(environment: cel.Env, text: str, position: int) -> None:
    written = _ARGUMENT.match(text, position)
    if written is None:
        raise error_at(text, position, "the text of a duration is not written out", "write duration('8h')")
    if environment.compile(f"duration{written[0]}").eval(data={}).type() == cel.Type.ERROR:
        what = f"{written[0][1:-1].strip()} is no duration"
        raise error_at(text, position, what, duration_hint(written[0][2:-2]))


def _check_divisor(text: str, position: int) -> None:
    # A double divided by zero is infinite or no number in CEL, and compares as true or false without a word.
    written = _DIVISOR.match(text, position)
    if written is None or float(written[1]) == 0.0:
        what = "division by what may be zero"
        raise error_at(text, position, what, "divide by a number written out, such as 2.0")
