"""Documents of JSON as they are read: strictly, and with the place of what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any, Final

LARGEST: Final = 64 * 1024 * 1024
LONGEST: Final = 300  # digits of a whole number: no float is larger


def parse_json(raw: bytes) -> Any:
    """A document as data.

    Args:
        raw: JSON in UTF-8, with or without a mark of byte order.
    Raises:
        ValueError: when it is too large, no UTF-8 or no JSON, or names something twice in one object.
    """
    if len(raw) > LARGEST:
        raise ValueError(f"it has {len(raw)} bytes; at most {LARGEST} are read")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is no UTF-8: write the document in UTF-8") from None
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant, parse_int=_whole)
    except _Twice as twice:
        place = text.count("\n", 0, _begins(text, twice.names)) + 1
        raise ValueError(f"line {place}: {twice}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno}: no JSON: {error.msg}") from None
    except _NoNumber as strange:
        found = re.search(rf"[\[:,\s]{strange}\b", text)  # the parser tells no place
        place = text.count("\n", 0, found.end() if found is not None else 0) + 1
        raise ValueError(f"line {place}: {strange} is no number of JSON") from None
    except RecursionError:
        raise ValueError("it is nested too deeply to be a study") from None


class _NoNumber(ValueError):
    """NaN, or an infinite number."""


class _Twice(ValueError):
    def __init__(self, names: list[str]) -> None:
        self.names = names
        twice = next(name for name in names if names.count(name) > 1)
        super().__init__(f"{twice!r} stands twice in one object: which of them counts, nobody can tell")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice([name for name, _ in pairs])
    return found


def _begins(text: str, names: list[str]) -> int:
    """Where the first object with these names begins: it is read anew, as the parser tells no places."""
    decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: [name for name, _ in pairs])
    place = text.find("{")
    while place >= 0:
        try:
            if decoder.raw_decode(text, place)[0] == names:
                return place
        except json.JSONDecodeError:
            pass  # a brace within a text
        place = text.find("{", place + 1)
    return 0


def _whole(text: str) -> int:
    if len(text) > LONGEST:
        raise ValueError(f"{text[:12]}... is a number of {len(text)} digits; no document has such a one")
    return int(text)


def _no_constant(text: str) -> Any:
    raise _NoNumber(text)
