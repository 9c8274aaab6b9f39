"""From consent to the randomisation gate: what each virtual candidate goes through before anything is shared."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from entact.cohort.attendance import Attendance
from entact.cohort.calendar import Calendar
from entact.cohort.tally import Tally
from entact.course import Allowed, Line, Refused
from entact.protocol.study import Visit

SIGNATURE = "I have examined eligibility and confirm it"


class Screened(msgspec.Struct):
    """A candidate after screening: the record so far and, when the randomisation gate said yes, its basis."""

    index: int
    site: str
    lines: list[Line]
    tally: Tally
    opened: str
    ready: datetime | None = None
    basis: dict[str, Any] | None = None
    encounter: str = ""
    failure: str | None = None


def screen(staff: Attendance, calendar: Calendar) -> Screened:
    """Holds every visit up to the randomisation gate, or to the finding that the candidate is not eligible."""
    scribe, candidate = staff.scribe, staff.candidate
    opened = staff.now
    result = Screened(candidate.index, candidate.site, scribe.ledger.lines, scribe.tally, opened.isoformat())
    for visit, at in calendar:
        staff.begin(visit.visit, at, visit.contact)
        for activity in visit.do:
            if activity == "randomisation":
                staff.finish_chores()
                staff.pass_time(2)
                answer = scribe.ask("randomise", staff.team.investigator, staff.now)
                if isinstance(answer, Allowed):
                    result.ready, result.basis, result.encounter = (
                        staff.now,
                        answer.basis,
                        staff.encounter or "",
                    )
                    return result
                _close(staff, answer)
                staff.end()
                return result
            _screening_activity(staff, activity, visit)
        failed = _failed(staff, visit)
        if failed:
            result.failure = candidate.failure or failed[0]
            _decide(staff, failed)
        staff.end()
        if failed:
            break
    staff.finish_chores()
    return result


def _screening_activity(staff: Attendance, activity: str, visit: Visit) -> None:
    candidate, release = staff.candidate, staff.release
    if activity == "consent":
        scopes = dict.fromkeys(release.file.consent, True)
        staff.write("consent", {"version": release.file.release, "scopes": scopes}, "investigator")
    elif activity == "screening":
        number = f"S-{candidate.index + 1:04d}"
        data = {"attempt": 1, "number": number, "site": candidate.site}
        staff.write("screening", data, "coordinator")
    elif activity == "eligibility":
        staff.pass_time(5)
        _decide(staff, _criteria_against(staff))
    elif activity == "enrolment":
        if staff.scribe.course.eligibility is not None:
            subject = f"P-{candidate.index + 1:04d}"
            staff.write("enrolment", {"subject": subject}, "investigator")
    else:
        staff.do(activity, visit)


def _criteria_against(staff: Attendance) -> list[str]:
    """Criteria that the record itself, or the person's own reason, speaks against."""
    scribe, refusal = staff.scribe, staff.candidate.refusal
    told = set(refusal.criteria) if refusal is not None else set()
    against = []
    course = scribe.course
    values = course.values(staff.encounter, staff.now, ever=True)
    for name, compiled in staff.release.criteria.items():
        wanted = compiled.criterion.kind == "inclusion"
        computed: Any = None
        if compiled.rule is not None:
            known = {item: values[item] for item in compiled.rule.names if item in values}
            computed = compiled.rule.evaluate(known, course.facts(staff.encounter, staff.now))
        if name in told or (isinstance(computed, bool) and computed is not wanted):
            against.append(name)
    return against


def _failed(staff: Attendance, visit: Visit) -> list[str]:
    """What ends screening after this visit: criteria known to be against, or the person's own decision."""
    if staff.scribe.course.eligibility is not None:
        return []
    against = _criteria_against(staff)
    refusal = staff.candidate.refusal
    if refusal is not None and refusal.withdraws and not visit.opens:
        return against or ["withdrew"]
    return against


def _decide(staff: Attendance, against: list[str]) -> None:
    """Signs the decision on eligibility; what was not yet looked at stays open where the decision is no."""
    refusal = staff.candidate.refusal
    if refusal is not None and refusal.withdraws and against == ["withdrew"]:
        data = {"of": "follow_up", "decided_by": "participant", "cause": "withdrew_consent"}
        staff.write("discontinuation", data, "coordinator", source="typed")
        return
    criteria: dict[str, bool | None] = {}
    for name, compiled in staff.release.criteria.items():
        wanted = compiled.criterion.kind == "inclusion"
        criteria[name] = (not wanted) if name in against else wanted if not against else None
    decision = "not_eligible" if against else "eligible"
    data = {"criteria": criteria, "decision": decision, "signed": SIGNATURE}
    staff.pass_time(3)
    staff.write("eligibility", data, "investigator")


def _close(staff: Attendance, answer: Refused) -> None:
    """Whoever the gate keeps out does not go on: the investigator stops treatment and says why."""
    staff.pass_time(5)
    data = {"of": "treatment", "decided_by": "investigator", "cause": "gate_closed"}
    staff.write("discontinuation", data, "investigator")
    account = "; ".join(reason.message for reason in answer.reasons)
    deviation = {"category": "not_randomised", "importance": "minor", "account": account}
    staff.write("deviation", deviation, "investigator")
    staff.now += timedelta(minutes=1)
