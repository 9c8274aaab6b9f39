"""YAML 1.2 as plain data that remembers where every key and value stands.

Of YAML a study file uses mappings, lists and scalars of the core schema, so that what a reader sees is what
there is: no anchors, tags, directives or second document, no key twice, no key without a value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from entact.protocol.problem import Fault, Path, Problem, StudyError
from entact.protocol.slips import decimal_comma, missing_colon, without_value

LARGEST = 500_000  # bytes; the largest real protocol is a tenth of it
DEEPEST = 20

_WHOLE = re.compile(r"[-+]?[0-9]+")
_OTHER_WHOLE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_EXACT = 2**53  # beyond it a number of JSON is no longer exact (RFC 8785)

# What the parser says, and what the reader of the message should do about it.
_ADVICE = (
    (
        "mapping values are not allowed",
        "a ': ' within a text, or a wrong indentation; put the text in quotes",
    ),
    ("'\\t'", "a tab; indent with spaces"),
    ("cannot start any token", "a text that begins with a special character; put it in quotes"),
    ("unexpected end of stream", "a quote that is never closed; close it"),
    ("stream end", "a bracket that is never closed; close it"),
    (
        "expected ',' or",
        "a bracket that is not closed, a comma that is missing, or a ': ' within a text; add it, or put the "
        "text in quotes",
    ),
    ("unknown escape", "a backslash that escapes nothing; double it or use single quotes"),
    ("document start", "an indentation that does not match the lines above; align it with its neighbours"),
    ("block end", "an indentation that does not match the lines above; align it with its neighbours"),
    ("could not find expected ':'", "a key without ': ' and its value; add them"),
)
# Advice that may also mean that a colon is missing, here or in the line before.
_MAY_BE_A_COLON = ("a ': ' within a text", "an indentation", "a key without", "a bracket that is not closed")


class Source:
    """The data of one YAML text, with the place of everything in it."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.text = text
        self.data: Any = None
        self._keys: dict[Path, tuple[int, int]] = {}
        self._values: dict[Path, tuple[int, int]] = {}
        self._scalars: dict[Path, ScalarEvent] = {}

    def written(self, path: Path) -> str | None:
        """The scalar at a path as it stands in the file, without its quotes."""
        scalar = self._scalars.get(path)
        return None if scalar is None else str(scalar.value)

    def place(self, path: Path, *, at_key: bool = False) -> tuple[int, int]:
        """Line and column, from one, of a value or its key; of the block around it where there is none."""
        for end in range(len(path), -1, -1):
            known = path[:end]
            # A block begins, for a reader, where its key stands.
            if known in self._keys and (at_key or end < len(path) or known not in self._scalars):
                return self._keys[known]
            if known in self._values:
                return self._values[known]
        return 1, 1

    def place_within(self, path: Path, offset: int) -> tuple[int, int]:
        """Line and column, from one, of a character of the text at a path."""
        scalar = self._scalars.get(path)
        if scalar is None:
            return self.place(path)
        line, column = scalar.start_mark.line + 1, scalar.start_mark.column + 1
        raw = self.text[scalar.start_mark.index : scalar.end_mark.index]
        if scalar.style == "|":
            return self._place_in_block(scalar, offset)
        quote = scalar.style if scalar.style in ("'", '"') else ""
        body = raw[1:-1] if quote else raw
        escaped = "''" if quote == "'" else "\\" if quote == '"' else None
        if "\n" in raw:
            return line, column
        position = 0
        for _ in range(min(offset, len(scalar.value))):
            position += 2 if escaped and body.startswith(escaped, position) else 1
        return line, column + len(quote) + position

    def _place_in_block(self, scalar: ScalarEvent, offset: int) -> tuple[int, int]:
        before = scalar.value[:offset]
        line = scalar.start_mark.line + 2 + before.count("\n")
        lines = self.text.splitlines()
        indent = len(lines[scalar.start_mark.line + 1]) - len(lines[scalar.start_mark.line + 1].lstrip(" "))
        return line, indent + 1 + len(before) - (before.rfind("\n") + 1)

    def field(self, path: Path) -> str:
        """A path as people say it: visits by their names, members of other lists counted from one."""
        return field_of(self.data, path)

    def locate(self, fault: Fault) -> Problem:
        """A fault with its line and column."""
        if fault.offset is not None:
            line, column = self.place_within(fault.path, fault.offset)
        else:
            line, column = self.place(fault.path, at_key=fault.at_key)
        return Problem(self.file, line, column, self.field(fault.path), fault.message)


def field_of(data: Any, path: Path) -> str:
    """A path as people say it: visits by their names, members of other lists counted from one."""
    said = ""
    for step in path:
        inner: Any = None
        if isinstance(data, dict):
            inner = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            inner = data[step]
        name = inner.get("visit") if isinstance(inner, dict) else None
        if isinstance(step, str):
            said += f".{step}" if said else step
        else:
            said += f".{name}" if isinstance(name, str) else f"[{step + 1}]"
        data = inner
    return said


def read_source(raw: bytes, file: str) -> Source:
    """Reads a YAML text.

    Args:
        raw: the bytes of the file. file: its name, for problems.
    Raises:
        StudyError: for all that is wrong, with line and column.
    """
    source, wrong = read_as_far(raw, file)
    if wrong:
        raise StudyError(problem for _, problem in wrong)
    return source


def read_as_far(raw: bytes, file: str) -> tuple[Source, list[tuple[Path, Problem]]]:
    """Reads a YAML text as far as it goes: with what is wrong in it, by its place in the data.

    Args:
        raw: the bytes of the file. file: its name, for problems.
    Raises:
        StudyError: when it is no YAML at all.
    """
    if len(raw) > LARGEST:
        message = f"the file is larger than a study file may be, {LARGEST:,} bytes"
        raise StudyError([Problem(file, 0, 0, "", message)])
    source = Source(_decoded(raw, file), file)
    reading = _Reading(source)
    try:
        reading.read()
    except MarkedYAMLError as error:
        raise StudyError([_unreadable(source, error)]) from None
    except ReaderError as error:
        before = source.text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        message = f"the character U+{ord(source.text[error.position]):04X} cannot be printed; take it out"
        raise StudyError([Problem(file, line, column, "", message)]) from None
    except YAMLError as error:
        raise StudyError([Problem(file, 0, 0, "", f"this is not YAML: {error}")]) from None
    except RecursionError:
        raise StudyError([Problem(file, 0, 0, "", "this is nested too deeply")]) from None
    return source, reading.problems


def _unreadable(source: Source, error: MarkedYAMLError) -> Problem:
    """Where and why a text is no YAML; a key that lacks its colon is told as that."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = _advice(str(error.problem))
    if message.startswith(_MAY_BE_A_COLON):
        lines = source.text.splitlines()
        begun = error.context_mark.line + 1 if error.context_mark else line
        before = next((number for number in range(line - 1, 0, -1) if lines[number - 1].strip()), line)
        meant = missing_colon(lines, dict.fromkeys((begun, line, before)))
        line, column, message = meant or (line, column, message)
    return Problem(source.file, line, column, "", message)


def _decoded(raw: bytes, file: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        message = f"the byte 0x{raw[error.start]:02X} is not UTF-8; save the file as UTF-8 text"
        raise StudyError([Problem(file, line, column, "", message)]) from None
    if not text.strip():
        raise StudyError([Problem(file, 0, 0, "", "the file is empty; begin it with 'study: <name>'")])
    return text


def _advice(problem: str) -> str:
    for said, advice in _ADVICE:
        if said in problem:
            return advice
    return f"this is not YAML: {problem}"


class _Reading:
    """Reads events into data, places and problems."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[tuple[Path, Problem]] = []
        self.events: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(source.text))

    def read(self) -> None:
        for event in self.events:
            if isinstance(event, StreamStartEvent | StreamEndEvent | DocumentEndEvent):
                continue
            if isinstance(event, DocumentStartEvent):
                if event.version or event.tags:
                    self.wrong(event, (), "a directive; a study file is YAML 1.2, take the line with % out")
                    return
                if self.source.data is None:
                    continue
                self.wrong(
                    event, (), "a second document; a study file is one, take the line '---' or '...' out"
                )
                return
            self.source.data = self.value(event, ())
            if self.problems and self.source.data is None:
                return

    def wrong(self, event: Any, path: Path, message: str) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        self.problems.append((path, Problem(self.source.file, line, column, field_of({}, path), message)))

    def value(self, event: Any, path: Path) -> Any:
        self.source._values[path] = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, AliasEvent) or event.anchor is not None:
            self.wrong(
                event, path, "anchors and aliases (& and *) are not used in a study file; write the value out"
            )
        elif event.tag is not None:
            self.wrong(event, path, f"tags are not used in a study file; take {_tag(event)} out")
        elif len(path) > DEEPEST:
            raise RecursionError
        if isinstance(event, ScalarEvent):
            self.source._scalars[path] = event
            return self.scalar(event, path)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(path)
        if isinstance(event, MappingStartEvent):
            return self.mapping(event, path)
        return None

    def sequence(self, path: Path) -> list[Any]:
        members: list[Any] = []
        last: ScalarEvent | None = None
        for event in self.events:
            if isinstance(event, SequenceEndEvent):
                break
            self.pair(last, event, (*path, len(members) - 1))
            last = event if isinstance(event, ScalarEvent) and not event.style else None
            members.append(self.value(event, (*path, len(members))))
        return members

    def pair(self, one: ScalarEvent | None, other: Any, path: Path) -> None:
        """Finds one number that a comma has made two members of a list."""
        if one is not None and isinstance(other, ScalarEvent) and not other.style:
            between = self.source.text[one.end_mark.index : other.start_mark.index]
            message = decimal_comma(str(one.value), str(other.value), between)
            if message is not None:
                self.wrong(one, path, message)

    def mapping(self, start: MappingStartEvent, path: Path) -> dict[str, Any]:
        members: dict[str, Any] = {}
        before: str | None = None
        for event in self.events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                self.wrong(event, path, "a key must be a name, not a list or a block")
                self.value(event, (*path, "?"))
                self.value(next(self.events), (*path, "?"))
                continue
            key = str(event.value)
            inner = (*path, key)
            if key in members:
                line = self.source._keys[inner][0]
                self.wrong(event, inner, f"the key {key!r} stands twice; the first is in line {line}")
                place = self.source._keys[inner]
                kept = self.source._values.get(inner, place)  # a key without a value has no other place
                self.value(next(self.events), inner)
                self.source._keys[inner], self.source._values[inner] = place, kept
                continue
            self.source._keys[inner] = event.start_mark.line + 1, event.start_mark.column + 1
            value = next(self.events)
            if isinstance(value, ScalarEvent) and not value.value and not value.style:
                said = (before, self.source.written((*path, before)) or "") if before is not None else None
                message, meant = without_value(key, said, in_flow=bool(start.flow_style))
                blamed = self.source._scalars.get((*path, meant)) if meant is not None else None
                self.wrong(blamed or event, (*path, meant or key), message)
                if meant is None:
                    members[key] = None
                continue
            before = key
            members[key] = self.value(value, inner)
        return members

    def scalar(self, event: ScalarEvent, path: Path) -> Any:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self.wrong(event, path, "half a character (a lone surrogate); write the character itself")
            return ""
        if event.style:
            return text
        if text in _WORDS:
            if _WORDS[text] is None:
                self.wrong(
                    event,
                    path,
                    f"{text or 'an empty value'} says nothing; write a value, or take the key out",
                )
            return _WORDS[text]
        if _WHOLE.fullmatch(text):
            if len(text) > 17 or abs(int(text)) >= _EXACT:
                self.wrong(
                    event, path, f"the number {text[:30]} is too large to be kept exactly; put it in quotes"
                )
                return 0
            return int(text)
        if _OTHER_WHOLE.fullmatch(text) or _NO_NUMBER.fullmatch(text):
            self.wrong(event, path, f"{text[:30]} is not a decimal number; write it in decimal, or in quotes")
            return 0
        if _FLOAT.fullmatch(text):
            number = float(text)
            if not math.isfinite(number):
                self.wrong(event, path, f"the number {text[:30]} is too large to be kept; put it in quotes")
                return 0
            return number
        return text


def _tag(event: Any) -> str:
    return str(event.tag).replace("tag:yaml.org,2002:", "!!")
