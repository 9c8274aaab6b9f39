"""The words of an instrument that a site works with: named by their digest, kept outside the ledger.

Most wording is licensed, and a ledger goes into archives that others read. So the site's ledger says which
words they were, not what they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from entact.course.state.setting import WordingState

if TYPE_CHECKING:
    from entact.course.entry.effective import Effective

_DIGEST = re.compile(r"[0-9a-f]{64}")


class WordingEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `wording` (site): from now on the site asks an instrument in these words; `digest` is SHA-256."""

    instrument: str
    language: str
    version: str
    holder: str
    digest: str


def wording_problem(payload: WordingEntered) -> tuple[str, str] | None:
    """Item and message of what keeps a wording from being followed."""
    if _DIGEST.fullmatch(payload.digest):
        return None
    return (
        "digest",
        f"{payload.digest!r} is no SHA-256 in hexadecimal: these words could not be told from others",
    )


def wording_state(effective: Effective, payload: WordingEntered) -> WordingState:
    """What a site works with by an entry."""
    return WordingState(payload.version, payload.holder, payload.digest, effective.id)
