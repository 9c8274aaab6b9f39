"""An amendment: what a release changes in the one before, and for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator

from entact.protocol.study.base import Block, Duration


class Change(Block):
    """One place that changes, and for whom: everyone at a site that has approved the release; those under way
    once they have consented to it; or only those whose first consent is to it."""

    change: Annotated[
        str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$")
    ]  # `gates.initial_dose`, `schedule.session_2`
    applies: Literal["immediately", "at_reconsent", "new_participants"]
    because: str | None = None


class Amendment(Block):
    """What this release changes in the release `of`, every change with whom it applies to; and within what
    time those under way are asked for their consent anew."""

    of: str
    reason: str
    changes: list[Change]
    reconsent_within: Duration | None = None

    @field_validator("reconsent_within")
    @classmethod
    def _leaves_a_day(cls, within: timedelta | None) -> timedelta | None:
        if within is not None and within < timedelta(days=1):
            raise ValueError("consent is asked for by a day to come; write at least '1 d', as in '28 d'")
        return within

    @property
    def asks_consent_again(self) -> bool:
        """Whether those under way are to consent to this release."""
        return self.reconsent_within is not None or any(
            change.applies == "at_reconsent" for change in self.changes
        )
