"""CEL, cut down to what rules may say: its library, its checker's findings, its complaints in plain words.

Used by `rule` alone. Source: the Common Expression Language, https://cel.dev.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, Literal

from cel_expr_python import cel  # type: ignore[import-untyped]

from entact.protocol.mistaken import kinds_in_words, mismatch_hint, name_hint, unreadable

Kind = Literal["bool", "int", "double", "string", "duration", "list[string]"]

FUNCTIONS: Final[Mapping[str, Kind]] = {
    "present": "int",
    "given": "bool",
    "elapsed": "duration",
    "doses": "int",
}
"""The functions of a study file and what each gives; `doses()` alone takes no argument.

`present('therapist')`: persons of that role in the room now. `given('initial')`: that dose part was given in
the current encounter. `elapsed('initial')`: time since it was given, unknown when it was not. `doses()`:
sessions of this participant in which a dose was given.
"""

TYPES: Final[Mapping[Kind, cel.Type]] = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "duration": cel.Type.DURATION,
    "list[string]": cel.Type.List(cel.Type.STRING),
}

# cel.expr.Type: primitive (3) bool, int64, double, string; well_known (5) duration; list_type (6) of one.
DOUBLE: Final = b"\x18\x04"
_SCALARS: Final = frozenset({b"\x18\x01", b"\x18\x02", DOUBLE, b"\x18\x05", b"\x28\x03"})
VALUE_KINDS: Final = _SCALARS | {b"\x32\x04\x0a\x02" + scalar for scalar in _SCALARS}

# The closed set of operators and functions, with CEL's names of what each applies to.
_LIBRARY: Final[Mapping[str, str]] = {
    "_&&_": "logical_and",
    "_||_": "logical_or",
    "!_": "logical_not",
    "_?_:_": "conditional",
    "_==_": "equals",
    "_!=_": "not_equals",
    "@in": "in_list",
    "_<_": "less_int64 less_double less_duration",
    "_<=_": "less_equals_int64 less_equals_double less_equals_duration",
    "_>_": "greater_int64 greater_double greater_duration",
    "_>=_": "greater_equals_int64 greater_equals_double greater_equals_duration",
    "_+_": "add_int64 add_double add_duration_duration",
    "_-_": "subtract_int64 subtract_double subtract_duration_duration",
    "-_": "negate_int64 negate_double",
    "_*_": "multiply_int64 multiply_double",
    "_/_": "divide_int64 divide_double",
    "_%_": "modulo_int64",
    "double": "int64_to_double",
    "int": "double_to_int64",
    "duration": "string_to_duration",
    "size": "size_list",
}
_OPERATORS: Final = "&& || ! ?: == != < <= > >= + - * / % in"
_SYMBOLS: Final = {"_?_:_": "?:", "_[_]": "[...]"}

NAME: Final = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
_COMPLAINT: Final = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_LITERAL_AFTER: Final = re.compile(r"[-<>=!+*/%]+\s*(-?\d+(?:\.\d+)?)(?=\s*(?:$|[)&|?:,\]]))")
_LITERAL_BEFORE: Final = re.compile(r"(?:^|[(&|?:,\[])\s*(-?\d+(?:\.\d+)?)\s*$")


class RuleError(ValueError):
    """A rule that cannot be compiled, or that failed although every value it names was known.

    Attributes:
        column: where in the text the fault is, counted from 1 in its line; None for a failure at run time.
        line: the line of the text, counted from 1.
    """

    def __init__(self, what: str, *, column: int | None = None, line: int = 1, hint: str = "") -> None:
        place = f" at line {line}, column {column}" if line > 1 else f" at column {column}" if column else ""
        super().__init__(what + place + (f"; {hint}" if hint else ""))
        self.column = column
        self.line = line

    def __reduce__(self) -> tuple[Callable[..., RuleError], tuple[str, int | None, int]]:
        return _restored_error, (str(self), self.column, self.line)


def _restored_error(message: str, column: int | None, line: int) -> RuleError:
    error = RuleError(message)
    error.column, error.line = column, line
    return error


@lru_cache(maxsize=1)
def library() -> cel.EnvConfig:
    """The part of CEL that rules know, as the configuration of an environment."""
    overloads = "".join(
        f"  - name: '{function}'\n    overloads:\n" + "".join(f"    - id: {each}\n" for each in ids.split())
        for function, ids in _LIBRARY.items()
    )
    return cel.NewEnvConfigFromYaml(f"stdlib:\n  disable_macros: true\n  include_functions:\n{overloads}")


class Checked:
    """What CEL's checker found out, by node of the syntax tree.

    Read from the CheckedExpr message (protobuf wire format, in an Any): the binding tells it in no other way.
    Source: cel/expr/checked.proto and syntax.proto of the CEL specification, of which the numbers below are.

    Attributes:
        names: the variable that a node stands for.
        overloads: the operator or function, with the types it was resolved for.
        kinds: the `cel.expr.Type` message of a node, as bytes.
        positions: where a node stands in the text; that of a call is its bracket.
    """

    def __init__(self, serialised: bytes) -> None:
        self.names: dict[int, str] = {}
        self.overloads: dict[int, str] = {}
        self.kinds: dict[int, bytes] = {}
        self.positions: dict[int, int] = {}
        message = next(body for field, body in _fields(serialised) if field == 2)
        for field, body in _fields(message):
            if field == 2:  # reference_map
                node, reference = _pair(body)
                found = dict(_fields(reference))
                if 3 in found:  # overload_id
                    self.overloads[node] = found[3].decode()
                else:
                    self.names[node] = found[1].decode()
            elif field == 3:  # type_map
                node, self.kinds[node] = _pair(body)
            elif field == 5:  # source_info
                for part, entry in _fields(body):
                    if part == 4:  # positions
                        node, offset = _pair(entry)
                        self.positions[node] = _varint(offset, 0)[0] if offset else 0


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Field number and content of each field; a number's content is its varint."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value, after = _varint(message, at)
        if tag & 7 == 2:
            at, after = after, after + value
        yield tag >> 3, message[at:after]
        at = after


def _pair(entry: bytes) -> tuple[int, bytes]:
    found = dict(_fields(entry))
    return _varint(found[1], 0)[0], found.get(2, b"")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at


def check(environment: cel.Env, text: str, names: Collection[str], functions: Collection[str]) -> Checked:
    """What CEL's checker finds out about a rule.

    Args:
        environment: of `library`, these names and these functions.

    Raises:
        RuleError: for a fault that it finds, in the words of a study file.
    """
    if not text.replace("\n", " ").replace("\t", " ").isprintable():
        raise RuleError("the rule has characters that cannot be printed", column=1)
    try:
        return Checked(environment.compile(text).serialize())
    except RuntimeError as refused:
        complaint = str(refused)
    found = _COMPLAINT.search(complaint)
    if found is None:
        raise RuleError("the rule is nested too deeply" if "recursion" in complaint else complaint, column=1)
    position = sum(len(line) + 1 for line in text.split("\n")[: int(found[1]) - 1]) + int(found[2]) - 1
    what = found[3].removesuffix(" [INVALID_ARGUMENT]")
    if undeclared := re.match(r"undeclared reference to '([^']*)'", what):
        raise _undeclared(names, functions, text, position, undeclared[1])
    if mismatch := re.match(r"found no matching overload for '([^']*)' applied to '\((.*)\)'", what):
        raise _mismatch(text, position, mismatch[1], mismatch[2])
    if what.startswith("Syntax error"):
        raise _unreadable(text, position, what)
    raise error_at(text, position, what)


def error_at(text: str, position: int, what: str, hint: str = "") -> RuleError:
    """The error at an offset of a rule's text."""
    column = position - text.rfind("\n", 0, position)
    return RuleError(what, column=column, line=text.count("\n", 0, position) + 1, hint=hint)


def unknown_name(names: Collection[str], text: str, position: int, name: str) -> RuleError:
    """The error of a name that is not declared, with the one that was probably meant."""
    # CEL points at the last dot of a name; people look for its beginning.
    start = position - max(name.rfind("."), 0)
    position = start if text.startswith(name, start) else position
    below = [each for each in names if each.startswith(f"{name}.")]
    hint = name_hint(text, position, name) or nearest(name, below, 0.0) or nearest(name, names)
    return error_at(text, position, f"unknown name {name!r}", hint)


def nearest(word: str, known: Collection[str], alike: float = 0.6) -> str:
    """A question whether the most similar known word was meant; empty when none is similar."""
    found = get_close_matches(word, known, 1, alike)
    return f"did you mean {found[0]!r}?" if found else ""


def _undeclared(
    names: Collection[str], functions: Collection[str], text: str, position: int, name: str
) -> RuleError:
    if not NAME.fullmatch(name):
        symbol = _SYMBOLS.get(name, name.strip("_"))
        return error_at(text, position, f"{symbol} is no part of rules", f"rules know {_OPERATORS}")
    if not text.startswith("(", position):
        return unknown_name(names, text, position, name)
    known = [*functions, *filter(NAME.fullmatch, _LIBRARY)]
    start = max(0, len(text[:position].rstrip()) - len(name))
    if name in known:
        takes = "nothing" if name == "doses" else "exactly one argument, in its brackets"
        return error_at(text, start, f"{name} is not used so", f"it takes {takes}")
    hint = nearest(name, known) or f"rules know {', '.join(known)}"
    return error_at(text, start, f"unknown function {name!r}", hint)


def _unreadable(text: str, position: int, what: str) -> RuleError:
    """The error of a rule that is no CEL, with what its author probably meant."""
    return error_at(text, *unreadable(text, position, what))


def _mismatch(text: str, position: int, function: str, kinds: str) -> RuleError:
    if function in FUNCTIONS:
        takes = "nothing" if function == "doses" else "one text in quotes"
        return error_at(text, position, f"{function} does not take ({kinds})", f"{function} takes {takes}")
    hint = ""
    if kinds == "double, list(int)":
        hint = "write numbers with a point, such as 140.0"
    elif "null_type" in kinds:
        hint = "a missing value is unknown, and nothing is equal to it"
    elif kinds in ("double, int", "int, double"):
        hint = "put double(...) around the int"
        after, before = _LITERAL_AFTER.match(text[position:]), _LITERAL_BEFORE.search(text[:position])
        literal = (after or before or [""] * 2)[1]
        is_int = kinds.endswith("int") if after else kinds.startswith("int")
        if literal and is_int:
            hint = f"write {literal}.0"
        elif literal and float(literal).is_integer():
            hint = f"write {int(float(literal))}"
    symbol = _SYMBOLS.get(function, function.strip("_@"))
    hint = hint or mismatch_hint(text, position, symbol, kinds)
    return error_at(text, position, f"{symbol} does not apply to {kinds_in_words(kinds)}", hint)
