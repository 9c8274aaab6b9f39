"""From consent to randomisation, or enrolment: what each candidate goes through before anything is shared."""

from __future__ import annotations

from typing import Any

from entact.cohort.acts import discontinue, enrol, may_enter
from entact.cohort.attendance import Attendance
from entact.cohort.calendar import Calendar
from entact.cohort.events import Events
from entact.cohort.fidelity import begin_recording
from entact.cohort.fit import unit_of
from entact.cohort.intake import Coming, Screened
from entact.cohort.visit import come_to_the_end, do_activity, end_visit
from entact.course import Refused
from entact.course.state.oversight import quotas_of
from entact.course.state.values import ask
from entact.protocol.study import Visit

NOT_ENTERED = {"randomisation": "not_randomised", "enrolment": "not_enrolled"}
PATIENT = "patient"  # whom an entry of screening means when it names no population
SIGNATURE = "I have examined eligibility and confirm it"


def screen(staff: Attendance, calendar: Calendar, coming: Coming) -> Screened:
    """Holds every visit up to the entry into the study, or until the candidate is found not eligible."""
    scribe, candidate = staff.scribe, staff.candidate
    events = Events(staff.parameters, None, staff.release)
    result = Screened(coming, candidate.site, scribe.ledger.lines, scribe.tally)
    is_of_unit = unit_of(staff.release, candidate.population) is not None
    for visit, at in calendar:
        if is_of_unit and staff.entry in visit.do:  # to which they come once the others of the unit can
            staff.finish_chores()
            result.ready = max(at, staff.now)
            result.quotas = _quotas(staff)
            return result
        staff.do_chores(at)
        staff.begin(visit.visit, visit.contact)
        begin_recording(staff, visit)
        for activity in visit.do:
            if activity == staff.entry:
                break
            _do(staff, events, activity, visit)
        if staff.entry in visit.do and _ask_gate(staff, result, visit):
            return result
        over = staff.entry in visit.do or _decide_against(staff, visit)
        if not over:
            come_to_the_end(staff, events, visit)
        end_visit(staff, visit)
        if over:
            break
    staff.finish_chores()
    scribe.tally.look_through(scribe.course, staff.now)
    return result


def _do(staff: Attendance, events: Events, activity: str, visit: Visit) -> None:
    """One activity; those of entering a study are done here, all others as at any visit."""
    number = staff.candidate.index + 1
    if activity == "consent":
        file = staff.release.file
        data = {"version": file.release, "scopes": dict.fromkeys(file.consent, True)}
        staff.write("consent", data, "investigator")
    elif activity == "screening":
        attempt: dict[str, Any] = {"attempt": 1, "number": f"S-{number:04d}", "site": staff.candidate.site}
        if staff.candidate.population != PATIENT:
            attempt["population"] = staff.candidate.population
        staff.write("screening", attempt, "coordinator")
    elif activity == "eligibility":
        staff.pass_time(5)
        _sign(staff, _against(staff))
    elif activity == "enrolment":
        decided = staff.scribe.course.eligibility
        if decided is not None and decided.decision == "eligible":
            enrol(staff)
    else:
        do_activity(staff, events, activity, visit)


def _ask_gate(staff: Attendance, result: Screened, visit: Visit) -> bool:
    """Asks whether whoever is eligible may enter; says why whom the gate keeps out does not go on."""
    staff.finish_chores()
    course = staff.scribe.course
    if course.eligibility is not None and course.eligibility.decision != "eligible":
        return False
    staff.pass_time(2)
    answer = may_enter(staff, visit)
    if isinstance(answer, Refused):
        _close(staff, answer)
        return False
    result.ready, result.encounter = staff.now, staff.encounter or ""
    result.quotas = _quotas(staff)
    return True


def _quotas(staff: Attendance) -> list[str]:
    counted = quotas_of(staff.release, staff.scribe.course, staff.now)
    return [name for name, counts in counted.items() if counts]


def _close(staff: Attendance, answer: Refused) -> None:
    staff.pass_time(5)
    discontinue(staff, "treatment", "investigator", "gate_closed")
    account = "; ".join(reason.message for reason in answer.reasons)
    deviation = {"category": NOT_ENTERED[staff.entry], "importance": "minor", "account": account}
    staff.write("deviation", deviation, "investigator")


def _decide_against(staff: Attendance, visit: Visit) -> bool:
    """Ends screening after a visit that showed a reason for it; says whether it is over."""
    decided, refusal = staff.scribe.course.eligibility, staff.candidate.refusal
    if decided is not None:
        return decided.decision != "eligible"
    against = _against(staff, frozenset(visit.do))
    if against:
        _sign(staff, against)
    elif refusal is not None and refusal.withdraws and not visit.opens:
        discontinue(staff, "follow_up", "participant", "withdrew_consent", by="coordinator")
    else:
        return False
    return True


def _against(staff: Attendance, forms: frozenset[str] | None = None) -> list[str]:
    """Criteria that the record itself, or the person's own reason, speaks against.

    With `forms`, only computed criteria that one of these forms may have changed are looked at.
    """
    course, refusal = staff.scribe.course, staff.candidate.refusal
    told = set(refusal.criteria) if refusal is not None else set()
    values = course.values(staff.encounter, staff.now, ever=True)
    facts = course.facts(staff.encounter, staff.now)
    against = []
    for name, compiled in staff.release.criteria_of(staff.candidate.population).items():
        unwanted, rule = compiled.criterion.kind == "exclusion", compiled.rule
        concerned = rule is not None and (
            forms is None or any(item.partition(".")[0] in forms for item in rule.names)
        )
        if name in told or (rule is not None and concerned and ask(rule, values, facts) is unwanted):
            against.append(name)
    return against


def _sign(staff: Attendance, against: list[str]) -> None:
    """Signs the decision on eligibility; what was not yet looked at stays open where the decision is no."""
    staff.scribe.tally.against.update(against)
    criteria: dict[str, bool | None] = {}
    for name, compiled in staff.release.criteria_of(staff.candidate.population).items():
        wanted = compiled.criterion.kind == "inclusion"
        criteria[name] = (not wanted) if name in against else None if against else wanted
    decision = "not_eligible" if against else "eligible"
    staff.pass_time(3)
    data = {"criteria": criteria, "decision": decision, "signed": SIGNATURE}
    staff.write("eligibility", data, "investigator")
