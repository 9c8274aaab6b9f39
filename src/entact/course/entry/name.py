"""Names of ledgers: they stand in addresses, files and keys, and must mean the same in all of them."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 100  # characters
_NAME: Final = re.compile(r"(?:participant|site|study):[A-Za-z0-9_][A-Za-z0-9_.-]*|system(?::[a-z]+)?")


def is_ledger_name(text: str) -> bool:
    """Whether a text can name a ledger: what it is about, and an id of ASCII letters, digits, `_`, `-`, `.`.

    Two dots in a row and one at the end are none: they would mean another place in a folder.
    """
    return (
        len(text) <= LONGEST
        and _NAME.fullmatch(text) is not None
        and ".." not in text
        and not text.endswith(".")
    )
