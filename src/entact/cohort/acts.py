"""Acts that stand behind a gate, other than doses: entering a study, being randomised, being told the arm."""

from __future__ import annotations

from typing import Any

from entact.cohort.attendance import Attendance
from entact.cohort.paperwork import ask_missing
from entact.cohort.setting_ledgers import LIST_HOLDER
from entact.course import Allowed, Refused
from entact.course.kinds import KINDS
from entact.course.state.progress import not_frozen
from entact.protocol.study import Visit

ACTS = {kind.activity: kind.acts[0] for kind in KINDS.values() if kind.activity and kind.acts}
FREEZING = 20  # minutes that it takes to look through what is to be frozen


def may_enter(staff: Attendance, visit: Visit) -> Allowed | Refused:
    """Asks whether somebody may enter the study."""
    return _ask(staff, ACTS[staff.entry], visit)


def enter(staff: Attendance, visit: Visit) -> Refused | None:
    """Takes somebody into the study, by enrolment or randomisation; says why not, where the gate refuses."""
    answer = may_enter(staff, visit)
    if isinstance(answer, Refused):
        return answer
    if staff.entry == "enrolment":
        return enrol(staff, answer)
    done = staff.act("randomisation", staff.row, "investigator", answer)
    return done if isinstance(done, Refused) else None


def enrol(staff: Attendance, decided: Allowed | None = None) -> Refused | None:
    """Enters a subject number; says why not, where a gate refuses."""
    data = {"subject": f"P-{staff.candidate.index + 1:04d}"}
    done = staff.act("enrolment", data, "investigator", decided)
    return done if isinstance(done, Refused) else None


def randomise(staff: Attendance, visit: Visit) -> None:
    """Randomises somebody who was enrolled before, if the gate lets them; else says that it did not."""
    if staff.number is None:
        return
    answer: Any = _ask(staff, "randomise", visit)
    if isinstance(answer, Allowed):
        answer = staff.act("randomisation", staff.row, "investigator", answer)
    if isinstance(answer, Refused):
        discontinue(staff, "treatment", "investigator", "gate_closed")


def unblind(staff: Attendance, visit: Visit) -> None:
    """Tells one person the arm, once their blinded data are frozen and the gate allows it."""
    plan, participant = staff.release.file.unblinding, staff.participant
    if plan is None or participant is None or staff.number is None:
        return
    staff.finish_chores()  # what was left to be entered or corrected cannot be, once it is frozen
    for encounter in list(not_frozen(staff.scribe.course, plan.epoch)):
        staff.pass_time(FREEZING)
        staff.write("freeze", {"of": "encounter"}, "data_manager", encounter=encounter)
    asked = _ask(staff, "unblind", visit)
    if isinstance(asked, Refused):
        return
    request = staff.act("unblinding_requested", {}, "investigator", asked)
    if isinstance(request, Refused):
        return
    staff.pass_time(5)
    answer = staff.scribe.ask("unblind", request.by, staff.now, encounter=staff.encounter)
    if isinstance(answer, Allowed):
        data = {"arm": participant.arm, "told": list(plan.tells)}
        _answer(staff, "planned_unblinding", data, basis=answer.basis, about=request.id)


def assign(staff: Attendance) -> None:
    """Tells of which arms somebody's visits are, once they are randomised."""
    apart, participant = staff.release.file.told_apart, staff.participant
    if participant is not None and staff.scribe.course.randomisation is not None and apart:
        _answer(staff, "assignment", {"arms": list(apart[participant.arm])})


def _answer(staff: Attendance, kind: str, data: dict[str, Any], **fields: Any) -> None:
    """Enters what was in a row of the sealed list, as whoever holds it."""
    by, role = LIST_HOLDER
    staff.scribe.write(kind, data, at=staff.now, by=by, role=role, encounter=staff.encounter, **fields)
    staff.now = max(staff.now, staff.scribe.last)


def link(staff: Attendance) -> None:
    """Enters beside whom somebody takes part."""
    if staff.candidate.beside is not None:
        data = {"ledger": staff.candidate.beside, "as": staff.candidate.population}
        staff.write("link", data, "coordinator")


def discontinue(staff: Attendance, of: str, decided_by: str, cause: str, *, by: str = "investigator") -> None:
    """Enters that treatment or follow-up is over before its time; `by` is the role that enters it."""
    data = {"of": of, "decided_by": decided_by, "cause": cause}
    staff.write("discontinuation", data, by)


def _ask(staff: Attendance, act: str, visit: Visit) -> Allowed | Refused:
    """Asks a gate, once more after what it misses was asked."""
    by = staff.team.investigator
    answer = staff.scribe.ask(act, by, staff.now, encounter=staff.encounter)
    if isinstance(answer, Refused) and ask_missing(staff, answer, visit):
        answer = staff.scribe.ask(act, by, staff.now, encounter=staff.encounter)
    return answer
