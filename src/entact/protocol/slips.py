"""Slips of the pen in YAML that its parser tells otherwise: a colon that is missing, a decimal comma."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_KEY: Final = r"[A-Za-z_][\w-]*"
_BEGIN: Final = rf"^\s*(?:- )?(?P<key>{_KEY})"
_IN_QUOTES: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"")

# A line that was meant to begin `key: value`, and what is wrong with it.
_LINES: Final = (
    (re.compile(rf"{_BEGIN}\s*=\s*(?P<rest>\S.*)$"), "has '=' instead of a colon"),
    (re.compile(rf"{_BEGIN}:(?P<rest>[^\s:/].*)$"), "lacks the space after its colon"),
    (re.compile(rf"{_BEGIN}\s*(?P<rest>[\[{{].*)$"), "lacks its colon"),
    (re.compile(rf"{_BEGIN}\s+(?P<rest>\S.*)$"), "lacks its colon"),
    (re.compile(rf"{_BEGIN}(?P<rest>)$"), "lacks its colon"),
)
_PAIR: Final = re.compile(rf"(?P<key>{_KEY})\s*(?P<sign>[:= ])\s*(?P<rest>\S.*)$")
_LONGEST: Final = 40


def missing_colon(lines: list[str], numbers: Iterable[int]) -> tuple[int, int, str] | None:
    """The first of some lines that was meant to be a key with a value: line, column, and what to write.

    Args:
        lines: of the whole text. numbers: of the lines that may be to blame, from one.
    """
    for number in numbers:
        if not 1 <= number <= len(lines):
            continue
        line = _without_comment(lines[number - 1])
        for shape, wrong in _LINES:
            found = shape.match(line)
            if found and not _is_a_pair(line):
                rest = found["rest"].strip()
                begun = f"{found['key']}: {_cut(rest)}".rstrip()
                column = found.start("key") + 1
                return number, column, f"{found['key']!r} {wrong}; write '{begun}'"
    return None


def without_value(key: str, before: tuple[str, str] | None, *, in_flow: bool) -> tuple[str, str | None]:
    """What to say of a key without a value, and which key is to blame where it is no key at all.

    Args:
        before: the key and the value that stand before it in the same block. in_flow: within { }.
    """
    if in_flow and before and re.fullmatch(r"[-+]?[0-9]+|.*\s[0-9]+", before[1]) and re.match(r"[0-9]+", key):
        return f"a decimal comma; write {before[0]}: {before[1]}.{key}, with a point", before[0]
    found = _PAIR.fullmatch(key)
    if in_flow and found and found["sign"] == " " and before:
        meant = f"{found['key']}: {_cut(found['rest'])}"
        hint = f"put a text that has one in quotes, or write '{meant}' where a colon is missing"
        return f"{key!r} has no value; a comma within {{ }} begins a new key: {hint}", None
    if in_flow and found:
        wrong = {":": "lacks the space after its colon", "=": "has '=' instead of a colon"}
        said = wrong.get(found["sign"], "lacks its colon")
        return f"{found['key']!r} {said}; write '{found['key']}: {_cut(found['rest'])}'", found["key"]
    hint = (
        "; a comma within { } begins a new key: put a text that has one in quotes"
        if in_flow
        else "; write one, or take the key out"
    )
    return f"{key!r} has no value{hint}", None


def decimal_comma(one: str, other: str, between: str) -> str | None:
    """What to say of two members of a list that were one number with its unit: `62,5 mg`; None when not."""
    if between == "," and re.fullmatch(r"[-+]?[0-9]+", one) and re.fullmatch(r"[0-9]+ \S+", other):
        return f"a decimal comma; write {one}.{other}, with a point"
    return None


def _is_a_pair(line: str) -> bool:
    """Whether a line has a key with its colon outside quotes and brackets, as it should."""
    plain = _IN_QUOTES.sub("''", line)
    return re.match(rf"^\s*(?:- )?(?:{_KEY}|'')\s*:(?:\s|$)", plain) is not None


def _without_comment(line: str) -> str:
    return re.sub(
        r"(?:^|\s)#.*$", "", _IN_QUOTES.sub(lambda found: found[0].replace("#", " "), line)
    ).rstrip()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
