"""What virtual staff ask and measure at a visit, other than forms."""

from __future__ import annotations

from datetime import datetime, timedelta

from entact.cohort.answers import answer_form
from entact.cohort.attendance import Attendance
from entact.cohort.events import Events, VirtualEvent
from entact.cohort.person import Candidate, Participant
from entact.cohort.physiology import Body, as_signs, doses_of
from entact.cohort.session import vital_signs_at
from entact.course import Entry
from entact.course.kinds.blinding import guessers_at
from entact.course.kinds.reporting import reports_due
from entact.course.state.form import VITALS
from entact.protocol.study import Visit

REPORTING = 20  # minutes that it takes to send a safety report
STOPPED_AFTER = timedelta(days=5)  # of a medicine that is to be stopped

_MINUTE = timedelta(minutes=1)


def take_vital_signs(staff: Attendance, timepoint: str | None = None, repeat: int = 1) -> Entry:
    """Measures one set of vital signs, as the model has them at this time."""
    parameters, session = staff.parameters, staff.session
    person: Candidate | Participant = staff.candidate if staff.participant is None else staff.participant
    if staff.session.is_open and staff.participant is not None:
        person = staff.participant.told or staff.participant
    minutes, after = -1.0, None
    if session.initial_at is not None:
        minutes = (staff.now - session.initial_at) / _MINUTE
        if session.supplement_at is not None:
            after = (session.supplement_at - session.initial_at) / _MINUTE
    values = vital_signs_at(
        parameters,
        person.vitals,
        person.row,
        session=max(session.number, 0),
        level=session.level or next(iter(parameters.vital_signs.levels)),
        minutes=minutes,
        reading=_reading(staff),
        supplement_minutes=after,
        drug=_raised_by_the_drug(staff, person, minutes, after),
    )
    signs = parameters.vital_signs.signs
    data = {name: f"{value:.{signs[name].decimals}f} {signs[name].unit}" for name, value in values.items()}
    form = staff.release.forms.get(VITALS)
    if form is not None:  # what else is asked with them: the position, the arm of the cuff
        told = parameters.answers.get(VITALS, {})
        data |= answer_form(form, {name: told[name] for name in told if name not in signs}, {}, staff.random)
    role = "coordinator" if session.initial_at is None else "therapist"
    return staff.write("vital_signs", data, role, timepoint=timepoint, repeat=repeat, source="device")


def _raised_by_the_drug(
    staff: Attendance, person: Candidate | Participant, minutes: float, after: float | None
) -> dict[str, float] | None:
    """How far the drug raises each sign now; None where there is none in the body."""
    if minutes <= 0.0 or not isinstance(person, Participant):
        return None
    share = staff.parameters.vital_signs.drug.get(person.arm)
    if not share:
        return None
    release = staff.release
    body = staff.bodies.get((person.arm, release.id))
    if body is None:
        doses, form = doses_of(release, person.arm)
        body = Body.of(person.index, person.seed, staff.candidate.characteristics, doses, form, share)
        staff.bodies[person.arm, release.id] = body
    return as_signs(release, body.rises(staff.session.level, minutes, after))


def ask_for_guesses(staff: Attendance, visit: Visit, timepoint: str | None = None) -> None:
    """Asks those who are there which arm they believe it is."""
    if staff.participant is None:
        return
    rules, drawn, row = staff.parameters.guesses, staff.participant.guesses, staff.participant.row
    occasions = list(rules.occasions)
    last = staff.parameters.sessions[max(staff.session.number, 0)]
    occasion = occasions.index(visit.visit if visit.visit in occasions else last)
    for number, name in enumerate(rules.roles):
        who, _, turn = name.partition("_")
        if who not in guessers_at(visit.by, visit.kind):
            continue
        staff.pass_time(1)
        guessed = int(drawn.guess[row, number, occasion])
        sure = int(drawn.confidence[row, number, occasion])
        data = {
            "guesser": who,
            "arm": staff.parameters.arms[guessed] if guessed >= 0 else "do_not_know",
            "confidence": round(100 * sure / rules.confidence_levels),
        }
        by = staff.team.therapists[int(turn or 1) - 1] if who == "therapist" else staff.person(who)
        staff.write("guess", data, who, by=by, timepoint=timepoint)


def ask_for_medication(staff: Attendance, visit: Visit) -> None:
    """Records a psychiatric medicine at the first visit, and at the next one that it was stopped."""
    washout = staff.release.file.washout
    _record_stops(staff)
    if washout is None or not visit.opens or not staff.chance("tapers"):
        return
    names = list(washout.classes)
    name = names[int(staff.random.integers(len(names)))]
    year = staff.now.year - 1 - int(staff.random.integers(9))
    data = {"name": name, "medicine_class": name, "started": str(year), "psychiatric": True}
    staff.write("medication", data, "coordinator")


def hear_of_stops(staff: Attendance) -> None:
    """Hears, between visits, that a psychiatric medicine was stopped, where no visit asks for it in time."""
    taken = staff.scribe.course.medication.values()
    if any(medicine.stopped is None and medicine.psychiatric for medicine in taken):
        staff.do_chores(staff.now + STOPPED_AFTER)
        staff.hold_unplanned("late_information", lambda: _record_stops(staff))


def _record_stops(staff: Attendance) -> None:
    for medicine in staff.scribe.course.medication.values():
        if medicine.stopped is None and medicine.psychiatric:
            stopped = (staff.now - timedelta(days=1)).date().isoformat()
            staff.write("medication", {"stopped": stopped}, "coordinator", about=medicine.entry)


def call(staff: Attendance, events: Events) -> None:
    """Calls the participant, who is not always reached."""
    if staff.chance("missed_safety_call"):
        staff.write("safety_call", {"reached": False}, "therapist")
        return
    minutes = int(staff.random.integers(15, 31))
    staff.pass_time(minutes)
    heard = events.any_begun(staff.now)
    data = {"reached": True, "minutes": minutes, "suicidality": False, "events_heard": heard}
    staff.write("safety_call", data, "therapist")


def ask_for_events(staff: Attendance, events: Events) -> None:
    """Records adverse events that began or ended since they were last asked for."""
    for begun in events.begun_until(staff.now):
        staff.pass_time(1)
        begun.entry = staff.write("adverse_event", begun.data(staff.release), "investigator").id
        _send_reports(staff, begun.entry)
    for ended in events.ended_until(staff.now):
        staff.pass_time(1)
        data = {"resolved": ended.ends.isoformat(), "outcome": "resolved"}
        staff.write("adverse_event", data, "investigator", about=ended.entry)


def _send_reports(staff: Attendance, event: str) -> None:
    """Sends every safety report that an event has made due, as soon as it is known."""
    for clock in reports_due(staff.scribe.course):
        if clock.event == event and clock.sent is None:
            staff.pass_time(REPORTING)
            staff.write("safety_report", {"report": clock.report}, "medical_monitor", about=event)


def ask_checklist(staff: Attendance, events: Events, name: str) -> None:
    """Asks for events one by one; whatever is answered with yes has been entered by then."""
    ask_for_events(staff, events)
    form = staff.release.forms[name]
    known = {event.data(staff.release)["term"] for event in events.open}
    staff.pass_time(len(form.items) * 0.4)
    items = {term: term in known for term in form.items}
    role = staff.known_role(form.form.by or "investigator")
    staff.write("form", {"form": name, "items": items}, role)


def expect_serious_events(staff: Attendance, events: Events) -> None:
    """Sees to it that a serious event is recorded within a day of its beginning: people call."""
    for event in events.serious_ones():
        _expect(staff, events, event)


def _expect(staff: Attendance, events: Events, event: VirtualEvent) -> None:
    def hear(at: datetime) -> None:
        if not event.entry and event.begins <= at:
            staff.hold_unplanned("safety", lambda: ask_for_events(staff, events))

    staff.later(event.begins + timedelta(hours=1 + 15 * float(staff.random.random())), hear)


def _reading(staff: Attendance) -> int:
    """The number of a reading: those of a session count up; others count down, each with noise of its own."""
    readings = staff.parameters.vital_signs.readings
    if staff.session.level:
        staff.session.readings += 1
        return (staff.session.readings - 1) % readings
    staff.readings += 1
    return readings - 1 - (staff.readings - 1) % readings
