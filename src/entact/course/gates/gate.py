"""Gates: may this be done now? Yes, on a basis that can be judged later, or no with every reason.

The hard core (`entact.course.gates.core`) is asked first, then the study file's own gate. What is not known
never opens a gate: it is named. A yes is asked for again in the transaction that records the act.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from entact.course.entry import instant
from entact.course.gates.core import ACTS, reasons_against
from entact.course.gates.override import HOLDS_FOR, set_aside
from entact.course.gates.place import staff_reasons
from entact.course.gates.question import Question, Reason
from entact.course.schedule import last_second
from entact.course.state.values import SessionFacts, Values, ask
from entact.protocol.rule import Unknown
from entact.protocol.words import Labels, name_words

if TYPE_CHECKING:
    from entact.course.course import Course
    from entact.course.state.form import Answers
    from entact.course.state.setting import Setting
    from entact.protocol.compiled import CompiledGate, CompiledRequirement
    from entact.protocol.release import Study
    from entact.protocol.rule import Rule, Value


class Allowed(msgspec.Struct, frozen=True):
    """Yes; `basis` goes into the entry of the act."""

    basis: dict[str, Any]


class Refused(msgspec.Struct, frozen=True):
    """No, for all of these reasons."""

    reasons: tuple[Reason, ...]

    def __bool__(self) -> bool:
        return False


def may(
    act: str, study: Study, setting: Setting, course: Course, by: str, at: datetime, **detail: Any
) -> Allowed | Refused:
    """Whether an act may be done now.

    Args:
        act: enrol, randomise, initial_dose, supplement, next_session, unblind or discharge.
        study: all releases. setting: the study's and the site's ledgers, folded. course: the participant's.
        by: the person who is to act. at: aware instant of the question.
        detail: `kit` and, to be sure of it, `level` of a dose; these with `part` and `visit` of what
            is dispensed; the `number` under which somebody is to be
            enrolled or randomised; `encounter` where more than one is under way.
            Who sets a requirement aside says so by an entry (`gates.override`); no name is taken for it here.
    Returns:
        Allowed with its basis: act, gate, release, by, decided_at, expires, inputs (ids of entries relied
        upon), known_to (how many entries of each ledger were known), kit and level of a dose, the number, and
        overrides (by code: each person with the entry by which they set it aside).
        Refused with every reason.
    Raises:
        ValueError: for an act that no gate knows, a detail of another name, or a time without a zone.
    """
    question = _question(act, study, setting, course, by, at, detail)
    reasons = reasons_against(question)
    gate = question.release.gates.get(question.act.gate)
    overridden: dict[str, dict[str, str]] = {}
    if gate is not None:
        reasons += _reasons_of_gate(question, gate, overridden)
    return Refused(tuple(reasons)) if reasons else Allowed(_basis(question, overridden))


def still_holds(basis: Mapping[str, Any], setting: Setting, course: Course, at: datetime) -> bool:
    """Whether a yes can still be acted upon unasked: not expired, and nothing has been entered since.

    Otherwise `may` is asked again.
    """
    decided, expires = instant(basis["decided_at"]), instant(basis["expires"])
    return decided <= at <= expires and basis["known_to"] == _known_to(setting, course)


_OF_KIT = ("kit", "level", "part", "visit")
_DETAILS = (*_OF_KIT, "encounter", "number")


def _question(
    act: str, study: Study, setting: Setting, course: Course, by: str, at: datetime, detail: Mapping[str, Any]
) -> Question:
    known = ACTS.get(act)
    if known is None:
        raise ValueError(f"no gate knows the act {act!r}; it is one of {', '.join(ACTS)}")
    if at.tzinfo is None:
        raise ValueError(f"the time {at.isoformat()} has no zone; ask for an aware one")
    for name in detail:
        if name not in _DETAILS:
            raise ValueError(f"a gate knows no {name!r}; it may be told {', '.join(_DETAILS)}")
    return Question(known, study, setting, course, by, at, detail)


def _reasons_of_gate(
    question: Question, gate: CompiledGate, overridden: dict[str, dict[str, str]]
) -> list[Reason]:
    name = question.act.gate
    if gate.applies_when is not None:
        applies = _evaluate(question, gate.applies_when, None, False)
        if isinstance(applies, Reason):
            return [Reason(f"{name}.applies_when", applies.message, applies.missing)]
        if applies is False:
            return []
    reasons = []
    for number, requirement in enumerate(gate.requirements, start=1):
        reason = reason_against(question, f"{name}.{number}", requirement, overridden)
        if reason is not None:
            reasons.append(reason)
    return reasons


def reason_against(
    question: Question, code: str, requirement: CompiledRequirement, overridden: dict[str, dict[str, str]]
) -> Reason | None:
    """Why a requirement of the study file does not hold, unless it was set aside; that is noted then.

    Args:
        code: of the requirement. overridden: by code, each person with the entry by which they set it aside.
    """
    entries: dict[str, None] = {}
    held = _evaluate(question, requirement.rule, requirement.within, requirement.ever, entries)
    if held is True:
        return None
    if question.may_not_wait and requirement.is_about_staff:
        question.concerns[code] = None
        return None
    if isinstance(held, Reason):
        return Reason(code, f"{_sentence(requirement.otherwise)} {held.message}", held.missing)
    by = set_aside(question, code, requirement, entries)
    if isinstance(by, str):
        parts = (_sentence(requirement.otherwise), _uncounted(question, requirement.rule), by)
        words = " ".join(part for part in parts if part)
        return Reason(code, words, (), requirement.override, tuple(entries))
    overridden[code] = by
    return None


def _uncounted(question: Question, rule: Rule) -> str:
    """Who is in the room and does not count, and why."""
    facts, site = _Staffed(question), question.site
    roles = {call.args[0] for call in rule.calls if call.function == "present" and call.args}
    said = {
        person: reason.message
        for role in sorted(roles)
        for person in facts.not_counted(role)
        for reason in staff_reasons(site.staff.get(person), person, site.id, question.today)
    }
    return " ".join(said.values())


def _evaluate(
    question: Question,
    rule: Rule,
    within: timedelta | None,
    ever: bool,
    entries: dict[str, None] | None = None,
) -> bool | Reason:
    """True, false, or why it is not known; what was relied upon is noted in the question and in `entries`."""
    used: dict[str, None] = {} if entries is None else entries
    course, at = question.course, question.at
    seen = Values(course, question.encounter, at, within, ever)
    values: dict[str, Value | None] = {}
    ahead = {name: later for name in rule.names if (later := _ahead(question, name)) is not None}
    for name in rule.names:
        answers = seen.source(name)
        if answers is None or name in ahead:
            continue
        form, _, item = name.rpartition(".")
        if within is not None and not ever and "." not in form and not course.release.forms[form].lasting:
            if at - answers.at > within:  # too old, though of this encounter
                continue
            question.until.append(answers.at + within)
        used[answers.entry] = None
        values[name] = answers.values[item]
    if rule.calls:
        for dose in course.doses:
            if dose.encounter == question.encounter and dose.given is not False:
                used[dose.entry] = None
    if any(call.function == "present" for call in rule.calls):
        here = course.presence.get(question.encounter or "", ())
        used.update((one.entry, None) for one in here if one.at <= at)
        for person in {one.person for one in here} & question.site.staff.keys():
            question.relies_on(question.site.staff[person].entry)
    for entry in used:
        question.relies_on(entry)
    result = ask(rule, values, _Staffed(question))
    if isinstance(result, Unknown):
        missing = tuple(sorted(result.missing))
        age = "" if within is None else f" within the last {_span(within)}"
        labels = Labels(question.release.forms)
        named = ", ".join(
            name_words(name, labels)
            + (_as_entered(name, seen) if name not in ahead else f" ({_when(ahead[name], question)})")
            for name in missing
        )
        return Reason("", f"Not known{age}: {named}.", missing)
    return result is True


_DELEGATED = frozenset(role for act in ACTS.values() for role in act.roles)


class _Staffed(SessionFacts):
    """The facts of the session, in which nobody counts whom the site does not know in that role today.

    Whose delegation or certificate has ended does not count either. Of a role that acts nowhere and that
    nobody ever had at the site (an escort, say) everybody counts of whom it is entered.
    """

    __slots__ = ("day", "site")

    def __init__(self, question: Question) -> None:
        super().__init__(question.course, question.encounter, question.at)
        self.site = question.site
        self.day = question.today

    def inside(self, role: str) -> list[str]:
        if role not in _DELEGATED and all(one.role != role for one in self.site.delegated):
            return self._here(role)
        return [name for name in self._here(role) if self._may_act(name, role)]

    def not_counted(self, role: str) -> list[str]:
        """Who is in the room in a role, and is not counted."""
        counted = self.inside(role)
        return [name for name in self._here(role) if name not in counted]

    def _here(self, role: str) -> list[str]:
        said = self.course.presence.get(self.encounter or "", ())
        gone = {one.person for one in said if one.at > self.at and one.state == "out"}  # by a clock ahead
        return [name for name in super().inside(role) if name not in gone]

    def _may_act(self, name: str, role: str) -> bool:
        person = self.site.staff.get(name)
        if person is None or role not in person.roles:
            return False
        return not any(staff_reasons(person, name, self.site.id, self.day))


def _ahead(question: Question, name: str) -> Answers | None:
    """Answers that are there, and say that they are of a time to come: what is older is not the latest."""
    form, _, item = name.rpartition(".")
    compiled = question.course.release.forms.get(form)
    for answers in reversed(question.course.answers.get(form, ()) if compiled is not None else ()):
        if answers.at <= question.at:
            return None
        here = answers.encounter == question.encounter or (compiled is not None and compiled.lasting)
        if here and item in answers.values and (item in answers.items or answers.values[item] is not None):
            return answers
    return None


def _when(answers: Answers, question: Question) -> str:
    return f"entered for {answers.at.astimezone(question.zone):%Y-%m-%d %H:%M}, which is still to come"


def _as_entered(name: str, seen: Values) -> str:
    """Of a name that is not known, what was entered where that cannot be true."""
    answers, item = seen.source(name), name.rpartition(".")[2]
    if answers is None or item not in answers.beyond:
        return ""
    return f" ({answers.items[item]} cannot be true)"


def _basis(question: Question, overridden: dict[str, dict[str, str]]) -> dict[str, Any]:
    midnight = last_second(question.today, question.zone)  # expiry dates are those of today
    expires = min(question.at + HOLDS_FOR, max(question.at, midnight), *question.until)
    basis: dict[str, Any] = {
        "act": question.act.name,
        "gate": question.act.gate,
        "release": question.release.id,
        "by": question.by,
        "decided_at": question.at.astimezone(question.zone).isoformat(),
        "expires": expires.astimezone(question.zone).isoformat(),
        "inputs": sorted(question.inputs),
        "known_to": _known_to(question.setting, question.course),
    }
    if question.part is not None:
        basis["kit"] = question.kit
        basis["level"] = question.level
    elif question.kit is not None:
        basis |= {one: question.detail[one] for one in _OF_KIT if one in question.detail}
    if question.detail.get("number") is not None:
        basis["number"] = str(question.detail["number"])
    if overridden:
        basis["overridden"] = overridden
    if question.concerns:
        basis["concerns"] = list(question.concerns)
    return basis


def _known_to(setting: Setting, course: Course) -> dict[str, int]:
    return {"participant": course.size, "study": setting.study.size, "site": setting.site.size}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _span(duration: timedelta) -> str:
    minutes = int(duration.total_seconds() // 60)
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0 and minutes >= length:
            return f"{minutes // length} {unit}"
    return f"{minutes} min"
