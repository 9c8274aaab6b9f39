"""Tomorrow's gate today: what a gate would say on the day for which a session is booked.

Asked while the participant can still be spared the way, the washout and the wait. What is only done on the
day itself (readings, who is in the room, which kit is taken) is left out: nobody can know it yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from entact.course.entry.dates import in_date
from entact.course.gates.core import ACTS, reasons_against
from entact.course.gates.gate import reason_against
from entact.course.gates.kit import kit_in_stock
from entact.course.gates.place import staff_reasons
from entact.course.gates.question import Question, Reason

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.setting import Setting
    from entact.protocol.compiled import CompiledRequirement
    from entact.protocol.release import Study
    from entact.protocol.study import Visit

ACT: Final = "initial_dose"

# Decided, named or entered on the day; of staff it is asked for each of them.
_OF_THE_DAY: Final = frozenset(
    {"not_in_session", "session_not_ended", "level_not_decided", "kit_not_named", "dose_given"}
    | {"not_staff", "left_site", "no_certificate", "certificate_expired", "role"}
)


def reasons_ahead(
    study: Study, setting: Setting, course: Course, visit: str, at: datetime
) -> tuple[Reason, ...]:
    """Every reason for which the gate of a dosing session would be shut at a time to come.

    Args:
        study, setting, course: as `may` takes them, as they stand now. visit: a dosing session.
        at: for when it is booked; certificates, consent, kits, tests and washout are judged as of then.
    Returns:
        The reasons that are known today; none does not say that the gate will open.
    """
    act = ACTS[ACT]
    question = Question(act, study, setting, course, "", at, {"encounter": f"{visit}#1"})
    planned = course.release.visits.get(visit)
    found = [one for one in reasons_against(question) if one.code not in _OF_THE_DAY]
    return tuple(
        dict.fromkeys([*_staff(question), *found, *_kits(question, visit), *_tests(question, planned)])
    )


def _staff(question: Question) -> Iterator[Reason]:
    """Of whoever acts or has to be in the room: whose certificate or time at the site is over by then."""
    named = (call for one in _rules(question) for call in one.rule.calls if call.function == "present")
    roles = {*question.act.roles, *(call.args[0] for call in named if call.args)}
    site, today = question.site, question.today
    working = [one for one in site.staff.values() if roles.intersection(one.roles)]
    able = [one for one in working if not any(staff_reasons(one, one.person, site.id, today))]
    if not any(set(one.roles) & set(question.act.roles) for one in able):
        needed = " or ".join(question.act.roles)
        yield Reason("nobody_may", f"Nobody at site {site.id} may give the dose then: it takes {needed}.")
    for person in working:
        yield from staff_reasons(person, person.person, site.id, today)


def _kits(question: Question, visit: str) -> Iterator[Reason]:
    used = {dose.kit for dose in question.course.doses}
    mine = [
        kit
        for number, kit in question.course.kits.items()
        if kit.part == question.part and kit.visit in (None, visit) and number not in used
    ]
    for kit in mine:
        yield from kit_in_stock(question, kit.number)
    stock = [one for one in question.site.kits.values() if one.status in ("received", "released")]
    if not mine and stock and not any(in_date(one.expires, question.today) for one in stock):
        yield Reason("kit_expired", f"No kit in the stock of site {question.site.id} is in date then.")


def _tests(question: Question, visit: Visit | None) -> Iterator[Reason]:
    """What may be some days old, and will be older: unless the visit itself asks for it anew."""
    asked = set() if visit is None else {*visit.do, *(one.do for one in visit.timed)}
    asked |= {"vitals"} if "vital_signs" in asked else set()
    for number, one in enumerate(_rules(question), start=1):
        forms = {name.rpartition(".")[0].rpartition(".")[2] for name in one.rule.names}
        if (one.within is None and not one.ever) or forms <= asked:
            continue
        reason = reason_against(question, f"{question.act.gate}.{number}", one, {})
        if reason is not None:
            yield reason


def _rules(question: Question) -> tuple[CompiledRequirement, ...]:
    gate = question.release.gates.get(question.act.gate)
    return () if gate is None else tuple(gate.requirements)
