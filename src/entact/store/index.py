"""What stands beside the text of a line so that it can be found."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from entact.course.entry import Kept, digest, instant

_LONGEST = 200  # characters: PostgreSQL's indexes hold no text of more than 2,704 bytes


class LedgerHead(NamedTuple):
    """The last line of a ledger: its number and hash."""

    ledger: str
    seq: int
    hash: str


class Index(NamedTuple):
    """What stands beside the text of a line so that lists can find it; nothing that the text does not say."""

    entry_id: str
    kind: str
    occurred_at: datetime | None
    received_at: datetime


def index(kept: Kept) -> Index:
    """What stands beside an entry's text.

    Raises:
        ValueError: when the time of arrival, which is the server's own, is no time.
    """
    occurred = None
    with suppress(ValueError):
        occurred = instant(kept.occurred_at)
    return Index(storable(kept.id), storable(kept.kind), occurred, instant(kept.received_at))


def storable(text: str) -> str:
    """Text as an index can hold it: without zero characters, and with a digest for the rest of a long one."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…{digest(text.encode())}"
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
