"""Four things that can stop, each by itself, and departures from the protocol."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.effective import Effective


class Discontinuation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `discontinuation`: treatment, procedures, follow-up or data use stops; by whom, why (a code)."""

    of: Literal["treatment", "procedures", "follow_up", "data_use"]
    decided_by: Literal["participant", "investigator", "sponsor", "other"]
    cause: str


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind `deviation`: a departure from the protocol that somebody reports; the account is sealed text."""

    category: str
    importance: Literal["minor", "major"]
    account: str | None = None


class DiscontinuationState(msgspec.Struct, frozen=True):
    """Since when one of the four has stopped, and why."""

    entry: str
    of: str
    at: datetime
    decided_by: str
    cause: str


class DeviationState(msgspec.Struct, frozen=True):
    """One reported departure; `account_from` is the entry under whose id the account is sealed."""

    entry: str
    encounter: str | None
    at: datetime
    category: str
    importance: str
    account: str | None
    account_from: str


def reduce_discontinuation(course: Course, effective: Effective, payload: Discontinuation) -> None:
    """What has stopped stays stopped from the first time on."""
    if payload.of in course.discontinued:
        course.found("discontinued_twice", effective.id, "of", f"{payload.of} had already stopped")
        return
    course.discontinued[payload.of] = DiscontinuationState(
        effective.id, payload.of, effective.at, payload.decided_by, payload.cause
    )


def reduce_deviation(course: Course, effective: Effective, payload: Deviation) -> None:
    """Keeps every report, in order of time."""
    course.deviations.append(
        DeviationState(
            effective.id,
            effective.entry.encounter,
            effective.at,
            payload.category,
            payload.importance,
            payload.account,
            effective.origins.get("account", effective.id),
        )
    )
