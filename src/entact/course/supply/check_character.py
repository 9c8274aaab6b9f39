"""The last character of a kit's number as it is printed: a number that was typed wrong is not another kit's.

ISO/IEC 7064, MOD 37,36: it finds every wrong character and every two neighbours that changed places.
"""

from __future__ import annotations

from typing import Final

from entact.course.state.numbers import normal

_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check_character(number: str) -> str:
    """The character that is printed behind a number; signs between its letters and digits do not count."""
    return _LETTERS[(1 - _product(_plain(number))) % 36]


def printed(number: str) -> str:
    """A number as a label has it: `4812` with its character behind a dot."""
    return f"{number}.{check_character(number)}"


def read_printed(typed: str) -> str:
    """The number of what was typed or scanned, in its normal form.

    Raises:
        ValueError: when there is no check character, or it is that of another number.
    """
    number, dot, character = normal(typed).rpartition(".")
    if not dot or len(character) != 1 or not number:
        raise ValueError(
            f"{typed.strip()!r} has no check character: type all of the label, as in {printed('4812')}"
        )
    if not _plain(number) or check_character(number) != character:
        raise ValueError(
            f"{typed.strip()!r} is the number of no kit: read the label again, character by character"
        )
    return number


def _plain(number: str) -> str:
    return "".join(one for one in normal(number) if one in _LETTERS)


def _product(text: str) -> int:
    check = 36
    for one in text:
        check = ((check + _LETTERS.index(one)) % 36 or 36) * 2 % 37
    return check
