"""The one door for acts: from what somebody is about to do to the entry of it, or every reason against it.

What happened already is a fact: it is recorded (`entact.course.fact`) and never refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from entact.course.entry import Entry, instant
from entact.course.gates.core import ACTS
from entact.course.gates.gate import Allowed, Refused, may, still_holds
from entact.course.gates.kit import first_session, kits_to_give, next_kit, of_own_row
from entact.course.gates.question import Question, Reason
from entact.course.kinds import KINDS
from entact.course.kinds.checks import CLOCK_TOLERANCE
from entact.course.kinds.dose import KitAssigned
from entact.course.kinds.enrolment import RANDOMISATION
from entact.course.state.numbers import ANOTHERS, WORDS, number_in, sealed_number, unreadable_message

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.sealed_list import PackedKit
    from entact.course.state.setting import Setting
    from entact.protocol.release import Study


# The acts that give somebody a number, and the item of their entry that it is.
NUMBERED: Final[Mapping[str, str]] = {"enrol": "subject", "randomise": "number"}


def attempt(
    act: Entry,
    study: Study,
    setting: Setting,
    course: Course,
    at: datetime,
    *,
    decided: Allowed | None = None,
) -> Entry | Refused:
    """The entry of an act, with the gate's yes as its basis; or no, with every reason.

    Pure, and the same for everybody who writes: rehearsal, pages, console, API. Call it in the transaction
    that appends what it returns. Which gate is asked follows from the kind of entry and from what it says:
    a dose of which units were taken, a randomisation, the end of a session with a dose. What no gate stands
    before comes back as it is, but where it gives a number that is another participant's.

    Args:
        act: the entry as it was sent, complete but for its basis; a basis that it brings is not believed.
            `by` is the person who acts, `encounter` where; of a dose kit and level are what is asked about.
            Personal items may be sealed or in plain: no gate reads them here.
        study: all releases. setting: the study's and the site's ledgers, folded. course: the participant's.
        at: aware instant of the question: the server's clock, in a rehearsal the entry's own time.
        decided: a yes that the caller was given before. It is the basis if it was for this very act and
            person and nothing was entered since; else the gate is asked anew.
    Returns:
        The entry to append, or Refused with every reason, those of the hard core first. What cannot be read,
        and what is claimed for another time than now, is refused too: nothing is asked of a gate then.
    Raises:
        ValueError: for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"the time {at.isoformat()} has no zone; ask for an aware one")
    of = sealed_number(act.kind, act.data)
    if of is not None:
        message = unreadable_message(of)
        return Refused((Reason("number_unreadable", f"The {message}."),))
    kind = KINDS.get(act.kind)
    if kind is None or not kind.acts or act.replaces is not None:
        return _own(act, setting)
    try:
        payload: Any = msgspec.convert(act.data, kind.payload, strict=True)
    except msgspec.ValidationError as error:
        return Refused((Reason("unreadable", f"The {_words(act.kind)} cannot be read: {error}."),))
    name = kind.gated_act(course, act, payload, at)
    if name is None:
        return _own(act, setting)
    untimely = _untimely(act, at)
    if untimely is not None:
        return Refused((untimely,))
    detail = _detail(act, name, payload)
    if decided is not None and _still_covers(decided.basis, name, act, detail, setting, course, at):
        return msgspec.structs.replace(act, basis=decided.basis)
    answer = may(name, study, setting, course, act.by, at, **detail)
    if isinstance(answer, Refused):
        return answer
    return msgspec.structs.replace(act, basis=answer.basis)


def kits_given(act: Entry, study: Study, setting: Setting, course: Course, at: datetime) -> list[KitAssigned]:
    """The kits that a randomisation gives, where kits are packed for rows of the list; else none.

    Args:
        act: the randomisation, with its number, as `attempt` has allowed it.
    """
    if act.kind != RANDOMISATION.name or act.replaces is not None or not setting.study.packed:
        return []
    question = Question(ACTS["randomise"], study, setting, course, act.by, at, {})
    visit = first_session(question)
    if visit is None:
        return []
    given = kits_to_give(question, str(act.data.get("number")))
    return [
        KitAssigned(kit.kit, part, level, visit.visit)
        for (level, part), kit in given.items()
        if kit is not None
    ]


def kit_for(
    study: Study, setting: Setting, course: Course, at: datetime, level: str, part: str
) -> PackedKit | None:
    """The next kit that is packed for a participant's row and ready at the site; None where there is none.

    Args:
        setting: with whose the kits of the row are (`numbers`).
    """
    own = course.randomisation
    question = Question(ACTS["dispense"], study, setting, course, "", at, {})
    return None if own is None else next_kit(question, own.number, level, part)


def against_assigning(
    study: Study, setting: Setting, course: Course, at: datetime, kit: KitAssigned
) -> tuple[Reason, ...]:
    """Why a kit is not one to be assigned: where kits are packed for rows, those of another row."""
    question = Question(ACTS["dispense"], study, setting, course, "", at, {"encounter": f"{kit.visit}#1"})
    return tuple(of_own_row(question, kit.kit, kit.part, kit.level))


def _own(act: Entry, setting: Setting) -> Entry | Refused:
    """What no gate is asked of, unless it gives a number that is another's."""
    number = number_in(act)
    if number is None or not setting.numbers.get(number, frozenset()) - {act.ledger}:
        return act
    return Refused((Reason(f"{number[0]}_shared", f"{WORDS[number[0]]} {number[1]} {ANOTHERS}."),))


def _detail(act: Entry, name: str, payload: Any) -> dict[str, Any]:
    """What a gate is told beside who, what and when."""
    detail: dict[str, Any] = {"encounter": act.encounter}
    if ACTS[name].part is not None:
        detail |= {"kit": payload.kit, "level": payload.level}
    if name == "dispense":
        detail |= {one: getattr(payload, one) for one in ("kit", "level", "part", "visit")}
    if name in NUMBERED:
        detail["number"] = getattr(payload, NUMBERED[name])
    return detail


def _still_covers(
    basis: Mapping[str, Any],
    name: str,
    act: Entry,
    detail: Mapping[str, Any],
    setting: Setting,
    course: Course,
    at: datetime,
) -> bool:
    """Whether a yes was for this act and person, of a dose for this kit and level, and still holds."""
    asked = {"act": name, "by": act.by} | {
        one: detail[one] for one in ("kit", "level", "number") if one in detail
    }
    covers = all(basis.get(one) == value for one, value in asked.items())
    return covers and still_holds(basis, setting, course, at)


def _untimely(act: Entry, at: datetime) -> Reason | None:
    """An act takes place when it is asked for; what is dated otherwise would rest on another moment's yes."""
    try:
        occurred = instant(act.occurred_at)
    except ValueError as error:
        return Reason("time_unreadable", f"It cannot be said when this took place: {error}.")
    if abs(occurred - at) <= CLOCK_TOLERANCE:
        return None
    message = (
        f"This is dated {act.occurred_at}, and asked for at {at.isoformat()}: what has been done already is "
        "recorded as a fact, what is to come is asked for when it is done."
    )
    return Reason("not_now", message)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
