"""What a course says to the schedule: when visits and events took place, what was missed and what stopped."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from entact.course.schedule import Due, Progress, civil_date, due
from entact.course.schedule.washout import WashoutCalendar, washout_calendar

if TYPE_CHECKING:
    from entact.course.state.state import State


def zone_of(course: State, at: datetime) -> tzinfo:
    """The zone of the site as the study file plans it; for a site that it does not name, that of `at`."""
    site = course.release.file.sites.get(course.site or "")
    return ZoneInfo(site.timezone) if site is not None else at.tzinfo or UTC


def progress_of(course: State, zone: tzinfo) -> Progress:
    """What has become of the schedule so far; days are civil dates in `zone`, the site's."""
    anchors: dict[str, datetime | date] = {}
    missed: set[str] = set()
    for encounter in course.encounters.values():
        began = encounter.started or encounter.ended
        if encounter.status == "missed":
            missed.add(encounter.visit)
        elif began is not None:
            earlier = anchors.get(encounter.visit)
            anchors[encounter.visit] = min(began, earlier) if isinstance(earlier, datetime) else began
    if course.first_consent is not None:
        anchors["consent"] = course.first_consent.since
        washed_out = _washout(course, anchors, zone, _followed(course, anchors, zone)).end
        if washed_out is not None:
            anchors["washout_end"] = washed_out
    if course.enrolment is not None:
        anchors["enrolment"] = course.enrolment.at
    if course.randomisation is not None:
        anchors["randomisation"] = course.randomisation.at
    if course.told is not None:
        anchors["unblinding"] = course.told.at
    for dose in course.doses:
        if dose.part == "initial" and dose.is_taken:
            anchors["initial"] = dose.at
    stopped = {of: state.at for of, state in course.discontinued.items()}
    if course.consent is not None and not course.consent.given:
        stopped["consent"] = course.consent.since
    if course.died is not None:
        stopped["life"] = course.died.at
    if course.screening_over is not None:
        stopped["screening"] = course.screening_over
    return Progress(zone=zone, anchors=anchors, missed=frozenset(missed), stopped=stopped)


def due_visits(
    course: State, at: datetime, zone: tzinfo | None = None, only: Container[str] | None = None
) -> list[Due]:
    """Visits of the release consented to, or `only` some, with their windows and what has become of them."""
    visits = course.release_at(at).visits_of(course.population, course.tracks)
    return due(visits, progress_of(course, zone or zone_of(course, at)), at, only)


def washout_of(course: State, zone: tzinfo, today: date) -> WashoutCalendar:
    """When each psychiatric medicine of a participant has left the body, and from which date on all have.

    Every medicine counts that may have been begun by `today`, also after the visit counted from the washout:
    a gate asks what is in the body.
    """
    return _washout(course, progress_of(course, zone).anchors, zone, today + timedelta(days=1))


def _washout(
    course: State, anchors: Mapping[str, datetime | date], zone: tzinfo, before: date | None
) -> WashoutCalendar:
    consented = civil_date(anchors["consent"], zone) if "consent" in anchors else None
    return washout_calendar(course.medication.values(), course.release.file.washout, consented, before=before)


def _followed(course: State, anchors: Mapping[str, datetime | date], zone: tzinfo) -> date | None:
    """The first visit counted from the end of the washout: what is begun from then on does not move it."""
    followed = (
        civil_date(anchors[name], zone)
        for name, visit in course.release.visits.items()
        if visit.after == "washout_end" and name in anchors
    )
    return min(followed, default=None)


def not_frozen(course: State, epoch: str) -> Iterator[str]:
    """Encounters of an epoch that took place and whose data may still change."""
    for encounter in course.encounters.values():
        visit = course.release.visits.get(encounter.visit)
        if visit is None or visit.epoch != epoch or encounter.status == "missed":
            continue
        if encounter.id not in course.frozen and "" not in course.frozen:
            yield encounter.id
