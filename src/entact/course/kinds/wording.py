"""The words of an instrument that a site works with: named by their digest, kept outside the ledger.

Most wording is licensed, and a ledger goes into archives that others read. So the site's ledger says which
words they were, not what they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from entact.course.kinds.kind import Kind
from entact.course.state.setting import SiteFolding, WordingState

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


def reduce_wording(site: SiteFolding, effective: Effective, payload: WordingEntered) -> None:
    """The latest words of each instrument in each language; only what its digest names can be told again."""
    if not _DIGEST.fullmatch(payload.digest):
        message = (
            f"{payload.digest!r} is no SHA-256 in hexadecimal: these words could not be told from others"
        )
        site.problem("wording", effective.id, "digest", message)
        return
    site.wordings[payload.instrument, payload.language] = WordingState(
        payload.version, payload.holder, payload.digest, effective.id
    )


WORDING = Kind(
    name="wording",
    ledger="site",
    title="Wording of an instrument",
    ways=("command enter-wording",),
    payload=WordingEntered,
    reduce=reduce_wording,
    tells=frozenset({"schedule"}),
)
