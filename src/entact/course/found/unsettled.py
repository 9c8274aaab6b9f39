"""What of a participant is not settled yet: before a lock somebody is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from entact.course.found.attested import standing_signatures
from entact.course.kinds import KINDS

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.entry.effective import Effective
    from entact.course.state.encounter import EncounterState
    from entact.course.state.safety import AdverseEventState

DATA_KINDS: Final = frozenset(name for name, kind in KINDS.items() if not kind.attests)


def unsigned(course: Course) -> Iterator[Effective]:
    """Entries that nobody has signed as they stand, but those that only attest others."""
    signed = standing_signatures(course)
    return (one for one in course.effective if one.entry.kind in DATA_KINDS and one.id not in signed)


def uncoded(course: Course) -> Iterator[AdverseEventState]:
    """Events without a term of a dictionary."""
    return (one for one in course.adverse_events.values() if not one.term)


def unended(course: Course) -> Iterator[EncounterState]:
    """Visits that have begun and not ended."""
    return (one for one in course.encounters.values() if one.status == "started")
