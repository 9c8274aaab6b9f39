"""From randomisation, or enrolment, to the last visit of one virtual participant."""

from __future__ import annotations

import re
from datetime import timedelta

from entact.cohort.acts import ACTS, discontinue, enter
from entact.cohort.attendance import Attendance
from entact.cohort.calendar import Calendar
from entact.cohort.dosing_day import DosingDay
from entact.cohort.draws import UNKNOWN
from entact.cohort.events import Events
from entact.cohort.fidelity import begin_recording
from entact.cohort.fit import is_open
from entact.cohort.intake import FULL, INCOMPLETE, Treat
from entact.cohort.paperwork import fill_form
from entact.cohort.person import Participant
from entact.cohort.visit import attend, come_to_the_end, do_activity, end_visit
from entact.course import Allowed
from entact.course.state.encounter import visit_of
from entact.protocol.study import Visit

AGAIN_AFTER = timedelta(days=7)  # a session whose gate stayed closed is tried once more
STOPS_AFTER = 2  # integration visits after the last session, then whoever stops says so


def turn_away(staff: Attendance, given: Treat) -> None:
    """Ends the visit of a candidate for whom there is no place, or none now."""
    staff.scribe.tally.turned_away[given.refused] += 1
    staff.encounter = given.screened.encounter or None
    if given.refused not in (FULL, INCOMPLETE):
        staff.scribe.ask(ACTS[staff.entry], staff.team.investigator, staff.now, encounter=staff.encounter)
    _close(staff, "sponsor", given.refused)


def treat(staff: Attendance, participant: Participant, calendar: Calendar, given: Treat) -> None:
    """Takes one participant into the study and holds every visit until the end, or until they leave.

    The gate is asked again where the act is recorded: by now the study and the site know of more.
    """
    events = Events(staff.parameters, participant, staff.release)
    if given.screened.encounter:
        staff.encounter = given.screened.encounter
        visit = staff.release.visits[visit_of(staff.encounter)]
    else:
        visit = _come_with_others(staff, events)
    if enter(staff, visit) is not None:
        _close(staff, "investigator", "gate_closed")
        return
    for activity in visit.do[visit.do.index(staff.entry) + 1 :]:
        do_activity(staff, events, activity, visit)
    come_to_the_end(staff, events, visit)
    end_visit(staff, visit)
    follow_up = _FollowUp(staff, participant, events, given)
    for planned, at in calendar:
        staff.do_chores(at)
        if not follow_up.hold(planned):
            break
    staff.finish_chores()
    staff.scribe.tally.look_through(staff.scribe.course, staff.now, participant.arm)


def _come_with_others(staff: Attendance, events: Events) -> Visit:
    """Begins the visit at which those of a unit are randomised, up to that."""
    release = staff.release
    own = release.visits_of(staff.candidate.population, release.file.tracks).values()
    visit = next(one for one in own if staff.entry in one.do)
    staff.begin(visit.visit, visit.contact)
    begin_recording(staff, visit)
    for activity in visit.do[: visit.do.index(staff.entry)]:
        do_activity(staff, events, activity, visit)
    return visit


def _close(staff: Attendance, decided_by: str, cause: str) -> None:
    discontinue(staff, "treatment", decided_by, cause)
    if staff.encounter is not None:
        end_visit(staff, staff.release.visits[visit_of(staff.encounter)])
    staff.finish_chores()  # a session that is drawn is rated, whoever goes on
    staff.scribe.tally.look_through(staff.scribe.course, staff.now)


class _FollowUp:
    """Holds visits until the participant leaves, as the outcome model says they do."""

    def __init__(self, staff: Attendance, participant: Participant, events: Events, given: Treat) -> None:
        self.staff = staff
        self.events = events
        self.kits, self.open_kits = given.kits, given.open_kits
        outcomes, row = participant.outcomes, participant.row
        self.sessions = int(outcomes.sessions_received[row])
        self.stopped_in = int(outcomes.treatment_stopped[row])
        # Treatment stops after the last session that is received, if one is held before the interval ends.
        before = staff.parameters.sessions_held_by
        self.stops_after_session = self.stopped_in != UNKNOWN and before[self.stopped_in] == self.sessions
        self.in_study = outcomes.in_study[row].tolist()
        reasons = list(staff.parameters.discontinuation.reasons)
        self.reason = reasons[int(outcomes.stop_reason[row])] if self.stopped_in != UNKNOWN else ""
        self.given = 0
        self.integrations = 0

    def hold(self, visit: Visit) -> bool:
        """Holds one visit, or records why not; says whether the participant is still in the study."""
        staff, timepoints = self.staff, self.staff.parameters.timepoints
        if visit.visit in timepoints:
            place = timepoints.index(visit.visit)
            # Whoever stops in the interval that ends here has stopped by now, if no visit was the occasion.
            if self.stopped_in != UNKNOWN and place >= self.stopped_in:
                self._stop()
            if not self.in_study[place]:
                self._leave()
                return False
        if visit.kind == "dosing":
            self._session(visit)
        elif visit.visit not in timepoints and visit.kind != "end" and self._is_missed(visit):
            staff.miss(visit.visit)
        else:
            attend(staff, self.events, visit, staff.now)
            self.integrations += visit.kind == "integration"
            is_last = self.stops_after_session and self.given == self.sessions
            if is_last and self.integrations == STOPS_AFTER:
                self._stop()
        self._obey_rules()
        return True

    def _is_missed(self, visit: Visit) -> bool:
        """Whether nobody comes. What all that follows waits for is held on another day, and not missed."""
        return self.staff.chance("missed_visit") and not {"unblinding", "assignment"} & set(visit.do)

    def _obey_rules(self) -> None:
        """Stops what a stopping rule of the study has come to ask for."""
        course = self.staff.scribe.course
        for due in list(course.stops.values()):
            if due.of not in course.discontinued:
                discontinue(self.staff, due.of, "investigator", due.rule)

    def _session(self, visit: Visit) -> None:
        """Holds a session; one whose gate stayed closed is tried once more, and then treatment stops."""
        staff = self.staff
        if self.given >= self.sessions:
            self._stop()
            return
        staff.session.number, staff.session.readings = self.given, 0
        staff.session.is_open = is_open(staff.release, visit)
        kits = self.open_kits if staff.session.is_open else self.kits
        for _ in range(2):
            if self.given and not self._may_go_on(visit):
                break
            if DosingDay(staff, self.events, visit, kits).hold():
                self.given += 1
                self.integrations = 0
                return
            staff.do_chores(staff.now + AGAIN_AFTER)
        self._stop("investigator", "gate_closed")

    def _may_go_on(self, visit: Visit) -> bool:
        """Asks for the next session; what the gate misses is asked at a contact that nobody had planned."""
        staff = self.staff
        answer = staff.scribe.ask("next_session", staff.team.investigator, staff.now, encounter=visit.visit)
        if isinstance(answer, Allowed):
            return True
        missing = {name.split(".")[-2] for reason in answer.reasons for name in reason.missing if "." in name}
        forms = [name for name in staff.release.forms if name in missing]
        if not forms:
            staff.do_chores(staff.now + AGAIN_AFTER)
        else:
            staff.hold_unplanned("late_information", lambda: self._fill(forms, visit))
        answer = staff.scribe.ask("next_session", staff.team.investigator, staff.now, encounter=visit.visit)
        return isinstance(answer, Allowed)

    def _fill(self, forms: list[str], visit: Visit) -> None:
        for name in forms:
            fill_form(self.staff, name, visit)

    def _stop(self, decided_by: str | None = None, cause: str | None = None) -> None:
        if "treatment" in self.staff.scribe.course.discontinued:
            return
        by = decided_by or ("investigator" if self.reason.startswith("investigator") else "participant")
        discontinue(self.staff, "treatment", by, cause or _code(self.reason))

    def _leave(self) -> None:
        self._stop()
        self.staff.pass_time(1)
        discontinue(self.staff, "follow_up", "participant", _code(self.reason))


def _code(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.replace("'s", "").casefold()).strip("_")
