"""What a rule that does not compile probably means: hints in the words of a study file.

Used by `cel` alone, with the place at which its parser or its checker stopped.
"""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = r"[A-Za-z]\w*(?:\.\w+)*(?:\([^()]*\))?"
_LITERAL: Final = r"'[^'\n]*'|\"[^\"\n]*\"|-?\d+(?:\.\d+)?|true|false"
_ORDER: Final = r"<=|>=|<|>"
_YES: Final = frozenset({"yes", "y", "true", "ja", "1", "1.0"})
_NO: Final = frozenset({"no", "n", "false", "nein", "0", "0.0"})
_TIMES: Final = {
    **dict.fromkeys(("h", "hour", "hours"), "h"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "m"),
    **dict.fromkeys(("s", "sec", "seconds"), "s"),
}
_UNIT: Final = re.compile(r"[A-Za-z\u00b0%]+(?:\[\w+\])?")
_KINDS: Final = {
    "google.protobuf.Duration": "duration",
    "null_type": "null",
    "list(string)": "a list",
    "list(int)": "a list of whole numbers",
}

# What people write who know another language: a pattern at the place, and what stands for it here.
_FOREIGN: Final = tuple(
    (re.compile(pattern), write)
    for pattern, write in (
        (r"(?i:and)\b", "&&"),
        (r"(?i:or)\b", "||"),
        (r"(?i:not)\s+in\b", "!(… in […])"),
        (r"(?i:not)\b", "! before what is negated"),
        (r"(?i:is)\b", "=="),
        (r"(?i:between)\b", "one comparison for each end, joined by &&"),
        (r"(?i:contains|includes|has)\b", "… in …, with the code before the list"),
        (r"(?i:if|then|else)\b", "condition ? value : other"),
        (r"=(?!=)", "=="),
        (r"(?<!&)&(?!&)", "&&"),
        (r"(?<!\|)\|(?!\|)", "||"),
        (r"\^", "a product, with *"),
        (r"#", "what it is for in a comment of YAML"),
        (r"[\u2018\u2019\u201c\u201d]", "straight quotes"),
        ("\N{LESS-THAN OR EQUAL TO}", "<="),
        ("\N{GREATER-THAN OR EQUAL TO}", ">="),
        ("\N{NOT EQUAL TO}", "!="),
    )
)


def unreadable(text: str, position: int, what: str) -> tuple[int, str, str]:
    """Place, fault and hint of a rule that is no CEL, where the parser stopped at a position, complaining."""
    before, after = text[:position], text[position:]
    if (comma := re.match(r",\s?(\d+)", after)) and (number := re.search(r"(\d+)$", before)):
        return position, "a decimal comma is no part of rules", f"write {number[1]}.{comma[1]}"
    if re.match(r"=[<>]", text[max(position - 1, 0) :]) or re.match(r"=[<>]", after):
        start = position if re.match(r"=[<>]", after) else position - 1
        sign = text[start + 1]
        return start, f"'={sign}' is no part of rules", f"write {sign}="
    if before.endswith("==") and after.startswith("="):
        return position - 2, "'===' is no part of rules", "write =="
    if before.endswith("<") and after.startswith(">"):
        return position - 1, "'<>' is no part of rules", "write !="
    if negated := re.search(r"(?i)\bnot\s+$", before):
        return (
            negated.start(),
            f"{negated[0].strip()!r} is no part of rules",
            "write ! before what is negated",
        )
    if "'..'" in what:
        return position, "a range is no part of rules", "write one comparison for each end, joined by &&"
    if re.search(r"\d\.$", before):
        return position - 1, "a number ends in a point", "write a digit after it, as in 1.0"
    for meant, write in _FOREIGN:
        if found := meant.match(text, position):
            return position, f"{found[0]!r} is no part of rules", f"write {write}"
    unit, number = _UNIT.match(after), re.search(r"(\d+(?:\.\d+)?)\s*$", before)
    if unit and number:
        return position, *_with_unit(unit[0], number[1])
    return position, *_at_an_end(text, what)


def _with_unit(unit: str, number: str) -> tuple[str, str]:
    if unit.lower() in _TIMES:
        time = f"{number.removesuffix('.0')}{_TIMES[unit.lower()]}"
        return f"a time is no number with {unit!r}", f"write duration('{time}')"
    return f"{unit!r} is no part of rules", "write the number alone: it is in the unit of its item"


def _at_an_end(text: str, what: str) -> tuple[str, str]:
    """Fault and hint where something is not closed, or too much is."""
    if "'<EOF>'" in what:
        if re.search(r"\d\s*%\s*$", text):
            return "'%' needs a number after it, the remainder of a division", "write a share as in 0.5"
        if text.count("(") > text.count(")"):
            return "a bracket is never closed", "write ) where it ends"
        return "the rule ends too early", ""
    if found := re.search(r"token recognition error at: '(.*)'$", what, re.DOTALL):
        if found[1][:1] in ("'", '"'):
            return "a quote is never closed", f"write {found[1][0]} where the text ends"
        return f"Syntax error: {found[1].strip()!r} does not belong here", "take it out"
    if found := re.search(r"(?:mismatched|extraneous) input '(.*?)'(?: expecting|$)", what):
        if found[1] == ")":
            return "a bracket is closed that was never opened", "take it out"
        return f"Syntax error: {found[1]!r} does not belong here", ""
    return what.partition(" expecting ")[0], ""


def mismatch_hint(text: str, position: int, symbol: str, kinds: str) -> str:
    """What to write where an operator does not apply to what stands beside it; empty where nobody can tell.

    Args:
        position: of the operator. kinds: of what it was applied to, as CEL says them.
    """
    left, right = sides(text, position, symbol)
    one, _, other = kinds.partition(", ")
    if symbol in ("<", "<=", ">", ">=") and (chain := _chain(text, position, symbol)):
        return f"write {chain}"
    if (one == "bool") != (other == "bool") and symbol in ("==", "!=", "<", "<=", ">", ">="):
        name, literal = (left, right) if one == "bool" else (right, left)
        return _yes_or_no(name, literal, symbol)
    if "google.protobuf.Duration" in (one, other):
        literal = right if one == "google.protobuf.Duration" else left
        return _time(literal)
    if one == other == "string" and symbol in ("<", "<=", ">", ">="):
        return "texts have no order; compare them with == or !="
    if symbol == "in" and other == "string":
        return f"write {left} == {right}, or a list in brackets, as in [{right}]"
    if "list(string)" in (one, other) and "string" in (one, other) and symbol in ("==", "!="):
        name, code = (left, right) if one == "list(string)" else (right, left)
        return f"write {code} in {name}" if symbol == "==" else f"write !({code} in {name})"
    return _text_or_number(left, right, one, other)


def _text_or_number(left: str, right: str, one: str, other: str) -> str:
    numbers = {"int", "double"}
    if {one, other} & numbers and "string" in (one, other):
        literal, kind = (right, one) if other == "string" else (left, other)
        plain = literal.strip("'\"")
        if literal != plain and re.fullmatch(r"-?\d+(?:\.\d+)?", plain):
            whole = plain if kind == "int" or "." in plain else f"{plain}.0"
            return f"write {whole} without quotes"
        return "compare a text with one of its codes, in quotes" if literal == plain else ""
    return ""


def _yes_or_no(name: str, literal: str, symbol: str) -> str:
    word = literal.strip("'\"").lower()
    if name in ("true", "false"):
        return f"{literal} is not yes or no" if literal else ""
    if not re.fullmatch(_NAME, name):
        return ""
    if word not in _YES | _NO:
        return f"{name} is yes or no: write {name}, or !{name} for no"
    if symbol not in ("==", "!="):
        return f"{name} is yes or no: write {name}, or !{name} for no"
    holds = (word in _YES) == (symbol == "==")
    return f"{name} is yes or no: write {name if holds else f'!{name}'}"


def _time(literal: str) -> str:
    found = re.fullmatch(r"(\d+)\s*([a-z]*)", literal.strip("'\""))
    unit = _TIMES.get(found[2] or "h") if found else None
    return f"write duration('{found[1]}{unit}')" if found and unit else "write a time as duration('8h')"


def duration_hint(text: str) -> str:
    """What to write instead of a text that is no duration of rules."""
    parts = re.findall(r"([0-9]+)\s*([A-Za-z]+)", text)
    units = [unit.lower() for _, unit in parts]
    whole = {"d": 24, "day": 24, "days": 24, "wk": 168, "w": 168, "week": 168, "weeks": 168}
    if parts and all(unit in _TIMES or unit in whole for unit in units):
        said = (
            f"{int(count) * whole[unit]}h" if unit in whole else f"{count}{_TIMES[unit]}"
            for (count, _), unit in zip(parts, units, strict=True)
        )
        return f"write duration('{''.join(said)}')"
    return "write hours, minutes and seconds, such as '1h30m'"


def _chain(text: str, position: int, symbol: str) -> str:
    """`18 <= age <= 65`, as two comparisons; empty where it is none."""
    operand = f"{_LITERAL}|{_NAME}"
    before = re.search(rf"({operand})\s*({_ORDER})\s*({operand})\s*$", text[:position])
    after = re.match(rf"\s*({operand})", text[position + len(symbol) :])
    if before is None or after is None:
        return ""
    return f"{before[1]} {before[2]} {before[3]} && {before[3]} {symbol} {after[1]}"


def sides(text: str, position: int, symbol: str) -> tuple[str, str]:
    """What stands left and right of an operator, where each is one name or value; else empty."""
    operand = f"{_LITERAL}|{_NAME}"
    left = re.search(rf"({operand})\s*$", text[:position])
    right = re.match(rf"\s*({operand})", text[position + len(symbol) :])
    return left[1] if left else "", right[1] if right else ""


def kinds_in_words(kinds: str) -> str:
    """`double and int` for what CEL calls `double, int`."""
    return " and ".join(_KINDS.get(kind, kind) for kind in kinds.split(", "))


def name_hint(text: str, position: int, name: str) -> str:
    """What to write instead of a name that is none because it is a word, a code or a call."""
    word = name.lower()
    if word in _YES | _NO:
        return f"write {'true' if word in _YES else 'false'}"
    if re.search(r"(?:present|given|elapsed|duration)\(\s*$", text[:position]):
        return f"put it in quotes: '{name}'"
    return "write doses()" if name == "doses" else ""
