"""JSON that somebody else wrote, as a typed value: whatever is wrong with it is one kind of error.

msgspec raises its own error for most of what can be wrong, but `UnicodeDecodeError` for bytes in a text that
are no UTF-8, and `RecursionError` for what is nested deeper than the interpreter goes. Who catches the first
alone ends in a traceback on a file of which one byte was damaged.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

_Type = TypeVar("_Type")


def decoded(text: bytes | str, type_: type[_Type]) -> _Type:
    """The value in a text.

    Raises:
        msgspec.DecodeError: when there is no such value in it, whatever the reason.
    """
    try:
        return msgspec.json.decode(text, type=type_)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
