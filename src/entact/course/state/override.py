"""Requirements of gates that somebody set aside: each person by an entry of their own, or a verbal order."""

from __future__ import annotations

from datetime import datetime

import msgspec


class OverrideState(msgspec.Struct, frozen=True):
    """One person sets one requirement of a gate aside, for what its entries said then.

    Attributes:
        requirement: its code, such as `initial_dose.2`. versions: digest of each entry that was looked at.
        ordered_by: who gave the order by word of mouth, where the author only wrote it down.
        about: the verbal order that this entry confirms. has_reason: whether the author said why.
        is_proved: whether the author was authenticated, in person, when the entry arrived.
    """

    entry: str
    at: datetime
    encounter: str | None
    by: str
    requirement: str
    versions: dict[str, str]
    ordered_by: str | None
    about: str | None
    has_reason: bool
    is_proved: bool

    @property
    def is_verbal(self) -> bool:
        """Whether it is the word of somebody else than the author."""
        return self.ordered_by is not None

    @property
    def person(self) -> str:
        """Whose decision it is."""
        return self.ordered_by or self.by

    def confirms(self, order: OverrideState) -> bool:
        """Whether the person who gave a verbal order says so here, shown to be that person."""
        is_own = self.by == order.ordered_by and self.is_proved and not self.is_verbal
        return is_own and self.about == order.entry and self.requirement == order.requirement
