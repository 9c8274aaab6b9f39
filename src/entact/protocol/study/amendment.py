"""An amendment: what a release changes in the one before, and for whom."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entact.protocol.study.base import Block


class Change(Block):
    """One place that changes, and for whom: everyone at a site that has approved the release; those under way
    once they have consented to it; or only those whose first consent is to it."""

    change: Annotated[
        str, Field(pattern=r"^[^.\s]+(\.[^.\s]+)*$")
    ]  # `gates.initial_dose`, `schedule.session_2`
    applies: Literal["immediately", "at_reconsent", "new_participants"]
    because: str | None = None


class Amendment(Block):
    """What this release changes in the release `of`, every change with whom it applies to."""

    of: str
    reason: str
    changes: list[Change]
