"""A visit as virtual staff hold it: one activity after the other, the engine's own or a form of the study."""

from __future__ import annotations

from datetime import datetime

from entact.cohort.acts import assign, link, randomise, unblind
from entact.cohort.amendments import consent_again
from entact.cohort.attendance import Attendance
from entact.cohort.events import Events
from entact.cohort.fidelity import begin_recording, end_recording, rate_if_drawn
from entact.cohort.interview import (
    ask_checklist,
    ask_for_events,
    ask_for_guesses,
    ask_for_medication,
    call,
    take_vital_signs,
)
from entact.cohort.paperwork import fill_form
from entact.protocol.study import Visit


def attend(staff: Attendance, events: Events, visit: Visit, at: datetime) -> None:
    """Holds a visit that is no dosing session, from its first activity to its last."""
    staff.do_chores(at)
    staff.begin(visit.visit, visit.contact)
    begin_recording(staff, visit)
    if visit.contact == "in_person" and visit.by != "rater":
        consent_again(staff)
    for activity in visit.do:
        do_activity(staff, events, activity, visit)
    come_to_the_end(staff, events, visit)
    end_visit(staff, visit)


def end_visit(staff: Attendance, visit: Visit) -> None:
    """Ends a visit that is no dosing session, and its recording; whether that is rated its last line says."""
    encounter = staff.encounter
    end_recording(staff)
    staff.end()
    rate_if_drawn(staff, visit, encounter)


def come_to_the_end(staff: Attendance, events: Events, visit: Visit) -> None:
    """What is planned for the end of a visit that is no session, which comes when the visit has lasted."""
    if visit.lasts is not None and staff.began is not None:
        staff.wait_until(staff.began + visit.lasts)
    for activity, timepoint in at_times(visit, "end"):
        do_activity(staff, events, activity, visit, timepoint)


def at_times(visit: Visit, beginning: str) -> list[tuple[str, str]]:
    """What is planned for times within a visit that begin so, as (activity, time)."""
    return [(timed.do, at) for timed in visit.timed for at in timed.at if at.startswith(beginning)]


def do_activity(
    staff: Attendance, events: Events, activity: str, visit: Visit, timepoint: str | None = None
) -> None:
    """Does one activity of a visit, perhaps at a time that is planned for it."""
    staff.pass_time(2 if timepoint is None else 0)
    if activity == "vital_signs":
        take_vital_signs(staff, timepoint)
    elif activity == "guess":
        ask_for_guesses(staff, visit, timepoint)
    elif activity == "medication":
        ask_for_medication(staff, visit)
    elif activity == "adverse_events":
        ask_for_events(staff, events)
    elif activity == "safety_call":
        call(staff, events)
    elif activity == "randomisation":
        randomise(staff, visit)
    elif activity == "assignment":
        assign(staff)
    elif activity == "unblinding":
        unblind(staff, visit)
    elif activity == "link":
        link(staff)
    elif activity in staff.release.file.adverse_events.checklists:
        ask_checklist(staff, events, activity)
    elif activity in staff.release.forms:
        fill_form(staff, activity, visit, timepoint)
