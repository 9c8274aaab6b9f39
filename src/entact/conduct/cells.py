"""Cells of files that people open in a spreadsheet, which would carry out what begins as a formula does."""

from __future__ import annotations

import re
from typing import Final

# What begins a formula, in full width too, and what spreadsheets pass over before they look.
_FORMULA: Final = re.compile(r"[\s\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")  # these are meant
# A signed number, with a unit behind it or not: nothing in it calls, joins or asks for anything.
_NUMBER: Final = re.compile(r"[+-]?\.?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?( [\w%\[\]/*.'{}]+)?")


def cell(text: str) -> str:
    """A text as a cell: what a spreadsheet would take for a formula has ' before it; a number stays one."""
    return f"'{text}" if _FORMULA.match(text) and _NUMBER.fullmatch(text) is None else text
