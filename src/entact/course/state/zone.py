"""The zone of the site at which a participant is, or was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from entact.course.schedule.clock import MovingZone

if TYPE_CHECKING:
    from entact.course.state.enrolment import ScreeningState
    from entact.protocol.release import Release


class Placed(Protocol):
    """Of whom it is known at which site they are, and were."""

    release: Release
    site: str | None

    @property
    def screenings(self) -> Sequence[ScreeningState]:
        """What was said of the site, in order of time."""
        ...


def zone_of(course: Placed, at: datetime, here: tzinfo | None = None) -> tzinfo:
    """The zone of the site as the study file plans it; for a site that it does not name, that of `at`.

    Of somebody who went from one site to another it is that of each while they were there: a date is the one
    where it happened.

    Args:
        here: the zone of the site at which they are now, where it is known otherwise.
    """
    sites = course.release.file.sites
    otherwise = at.tzinfo or UTC

    def zone(site: str | None) -> tzinfo:
        return ZoneInfo(sites[site].timezone) if site in sites else otherwise

    last = here or zone(course.site)
    parts = [(one.at, zone(one.site)) for one in course.screenings[:-1]]
    if all(before == last for _, before in parts):
        return last
    return MovingZone([*parts, (course.screenings[-1].at, last)])
