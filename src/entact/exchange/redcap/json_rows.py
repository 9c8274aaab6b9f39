"""A data dictionary as REDCap's programming interface gives it in JSON, as rows below their headings.

Source: REDCap's export of metadata in JSON: a list with an object for each field, its names those of the
programming interface (`field_name`, `form_name`, ...).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from entact.exchange.json_text import parse_json


def is_json(text: str) -> bool:
    """Whether a text begins as a list of JSON, with which no CSV file begins."""
    return text.lstrip().startswith("[")


def rows_of_json(text: str) -> Iterator[tuple[int, list[str]]]:
    """The headings, and each field with the line on which its object begins.

    Raises:
        ValueError: when it is no JSON, or something in it is no object with texts.
    """
    fields = parse_json(text.encode())
    lines = list(_lines(text, len(fields)))
    problems = [
        f"line {line}: {said!r:.40} is no field; write an object with `field_name` and others"
        for line, said in zip(lines, fields, strict=True)
        if not isinstance(said, dict)
    ]
    if problems:
        raise ValueError("\n".join(problems))
    header = list(dict.fromkeys(name for said in fields for name in said))
    problems = [
        f"line {line}: {name}: {value!r:.40} is no text"
        for line, said in zip(lines, fields, strict=True)
        for name, value in said.items()
        if isinstance(value, dict | list)
    ]
    if problems:
        raise ValueError("\n".join(problems))
    yield 1, header
    for line, said in zip(lines, fields, strict=True):
        yield line, [_cell(said.get(name)) for name in header]


def _lines(text: str, count: int) -> Iterator[int]:
    """The line on which each member of the list begins; the text is JSON."""
    decoder = json.JSONDecoder()
    place = text.index("[") + 1
    line, counted = 1, 0
    for _ in range(count):
        while text[place] in " \t\r\n,":
            place += 1
        line += text.count("\n", counted, place)
        counted = place
        yield line
        _, place = decoder.raw_decode(text, place)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
