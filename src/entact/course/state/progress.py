"""What a course says to the schedule: when visits and events took place, what was missed and what stopped."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from entact.course.entry.dates import read_date
from entact.course.schedule import Due, Progress, civil_date, due, first_instant, last_second
from entact.course.schedule.washout import WashoutCalendar, washout_calendar
from entact.course.state.encounter import visit_of
from entact.course.state.zone import zone_of as zone_of

if TYPE_CHECKING:
    from entact.course.state.encounter import EncounterState
    from entact.course.state.safety import DeathState
    from entact.course.state.state import State


def progress_of(course: State, zone: tzinfo, attempt: int | None = None) -> Progress:
    """What has become of the schedule so far; days are civil dates in `zone`, the site's.

    Args:
        attempt: the attempt at screening, counted from 0; the latest when not given.
    """
    attempt = course.attempt if attempt is None else attempt
    encounters = [one for one in course.encounters.values() if one.attempt == attempt]
    anchors: dict[str, datetime | date] = dict(_held(course, encounters))
    missed = {one.visit for one in encounters if one.status == "missed"}
    consented = _consented(course, attempt)
    if consented is not None:
        anchors["consent"] = consented
        washed_out = _washout(course, anchors, zone, _followed(course, anchors, zone)).end
        if washed_out is not None:
            anchors["washout_end"] = washed_out
    if course.enrolment is not None:
        anchors["enrolment"] = course.enrolment.at
    if course.randomisation is not None:
        anchors["randomisation"] = course.randomisation.at
    if course.assignment is not None:
        anchors["assignment"] = course.assignment.at
    if course.told is not None:
        anchors["unblinding"] = course.told.at
    for dose in course.doses:
        if dose.part == "initial" and dose.is_taken:
            anchors["initial"] = dose.at
    return Progress(zone=zone, anchors=anchors, missed=frozenset(missed), stopped=_stopped(course, zone))


def _consented(course: State, attempt: int) -> datetime | None:
    """Since when somebody takes part in an attempt: by its own consent, or by that of the one before."""
    if attempt == 0:
        return None if course.first_consent is None else course.first_consent.since
    begins = course.attempts[attempt].since
    given = [one.since for one in course.consents if one.given]
    return next((since for since in given if since >= begins), begins if given else None)


def _held(course: State, encounters: list[EncounterState]) -> dict[str, datetime]:
    """When each visit took place.

    It is when it first began; a dosing session is that in which a dose was taken, and the last attempt at one
    while none was.
    """
    dosed: dict[str, datetime] = {}
    for dose in course.doses:
        if dose.is_taken and dose.encounter is not None:
            dosed.setdefault(dose.encounter, dose.at)
    begun: dict[str, list[tuple[bool, datetime]]] = {}
    for encounter in encounters:
        at = encounter.started or encounter.ended or dosed.get(encounter.id)
        if at is not None and (encounter.status != "missed" or encounter.id in dosed):
            begun.setdefault(encounter.visit, []).append((encounter.id in dosed, at))
    for name, at in dosed.items():
        if name not in course.encounters:  # nobody said that it began
            begun.setdefault(visit_of(name), []).append((True, at))
    held: dict[str, datetime] = {}
    for visit, attempts in begun.items():
        planned = course.release.visits.get(visit)
        with_dose = [at for is_dosed, at in attempts if is_dosed]
        if planned is None or planned.kind != "dosing" or with_dose:
            held[visit] = min(with_dose or [at for _, at in attempts])
        else:
            held[visit] = max(at for _, at in attempts)
    return held


def _stopped(course: State, zone: tzinfo) -> dict[str, datetime]:
    """What has stopped, and since when: what was discontinued, what consent no longer allows, and life."""
    stopped = {of: state.at for of, state in course.discontinued.items()}
    if course.consent is not None:
        for of, since in course.consent.refused.items():
            name = of if of in ("treatment", "procedures") else "consent"
            stopped[name] = min(since, stopped.get(name, since))
    if course.died is not None:
        stopped["life"] = died_by(course, course.died, zone)
    if course.screening_over is not None:
        stopped["screening"] = course.screening_over
    return stopped


def died_by(course: State, died: DeathState, zone: tzinfo) -> datetime:
    """Until when a participant lived, as far as it is known: never beyond the entry that says so.

    Of a whole date its end. Of a partial one its beginning, or the last time at which somebody saw them:
    no visit is called missed by somebody who may not have lived to see it.
    """
    date_of = read_date(died.date)
    if date_of is None:
        return died.at
    if date_of.at is not None:
        return min(date_of.at, died.at)
    if date_of.exact:
        return min(last_second(date_of.latest, zone), died.at)
    seen = (
        one for held in course.encounters.values() for one in (held.started, held.ended) if one is not None
    )
    return min(max([first_instant(date_of.earliest, zone), *seen]), died.at)


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
    """Encounters of an epoch that took place and whose data may still change.

    A freeze of what was still to come, or under way, holds nothing.
    """
    for encounter in course.encounters.values():
        visit = course.release.visits.get(encounter.visit)
        if visit is None or visit.epoch != epoch or encounter.status == "missed":
            continue
        over = encounter.ended or encounter.started
        if encounter.status == "started" or not any(
            freeze.encounter in (None, encounter.id) and (over is None or freeze.at >= over)
            for freeze in course.freezes
            if freeze.taken_back is None
        ):
            yield encounter.id
