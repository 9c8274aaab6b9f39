"""What has stopped, what has to, and departures from the protocol."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

LOST: Final = "lost_to_follow_up"  # a cause of discontinuation


class DiscontinuationState(msgspec.Struct, frozen=True):
    """Since when one of the four has stopped, and why."""

    entry: str
    of: str
    at: datetime
    decided_by: str
    cause: str

    @property
    def is_lost(self) -> bool:
        """Whether nobody reaches the participant any more, by the code that pages and rehearsals enter."""
        return self.of == "follow_up" and self.cause == LOST


class DeviationState(msgspec.Struct, frozen=True):
    """One reported departure; `account_from` is the entry under whose id the account is sealed."""

    entry: str
    encounter: str | None
    at: datetime
    category: str
    importance: str
    account: str | None
    account_from: str


class StopDue(msgspec.Struct, frozen=True):
    """A stopping rule that came to hold: what has to stop, the entry that made it hold, and when."""

    rule: str
    of: str
    title: str
    entry: str
    at: datetime
