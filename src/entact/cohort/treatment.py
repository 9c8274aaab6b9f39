"""From randomisation to the last visit of one virtual participant."""

from __future__ import annotations

import re
from datetime import timedelta

from entact.cohort.attendance import Attendance
from entact.cohort.calendar import Calendar
from entact.cohort.dosing_day import DosingDay
from entact.cohort.draws import UNKNOWN
from entact.cohort.person import Participant
from entact.cohort.screening import Screened
from entact.course import Allowed
from entact.protocol.study import Visit

AGAIN_AFTER = timedelta(days=7)  # a session whose gate stayed closed is tried once more

Kits = dict[tuple[str, str], list[str]]


def treat(staff: Attendance, calendar: Calendar, screened: Screened, number: str | None, kits: Kits) -> None:
    """Randomises and treats one participant; without a number the study was full, and that is written down."""
    visit_name = screened.encounter.partition("#")[0]
    visit = staff.release.visits[visit_name]
    staff.encounter = screened.encounter
    if number is None:
        _discontinue(staff, "treatment", "sponsor", "enrolment_full")
        staff.end()
        return
    staff.write("randomisation", {"number": number}, "investigator", basis=screened.basis)
    done = visit.do
    for activity in done[done.index("randomisation") + 1 :]:
        staff.do(activity, visit)
    staff.end()
    assert staff.participant is not None
    course = _Course(staff, staff.participant, kits)
    for planned, at in calendar:
        staff.do_chores(at)
        staff.now = max(staff.now, at)
        if not course.hold(planned):
            break
    staff.finish_chores()
    course.count_alerts()


class _Course:
    """Holds visits until the participant leaves, as the outcome model says they do."""

    def __init__(self, staff: Attendance, participant: Participant, kits: Kits) -> None:
        self.staff = staff
        self.kits = kits
        outcomes, row = participant.outcomes, participant.row
        self.sessions = int(outcomes.sessions_received[row])
        self.stops = int(outcomes.treatment_stopped[row]) != UNKNOWN
        self.in_study = outcomes.in_study[row].tolist()
        reasons = list(staff.parameters.discontinuation.reasons)
        self.reason = reasons[int(outcomes.stop_reason[row])] if self.stops else ""
        self.given = 0
        self.integrations = 0

    def hold(self, visit: Visit) -> bool:
        """Holds one visit, or records why not; says whether the participant is still in the study."""
        staff = self.staff
        timepoints = staff.parameters.timepoints
        if visit.visit in timepoints and not self.in_study[timepoints.index(visit.visit)]:
            self._leave()
            return False
        if visit.kind == "dosing":
            self._session(visit)
        elif visit.visit not in timepoints and visit.kind != "end" and staff.chance("missed_visit"):
            staff.miss(visit.visit, staff.now)
        else:
            staff.attend(visit, staff.now)
            staff.assessments += visit.visit in timepoints
            self.integrations += visit.kind == "integration"
            self._stop_between_visits()
        return True

    def count_alerts(self) -> None:
        """Which alerts were raised for this participant, for the findings about the study."""
        staff, tally = self.staff, self.staff.scribe.tally
        alerts = staff.scribe.course.alerts
        tally.dosed += self.given > 0
        for name in {raised.alert for raised in alerts}:
            tally.raised[name] += 1
            tally.unknown[name] += all(raised.cannot_evaluate for raised in alerts if raised.alert == name)

    def _session(self, visit: Visit) -> None:
        staff = self.staff
        if self.given >= self.sessions:
            self._stop()
            return
        if self.given and not self._may_go_on():
            self._stop("investigator", "gate_closed")
            return
        if not DosingDay(staff, visit, self.kits).hold(staff.now):
            staff.session -= 1
            staff.now += AGAIN_AFTER
            if not DosingDay(staff, visit, self.kits).hold(staff.now):
                self._stop("investigator", "gate_closed")
                return
        self.given += 1
        self.integrations = 0

    def _may_go_on(self) -> bool:
        """Asks for the next session; what the gate misses is asked at a contact that nobody had planned."""
        staff = self.staff
        answer = staff.scribe.ask("next_session", staff.team.investigator, staff.now)
        if isinstance(answer, Allowed):
            return True
        missing = {name.partition(".")[0] for reason in answer.reasons for name in reason.missing}
        forms = [name for name in staff.release.forms if name in missing]
        if forms:
            staff.begin("unscheduled", staff.now, "telephone", "late_information")
            for name in forms:
                staff.fill(name, staff.release.visits[staff.parameters.sessions[self.given]])
            staff.end()
        else:
            staff.now += AGAIN_AFTER
        return bool(staff.scribe.ask("next_session", staff.team.investigator, staff.now))

    def _stop_between_visits(self) -> None:
        """Whoever stops after their last session does so in the weeks of integration that follow it."""
        if self.stops and self.given == self.sessions and self.integrations == 2:
            self._stop()

    def _stop(self, decided_by: str | None = None, cause: str | None = None) -> None:
        course = self.staff.scribe.course
        if "treatment" in course.discontinued:
            return
        by = decided_by or ("investigator" if self.reason.startswith("investigator") else "participant")
        _discontinue(self.staff, "treatment", by, cause or _code(self.reason or "participant's choice"))

    def _leave(self) -> None:
        self._stop()
        self.staff.pass_time(1)
        _discontinue(self.staff, "follow_up", "participant", _code(self.reason or "participant's choice"))


def _discontinue(staff: Attendance, of: str, decided_by: str, cause: str) -> None:
    data = {"of": of, "decided_by": decided_by, "cause": cause}
    staff.write("discontinuation", data, "investigator")


def _code(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.replace("'s", "").casefold()).strip("_")
